"""Starts the trial of a template and reads what came of it; whatever the template does happens in the child."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import clarion
from clarion.content.errors import TrialFailed
from clarion.lib.sentences import said
from clarion.lib.templating import Part

#: Seconds until the child is killed. It starts in 0.1 s; a busy machine may need much longer.
WALL_SECONDS = 10.0

COMMAND = [sys.executable, "-m", "clarion.content.trial"]

_SOURCES = Path(clarion.__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True)
class Finding:
    """What the trial found: the part's name, a line (0 for all of it) and a sentence."""

    part: str
    line: int
    sentence: str


def run_trial(parts: Sequence[Part]) -> list[Finding]:
    """Return what is wrong with the parts, at most one finding each. Raises TrialFailed when nothing can be said."""
    task = json.dumps({"parts": [[part.name, part.source, part.is_html] for part in parts]})
    try:
        done = subprocess.run(
            COMMAND,
            input=task.encode(),
            capture_output=True,
            timeout=WALL_SECONDS,
            check=False,
            env=_environment(),
            cwd="/",
        )
    except subprocess.TimeoutExpired:
        return [Finding("", 0, said("Filling it in takes too long."))]
    except OSError as error:
        raise TrialFailed(f"The trial could not be started: {error.strerror}.") from error
    if done.returncode != 0:
        return [Finding("", 0, said("Filling it in takes more memory or time than a message may."))]
    return [Finding(part, line, sentence) for part, line, sentence in json.loads(done.stdout)["problems"]]


def _environment() -> dict[str, str]:
    """Where the code is, and nothing else: no secret, no setting."""
    return {
        "PATH": os.defpath,
        "PYTHONPATH": str(_SOURCES),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONIOENCODING": "utf-8",
        "LC_ALL": "C.UTF-8",
    }
