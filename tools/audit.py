"""Ask whether a pinned dependency is known to be vulnerable: `make audit`.

`pip-audit` asks the package index about each, or the OSV server that AUDIT_OSV_URL names. The exit code is 1 for a
known vulnerability, and 3 where not everything could be asked about (no network, a mirror of packages alone): nobody
takes that for an all-clear. `.ci/run` goes on then, since it is no fault of the change that is being checked, and says
so in its last line; with AUDIT=required it fails. One dependency is asked about first, so that the answer that nobody
can be asked does not take long.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
LOCKED = ROOT / "requirements.txt"
#: Is in everybody's index; asked about first.
FIRST = "django"
#: Seconds for one answer, and for all.
ONE_SECONDS, ALL_SECONDS = 5, 60
#: Exit codes beside 0, which is that all was asked about and nothing is known.
VULNERABLE, NOT_AUDITED = 1, 3

#: Gives pip-audit's report on a file of requirements; None when it came to none, with the reason.
Ask = Callable[[Path], tuple[dict[str, Any] | None, str]]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is known: vulnerabilities in a line each, and what nobody could be asked about."""

    asked: int = 0
    known: list[str] = field(default_factory=list)
    unasked: list[str] = field(default_factory=list)


def verdict_of(report: dict[str, Any]) -> Verdict:
    """Read pip-audit's report."""
    known, unasked, asked = [], [], 0
    for one in report["dependencies"]:
        if "skip_reason" in one:
            unasked.append(one["name"])
            continue
        asked += 1
        for each in one["vulns"]:
            mended = ", ".join(each["fix_versions"]) or "no version yet"
            known.append(f"{one['name']} {one['version']}: {each['id']}, mended in {mended}")
    return Verdict(asked, known, unasked)


def audit(ask: Ask, lines: Iterable[str], say: Callable[[str], object]) -> int:
    """Ask about pinned requirements, say what is known, and return the exit code."""
    pins = [line for line in lines if "==" in line and not line.lstrip().startswith("#")]
    first = [line for line in pins if line.partition("==")[0].lower() == FIRST] or pins[:1]
    found = Verdict()
    for some in (first, pins):
        report, reason = _asked(ask, some)
        if report is None:
            say(f"NOT AUDITED: whoever knows of vulnerabilities could not be asked ({reason}).")
            return _said(found, say, NOT_AUDITED)  # what the first answer knew holds
        found = verdict_of(report)
        if not found.asked:
            say("NOT AUDITED: the package index here knows packages, but tells nothing of vulnerabilities.")
            return NOT_AUDITED
    if found.unasked:
        say(f"NOT AUDITED, because the index does not know them: {', '.join(found.unasked)}.")
    return _said(found, say, NOT_AUDITED if found.unasked else 0)


def _said(found: Verdict, say: Callable[[str], object], otherwise: int) -> int:
    for line in found.known:
        say(f"VULNERABLE: {line}")
    if found.asked:
        say(f"{found.asked} pinned dependencies were asked about: {len(found.known)} known vulnerabilities.")
    return VULNERABLE if found.known else otherwise


def _asked(ask: Ask, lines: list[str]) -> tuple[dict[str, Any] | None, str]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "requirements.txt"
        path.write_text("\n".join(lines) + "\n")
        return ask(path)


def by_pip_audit(path: Path) -> tuple[dict[str, Any] | None, str]:
    """Let pip-audit ask; it needs no environment, because everything is pinned."""
    command = [
        sys.executable, "-m", "pip_audit", "--requirement", str(path), "--no-deps", "--disable-pip", "--format=json",
        "--progress-spinner=off", f"--timeout={ONE_SECONDS}",
    ]  # fmt: skip
    if osv := os.environ.get("AUDIT_OSV_URL"):
        command += ["--vulnerability-service=osv", f"--osv-url={osv}"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=ALL_SECONDS)
    except subprocess.TimeoutExpired:
        return None, f"it took more than {ALL_SECONDS} s"
    try:
        report: dict[str, Any] = json.loads(done.stdout)
    except ValueError:
        lines = [line for line in done.stderr.splitlines() if line.startswith("ERROR")]
        return None, lines[-1].rpartition(":")[2][:200] if lines else f"exit code {done.returncode}"
    return report, ""


if __name__ == "__main__":
    sys.exit(audit(by_pip_audit, LOCKED.read_text().splitlines(), print))
