"""The sending engine alone, against smtp-sink: CPU of the program and of PostgreSQL for each message.

Run: .venv/bin/python -m tests.bench.bench_engine [MESSAGES]. Needs smtp-sink (Debian's postfix).
"""

import asyncio
import os
import resource
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HOME = Path(tempfile.mkdtemp(prefix="clarion-bench-", dir="/tmp"))
HOME.chmod(0o711)
os.environ["CLARION_HOME"] = str(HOME)
os.environ["CLARION_LOG_LEVEL"] = "warning"
os.environ["DJANGO_SETTINGS_MODULE"] = "clarion.settings"

import django

django.setup()

import uvloop
from django.conf import settings
from django.core.management import call_command

from clarion.runtime import postgres, worker

PARAGRAPH = (
    "<p>The summer collection is in the shop from Monday, and whoever comes in the first week has a gift.</p>"
)
HTML = (
    "<html><body><p>Hi {{ first_name }} from {{ city }}: {{ points }}</p>"
    + (PARAGRAPH + "\n") * 44
    + "</body></html>"
)
TEXT = "Hi {{ first_name }} from {{ city }}: {{ points }}"


def postgres_cpu() -> float:
    """Return the CPU seconds of every process of the embedded server."""
    total, ticks = 0, os.sysconf("SC_CLK_TCK")
    main = _postmaster()
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(pid) == main:
            total += sum(map(int, fields[11:15]))
        elif int(fields[1]) == main:
            total += int(fields[11]) + int(fields[12])
    return total / ticks


def _postmaster() -> int:
    found = next(HOME.rglob("postmaster.pid"))
    return int(found.read_text().split()[0])


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    port = free_port()
    sink = subprocess.Popen(
        ["smtp-sink", "-u", "nobody", "-c", f"127.0.0.1:{port}", "1000"], stdout=subprocess.DEVNULL
    )
    try:
        with postgres.running(
            postgres.Cluster(settings.CLARION_HOME, Path(settings.DATABASES["default"]["HOST"]))
        ):
            call_command("migrate", verbosity=0)
            measure(count, port)
            from django.db import connections

            connections.close_all()
    finally:
        sink.kill()
        sink.wait()
        shutil.rmtree(HOME, ignore_errors=True)


def measure(count: int, port: int) -> None:
    from clarion.channels import registry
    from clarion.deliveries.models import Run
    from tests.runs import make_run

    config = registry.get("email").check_config(
        {
            "host": "127.0.0.1",
            "port": port,
            "security": "none",
            "from_address": "shop@example.test",
            "from_name": "Shop",
        }
    )
    content = registry.get("email").check_content(
        {"subject": "Hi {{ first_name }}", "html": HTML, "text": TEXT}
    )
    made = make_run(count=count, channel="email", config=config, content=content)
    before, began = postgres_cpu(), time.monotonic()
    own = resource.getrusage(resource.RUSAGE_SELF)
    rss_before = own.ru_maxrss

    async def send() -> float:
        stop = asyncio.Event()
        task = asyncio.create_task(worker.run(stop))
        first = 0.0
        while True:
            await asyncio.sleep(0.25 if first else 0.02)
            run = await asyncio.to_thread(Run.objects.get, pk=made.run.pk)
            if run.first_sent_at and not first:
                first = time.monotonic() - began
            if run.finished_at:
                break
        stop.set()
        await task
        print(run.__dict__)
        return first

    first = uvloop.run(send())
    spent = time.monotonic() - began
    after = resource.getrusage(resource.RUSAGE_SELF)
    print(
        "user",
        (after.ru_utime - own.ru_utime) / count * 1e6,
        "sys",
        (after.ru_stime - own.ru_stime) / count * 1e6,
    )
    program = (after.ru_utime + after.ru_stime - own.ru_utime - own.ru_stime) / count * 1e6
    database = (postgres_cpu() - before) / count * 1e6
    print(
        f"{count} messages in {spent:.1f} s, {count / spent:.0f}/s; first after {first:.2f} s; CPU/message: "
        f"program {program:.0f} + PostgreSQL {database:.0f} = {program + database:.0f} µs; "
        f"RSS {after.ru_maxrss // 1024} MB (before {rss_before // 1024})"
    )


if __name__ == "__main__":
    main()
