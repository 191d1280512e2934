"""The child's program.

    python -I -B -c CALL FOLDER WORKBOOK TARGET LIMITS

CALL imports this package from FOLDER and runs `main` (see `audience.sheets`). LIMITS is a JSON object: `sheet` (a
name, or "" for the first with anything in it), `memory`, `seconds`, `unpacked`, `ratio`, `ratio_from`, `written`,
`rows` and `columns`. Answers with one JSON object on standard output: `{"sheets": […], "sheet": …}`, or
`{"problem": CODE}`.
"""

import gc
import json
import resource
import sys
from contextlib import suppress
from typing import Any

from .refusal import Refused


def main() -> int:
    workbook, target, limits = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
    _confine(limits)
    gc.disable()  # nothing that is made here holds itself
    try:
        answer = convert(workbook, target, limits)
    except Refused as refusal:
        answer = {"problem": refusal.args[0]}
    except MemoryError:
        answer = {"problem": "memory"}
    except Exception:  # noqa: BLE001 - whatever a file that breaks the format's rules makes a parser raise
        answer = {"problem": "broken"}
    sys.stdout.write(json.dumps(answer))
    return 0


def _confine(limits: dict[str, Any]) -> None:
    """Give up what is not needed: memory, time, new processes, large files, core dumps."""
    for name, amount in (
        (resource.RLIMIT_AS, limits["memory"]),
        (resource.RLIMIT_CPU, limits["seconds"]),
        (resource.RLIMIT_FSIZE, limits["written"]),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NPROC, 0),
    ):
        _soft, hard = resource.getrlimit(name)
        # A little more time than is allowed: at the harder limit the signal would be that of a lack of memory.
        most = amount + 5 if name == resource.RLIMIT_CPU else amount
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        with suppress(ValueError, OSError):  # a system without this limit has the others
            resource.setrlimit(name, (min(amount, most), most))
    with suppress(OSError), open("/proc/self/oom_score_adj", "w") as score:
        score.write("1000")  # if the machine runs out of memory, then this is to go first


def convert(workbook: str, target: str, limits: dict[str, Any]) -> dict[str, Any]:
    """Write the sheet's rows to `target`. Raises Refused, and whatever reading of broken files raises."""
    # What reads is loaded within the limits too.
    from . import ods, xlsx
    from .container import opened
    from .table import Table

    with (
        opened(workbook, limits) as package,
        Table(target, rows=limits["rows"], columns=limits["columns"]) as table,
    ):
        read = ods.read if package.is_ods else xlsx.read
        names, chosen = read(package, limits["sheet"], table)
        if limits["sheet"] and limits["sheet"] not in names:
            raise Refused("sheet")
        if not table.close():
            raise Refused("empty")
    return {"sheets": names, "sheet": chosen}
