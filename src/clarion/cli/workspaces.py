"""`clarion workspace …`: the workspaces of the installation, making one, and switching campaigns on and off."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from clarion.cli import session, told
from clarion.cli.options import AsJson

if TYPE_CHECKING:
    from clarion.workspaces.models import Workspace

group = typer.Typer(no_args_is_help=True, help="Workspaces: make one, and switch campaigns on and off in it.")

Slug = Annotated[str, typer.Argument(metavar="SLUG", help="The workspace's short name.")]


def register(app: typer.Typer) -> None:
    """Add the commands to the program."""
    app.add_typer(group, name="workspace")


@group.command(name="list")
def list_(as_json: AsJson = False) -> None:
    """List the workspaces, and whether campaigns are on in them."""
    session.quiet()
    with session.opened():
        from clarion.workspaces.models import Workspace

        found = [_as_json(one) for one in Workspace.objects.order_by("slug")]
        if as_json:
            told.dump(found)
            return
        for one in found:
            state = "on" if one["campaigns_enabled"] else f"off\t{one['reason']}".rstrip()
            typer.echo(f"{one['slug']}\t{one['name']}\t{state}")


@group.command()
def create(
    slug: Slug,
    name: Annotated[
        str, typer.Option("--name", help="What people call it; without it, the short name.")
    ] = "",
    owner: Annotated[
        str, typer.Option("--owner", metavar="EMAIL", help="Who owns it: an account, or who is invited.")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Make a workspace. When its owner has no account yet, print the link by which they join."""
    session.quiet()
    with session.opened():
        from django.conf import settings

        from clarion.workspaces import operations
        from clarion.workspaces.errors import WorkspaceInvalid

        try:
            made, secret = operations.open_workspace(by=None, name=name or slug, slug=slug, owner=owner)
        except WorkspaceInvalid as error:
            session.refuse([f"{field}: {sentence}" for field, sentence in error.fields.items()])
        link = f"{settings.CLARION_PUBLIC_URL}/join/{secret}/" if secret else ""
        if as_json:
            told.dump(_as_json(made) | {"link": link or None})
        else:
            typer.echo(f"The workspace {made.slug} is there.")
            if link:
                typer.echo(link)


@group.command()
def enable(slug: Slug) -> None:
    """Switch campaigns on in a workspace."""
    _switch(slug, is_on=True)


@group.command()
def disable(
    slug: Slug,
    reason: Annotated[str, typer.Option("--reason", help="Why; its members can read it.")] = "",
) -> None:
    """Switch campaigns off: nothing more leaves the workspace, and their pages are not there."""
    _switch(slug, is_on=False, reason=reason)


def _switch(slug: str, *, is_on: bool, reason: str = "") -> None:
    session.quiet()
    with session.opened():
        from clarion.workspaces import operations
        from clarion.workspaces.actors import operator

        by = operator(session.workspace(slug))
        operations.switch_campaigns(by=by, is_on=is_on, reason=reason)
        typer.echo(f"Campaigns are {'on' if is_on else 'off'} in {slug}.")


def _as_json(one: "Workspace") -> dict[str, Any]:
    return {
        "slug": one.slug,
        "name": one.name,
        "zone": one.zone,
        "campaigns_enabled": one.campaigns_enabled,
        "reason": one.campaigns_off_reason,
        "halted": one.halted_at is not None,
        "created_at": told.moment(one.created_at),
    }
