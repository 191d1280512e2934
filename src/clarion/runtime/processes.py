"""Keep one program running: start it, know when it is ready, start it again when it ends, stop it."""

import asyncio
import signal
import sys
import time
from asyncio.subprocess import Process
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import structlog

from clarion.runtime import native

log = structlog.get_logger("clarion.supervisor")

#: Seconds before the first restart, and at most; doubled at each early end.
FIRST_BACK_OFF = 0.2
MOST_BACK_OFF = 10.0
#: A program that lived this long was well: its next end is a first one again.
WELL_SECONDS = 10.0
#: Seconds between two questions whether a program is ready.
PROBE_SECONDS = 0.05


async def _at_once() -> bool:
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """What is to be kept running, and how."""

    name: str
    #: Called before each start, so that what it needs can be put right again. May block: it runs in a thread.
    prepare: Callable[[], None] = lambda: None
    command: Callable[[], Sequence[str]]
    environment: Mapping[str, str]
    #: Asked until it says yes; must not take long and must not raise.
    is_ready: Callable[[], Awaitable[bool]] = _at_once
    stop_signal: signal.Signals = signal.SIGTERM
    #: Seconds it may take to end by itself.
    stop_seconds: float = 15.0
    directory: Path | None = None
    #: Open files that the program inherits under the same numbers.
    files: Sequence[int] = ()
    #: Further options for the start, such as the user.
    options: Mapping[str, Any] = field(default_factory=dict)


class Keeper:
    """Runs one program until told to stop."""

    def __init__(self, program: Program) -> None:
        self.program = program
        #: Set while the program answers.
        self.ready = asyncio.Event()
        self.starts = 0
        self._stopping = asyncio.Event()
        self._process: Process | None = None
        self._log = log.bind(process=program.name)

    @property
    def pid(self) -> int | None:
        """Process id of the running program."""
        return self._process.pid if self._process and self._process.returncode is None else None

    async def run(self) -> None:
        """Keep the program running until `stop`. Raises what `prepare` raises before the first start only."""
        back_off = FIRST_BACK_OFF
        while not self._stopping.is_set():
            began = time.monotonic()
            code = await self._run_once()
            self.ready.clear()
            if self._stopping.is_set():
                return
            if time.monotonic() - began > WELL_SECONDS:
                back_off = FIRST_BACK_OFF
            self._log.warning("process.ended", code=code, again_in_seconds=back_off)
            await self._pause(back_off)
            back_off = min(back_off * 2, MOST_BACK_OFF)

    async def stop(self) -> None:
        """End the program: politely, then by force, with all that it started."""
        self._stopping.set()
        process = self._process
        if process is None:
            return
        if process.returncode is None:
            native.signal_process(process.pid, self.program.stop_signal)
            try:
                await asyncio.wait_for(asyncio.shield(process.wait()), self.program.stop_seconds)
            except TimeoutError:
                self._log.warning("process.forced", seconds=self.program.stop_seconds)
                native.signal_group(process.pid, signal.SIGKILL)
                await process.wait()
        native.signal_group(process.pid, signal.SIGKILL)

    def force(self) -> None:
        """Kill the program and its group at once."""
        self._stopping.set()
        if self._process:
            native.signal_group(self._process.pid, signal.SIGKILL)

    async def _run_once(self) -> int | None:
        try:
            await asyncio.to_thread(self.program.prepare)
            if self._stopping.is_set():
                return None
            process = await self._start()
        except Exception:
            if self.starts == 0:
                raise
            self._log.exception("process.start_failed")
            return None
        probe = asyncio.create_task(self._watch_readiness())
        try:
            return await process.wait()
        finally:
            probe.cancel()
            # What a killed program started would still hold its port.
            native.signal_group(process.pid, signal.SIGKILL)

    async def _start(self) -> Process:
        self._process = await asyncio.create_subprocess_exec(
            *self.program.command(),
            cwd=self.program.directory,
            env=dict(self.program.environment),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=sys.stderr,
            start_new_session=True,
            pass_fds=tuple(self.program.files),
            preexec_fn=native.die_with_parent(self.program.stop_signal),
            **self.program.options,
        )
        self.starts += 1
        self._log.debug("process.started", pid=self._process.pid)
        if self._stopping.is_set():
            native.signal_process(self._process.pid, self.program.stop_signal)
        return self._process

    async def _watch_readiness(self) -> None:
        while not await self.program.is_ready():
            await asyncio.sleep(PROBE_SECONDS)
        self.ready.set()
        self._log.debug("process.ready")

    async def _pause(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._stopping.wait(), seconds)
        except TimeoutError:
            return
