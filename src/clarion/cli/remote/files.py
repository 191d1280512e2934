"""`clarion --server URL export`: a run's people as a file."""

import sys
import time
from pathlib import Path
from typing import Annotated

import typer

from clarion.cli.options import AsJson
from clarion.cli.remote import Id, asked, campaign_id, fetched, refuse, tell

#: Seconds for the making of a file.
PATIENCE = 3_600.0


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command()(export)


def export(
    id_: Id,
    out: Annotated[str, typer.Option("--out", "-o", metavar="FILE", help="The file to write; - for stdout.")],
    kind: Annotated[str, typer.Option("--format", metavar="FORMAT", help="csv, txt or xlsx; else as called.")] = "",
    status: Annotated[str, typer.Option(metavar="STATUS", help="Only these: sent, failed, unknown …")] = "",
    result: Annotated[str, typer.Option(metavar="RESULT", help="Only these: delivered, read, bounced …")] = "",
    skip: Annotated[str, typer.Option(metavar="WHY", help="Only who was left out: suppressed …")] = "",
    bom: Annotated[bool, typer.Option("--bom/--no-bom", help="Begin text with a UTF-8 mark.")] = False,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Write the latest run's people into a file; the server makes it in the background."""
    wanted = {
        "status": status.lower() or None,
        "result": result.lower() or None,
        "skip": skip.lower() or None,
    }
    ending = Path(out).suffix.removeprefix(".").lower()
    said = wanted | {"format": kind or (ending if ending in ("csv", "txt", "xlsx") else "csv"), "bom": bom}
    path = f"/campaigns/{campaign_id(id_)}/exports"
    made = _made(path, asked("POST", path, said)["id"])
    octets = fetched("GET", f"{path}/{made['id']}/file")
    if out == "-":
        sys.stdout.buffer.write(octets)
        return
    try:
        Path(out).write_bytes(octets)
    except OSError as problem:
        refuse(f"{out}: {problem.strerror}")
    tell(made, lambda one: f"{one['done_count']:,} people in {out}", as_json=as_json)


def _made(path: str, export_id: str) -> dict[str, object]:
    """Wait until the file is there. Ends the command when it cannot be made."""
    until = time.monotonic() + PATIENCE
    while True:
        found: dict[str, object] = asked("GET", f"{path}/{export_id}")
        if found["status"] == "done":
            return found
        if found["status"] in ("failed", "expired") or time.monotonic() > until:
            refuse(str(found["failure"] or "The file could not be made."))
        time.sleep(0.5)
