"""Where live spreadsheets are."""

import os
from pathlib import Path

import pytest
from django.test import override_settings

from clarion.audience.livesheets import places
from clarion.audience.livesheets.places import Known, PlaceInvalid
from clarion.lib.reach import Reach

ID = "1BxiMVs0XRA5nFMdKvBdBZjgmUUqptlbs74OgvE2upms"
PUBLISHED = "2PACX-1vQ2sJz0R7l6xYB8T3yqZ"


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        (f"https://docs.google.com/spreadsheets/d/{ID}/edit?usp=sharing", f"d/{ID}/export?format=csv"),
        (f"https://docs.google.com/spreadsheets/d/{ID}/edit#gid=77", f"d/{ID}/export?format=csv&gid=77"),
        (f"https://docs.google.com/spreadsheets/d/{ID}/edit?gid=5#gid=5", f"d/{ID}/export?format=csv&gid=5"),
        (f"https://docs.google.com/spreadsheets/u/1/d/{ID}/", f"d/{ID}/export?format=csv"),
        (f"http://docs.google.com/spreadsheets/d/{ID}", f"d/{ID}/export?format=csv"),
        (f"https://docs.google.com/spreadsheets/d/e/{PUBLISHED}/pubhtml", f"d/e/{PUBLISHED}/pub?output=csv"),
        (
            f"https://docs.google.com/spreadsheets/d/e/{PUBLISHED}/pubhtml?gid=3&single=true",
            f"d/e/{PUBLISHED}/pub?output=csv&single=true&gid=3",
        ),
    ],
)
def test_a_google_page_is_read_as_its_csv(typed: str, read: str) -> None:
    assert places.export_url(typed) == f"https://docs.google.com/spreadsheets/{read}"


@pytest.mark.parametrize(
    "typed",
    [
        "https://example.org/people.csv",
        f"https://docs.google.com/spreadsheets/d/{ID}/export?format=xlsx",
        f"https://docs.google.com/spreadsheets/d/{ID}/gviz/tq?tqx=out:csv",
        f"https://docs.google.com.evil.example/spreadsheets/d/{ID}/edit",
        "https://docs.google.com/document/d/1BxiMVs0XRA5nFMdKvBdBZjgmUUqptlbs/edit",
    ],
)
def test_other_addresses_stay_as_they_are(typed: str) -> None:
    assert places.export_url(f" {typed} ") == typed


@pytest.mark.parametrize(
    "typed", ["people.csv", "ftp://a/b", "http://u:p@a.example/", "file:///etc/passwd", "http://[::1"]
)
@override_settings(CLARION_FETCH_ALLOW=Reach())
def test_what_is_no_address_is_refused_with_a_sentence(typed: str) -> None:
    with pytest.raises(PlaceInvalid, match=r"\.$"):
        places.checked_url(typed)


@pytest.fixture
def watched(tmp_path: Path) -> Path:
    folder = tmp_path / "watched"
    folder.mkdir()
    return folder


def test_only_files_in_watched_folders_are_read(watched: Path, tmp_path: Path) -> None:
    (watched / "in.csv").write_text("email\n")
    (tmp_path / "out.csv").write_text("email\n")
    (watched / "link.csv").symlink_to(tmp_path / "out.csv")
    (tmp_path / "watched2").mkdir()
    with override_settings(CLARION_WATCH_FOLDERS=(watched,)):
        assert places.checked_path(f"{watched}/in.csv", "acme") == f"{watched}/in.csv"
        for outside in ("link.csv", "../out.csv", "../watched2/x.csv", "", "../../../etc/passwd"):
            with pytest.raises(PlaceInvalid, match="none of the folders"):
                places.checked_path(f"{watched}/{outside}", "acme")
        for wrong in ("in.csv", "", f"{watched}/\0"):
            with pytest.raises(PlaceInvalid, match="whole path"):
                places.checked_path(wrong, "acme")
    with (
        override_settings(CLARION_WATCH_FOLDERS=()),
        pytest.raises(PlaceInvalid, match="CLARION_WATCH_FOLDERS"),
    ):
        places.checked_path(f"{watched}/in.csv", "acme")


def test_a_folder_can_be_one_workspaces_own(watched: Path) -> None:
    for slug in ("acme", "other"):
        (watched / slug).mkdir()
        (watched / slug / "in.csv").write_text("email\n")
    with override_settings(CLARION_WATCH_FOLDERS=(watched / "{workspace}",)):
        assert places.checked_path(f"{watched}/acme/in.csv", "acme")
        with pytest.raises(PlaceInvalid):
            places.checked_path(f"{watched}/other/in.csv", "acme")


def test_what_is_no_plain_file_is_not_waited_for(watched: Path) -> None:
    """A pipe without a writer would hold the reader for ever."""
    os.mkfifo(watched / "pipe")
    with override_settings(CLARION_WATCH_FOLDERS=(watched,)), pytest.raises(PlaceInvalid, match="no file"):
        places.take_path(f"{watched}/pipe", "acme", Known())
