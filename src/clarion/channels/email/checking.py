"""Trying a sender's settings against its server, for a person to read."""

import asyncio
import socket
import ssl
from datetime import UTC, datetime

from clarion.channels.base import CheckResult
from clarion.channels.email.client import open_connection
from clarion.channels.email.config import Config
from clarion.channels.email.errors import ConnectionUnusable
from clarion.engine.outcomes import REASONS
from clarion.lib.sentences import said

#: Days before its expiry from which a certificate is worth a warning.
EXPIRY_WARNING_DAYS = 14


async def check_credentials(config: Config, *, now: float) -> CheckResult:
    """Resolve, connect, greet, encrypt and sign in; send nothing. `now` is in Unix seconds."""
    lines: list[tuple[str, str]] = []

    def note(step: str, words: str) -> None:
        lines.append((step, words))

    try:
        context = config.tls_context() if config.security != "none" else None
    except (OSError, ssl.SSLError) as error:
        return CheckResult(
            ok=False, problem=said("The authority file cannot be used: %(why)s", why=str(error))
        )
    try:
        found = await asyncio.get_running_loop().getaddrinfo(
            config.host, config.port, type=socket.SOCK_STREAM
        )
    except OSError:
        return CheckResult(
            ok=False, lines=lines, problem=said("The host name “%(host)s” is not known.", host=config.host)
        )
    note("resolve", ", ".join(sorted({str(entry[4][0]) for entry in found})))
    try:
        connection = await open_connection(config, context, note)
    except ConnectionUnusable as error:
        return CheckResult(ok=False, lines=lines, problem=_sentence(error))
    tls = connection.transport.get_extra_info("ssl_object") if connection.transport else None
    if tls is not None:
        lines += _expiry(tls, now)
    if not config.authenticates:
        note("AUTH", "not asked for")
    connection.quit()
    return CheckResult(ok=True, lines=lines)


def _sentence(error: ConnectionUnusable) -> str:
    outcome = error.outcome
    words = " ".join(part for part in (outcome.code, outcome.detail) if part)
    return f"{REASONS[outcome.reason].sentence} ({words})" if words else REASONS[outcome.reason].sentence


def _expiry(tls: ssl.SSLObject, now: float) -> list[tuple[str, str]]:
    certificate = tls.getpeercert() or {}
    ends = certificate.get("notAfter")
    if not isinstance(ends, str):
        return []
    seconds = ssl.cert_time_to_seconds(ends)
    days = int((seconds - now) // 86400)
    if days >= EXPIRY_WARNING_DAYS:
        return []
    day = datetime.fromtimestamp(seconds, UTC).date().isoformat()
    return [("certificate", f"expires on {day}, in {days} days")]
