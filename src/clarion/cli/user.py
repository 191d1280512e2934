"""`clarion user …`: accounts, for whoever holds the server when nobody gets in any more."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from clarion.cli import session, told
from clarion.cli.options import AsJson, Email

if TYPE_CHECKING:
    from clarion.workspaces.models import User

group = typer.Typer(
    no_args_is_help=True, help="Accounts: helping who cannot get in, keeping out who must not."
)


def register(app: typer.Typer) -> None:
    """Add the commands to the program."""
    app.add_typer(group, name="user")


@group.command(name="list")
def list_(as_json: AsJson = False) -> None:
    """List everybody who has an account."""
    session.quiet()
    with session.opened():
        from clarion.workspaces.models import User

        found = [_as_json(one) for one in User.objects.order_by("email")]
    if as_json:
        told.dump(found)
        return
    for one in found:
        role = "administrator" if one["is_administrator"] else ""
        state = "open" if one["is_open"] else "closed"
        typer.echo(f"{one['email']}\t{state}\t{role}\t{one['name']}".rstrip())


@group.command()
def create(
    email: Email,
    name: Annotated[str, typer.Option(metavar="NAME", help="How others see them.")] = "",
    administrator: Annotated[
        bool, typer.Option("--administrator", help="Make them a system administrator.")
    ] = False,
) -> None:
    """Make an account and print the link by which they choose a password."""
    session.quiet()
    with session.opened():
        from django.core.exceptions import ValidationError
        from django.core.validators import validate_email

        from clarion.runtime.signin import operations as signin
        from clarion.workspaces import operations
        from clarion.workspaces.access import operations as access
        from clarion.workspaces.access import queries

        try:
            validate_email(email)
        except ValidationError:
            session.refuse([f"{email!r} is no e-mail address."])
        if queries.user_by_email(email) is not None:
            session.refuse([f"{email!r} has an account already."])
        one = operations.create_user(email=email, name=name, password=None, is_superuser=administrator)
        access.record(action="account.join", user=one, via="cli")
        typer.echo(signin.make_reset_link(user=one, by=None))


@group.command(name="reset-link")
def reset_link(email: Email) -> None:
    """Print a link by which somebody chooses a new password; good for three days, and once."""
    session.quiet()
    with session.opened():
        from clarion.runtime.signin import operations

        typer.echo(operations.make_reset_link(user=_found(email), by=None))


@group.command(name="sign-out")
def sign_out(email: Email) -> None:
    """End all sessions of somebody."""
    session.quiet()
    with session.opened():
        from clarion.runtime.signin import operations

        count = operations.end_sessions(user=_found(email), by=None)
        typer.echo(f"{count} sessions ended.")


@group.command(name="remove-factors")
def remove_factors(email: Email) -> None:
    """Take away somebody's passkeys, authenticator app and recovery codes."""
    session.quiet()
    with session.opened():
        from clarion.runtime.signin import operations
        from clarion.senders.system.postman import postman

        count = operations.remove_factors(user=_found(email), by=None)
        postman.finish()
        typer.echo(f"{count} removed.")


@group.command()
def close(email: Email) -> None:
    """Close an account: its sessions end at once, and it cannot be signed in to."""
    _set_active(email, is_active=False)


@group.command(name="open")
def open_(email: Email) -> None:
    """Open an account again."""
    _set_active(email, is_active=True)


@group.command(name="email")
def email_(email: Email, new: Annotated[str, typer.Argument(metavar="NEW", help="The new address.")]) -> None:
    """Let somebody sign in by another address. Be sure that it is theirs."""
    session.quiet()
    with session.opened():
        from clarion.workspaces.access import operations
        from clarion.workspaces.errors import WorkspaceInvalid

        try:
            one = operations.change_email(user=_found(email), email=new, via="cli")
        except WorkspaceInvalid as refusal:
            session.refuse([str(refusal)])
        typer.echo(f"They sign in by {one.email} now.")


@group.command()
def administrator(
    email: Email,
    is_off: Annotated[bool, typer.Option("--off", help="Make them none any more.")] = False,
) -> None:
    """Make somebody a system administrator."""
    session.quiet()
    with session.opened():
        from clarion.workspaces.access import operations
        from clarion.workspaces.errors import WorkspaceInvalid

        try:
            operations.set_administrator(user=_found(email), is_administrator=not is_off)
        except WorkspaceInvalid as refusal:
            session.refuse([str(refusal)])


@group.command()
def trail(
    search: Annotated[str, typer.Option(metavar="TEXT", help="In the address of the account.")] = "",
    action: Annotated[str, typer.Option(metavar="ACTION", help="Such as signin or factor.remove.")] = "",
    limit: Annotated[int, typer.Option(metavar="N", min=1, help="The newest so many.")] = 50,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object a line.")] = False,
) -> None:
    """List sign-ins, failures and changes of factors, the newest first."""
    session.quiet()
    with session.opened():
        from clarion.workspaces.access import queries

        found = queries.newest_events(who=search, action=action, limit=limit)
    names = ("number", "who", "by", "via", "action", "detail", "address", "device")
    for one in found:
        facts = {name: getattr(one, name) for name in names}
        if as_json:
            told.dump({"at": told.moment(one.at), **facts})
        else:
            shown = [f"{one.at:%Y-%m-%d %H:%M:%S}", one.who, one.action, one.detail, one.address, one.device]
            typer.echo("\t".join(shown).rstrip())


def _set_active(email: str, *, is_active: bool) -> None:
    session.quiet()
    with session.opened():
        from clarion.workspaces.access import operations
        from clarion.workspaces.errors import WorkspaceInvalid

        try:
            operations.set_active(user=_found(email), is_active=is_active, by=None, via="cli")
        except WorkspaceInvalid as refusal:
            session.refuse([str(refusal)])


def _found(email: str) -> "User":
    from clarion.workspaces.access import queries

    one = queries.user_by_email(email)
    if one is None:
        session.refuse([f"Nobody signs in by {email!r}. `clarion user list` shows who does."])
    return one


def _as_json(one: "User") -> dict[str, Any]:
    last = told.moment(one.last_login) if one.last_login else None
    return {
        "email": one.email, "name": one.name, "is_open": one.is_active, "is_administrator": one.is_superuser,
        "last_sign_in_at": last,
    }  # fmt: skip
