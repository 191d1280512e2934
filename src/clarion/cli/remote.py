"""`clarion --server URL …`: the same commands on a server elsewhere, through its API with a token.

Nothing of Clarion is loaded but this: neither settings nor a database are needed here.
"""

import csv
import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, NoReturn
from urllib.parse import quote, urlencode, urlsplit

import typer

#: Seconds for one request, and for the reading of uploaded rows.
PATIENCE, READING_PATIENCE = 60.0, 600.0
#: Commands there are.
COMMANDS = ("campaign", "run", "deliveries", "send")
_VARIABLES = ("CLARION_SERVER", "CLARION_TOKEN")

app = typer.Typer(name="clarion", add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False)
campaign = typer.Typer(no_args_is_help=True, help="See campaigns and change their state.")
run = typer.Typer(no_args_is_help=True, help="See runs.")
app.add_typer(campaign, name="campaign")
app.add_typer(run, name="run")

_where: dict[str, str] = {}
Id = Annotated[
    str, typer.Argument(metavar="ID", help="The campaign's id, or its beginning from 3 letters on.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Reason = Annotated[str, typer.Option(metavar="TEXT", help="Why, for the audit trail.")]
Limit = Annotated[int, typer.Option(metavar="N", min=1, help="At most so many.")]


def is_meant(given: list[str]) -> bool:
    """Whether the command is for a server elsewhere."""
    return bool(given) and (
        given[0].split("=")[0] in ("--server", "--token") or "CLARION_SERVER" in os.environ
    )


def main(given: list[str]) -> None:
    """Run one command on the server. Ends with SystemExit, as commands do."""
    server, token = (os.environ.get(name, "") for name in _VARIABLES)
    rest = list(given)
    while rest and rest[0].split("=")[0] in ("--server", "--token"):
        name, is_joined, value = rest.pop(0).partition("=")
        if not is_joined:
            value = rest.pop(0) if rest else ""
        server, token = (value, token) if name == "--server" else (server, value)
    address = urlsplit(server)
    if address.scheme not in ("http", "https") or not address.hostname:
        _refuse("--server: an address such as https://clarion.example.com, or CLARION_SERVER.")
    if not token:
        _refuse("--token: the secret of a token, or CLARION_TOKEN.")
    if rest and rest[0] not in (*COMMANDS, "--help", "-h"):
        _refuse(f"{rest[0]!r} works where Clarion runs; through a server there are: {', '.join(COMMANDS)}.")
    _where.update({"server": server.rstrip("/"), "token": token})
    app(args=rest, prog_name="clarion")


def ask(method: str, path: str, body: bytes | None, headers: dict[str, str]) -> tuple[int, bytes]:
    """Return the status and the body of what the server answers. Redirections are not followed: they get the token."""
    import http.client

    address = urlsplit(_where["server"])
    kind = http.client.HTTPSConnection if address.scheme == "https" else http.client.HTTPConnection
    connection = kind(address.hostname or "", address.port, timeout=PATIENCE)
    try:
        connection.request(
            method, f"{address.path}/api/v1{path}", body,
            {"Authorization": f"Bearer {_where['token']}", **headers},
        )  # fmt: skip
        answer = connection.getresponse()
        return answer.status, answer.read()
    except (OSError, http.client.HTTPException) as problem:
        typer.echo(f"The server does not answer: {problem}", err=True)
        raise typer.Exit(1) from None
    finally:
        connection.close()


def _asked(method: str, path: str, said: Any = None, *, rows: bytes | None = None) -> Any:
    kind = "application/json" if rows is None else "application/x-ndjson"
    body = rows if rows is not None else None if said is None else json.dumps(said).encode()
    status, answer = ask(method, path, body, {"Content-Type": kind} if body is not None else {})
    try:
        told = json.loads(answer) if answer else None
    except ValueError:
        told = None
    if 200 <= status < 300:
        return told
    problem = told if isinstance(told, dict) else {}
    typer.echo(problem.get("detail") or f"The server answered {status}.", err=True)
    for one in problem.get("errors") or ():
        typer.echo(f"  - {one.get('field') or ''} {one.get('detail') or ''}".rstrip(), err=True)
    raise typer.Exit(3 if status == 409 else 2 if status in (401, 403, 404, 422) else 1)


def _pages(path: str, limit: int, **wanted: str) -> Iterator[Any]:
    cursor: str | None = ""
    while cursor is not None and limit > 0:
        query = {name: value for name, value in wanted.items() if value}
        page = _asked("GET", f"{path}?{urlencode({**query, 'limit': min(limit, 200), 'cursor': cursor})}")
        yield from page["items"][:limit]
        limit, cursor = limit - len(page["items"]), page["next"]


def _id(words: str) -> str:
    if len(words) == 36:
        return quote(words, safe="")
    found = [one for one in _pages("/campaigns", 200, q=words) if one["id"].startswith(words.lower())]
    if len(found) != 1:
        _refuse(f"{len(found)} campaigns have an id that begins with {words!r}.")
    return str(found[0]["id"])


def _refuse(sentence: str) -> NoReturn:
    typer.echo(sentence, err=True)
    raise SystemExit(2)


def _show(one: dict[str, Any], as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(one))
        return
    progress = one["progress"] or {}
    sent = f"{progress['sent']:,} of {progress['target']:,} sent, " if progress else ""
    reason = f" ({one['reason']})" if one["reason"] else ""
    typer.echo(f"{one['id'][:8]}  {one['status']}{reason}  {sent}{one['name']}")


@campaign.command(name="list")
def list_(
    status: Annotated[str, typer.Option(metavar="STATUS", help="In this state only.")] = "",
    limit: Limit = 50,
    as_json: AsJson = False,
) -> None:
    """List campaigns, the newest first."""
    found = list(_pages("/campaigns", limit, status=status.lower()))
    if as_json:
        typer.echo(json.dumps(found))
        return
    for one in found:
        _show(one, as_json=False)


@campaign.command()
def show(id_: Id, as_json: AsJson = False) -> None:
    """Show a campaign."""
    _show(_asked("GET", f"/campaigns/{_id(id_)}"), as_json)


@campaign.command()
def why(id_: Id, as_json: AsJson = False) -> None:
    """Say why a campaign is not moving."""
    found = _asked("GET", f"/campaigns/{_id(id_)}/why")
    if as_json:
        typer.echo(json.dumps(found))
        return
    for cause in found["causes"]:
        typer.echo(f"{cause['count']:>9,}  {cause['title']}\n{'':11}{cause['cure']}")
    if not found["causes"]:
        typer.echo("Nothing holds it.")


def _action(name: str) -> None:
    def act(id_: Id, reason: Reason = "", as_json: AsJson = False) -> None:
        _show(_asked("POST", f"/campaigns/{_id(id_)}/actions/{name}", {"reason": reason}), as_json)

    campaign.command(name=name, help=f"{name.capitalize()} a campaign.")(act)


for _name in ("start", "pause", "continue", "stop", "cancel", "submit", "withdraw", "reject", "retry", "duplicate",
              "archive", "restore"):  # fmt: skip
    _action(_name)


@run.command(name="show")
def show_run(
    id_: Id, number: Annotated[int | None, typer.Option(metavar="N", help="Without it the latest.")] = None
) -> None:
    """Show a run with its totals, channels and problems, as JSON."""
    whose = _id(id_)
    if number is None:
        latest = next(_pages(f"/campaigns/{whose}/runs", 1), None)
        if latest is None:
            _refuse("The campaign was not started yet, so it has no run.")
        number = latest["number"]
    typer.echo(json.dumps(_asked("GET", f"/campaigns/{whose}/runs/{number}")))


@app.command()
def deliveries(
    id_: Id,
    status: Annotated[str, typer.Option(metavar="STATUS", help="sent, failed, unknown, pending …")] = "",
    limit: Limit = 1_000_000_000,
    as_json: AsJson = False,
) -> None:
    """List what became of each person of the latest run."""
    for one in _pages(f"/campaigns/{_id(id_)}/deliveries", limit, status=status.lower()):
        if as_json:
            typer.echo(json.dumps(one))
        else:
            why_ = [message["reason"] or "" for message in one["messages"]]
            typer.echo("\t".join([str(one["recipient"]), one["status"], one["address"], *filter(None, why_)]))


@app.command()
def send(
    name: Annotated[str, typer.Option(help="The campaign's name.")],
    sender: Annotated[str, typer.Option(metavar="NAME", help="A sender that the server has, by its name.")],
    csv_: Annotated[
        Path,
        typer.Option("--csv", metavar="FILE", exists=True, dir_okay=False, help="Who gets it, in UTF-8."),
    ],
    text: Annotated[
        Path, typer.Option(metavar="FILE", exists=True, dir_okay=False, help="The message as plain text.")
    ],
    subject: Annotated[str, typer.Option(help="Of a mail.")] = "",
    as_json: AsJson = False,
) -> None:
    """Send a campaign to everyone in a CSV file: uploads it, makes the campaign and starts it."""
    ways = [one for one in _pages("/senders", 1_000, q=sender) if one["name"] == sender]
    if not ways:
        _refuse(f"--sender: there is no sender {sender!r}.")
    channel = ways[0]["channel"]
    with csv_.open(newline="", encoding="utf-8-sig") as file:
        rows = b"".join(json.dumps(row).encode() + b"\n" for row in csv.DictReader(file))
    query = urlencode({"channel": channel, "name": csv_.stem[:100]})
    source = _asked("POST", f"/sources?{query}", rows=rows)
    _await(source["id"])
    body = {"mode": "text", "source": text.read_text(encoding="utf-8"), "subject": subject}
    step = {"channel": channel, "sender": ways[0]["id"], "body": body}
    made = _asked("POST", "/campaigns", {"name": name, "audience": {"source": source["id"]}, "steps": [step]})
    _show(_asked("POST", f"/campaigns/{made['id']}/actions/start", {}), as_json)


def _await(source: str) -> None:
    """Wait until the rows are read. Ends the command when they cannot be."""
    until = time.monotonic() + READING_PATIENCE
    while (seen := _asked("GET", f"/sources/{source}"))["status"] in ("waiting", "reading"):
        if time.monotonic() > until:
            _refuse("The server takes too long to read the rows; nothing was started.")
        time.sleep(0.5)
    if seen["status"] == "failed":
        _refuse(str(seen["failure"]))
