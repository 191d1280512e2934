"""What a journal tells after its process died, and what it does when the disk is full or was damaged."""

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from clarion.engine import journal
from clarion.engine.journal import Journal
from clarion.engine.plan import Settled, Settlement

pytestmark = pytest.mark.anyio
SENT = Settlement(7, 32, Settled.SENT, "250").dump()


async def died(folder: Path, *, damage: bytes = b"") -> journal.Remains:
    """Return what is read of a process that began 16 and 32 and knew what became of 32."""
    alive = Journal(folder, "w")
    alive.open_claim(7)
    alive.begin(7, 16)
    alive.begin(7, 32)
    alive.end(7, 32, SENT)
    alive.close()
    with (folder / "w.0").open("ab") as file:
        file.write(damage)
    assert list(journal.dead(folder)) == ["w"]
    return journal.read(folder, "w")


async def test_tells_what_was_begun_and_what_ended(tmp_path: Path) -> None:
    remains = await died(tmp_path)

    assert (remains.trusted, remains.begun, list(remains.ended)) == (True, {(7, 16)}, [(7, 32)])


@pytest.mark.parametrize("damage", [b"\0" * 40 + b"\n", b"7\n", b"7 48 [2]\n", b"7 48 {]\n", b"seven 48\n"])
async def test_a_damaged_journal_is_read_but_not_trusted(tmp_path: Path, damage: bytes) -> None:
    remains = await died(tmp_path, damage=damage)

    assert not remains.trusted
    assert (7, 32) in remains.ended


async def test_a_line_cut_short_by_the_end_of_the_process_was_never_written(tmp_path: Path) -> None:
    remains = await died(tmp_path, damage=b"7 4")

    assert remains.trusted
    assert remains.begun == {(7, 16)}


async def test_a_journal_of_an_earlier_start_of_the_machine_is_not_trusted(tmp_path: Path) -> None:
    await died(tmp_path)
    (tmp_path / "w.lock").write_text("another boot")

    assert not journal.read(tmp_path, "w").trusted


async def test_a_full_disk_refuses_the_hand_over_and_forgets_no_outcome(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    alive = Journal(tmp_path, "w", file_bytes=8)
    alive.open_claim(7)
    alive.begin(7, 16)

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "posix_fallocate", full)
        alive.end(7, 16, SENT)
        with pytest.raises(OSError, match="No space"):
            alive.begin(7, 32)
    alive.begin(7, 48)
    alive.close()

    remains = journal.read(tmp_path, "w")
    assert (remains.trusted, remains.begun, list(remains.ended)) == (True, {(7, 48)}, [(7, 16)])


def test_what_was_put_before_a_kill_is_read(tmp_path: Path) -> None:
    """With the rest of the room, which is zeros, behind it."""
    script = """
import os, pathlib, signal, sys
from clarion.engine.journal import Journal
alive = Journal(pathlib.Path(sys.argv[1]), "w")
alive.open_claim(7)
alive.begin(7, 16)
alive.begin(7, 32)
alive.end(7, 32, sys.argv[2].encode())
os.kill(os.getpid(), signal.SIGKILL)
"""
    subprocess.run([sys.executable, "-c", script, str(tmp_path), SENT.decode()], check=False)

    remains = journal.read(tmp_path, "w")

    assert (remains.trusted, remains.begun, list(remains.ended)) == (True, {(7, 16)}, [(7, 32)])


async def test_a_living_process_is_never_taken_for_dead(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []
    flock = journal.fcntl.flock

    def watched(file: int, how: int) -> None:
        monkeypatch.undo()
        seen.extend(journal.dead(tmp_path))
        flock(file, how)

    monkeypatch.setattr(journal.fcntl, "flock", watched)
    alive = Journal(tmp_path, "w")

    assert seen == []
    assert list(journal.dead(tmp_path)) == []
    alive.close()


async def test_goes_on_in_the_old_file_when_no_new_one_can_be_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    alive = Journal(tmp_path, "w", file_bytes=1)
    alive.open_claim(7)

    def refused(*_: object) -> int:
        raise OSError(errno.EMFILE, "Too many open files")

    with monkeypatch.context() as patched:
        patched.setattr(os, "open", refused)
        alive.begin(7, 16)
    alive.begin(7, 32)
    alive.close()

    assert journal.read(tmp_path, "w").begun == {(7, 16), (7, 32)}
