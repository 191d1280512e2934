"""Trying an Asterisk's settings, for a person to read. Nothing rings."""

import shutil
from typing import Any

from clarion.channels.base import CheckResult
from clarion.channels.http import HttpReply, outcome_of_status
from clarion.channels.voice.ari.client import Client, Unreachable
from clarion.channels.voice.ari.config import Config
from clarion.engine.outcomes import REASONS
from clarion.lib.sentences import said

#: What a part of the settings needs to be loaded.
_MODULES = (
    ("app_amd.so", "machine detection", "not loaded: calls that are to tell machines from people fail"),
    ("res_http_media_cache.so", "recordings from the web", "not loaded: share a folder instead"),
)


async def check_credentials(config: Config) -> CheckResult:
    """Sign in by both ways, and look for what the settings need; nothing rings."""
    lines: list[tuple[str, str]] = []
    client = Client(config)
    try:
        reply = await client.http.request("GET", "/asterisk/info")
        if not isinstance(reply, HttpReply) or not reply.is_success:
            return CheckResult(ok=False, lines=lines, problem=_sentence(reply))
        system = _read(reply).get("system") or {}
        lines.append(("Asterisk", str(system.get("version", ""))[:60]))
        await client.ready()
        lines.append(("Events", "the socket opens"))
        technology, _, resource = config.endpoint.partition("/")
        trunk = resource.rpartition("@")[2]
        if "{" not in trunk:
            reply = await client.http.request("GET", f"/endpoints/{technology}/{trunk}")
            if not isinstance(reply, HttpReply) or not reply.is_success:
                return CheckResult(
                    ok=False,
                    lines=lines,
                    problem=said("Asterisk knows no trunk %(name)s.", name=f"{technology}/{trunk}"),
                )
            lines.append(("Trunk", f"{technology}/{trunk}: {_read(reply).get('state', '')}"))
        for module, what, problem in _MODULES:
            reply = await client.http.request("GET", f"/asterisk/modules/{module}")
            running = isinstance(reply, HttpReply) and _read(reply).get("status") == "Running"
            if config.audio == "web" or module == "app_amd.so":
                lines.append((what.capitalize(), "loaded" if running else problem))
    except Unreachable as problem:
        return CheckResult(ok=False, lines=lines, problem=_sentence(problem.outcome))
    finally:
        await client.aclose()
    if config.speech == "espeak-ng":
        found = shutil.which("espeak-ng")
        lines.append(
            ("Text to speech", found or "espeak-ng is not installed here: only recordings can be played")
        )
    return CheckResult(ok=True, lines=lines)


def _read(reply: HttpReply) -> dict[str, Any]:
    try:
        told = reply.json()
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


def _sentence(problem: Any) -> str:
    outcome = outcome_of_status(problem) if isinstance(problem, HttpReply) else problem
    words = " ".join(part for part in (outcome.code, outcome.detail) if part)
    sentence = REASONS[outcome.reason].sentence
    return f"{sentence} ({words})" if words else sentence
