"""People who let a sender write to them, such as by starting a bot, and those who want no more of it.

Both may be done twice. Whoever leaves is written to no more, and what is pending for them is skipped.
"""

from collections.abc import Sequence

import structlog
from django.db import InterfaceError, OperationalError

from clarion.audience import operations as audience
from clarion.channels.events import Joined, Left
from clarion.deliveries import optout
from clarion.senders import invitations
from clarion.senders.models import Sender

log = structlog.get_logger(__name__)


def apply(told: Sequence[tuple[int, Joined | Left]]) -> None:
    """Do what these ask for, given with the ids of their senders, in their order."""
    if not told:
        return
    senders = Sender.objects.select_related("workspace").in_bulk({sender_id for sender_id, _event in told})
    for sender_id, event in told:
        sender = senders.get(sender_id)
        if sender is None:
            continue
        try:
            if isinstance(event, Joined):
                join(sender, event)
            else:
                leave(sender, event)
        except (OperationalError, InterfaceError):
            raise
        except Exception:
            # One that nobody can handle must not keep the others waiting, nor come back for ever.
            log.exception("joining.fault", sender=sender_id)


def join(sender: Sender, event: Joined) -> bool:
    """Write to somebody from now on; return whether there is a contact for them.

    The link that they followed says who they are; strangers become contacts where the sender says so.
    """
    who = audience.Newcomer(
        contact_id=invitations.contact_of(sender, event.payload), first_name=event.first_name,
        last_name=event.last_name, language=event.language,
    )  # fmt: skip
    contact = audience.subscribe(
        workspace=sender.workspace, channel=sender.channel, address=event.address, who=who,
        adds_newcomers=sender.config.get("newcomers") == "add", origin=sender.name,
    )  # fmt: skip
    return contact is not None


def leave(sender: Sender, event: Left) -> None:
    """Write to somebody no more."""
    origin = f"{sender.name}: blocked" if event.has_blocked else sender.name
    audience.unsubscribe(
        workspace=sender.workspace, channel=sender.channel, address=event.address, origin=origin
    )
    optout.skip_pending(workspace=sender.workspace, channel=sender.channel, address=event.address)
