"""What a backup refuses, so that nothing is written over and nothing is restored where it does not fit."""

import shutil
import tarfile
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from clarion.runtime import backup
from clarion.runtime.backup import BackupRefused
from tests.pictures import png

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def home(tmp_path: Path, settings: Any) -> Path:
    settings.CLARION_HOME = tmp_path / "home"
    (settings.CLARION_HOME / "media" / "1").mkdir(parents=True)
    (settings.CLARION_HOME / "media" / "1" / "logo").write_bytes(png())
    return Path(settings.CLARION_HOME)


@pytest.fixture
def empty(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    """As in a database without tables."""
    monkeypatch.setattr(connection.introspection, "table_names", list)


@pytest.fixture
def made(tmp_path: Path, home: Path) -> Path:
    return backup.write(tmp_path / "made").path


def test_a_file_that_is_there_stays_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "made").write_text("Mine.")

    with pytest.raises(BackupRefused, match="is there already"):
        backup.write(tmp_path / "made")

    assert (tmp_path / "made").read_text() == "Mine."


def test_a_dump_that_fails_leaves_nothing(
    tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(settings.DATABASES["default"], "NAME", "nowhere")

    with pytest.raises(BackupRefused, match=r"pg_dump failed: .*nowhere"):
        backup.write(tmp_path / "made")

    assert [path.name for path in tmp_path.iterdir()] == ["home"]


def test_it_holds_the_dump_and_the_files_and_is_its_owners_alone(made: Path) -> None:
    with tarfile.open(made) as tar:
        names = tar.getnames()

    assert names == ["about.json", "database.dump", "media/1/logo", "end"]
    assert made.stat().st_mode & 0o777 == 0o600


def test_nothing_is_restored_over_tables_or_files(
    made: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(BackupRefused, match="holds tables already"):
        backup.restore(made)

    monkeypatch.setattr(connection.introspection, "table_names", list)
    with pytest.raises(BackupRefused, match="media holds files already"):
        backup.restore(made)


def test_another_installations_key_is_told_before_anything_is_restored(
    made: Path, home: Path, empty: None, settings: Any
) -> None:
    (home / "media" / "1" / "logo").unlink()
    (home / "media" / "1").rmdir()
    settings.SECRET_KEY = "another" * 10

    with pytest.raises(BackupRefused, match="The secret key here is not the backup’s"):
        backup.restore(made)


def test_the_backup_of_a_version_whose_tables_are_unknown_is_refused(
    made: Path, home: Path, empty: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / "media" / "1" / "logo").unlink()
    (home / "media" / "1").rmdir()
    monkeypatch.setattr(backup, "_known_migrations", lambda: {"workspaces.0001_initial"})

    with pytest.raises(BackupRefused, match="whose tables this version does not know"):
        backup.restore(made)


def test_a_file_that_was_cut_off_is_refused_before_anything_is_restored(
    made: Path, home: Path, empty: None
) -> None:
    (home / "media" / "1" / "logo").unlink()
    (home / "media" / "1").rmdir()
    with tarfile.open(made) as tar:
        places = [member.offset for member in tar.getmembers()]
    whole = made.read_bytes()

    for place in (*places[1:], places[1] + 700):  # between members, and inside of the dump
        made.write_bytes(whole[:place])
        with pytest.raises(BackupRefused, match=r"was not restored|not the whole"):
            backup.restore(made)
        assert list((home / "media").iterdir()) == []


def test_what_the_database_does_not_take_leaves_no_files_that_would_hinder_another_try(
    made: Path, home: Path, empty: None
) -> None:
    shutil.rmtree(home / "media" / "1")

    for _again in range(2):
        with pytest.raises(BackupRefused, match=r"pg_restore failed: .*already exists"):
            backup.restore(made)
        assert list(home.rglob("*")) in ([], [home / "media"])


@pytest.mark.parametrize("content", [b"", b"no tar at all" * 100])
def test_what_is_no_backup_is_refused(tmp_path: Path, empty: None, content: bytes) -> None:
    (tmp_path / "made").write_bytes(content)

    with pytest.raises(BackupRefused, match=r"was not restored|no backup"):
        backup.restore(tmp_path / "made")


def test_a_member_that_leads_elsewhere_is_left_out(tmp_path: Path, home: Path) -> None:
    (tmp_path / "evil").write_text("Evil.")
    with tarfile.open(tmp_path / "crafted", "w") as tar:
        for name in ("media/../../outside", "../outside", "media", "elsewhere/outside", "media/2/inside"):
            tar.add(tmp_path / "evil", name)

    with tarfile.open(tmp_path / "crafted") as tar:
        assert backup._unpack(tar, home) == 1

    assert (home / "media" / "2" / "inside").read_text() == "Evil."
    assert list(tmp_path.rglob("outside")) == []
