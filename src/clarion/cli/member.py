"""`clarion member …`: who belongs to a workspace, and inviting somebody from a terminal."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from clarion.cli import session, told
from clarion.cli.options import AsJson, AsRole, Email, Slug

if TYPE_CHECKING:
    from clarion.workspaces.models import Invitation, Membership
    from clarion.workspaces.permissions import Role

group = typer.Typer(no_args_is_help=True, help="Members: who belongs to a workspace, and as what.")


def register(app: typer.Typer) -> None:
    """Add the commands to the program."""
    app.add_typer(group, name="member")


@group.command(name="list")
def list_(workspace: Slug = "", as_json: AsJson = False) -> None:
    """List everybody who belongs to the workspace, and who was invited."""
    session.quiet()
    with session.opened():
        from clarion.workspaces.models import Invitation, Membership

        where = session.workspace(workspace)
        members = Membership.objects.select_related("user").filter(workspace=where).order_by("user__email")
        found = [_as_json(one) for one in members]
        for waiting in Invitation.objects.filter(workspace=where).order_by("email"):
            state = "expired" if waiting.is_expired else "invited"
            found.append({"email": waiting.email, "name": "", "role": waiting.role.lower(), "state": state})
        if as_json:
            told.dump(found)
            return
        for one in found:
            typer.echo(f"{one['email']}\t{one['role']}\t{one['state']}\t{one['name']}".rstrip())


@group.command()
def invite(
    email: Email,
    role: AsRole = "author",
    workspace: Slug = "",
    is_mailed: Annotated[
        bool, typer.Option("--mail", help="Also write it to them, by the system sender.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Invite somebody and print the link by which they join. It is shown only now."""
    session.quiet()
    with session.opened():
        from django.conf import settings

        from clarion.workspaces import operations
        from clarion.workspaces.actors import operator
        from clarion.workspaces.errors import MemberRefused, WorkspaceInvalid

        by = operator(session.workspace(workspace))
        try:
            invitation, secret = operations.invite(by=by, email=email, role=_role(role))
        except (MemberRefused, WorkspaceInvalid) as refusal:
            session.refuse([str(refusal)])
        link = f"{settings.CLARION_PUBLIC_URL}/join/{secret}/"
        if is_mailed:
            _mail(invitation, secret)
        if as_json:
            facts = {"email": invitation.email, "role": invitation.role.lower(), "link": link}
            told.dump(facts | {"expires_at": told.moment(invitation.expires_at)})
        else:
            typer.echo(link)


@group.command(name="role")
def role_(email: Email, role: AsRole, workspace: Slug = "") -> None:
    """Give a member another role."""
    session.quiet()
    with session.opened():
        from clarion.workspaces import operations
        from clarion.workspaces.actors import operator
        from clarion.workspaces.errors import MemberRefused

        one = member_of(email, workspace)
        try:
            operations.change_role(by=operator(one.workspace), membership=one, role=_role(role))
        except MemberRefused as refusal:
            session.refuse([str(refusal)])
        typer.echo(f"{one.user.email} is {role.lower()} now.")


@group.command()
def remove(email: Email, workspace: Slug = "") -> None:
    """End somebody's membership. Their account stays, and so does what they did."""
    session.quiet()
    with session.opened():
        from clarion.workspaces import operations
        from clarion.workspaces.actors import operator
        from clarion.workspaces.errors import MemberRefused

        one = member_of(email, workspace)
        try:
            operations.remove_member(by=operator(one.workspace), membership=one)
        except MemberRefused as refusal:
            session.refuse([str(refusal)])
        typer.echo(f"{one.user.email} does not belong to {one.workspace.name} any more.")


def _mail(invitation: "Invitation", secret: str) -> None:
    from clarion.runtime.signin import letters
    from clarion.senders.system.postman import postman

    if not letters.invite(invitation, secret):
        session.refuse(
            ["There is no system sender to write by: hand the link over yourself, with a new invitation."]
        )
    postman.finish()


def member_of(email: str, slug: str) -> "Membership":
    from clarion.workspaces.models import Membership

    where = session.workspace(slug)
    found = (
        Membership.objects.select_related("user", "workspace")
        .filter(workspace=where, user__email=email.strip().lower())
        .first()
    )
    if found is None:
        session.refuse([f"{email!r} is no member of {where.slug}. `clarion member list` shows who is."])
    return found


def _role(word: str) -> "Role":
    from clarion.workspaces.permissions import Role

    try:
        return Role(word.strip().upper())
    except ValueError:
        session.refuse([f"There is no role {word!r}: it is one of {', '.join(Role.values).lower()}."])


def _as_json(one: "Membership") -> dict[str, Any]:
    state = "suspended" if one.suspended_at else "member" if one.user.is_active else "closed"
    return {"email": one.user.email, "name": one.user.name, "role": one.role.lower(), "state": state}
