"""`clarion webhook …`: addresses that are told what happens."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from clarion.cli import session, told
from clarion.cli.options import AsJson, Description, Events, Slug, Url, WithAddresses

if TYPE_CHECKING:
    from clarion.webhooks.models import Batch, Endpoint

group = typer.Typer(no_args_is_help=True, help="Webhooks: programs that are told what happens.")

Id = Annotated[str, typer.Argument(metavar="ID", help="The webhook's id, or its beginning.")]


def register(app: typer.Typer) -> None:
    """Add the commands to the program."""
    app.add_typer(group, name="webhook")


@group.command(name="list")
def list_(workspace: Slug = "", as_json: AsJson = False) -> None:
    """List the workspace's webhooks."""
    session.quiet()
    with session.opened():
        found = [_as_json(one) for one in _endpoints(workspace)]
        if as_json:
            told.dump(found)
            return
        for one in found:
            numbers = f"{one['waiting']} waiting\t{one['failed']} failed"
            typer.echo(
                f"{one['id'][:8]}\t{one['status']}\t{one['url']}\t{','.join(one['events'])}\t{numbers}"
            )


@group.command()
def add(
    url: Url,
    event: Events,
    description: Description = "",
    with_addresses: WithAddresses = False,
    workspace: Slug = "",
    as_json: AsJson = False,
) -> None:
    """Make a webhook and print its secret, which is shown only now."""
    session.quiet()
    with session.opened():
        from clarion.webhooks import operations
        from clarion.webhooks.errors import EndpointInvalid
        from clarion.workspaces.actors import operator

        try:
            made, secret = operations.create_endpoint(
                by=operator(session.workspace(workspace)), url=url, kinds=event, description=description,
                with_addresses=with_addresses,
            )  # fmt: skip
        except EndpointInvalid as refusal:
            session.refuse(list(refusal.fields.values()))
        told.dump(_as_json(made) | {"secret": secret}) if as_json else typer.echo(secret)


@group.command()
def show(id_: Id, workspace: Slug = "", as_json: AsJson = False) -> None:
    """Show one webhook."""
    session.quiet()
    with session.opened():
        one = _as_json(_endpoint(id_, workspace))
        if as_json:
            told.dump(one)
            return
        for name, value in one.items():
            shown = ", ".join(value) if isinstance(value, list) else "—" if value in (None, "") else value
            typer.echo(f"{name.replace('_', ' ')}: {shown}")


@group.command()
def log(
    id_: Id,
    failed: Annotated[bool, typer.Option("--failed", help="Only what failed.")] = False,
    limit: Annotated[int, typer.Option(metavar="N", min=1, max=1000, help="How many at most.")] = 50,
    workspace: Slug = "",
    as_json: AsJson = False,
) -> None:
    """List the last requests to a webhook, the newest first."""
    session.quiet()
    with session.opened():
        from clarion.webhooks import queries
        from clarion.webhooks.models import BatchStatus

        wanted = BatchStatus.FAILED if failed else ""
        page = queries.log_page(_endpoint(id_, workspace), status=wanted, limit=limit)
        rows = [_request_as_json(one) for one in page.rows]
        if as_json:
            told.dump(rows)
            return
        for one in rows:
            last = one["tries"][-1] if one["tries"] else {}
            said = last.get("status") or last.get("problem") or "not tried yet"
            typer.echo(
                f"{one['id'][:8]}\t{one['created_at']}\t{one['status']}\t{one['events']} events\t{said}"
            )


@group.command()
def replay(
    id_: Id,
    request: Annotated[
        str, typer.Option(metavar="ID", help="The request's id, or its beginning, as the log shows it.")
    ] = "",
    workspace: Slug = "",
) -> None:
    """Tell all that failed again, or one request with --request."""
    session.quiet()
    with session.opened():
        from clarion.webhooks import operations, queries
        from clarion.workspaces.actors import operator

        endpoint = _endpoint(id_, workspace)
        by = operator(endpoint.workspace)
        if not request:
            count = operations.replay_failed(by=by, endpoint=endpoint)
            typer.echo(f"{count} requests are told again.")
            return
        rows = queries.log_page(endpoint, limit=10_000).rows
        found = [one for one in rows if str(one.public_id).startswith(request.lower())]
        if len(found) != 1:
            session.refuse([f"{len(found)} requests have an id that begins with {request!r}."])
        if not operations.replay(by=by, batch=found[0]):
            session.refuse(["This request waits already, or was a test."])
        typer.echo("The request is told again.")


@group.command()
def enable(id_: Id, workspace: Slug = "") -> None:
    """Switch a webhook on again."""
    _switch(id_, workspace, is_on=True)


@group.command()
def disable(id_: Id, workspace: Slug = "") -> None:
    """Switch a webhook off: nothing is noted for it until it is switched on."""
    _switch(id_, workspace, is_on=False)


def _switch(id_: str, slug: str, *, is_on: bool) -> None:
    session.quiet()
    with session.opened():
        from clarion.webhooks import operations
        from clarion.workspaces.actors import operator

        endpoint = _endpoint(id_, slug)
        change = operations.switch_on if is_on else operations.switch_off
        change(by=operator(endpoint.workspace), endpoint=endpoint)
        typer.echo(f"{endpoint} is {'on' if is_on else 'off'}.")


@group.command()
def remove(
    id_: Id,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    workspace: Slug = "",
) -> None:
    """Remove a webhook with its log."""
    session.quiet()
    with session.opened():
        from clarion.webhooks import operations
        from clarion.workspaces.actors import operator

        endpoint = _endpoint(id_, workspace)
        if not yes:
            typer.confirm(f"Remove {endpoint} with its log?", abort=True, err=True)
        operations.remove_endpoint(by=operator(endpoint.workspace), endpoint=endpoint)
        typer.echo(f"{endpoint} is removed.")


def _endpoints(slug: str) -> "list[Endpoint]":
    from clarion.webhooks import queries

    return queries.endpoints_of(session.workspace(slug))


def _endpoint(id_: str, slug: str) -> "Endpoint":
    found = [one for one in _endpoints(slug) if id_ and str(one.public_id).startswith(id_.lower())]
    if len(found) != 1:
        session.refuse([f"{len(found)} webhooks have an id that begins with {id_!r}."])
    return found[0]


def _as_json(one: "Endpoint") -> dict[str, Any]:
    from clarion.webhooks import queries

    return {
        "id": str(one.public_id), "url": one.url, "description": one.description, "events": one.kinds,
        "status": one.status.lower(), "reason": one.status_reason, "with_addresses": queries.sees_addresses(one),
        "failures": one.failures, "failing_since": told.moment(one.failing_since),
        "next_at": told.moment(one.next_at), "told_at": told.moment(one.told_at),
        "created_at": told.moment(one.created_at), "waiting": getattr(one, "waiting", 0),
        "failed": getattr(one, "failed", 0),
    }  # fmt: skip


def _request_as_json(one: "Batch") -> dict[str, Any]:
    return {
        "id": str(one.public_id), "status": one.status.lower(), "events": one.count, "types": one.types,
        "is_test": one.is_test, "attempts": one.attempts, "created_at": told.moment(one.created_at),
        "next_at": told.moment(one.next_at), "done_at": told.moment(one.done_at), "tries": one.tries,
    }  # fmt: skip
