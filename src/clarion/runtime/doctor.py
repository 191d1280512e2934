"""`clarion doctor`: look at everything outside the program that it depends on, and say what was seen."""

import platform
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor

from clarion.runtime import mail_dns
from clarion.runtime.preparation import OLDEST_SERVER

#: Free space below which a full disk is near, in bytes.
LITTLE_SPACE = 1024**3
#: Seconds between our clock and the database's from which schedules and limits go wrong.
CLOCK_SKEW_SECONDS = 2.0
#: Packages whose versions matter in a report.
PACKAGES = ("clarion", "django", "psycopg", "procrastinate", "uvloop", "minijinja", "gunicorn")


class Verdict(StrEnum):
    """How a finding is meant."""

    GOOD = "good"
    #: Nothing could be seen, which is neither good nor bad.
    UNSEEN = "unseen"
    WARNING = "warning"
    BAD = "bad"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was looked at."""

    subject: str
    verdict: Verdict
    #: What was seen, in one line.
    seen: str
    cure: str = ""


def examine() -> Iterator[Finding]:
    """Look at one thing after the other. Never raises: what cannot be looked at is a finding too."""
    yield Finding(
        subject="Python", verdict=Verdict.GOOD, seen=f"{platform.python_version()} on {platform.machine()}"
    )
    yield Finding(subject="Packages", verdict=Verdict.GOOD, seen=", ".join(_packages()))
    yield _disk()
    try:
        connection.ensure_connection()
    except DatabaseError as problem:
        yield Finding(
            subject="Database",
            verdict=Verdict.BAD,
            seen=_first_line(problem),
            cure="Start the server, or correct CLARION_DATABASE_URL.",
        )
        return
    for look in (_server, _size, _clock, _migrations, _workers):
        yield from _guarded(look)
    try:
        yield from _senders()
        yield from _credentials()
    except DatabaseError as problem:
        yield Finding(subject="Senders", verdict=Verdict.UNSEEN, seen=_first_line(problem))


def _guarded(look: Callable[[], Finding]) -> Iterator[Finding]:
    try:
        yield look()
    except DatabaseError as problem:
        yield Finding(
            subject=look.__name__.strip("_").capitalize(), verdict=Verdict.UNSEEN, seen=_first_line(problem)
        )


def _first_line(problem: Exception) -> str:
    return (str(problem).strip().splitlines() or [type(problem).__name__])[0]


def _packages() -> Iterator[str]:
    for name in PACKAGES:
        try:
            yield f"{name} {version(name)}"
        except PackageNotFoundError:
            yield f"{name} missing"


def _disk() -> Finding:
    usage = shutil.disk_usage(settings.CLARION_HOME)
    return Finding(
        subject="Disk",
        verdict=Verdict.GOOD if usage.free > LITTLE_SPACE else Verdict.WARNING,
        seen=f"{_size_text(usage.free)} free of {_size_text(usage.total)} under {settings.CLARION_HOME}",
        cure="" if usage.free > LITTLE_SPACE else "Make room before the database stops.",
    )


def _server() -> Finding:
    number = connection.connection.info.server_version
    is_recent = number >= OLDEST_SERVER
    kind = "embedded" if settings.CLARION_DATABASE_IS_EMBEDDED else "external"
    return Finding(
        subject="Database",
        verdict=Verdict.GOOD if is_recent else Verdict.BAD,
        seen=f"PostgreSQL {number // 10000}.{number % 10000}, {kind}",
        cure="" if is_recent else "Clarion needs PostgreSQL 15 or later.",
    )


def _size() -> Finding:
    size = _value("SELECT pg_database_size(current_database())")
    return Finding(subject="Database size", verdict=Verdict.GOOD, seen=_size_text(int(size)))


def _clock() -> Finding:
    theirs: datetime = _value("SELECT clock_timestamp()")
    apart = abs((datetime.now(UTC) - theirs).total_seconds())
    is_good = apart < CLOCK_SKEW_SECONDS
    return Finding(
        subject="Clock",
        verdict=Verdict.GOOD if is_good else Verdict.BAD,
        seen=f"{apart:.1f} s apart from the database's",
        cure="" if is_good else "Set both clocks by NTP: schedules and limits depend on them.",
    )


def _migrations() -> Finding:
    executor = MigrationExecutor(connection)
    missing = len(executor.migration_plan(executor.loader.graph.leaf_nodes()))
    return Finding(
        subject="Migrations",
        verdict=Verdict.BAD if missing else Verdict.GOOD,
        seen=f"{missing} not applied" if missing else "all applied",
        cure="Run clarion migrate." if missing else "",
    )


def _workers() -> Finding:
    alive = _value(
        "SELECT count(*) FROM deliveries_worker"
        " WHERE ended_at IS NULL AND heartbeat_at > now() - interval '30 seconds'"
    )
    return Finding(
        subject="Workers",
        verdict=Verdict.GOOD if alive else Verdict.WARNING,
        seen=f"{alive} gave a sign of life in the last 30 seconds",
        cure="" if alive else "Nothing is sent or imported without one: clarion up, or clarion worker.",
    )


def _senders() -> Iterator[Finding]:
    from clarion.senders.models import Sender

    addresses = Sender.objects.filter(channel="email").values_list("config", flat=True)
    domains = {domain for config in addresses if (domain := mail_dns.domain_of(config))}
    for domain in sorted(domains, key=lambda domain: domain.name):
        for record in mail_dns.look_up(domain):
            yield Finding(
                subject=f"{record.name} of {domain.name}",
                verdict=Verdict(record.verdict),
                seen=record.seen,
                cure=record.cure,
            )


def _credentials() -> Iterator[Finding]:
    from clarion.runtime import sender_checks

    for found in sender_checks.check_all():
        yield Finding(
            subject=f"Sender {found.sender.name} ({found.sender.channel}) of {found.sender.workspace.slug}",
            verdict=Verdict(found.verdict),
            seen=found.seen,
            cure=found.cure,
        )


def _value(query: str) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(query)
        return cursor.fetchone()[0]


def _size_text(size: float) -> str:
    for unit in ("B", "kB", "MB", "GB"):
        if size < 1024:
            return f"{size:.0f} {unit}"
        size /= 1024
    return f"{size:.1f} TB"


def worst(findings: list[Finding]) -> Verdict:
    """Return the gravest verdict among them."""
    order = [Verdict.GOOD, Verdict.UNSEEN, Verdict.WARNING, Verdict.BAD]
    return max((finding.verdict for finding in findings), key=order.index, default=Verdict.GOOD)
