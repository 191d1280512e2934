"""The kill switches: `clarion halt`, `clarion lift` and `clarion sender pause|resume`."""

from typing import TYPE_CHECKING, Annotated

import typer

from clarion.cli import session, told
from clarion.cli.options import AsJson, Slug

if TYPE_CHECKING:
    from clarion.deliveries.holdback import HeldBack
    from clarion.senders.models import Sender

Reason = Annotated[
    str, typer.Option(metavar="TEXT", help="Why: shown to everybody, and kept in the audit trail.")
]
Which = Annotated[
    str, typer.Argument(metavar="SENDER", help="The sender's name, its id, or the beginning of the id.")
]

group = typer.Typer(no_args_is_help=True, help="Stop a sender, and let it send again.")


def register(app: typer.Typer) -> None:
    """Add the commands to the program."""
    app.command()(halt)
    app.command()(lift)
    app.add_typer(group, name="sender")


def halt(workspace: Slug = "", reason: Reason = "", as_json: AsJson = False) -> None:
    """Let nothing more leave a workspace, within a second, until the halt is lifted."""
    _switch(workspace, reason, is_halt=True, as_json=as_json)


def lift(workspace: Slug = "", reason: Reason = "", as_json: AsJson = False) -> None:
    """Lift the halt of a workspace: sending goes on where it was."""
    _switch(workspace, reason, is_halt=False, as_json=as_json)


def _switch(slug: str, reason: str, *, is_halt: bool, as_json: bool) -> None:
    session.quiet()
    with session.opened():
        from clarion.deliveries import holdback
        from clarion.workspaces import actors, operations

        by = actors.operator(session.workspace(slug))
        change = operations.halt if is_halt else operations.lift_halt
        now = change(by=by, reason=reason)
        held = holdback.held_back(now)
        if as_json:
            told.dump(
                {
                    "workspace": now.slug,
                    "halted": now.halted_at is not None,
                    "halted_at": told.moment(now.halted_at),
                    "by": now.halted_by,
                    "reason": now.halt_reason,
                    **_numbers(held),
                }
            )
            return
        if now.halted_at is not None:
            typer.echo(f"{now.name} is halted, by {now.halted_by or 'somebody'}: nothing leaves.")
        else:
            typer.echo(f"{now.name} sends.")
        typer.echo(f"  {_in_words(held, is_stopped=now.halted_at is not None)}")


@group.command()
def pause(which: Which, reason: Reason = "", workspace: Slug = "", as_json: AsJson = False) -> None:
    """Let nothing more leave by a sender, within a second; its campaigns wait."""
    _move(which, workspace, reason, is_pause=True, as_json=as_json)


@group.command()
def resume(which: Which, workspace: Slug = "", as_json: AsJson = False) -> None:
    """Let a sender that was paused or blocked send again."""
    _move(which, workspace, "", is_pause=False, as_json=as_json)


def _move(which: str, slug: str, reason: str, *, is_pause: bool, as_json: bool) -> None:
    session.quiet()
    with session.opened():
        from clarion.deliveries import holdback
        from clarion.senders import operations
        from clarion.senders.models import SenderStatus
        from clarion.workspaces import actors

        sender = _sender(which, slug)
        by = actors.operator(sender.workspace)
        if is_pause:
            now = operations.pause_sender(sender=sender, by=by, reason=reason)
        else:
            now = operations.activate_sender(sender=sender, by=by)
        held = holdback.held_back(sender.workspace, now)
        if as_json:
            told.dump(
                {
                    "sender": str(now.public_id),
                    "name": now.name,
                    "status": now.status.lower(),
                    "reason": now.status_reason,
                    **_numbers(held),
                }
            )
            return
        typer.echo(f"{now.name} is {now.get_status_display().lower()}.")
        typer.echo(f"  {_in_words(held, is_stopped=now.status != SenderStatus.ACTIVE)}")


def _sender(which: str, slug: str) -> "Sender":
    """Return the sender that is meant; ends the command when it is none or several."""
    from clarion.senders.models import Sender

    every = Sender.objects.select_related("workspace").order_by("workspace__slug", "name")
    if slug:
        every = every.filter(workspace=session.workspace(slug))
    begins = which.lower()
    found = [one for one in every if one.name == which or str(one.public_id).startswith(begins)]
    if len(found) == 1:
        return found[0]
    problem = f"There is no sender {which!r}." if not found else f"Several senders are meant by {which!r}."
    shown = "".join(
        f"\n  {str(one.public_id)[:8]}  {one.workspace.slug}  {one.name}" for one in found or every
    )
    session.refuse([problem + (f" There are:{shown}" if shown else "")])


def _numbers(held: "HeldBack") -> dict[str, object]:
    return {
        "messages": held.messages,
        "campaigns": held.campaigns,
        "last_out": told.moment(held.last_out),
    }


def _in_words(held: "HeldBack", *, is_stopped: bool) -> str:
    messages = f"{held.messages:,} message{'' if held.messages == 1 else 's'}"
    campaigns = f"{held.campaigns:,} campaign{'' if held.campaigns == 1 else 's'}"
    words = f"{messages} of {campaigns} " + ("held back" if is_stopped else "on their way")
    return words + (f"; the last one left at {told.moment(held.last_out)}." if held.last_out else ".")
