"""`clarion up`: one process that starts PostgreSQL, the web server and the workers, and keeps them running.

Each child is told by the kernel when this process dies, so nothing is left behind even by kill -9. A lock on
CLARION_HOME admits one supervisor at a time.
"""

import asyncio
import json
import os
import signal
import socket
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog

from clarion.runtime import listening, locks, native
from clarion.runtime.postgres import START_SECONDS, Cluster, PostgresUnusable
from clarion.runtime.processes import Keeper, Program

log = structlog.get_logger("clarion.supervisor")

#: Seconds to wait for a command that still uses the embedded database.
COMMAND_SECONDS = 10.0
#: Seconds for the web server to answer: it loads the whole program. One that cannot start ends by itself long before.
WEB_SECONDS = 300.0


class AlreadyRunning(Exception):
    """Another supervisor holds the home; `url` is where it serves, if it got so far."""

    def __init__(self, url: str, pid: int | None) -> None:
        self.url, self.pid = url, pid
        where = f" at {url}" if url else ""
        super().__init__(f"Clarion runs already{where}" + (f" (process {pid})." if pid else "."))


class StartFailed(Exception):
    """The start cannot go on. The message is a sentence for the operator; `code` is the exit code."""

    def __init__(self, message: str, code: int = 1) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What an installation consists of."""

    home: Path
    #: None when the database is somebody else's.
    cluster: Cluster | None
    host: str
    port: int
    #: May another port be taken when this one is in use?
    port_may_move: bool
    #: Where users reach it; None derives it from host and port.
    public_url: str | None
    #: One-shot command before anything else: brings tables and files up to date, prints one JSON object.
    prepare: Sequence[str]
    #: Makes the programs to keep, the web server first, from the listening socket and the environment.
    programs: Callable[[socket.socket, dict[str, str]], list[Program]]


def running(home: Path) -> AlreadyRunning | None:
    """Return whose the home is, or None when no supervisor runs on it."""
    path = home / locks.SUPERVISOR
    return _holder(path) if locks.is_held(path) else None


def _holder(path: Path) -> AlreadyRunning:
    try:
        note = json.loads(path.read_text())
    except (OSError, ValueError):
        note = {}
    return AlreadyRunning(note.get("url", ""), note.get("pid"))


def run(plan: Plan, announce: Callable[[str, dict[str, Any]], None]) -> int:
    """Run the installation until a signal ends it; return the exit code.

    `announce` is called once with the URL and what `prepare` printed, when everything answers.
    Raises AlreadyRunning, StartFailed, PortTaken or PostgresUnusable; nothing is left running then.
    """
    path = plan.home / locks.SUPERVISOR
    with ExitStack() as held:
        try:
            # A second of patience: someone may be asking whether the lock is held.
            lock = held.enter_context(locks.exclusive(path, patience_seconds=1.0))
        except locks.LockTaken:
            raise _holder(path) from None
        lock.write(json.dumps({"pid": os.getpid(), "url": ""}).encode())
        if plan.cluster:
            _wait_for_commands(plan.home, held)
        listener = held.enter_context(listening.listen(plan.host, plan.port, may_move=plan.port_may_move))
        url = plan.public_url or f"http://{_written(plan.host)}:{listener.getsockname()[1]}"
        lock.write(json.dumps({"pid": os.getpid(), "url": url}).encode())
        return asyncio.run(_Supervisor(plan, listener, url, announce).run())


def _wait_for_commands(home: Path, held: ExitStack) -> None:
    """Wait until no command has the embedded database, then be one of its users: the commands to come find us."""
    try:
        lock = held.enter_context(
            locks.exclusive(home / locks.DATABASE_USERS, patience_seconds=COMMAND_SECONDS)
        )
    except locks.LockTaken:
        raise StartFailed(
            f"A command still uses the database in {home}; start again when it has ended."
        ) from None
    lock.become_shared()


def _written(host: str) -> str:
    if host in ("0.0.0.0", "::"):  # noqa: S104 - compared, not bound
        return "localhost"
    return f"[{host}]" if ":" in host else host


class _Supervisor:
    def __init__(
        self, plan: Plan, listener: socket.socket, url: str, announce: Callable[[str, dict[str, Any]], None]
    ) -> None:
        self.plan, self.listener, self.url, self.announce = plan, listener, url, announce
        self.stopping = asyncio.Event()
        self.keepers: list[Keeper] = []
        self.tasks: list[asyncio.Task[None]] = []
        host, port = listener.getsockname()[:2]
        bind = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        self.environment = {**os.environ, "CLARION_BIND": bind, "DJANGO_SETTINGS_MODULE": "clarion.settings"}

    async def run(self) -> int:
        loop = asyncio.get_running_loop()
        for wanted in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(wanted, self._asked_to_stop)
        try:
            await self._start()
            await self.stopping.wait()
            return 0
        except _Interrupted:
            return 0
        finally:
            _notify_systemd("STOPPING=1")
            await self._stop()

    def _asked_to_stop(self) -> None:
        if self.stopping.is_set():
            for keeper in self.keepers:
                if keeper.program.name != "postgres":
                    keeper.force()
        self.stopping.set()

    async def _start(self) -> None:
        if self.plan.cluster:
            await self._start_postgres(self.plan.cluster)
        said = await self._prepare()
        programs = self.plan.programs(self.listener, self.environment)
        kept = [self._keep(program) for program in programs]
        for keeper in kept:
            await self._until_ready(keeper, WEB_SECONDS)
        self.announce(self.url, said)
        _notify_systemd("READY=1")

    async def _start_postgres(self, cluster: Cluster) -> None:
        async def answers() -> bool:
            return await asyncio.to_thread(cluster.is_ready)

        keeper = self._keep(
            Program(
                name="postgres",
                prepare=cluster.prepare,
                command=lambda: cluster.command,
                environment=cluster.environment(),
                is_ready=answers,
                # "Fast": SIGTERM would wait until every client has gone.
                stop_signal=signal.SIGINT,
                stop_seconds=30.0,
                directory=Path("/"),
                options=cluster.spawn_options,
            )
        )
        await self._until_ready(keeper, START_SECONDS)
        await asyncio.to_thread(cluster.make_database)

    async def _prepare(self) -> dict[str, Any]:
        process = await asyncio.create_subprocess_exec(
            *self.plan.prepare,
            env=self.environment,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            start_new_session=True,
            preexec_fn=native.die_with_parent(signal.SIGTERM),
        )
        try:
            output = await self._unless_stopped(process.communicate())
        finally:
            if process.returncode is None:
                native.signal_group(process.pid, signal.SIGKILL)
                await process.wait()
        if process.returncode:
            raise StartFailed("The start was given up; the reason is above.", process.returncode)
        said: dict[str, Any] = json.loads(output[0].splitlines()[-1]) if output[0].strip() else {}
        return said

    def _keep(self, program: Program) -> Keeper:
        keeper = Keeper(program)
        self.keepers.append(keeper)
        self.tasks.append(asyncio.create_task(keeper.run(), name=program.name))
        return keeper

    async def _until_ready(self, keeper: Keeper, seconds: float) -> None:
        task = next(task for task in self.tasks if task.get_name() == keeper.program.name)
        ready = asyncio.create_task(keeper.ready.wait())
        stop = asyncio.create_task(self.stopping.wait())
        done, _ = await asyncio.wait(
            {ready, task, stop}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED
        )
        ready.cancel()
        stop.cancel()
        if stop in done:
            raise _Interrupted
        if task in done:
            task.result()
        if ready not in done:
            raise StartFailed(f"The {keeper.program.name} process was not ready within {seconds:.0f} s.")

    async def _unless_stopped(self, work: Any) -> Any:
        task, stop = asyncio.ensure_future(work), asyncio.create_task(self.stopping.wait())
        done, _ = await asyncio.wait({task, stop}, return_when=asyncio.FIRST_COMPLETED)
        stop.cancel()
        if task not in done:
            task.cancel()
            raise _Interrupted
        return task.result()

    async def _stop(self) -> None:
        """Stop everything that uses the database, then the database."""
        users = [keeper for keeper in self.keepers if keeper.program.name != "postgres"]
        await asyncio.gather(*(keeper.stop() for keeper in users))
        for keeper in self.keepers:
            await keeper.stop()
        await asyncio.gather(*self.tasks, return_exceptions=True)


class _Interrupted(Exception):
    """A signal came during the start."""


def _notify_systemd(state: str) -> None:
    """Tell systemd how it goes, if it asked (sd_notify protocol)."""
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
        channel.connect("\0" + address[1:] if address.startswith("@") else address)
        channel.sendall(state.encode())


def plan_from(settings: Any, *, workers: bool) -> Plan:
    """Return the plan that the settings describe."""
    me = [sys.executable, "-m", "clarion.cli"]

    def programs(listener: socket.socket, environment: dict[str, str]) -> list[Program]:
        host, port = listener.getsockname()[:2]
        web = Program(
            name="web",
            command=lambda: [*me, "web", "--fd", str(listener.fileno())],
            environment=environment,
            is_ready=lambda: listening.answers(host, port, "/readyz"),
            files=[listener.fileno()],
        )
        if not workers:
            return [web]
        count = settings.CLARION_WORKERS
        others = [Program(name="jobs", command=lambda: [*me, "jobs"], environment=environment)]
        if settings.CLARION_HOOKS_BIND is not None:
            others.append(Program(name="hooks", command=lambda: [*me, "hooks"], environment=environment))
        if settings.CLARION_PUSHES_BIND is not None:
            others.append(Program(name="pushes", command=lambda: [*me, "pushes"], environment=environment))
        return [web, *others, *(_worker(me, number, environment) for number in range(1, count + 1))]

    return Plan(
        home=settings.CLARION_HOME,
        cluster=Cluster(settings.CLARION_HOME, Path(settings.DATABASES["default"]["HOST"]))
        if settings.CLARION_DATABASE_IS_EMBEDDED
        else None,
        host=settings.CLARION_BIND.host,
        port=settings.CLARION_BIND.port,
        port_may_move=not settings.CLARION_BIND.is_chosen,
        public_url=settings.CLARION_PUBLIC_URL_GIVEN,
        prepare=[*me, "prepare"],
        programs=programs,
    )


def _worker(me: list[str], number: int, environment: dict[str, str]) -> Program:
    return Program(name=f"worker-{number}", command=lambda: [*me, "worker"], environment=environment)


__all__ = ["AlreadyRunning", "Plan", "PostgresUnusable", "StartFailed", "plan_from", "run", "running"]
