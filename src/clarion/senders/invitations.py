"""Links by which a known person starts a bot, so that the chat is known to be theirs."""

from django.conf import settings

from clarion.lib import keys, tokens
from clarion.senders.models import Sender
from clarion.workspaces.models import Workspace

#: Kind of the token (see `clarion.lib.tokens`).
START = "telegram-start"


def bot_link(sender: Sender) -> str:
    """Return the link that starts the sender's bot for anybody; empty while its name is not known."""
    username = sender.config.get("username") or ""
    return f"https://t.me/{username}" if sender.channel == "telegram" and username else ""


def start_link(sender: Sender, *, contact_id: int) -> str:
    """Return the link that starts the sender's bot for this contact alone; empty while the bot's name is not known.

    Whoever follows it becomes the contact's chat, so it is shown to nobody but the contact.
    """
    link = bot_link(sender)
    # A payload has at most 64 letters, digits, - and _, so no dots.
    token = tokens.make(START, _key(), sender.pk, contact_id).replace(".", "_")
    return f"{link}?start={token}" if link else ""


def links_to(workspace: Workspace, *, contact_id: int) -> list[tuple[str, str]]:
    """Return (sender's name, start link) of every bot of the workspace that this contact may start."""
    bots = Sender.objects.filter(workspace=workspace, channel="telegram").order_by("name")
    found = [(one.name, start_link(one, contact_id=contact_id)) for one in bots]
    return [(name, link) for name, link in found if link]


def contact_of(sender: Sender, payload: str) -> int | None:
    """Return the contact whom a start link of this sender names; None for any other payload."""
    found = tokens.read(START, _key(), payload.replace("_", "."))
    return found[1] if found is not None and len(found) == 2 and found[0] == sender.pk else None


def _key() -> bytes:
    return keys.derive(settings.SECRET_KEY, keys.TOKENS)
