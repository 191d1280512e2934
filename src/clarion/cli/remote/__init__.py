"""`clarion --server URL …`: the same commands on a server elsewhere, through its API with a token.

Nothing of Clarion is loaded but this: neither settings nor a database are needed here.
"""

import json
import os
from collections.abc import Callable, Iterator, Mapping
from typing import Annotated, Any, NoReturn
from urllib.parse import quote, urlencode, urlsplit

import typer

#: Seconds for one request.
PATIENCE = 60.0
#: Rows that are looked through for a name.
_LOOKED_THROUGH = 10_000
#: Commands there are: the first word of each.
COMMANDS = (
    "audit", "balance", "campaign", "cap", "contact", "deliveries", "export", "halt", "lift", "member", "one-off",
    "price", "run", "segment", "send", "sender", "source", "suppression", "template", "token", "webhook",
)  # fmt: skip
_VARIABLES = ("CLARION_SERVER", "CLARION_TOKEN")

_where: dict[str, str] = {}
#: Lists that are answered whole.
_WHOLE = ("/members", "/tokens", "/prices")
Id = Annotated[
    str, typer.Argument(metavar="ID", help="The campaign's id, or its beginning from 3 letters on.")
]
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
        refuse("--server: an address such as https://clarion.example.com, or CLARION_SERVER.")
    if not token:
        refuse("--token: the secret of a token, or CLARION_TOKEN.")
    if rest and rest[0] not in (*COMMANDS, "--help", "-h"):
        refuse(f"{rest[0]!r} works where Clarion runs; through a server there are: {', '.join(COMMANDS)}.")
    _where.update({"server": server.rstrip("/"), "token": token})
    from clarion.cli.remote.program import app

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


def asked(method: str, path: str, said: Any = None, *, rows: bytes | None = None) -> Any:
    """Return the JSON of an answer; `rows` are sent as NDJSON. Says a problem and ends the command otherwise."""
    if rows is not None:
        return sent(path, rows, "application/x-ndjson")
    body = None if said is None else json.dumps(said).encode()
    return _answered(
        *ask(method, path, body, {"Content-Type": "application/json"} if body is not None else {})
    )


def sent(path: str, octets: bytes, kind: str = "application/octet-stream") -> Any:
    """Return the answer to a file."""
    return _answered(*ask("POST", path, octets, {"Content-Type": kind}))


def fetched(method: str, path: str) -> bytes:
    """Return the octets of a file."""
    status, answer = ask(method, path, None, {})
    if not 200 <= status < 300:
        _answered(status, answer)
    return answer


def _answered(status: int, answer: bytes) -> Any:
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


def pages(path: str, limit: int, **wanted: str) -> Iterator[Any]:
    """Yield at most so many of the items of a list, page by page."""
    cursor: str | None = ""
    while cursor is not None and limit > 0:
        query = {name: value for name, value in wanted.items() if value}
        page = asked("GET", f"{path}?{urlencode({**query, 'limit': min(limit, 200), 'cursor': cursor})}")
        yield from page["items"][:limit]
        limit, cursor = limit - len(page["items"]), page["next"]


def campaign_id(words: str) -> str:
    """Return the id of the campaign that begins so. Ends the command when it is none, or several."""
    if len(words) == 36:
        return quote(words, safe="")
    found = [one for one in pages("/campaigns", 200, q=words) if one["id"].startswith(words.lower())]
    if len(found) != 1:
        refuse(f"{len(found)} campaigns have an id that begins with {words!r}.")
    return str(found[0]["id"])


def one_of(path: str, words: str, noun: str, *, by: str = "name") -> dict[str, Any]:
    """Return the one of a list that is called so, or has the id or its beginning. Ends the command for none."""
    listed = asked("GET", path) if path in _WHOLE else pages(path, _LOOKED_THROUGH)
    every = [one for one in listed if one[by] == words or str(one["id"]).startswith(words.lower())]
    named = [one for one in every if one[by] == words] or every
    if len(named) != 1:
        refuse(f"There is no {noun} {words!r}." if not named else f"Several are meant by {words!r}.")
    return dict(named[0])


def tell(found: Any, line: Callable[[Mapping[str, Any]], str], *, as_json: bool) -> None:
    """Print what was answered, one or a list: as JSON, or each in a line for people."""
    if as_json:
        typer.echo(json.dumps(found))
        return
    for one in found if isinstance(found, list) else [found]:
        typer.echo(line(one))


def sure(yes: bool, what: str) -> None:
    """End the command unless whoever gave it is sure."""
    if not yes:
        refuse(f"Say --yes to {what}: it cannot be brought back.")


def refuse(sentence: str) -> NoReturn:
    """Say what is wrong with the input and end the command."""
    typer.echo(sentence, err=True)
    raise SystemExit(2)
