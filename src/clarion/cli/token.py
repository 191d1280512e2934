"""`clarion token …`: keys by which programs act for a member."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from clarion.cli import session, told
from clarion.cli.member import member_of
from clarion.cli.options import AsJson, Slug

if TYPE_CHECKING:
    from clarion.workspaces.models import ApiToken

group = typer.Typer(no_args_is_help=True, help="Tokens: keys by which programs act for a member.")


def register(app: typer.Typer) -> None:
    """Add the commands to the program."""
    app.add_typer(group, name="token")


@group.command(name="list")
def list_(workspace: Slug = "", as_json: AsJson = False) -> None:
    """List the workspace's tokens. Their secrets are not kept, so none is shown."""
    session.quiet()
    with session.opened():
        found = [_as_json(one) for one in _tokens(workspace)]
        if as_json:
            told.dump(found)
            return
        for one in found:
            used, until = one["last_used_at"] or "never", one["expires_at"] or "no end"
            typer.echo(f"{one['id'][:8]}\t{one['member']}\t{one['name']}\tused {used}\tuntil {until}")


@group.command()
def create(
    email: Annotated[str, typer.Argument(metavar="EMAIL", help="The member for whom it acts.")],
    name: Annotated[str, typer.Option(metavar="NAME", help="Of the program that will have it.")],
    scope: Annotated[
        list[str] | None,
        typer.Option(metavar="SCOPE", help="What it may do, such as edit; once for each. Seeing is in all."),
    ] = None,
    days: Annotated[int, typer.Option(metavar="N", min=0, help="For how many days; 0 for no end.")] = 90,
    per_minute: Annotated[int, typer.Option(metavar="N", min=1, help="Requests a minute.")] = 1_200,
    workspace: Slug = "",
    as_json: AsJson = False,
) -> None:
    """Make a token and print its secret, which is shown only now."""
    session.quiet()
    with session.opened():
        from datetime import timedelta

        from django.utils import timezone

        from clarion.workspaces import operations
        from clarion.workspaces.actors import operator
        from clarion.workspaces.errors import NotAllowed, TokenInvalid

        member = member_of(email, workspace)
        until = timezone.now() + timedelta(days=min(days, 100_000)) if days else None
        try:
            token, secret = operations.create_token(
                by=operator(member.workspace), member=member, name=name, scopes=scope or [],
                expires_at=until, per_minute=per_minute,
            )  # fmt: skip
        except (NotAllowed, TokenInvalid) as refusal:
            session.refuse([str(refusal)])
        told.dump(_as_json(token) | {"secret": secret}) if as_json else typer.echo(secret)


@group.command()
def revoke(
    id_: Annotated[str, typer.Argument(metavar="ID", help="The token's id, or its beginning.")],
    workspace: Slug = "",
) -> None:
    """End a token, at once."""
    session.quiet()
    with session.opened():
        from clarion.workspaces import operations
        from clarion.workspaces.actors import operator

        found = [one for one in _tokens(workspace) if str(one.public_id).startswith(id_.lower()) and id_]
        if len(found) != 1:
            session.refuse([f"{len(found)} tokens have an id that begins with {id_!r}."])
        where = found[0].membership.workspace
        operations.revoke_token(by=operator(where), token=found[0])
        typer.echo(f"The token {found[0].name} is revoked.")


def _tokens(slug: str) -> "list[ApiToken]":
    from clarion.workspaces.models import ApiToken

    where = session.workspace(slug)
    found = ApiToken.objects.select_related("membership__user", "membership__workspace")
    return list(found.filter(membership__workspace=where).order_by("pk"))


def _as_json(one: "ApiToken") -> dict[str, Any]:
    return {
        "id": str(one.public_id), "name": one.name, "member": one.membership.user.email, "scopes": one.scopes,
        "per_minute": one.per_minute, "created_at": told.moment(one.created_at),
        "expires_at": told.moment(one.expires_at), "last_used_at": told.moment(one.last_used_at),
    }  # fmt: skip
