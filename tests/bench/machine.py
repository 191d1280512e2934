"""What the benchmarks run on: a database and a worker of their own, smtp-sink, and the kernel's accounts of them."""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from functools import cache
from pathlib import Path
from types import TracebackType

_TICKS = os.sysconf("SC_CLK_TCK")


@cache
def prepare() -> Path:
    """Point the settings at a fresh home, before they are read; return it, the same one whoever asks again."""
    home = Path(tempfile.mkdtemp(prefix="clarion-bench-", dir="/tmp"))
    home.chmod(0o711)
    os.environ |= {
        "CLARION_HOME": str(home),
        "CLARION_LOG_LEVEL": "warning",
        "DJANGO_SETTINGS_MODULE": "clarion.settings",
    }
    import django

    django.setup()
    return home


class Machine:
    """A migrated database, and a worker and an SMTP sink when asked for; all gone at the end."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.port = 0
        self._sink: subprocess.Popen[bytes] | None = None
        self._worker: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> "Machine":
        from django.conf import settings
        from django.core.management import call_command

        from clarion.runtime import postgres

        cluster = postgres.Cluster(settings.CLARION_HOME, Path(settings.DATABASES["default"]["HOST"]))
        self._database = postgres.running(cluster)
        self._database.__enter__()
        call_command("migrate", verbosity=0)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        from django.db import connections

        self.stop_worker()
        if self._sink:
            self._sink.kill()
            self._sink.wait()
        connections.close_all()
        self._database.__exit__(kind, error, trace)
        shutil.rmtree(self.home, ignore_errors=True)

    def start_sink(self) -> None:
        """Start Postfix's smtp-sink, which takes every mail."""
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self._sink = subprocess.Popen(
            ["smtp-sink", "-u", "nobody", f"127.0.0.1:{self.port}", "1000"], stdout=subprocess.DEVNULL
        )

    def start_worker(self) -> None:
        """Start a sending process and wait until it looks for work."""
        from clarion.deliveries.models import Worker

        known = Worker.objects.count()
        self._worker = subprocess.Popen([sys.executable, "-m", "clarion.cli", "worker"])
        while Worker.objects.count() == known:
            time.sleep(0.05)
        time.sleep(1)

    def stop_worker(self) -> None:
        """Stop it as an operator would."""
        if self._worker:
            self._worker.terminate()
            self._worker.wait()
            self._worker = None

    def worker_cpu(self) -> float:
        """Return the CPU seconds of the worker so far."""
        assert self._worker
        fields = Path(f"/proc/{self._worker.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS

    def worker_memory(self) -> int:
        """Return the most memory the worker ever held, in megabytes."""
        assert self._worker
        status = Path(f"/proc/{self._worker.pid}/status").read_text()
        return int(status.partition("VmHWM:")[2].split()[0]) // 1024

    def database_cpu(self) -> float:
        """Return the CPU seconds of every process of the database server, ended ones included."""
        main = int(next(self.home.rglob("postmaster.pid")).read_text().split()[0])
        total = 0
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if int(pid) == main:
                total += sum(map(int, fields[11:15]))
            elif int(fields[1]) == main:
                total += int(fields[11]) + int(fields[12])
        return total / _TICKS
