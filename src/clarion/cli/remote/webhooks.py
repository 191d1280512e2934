"""`clarion --server URL webhook …`: addresses that are told what happens."""

from typing import Annotated, Any

import typer

from clarion.cli.options import AsJson, Description, Events, Url, WithAddresses, Yes
from clarion.cli.remote import Limit, asked, one_of, pages, refuse, tell

group = typer.Typer(no_args_is_help=True, help="Webhooks: programs that are told what happens.")

Which = Annotated[str, typer.Argument(metavar="ID", help="The webhook's id, its beginning, or its address.")]


def register(app: typer.Typer) -> None:
    """Add the commands to the program."""
    app.add_typer(group, name="webhook")


def _found(which: str) -> dict[str, Any]:
    return one_of("/webhooks", which, "webhook", by="url")


def _line(one: Any) -> str:
    numbers = f"{one['waiting']} waiting\t{one['failed']} failed"
    return f"{one['id'][:8]}\t{one['status']}\t{one['url']}\t{','.join(one['events'])}\t{numbers}"


@group.command(name="list")
def list_(as_json: AsJson = False) -> None:
    """List the workspace's webhooks."""
    tell(list(pages("/webhooks", 10_000)), _line, as_json=as_json)


@group.command()
def add(
    url: Url,
    event: Events,
    description: Description = "",
    with_addresses: WithAddresses = False,
    as_json: AsJson = False,
) -> None:
    """Make a webhook and print its secret, which is shown only now."""
    said = {"url": url, "events": event, "description": description, "with_addresses": with_addresses}
    tell(asked("POST", "/webhooks", said), lambda one: str(one["secret"]), as_json=as_json)


@group.command()
def show(id_: Which, as_json: AsJson = False) -> None:
    """Show one webhook."""
    tell(_found(id_), _facts, as_json=as_json)


def _facts(one: Any) -> str:
    shown = {name: ", ".join(value) if isinstance(value, list) else value for name, value in one.items()}
    return "\n".join(
        f"{name.replace('_', ' ')}: {'—' if value in (None, '') else value}" for name, value in shown.items()
    )


@group.command()
def log(
    id_: Which,
    failed: Annotated[bool, typer.Option("--failed", help="Only what failed.")] = False,
    limit: Limit = 50,
    as_json: AsJson = False,
) -> None:
    """List the last requests to a webhook, the newest first."""
    path = f"/webhooks/{_found(id_)['id']}/requests"
    tell(list(pages(path, limit, status="failed" if failed else "")), _request, as_json=as_json)


def _request(one: Any) -> str:
    last = one["tries"][-1] if one["tries"] else {}
    said = last.get("status") or last.get("problem") or "not tried yet"
    return f"{one['id'][:8]}\t{one['created_at']}\t{one['status']}\t{one['events']} events\t{said}"


@group.command()
def replay(
    id_: Which,
    request: Annotated[
        str, typer.Option(metavar="ID", help="The request's id, or its beginning, as the log shows it.")
    ] = "",
) -> None:
    """Tell all that failed again, or one request with --request."""
    path = f"/webhooks/{_found(id_)['id']}"
    if not request:
        typer.echo(f"{asked('POST', f'{path}/replay')['requests']} requests are told again.")
        return
    found = [one for one in pages(f"{path}/requests", 10_000) if one["id"].startswith(request.lower())]
    if len(found) != 1:
        refuse(f"{len(found)} requests have an id that begins with {request!r}.")
    if not asked("POST", f"{path}/requests/{found[0]['id']}/replay")["requests"]:
        refuse("This request waits already, or was a test.")
    typer.echo("The request is told again.")


@group.command()
def enable(id_: Which) -> None:
    """Switch a webhook on again."""
    _switch(id_, "on")


@group.command()
def disable(id_: Which) -> None:
    """Switch a webhook off: nothing is noted for it until it is switched on."""
    _switch(id_, "off")


def _switch(which: str, status: str) -> None:
    one = asked("PATCH", f"/webhooks/{_found(which)['id']}", {"status": status})
    typer.echo(f"{one['url']} is {one['status']}.")


@group.command()
def remove(id_: Which, yes: Yes = False) -> None:
    """Remove a webhook with its log."""
    one = _found(id_)
    if not yes:
        refuse(f"{one['url']} goes with its log: say --yes.")
    asked("DELETE", f"/webhooks/{one['id']}")
    typer.echo(f"{one['url']} is removed.")
