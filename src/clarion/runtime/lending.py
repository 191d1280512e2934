"""A sending process for the length of one command, where nobody else sends.

It is a process of its own: when the command is killed the kernel tells it, and it settles what is under way
before it goes.
"""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import IO

from clarion.runtime import native

#: Seconds it may take to settle what is under way.
STOP_SECONDS = 20.0


class LentWorker:
    """The process; started anew when it ends before its time.

    `heard` is told what it writes to its log; without it that goes to our stderr.
    """

    def __init__(self, heard: Callable[[str], None] | None) -> None:
        self._heard = heard
        self._process: subprocess.Popen[str] | None = None

    def keep(self) -> None:
        """Start it unless it runs. Call it from the main thread, now and then."""
        if self._process is None or self._process.poll() is not None:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "clarion.cli", "worker", "--lent"],
                env={**os.environ, "DJANGO_SETTINGS_MODULE": "clarion.settings"},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE if self._heard else None,
                text=True,
                # Ctrl-C in the terminal is the command's to answer.
                start_new_session=True,
                preexec_fn=native.die_with_parent(signal.SIGTERM),
            )
            if self._process.stderr is not None:
                threading.Thread(target=self._listen, args=[self._process.stderr], daemon=True).start()

    def _listen(self, log: IO[str]) -> None:
        with log:
            for line in log:
                if self._heard is not None:
                    self._heard(line.rstrip())

    def stop(self) -> None:
        """End it when what is under way is settled, by force when that takes too long."""
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextmanager
def lent(heard: Callable[[str], None] | None = None) -> Iterator[LentWorker]:
    """Have a worker that is started by `keep` and stopped at the end."""
    worker = LentWorker(heard)
    try:
        yield worker
    finally:
        worker.stop()
