"""Trying a sender's settings against its provider, for a person to read."""

import ssl

from clarion.channels.base import CheckResult
from clarion.channels.sms.client import open_session
from clarion.channels.sms.config import Config
from clarion.channels.sms.errors import SessionUnusable
from clarion.engine.outcomes import REASONS
from clarion.lib.sentences import said


async def check_credentials(config: Config) -> CheckResult:
    """Connect, encrypt and bind; send nothing."""
    lines: list[tuple[str, str]] = []
    try:
        context = config.tls_context()
    except (OSError, ssl.SSLError) as error:
        return CheckResult(
            ok=False, problem=said("The authority file cannot be used: %(why)s", why=str(error))
        )
    try:
        session = await open_session(config, context, lambda step, words: lines.append((step, words)))
    except SessionUnusable as error:
        outcome = error.outcome
        words = " ".join(part for part in (outcome.code, outcome.detail) if part)
        sentence = REASONS[outcome.reason].sentence
        return CheckResult(ok=False, lines=lines, problem=f"{sentence} ({words})" if words else sentence)
    session.unbind()
    return CheckResult(ok=True, lines=lines)
