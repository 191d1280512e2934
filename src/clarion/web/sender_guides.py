"""What is done outside of the program for a sender to work: links to hand out, code to embed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from django.conf import settings
from django.utils.translation import gettext as _

from clarion.senders import invitations, secrets

if TYPE_CHECKING:
    from clarion.senders.models import Sender


@dataclass(frozen=True, slots=True, kw_only=True)
class Guide:
    """A card: a heading, what it is for, and (label, text to copy)."""

    title: str
    text: str
    copies: list[tuple[str, str]] = field(default_factory=list)


def guide_of(sender: Sender) -> Guide | None:
    """Return the sender's guide; None where its channel needs none."""
    made = {"telegram": _telegram, "voice": _voice, "waba": _waba, "webpush": _webpush}.get(sender.channel)
    return made(sender) if made else None


def _telegram(sender: Sender) -> Guide:
    link = invitations.bot_link(sender)
    if not link:
        return Guide(
            title=_("How people join"),
            text=_(
                "A bot can write only to people who started it. Save the bot's name to get the link for that."
            ),
        )
    return Guide(
        title=_("How people join"),
        text=_(
            "A bot can write only to people who started it. This link is for anybody; each contact's page has one "
            "of their own, by which the chat becomes theirs."
        ),
        copies=[(_("Link"), link)],
    )


def _voice(sender: Sender) -> Guide | None:
    if sender.config.get("protocol") != "ari":
        return None
    context = sender.config.get("amd_context", "")
    lines = [
        f"[{context}]",
        "exten => s,1,AMD()",
        " same => n,Stasis(${CLARION_APP},amd,${AMDSTATUS},${AMDCAUSE})",
        " same => n,Hangup()",
    ]
    return Guide(
        title=_("What Asterisk needs"),
        text=_(
            "A user in ari.conf, the web server in http.conf, and a trunk. For campaigns that tell machines from "
            "people, put this into extensions.conf and load the dialplan anew."
        ),
        copies=[(_("Dialplan"), "\n".join(lines))],
    )


def _waba(sender: Sender) -> Guide:
    return Guide(
        title=_("Where WhatsApp calls"),
        text=_(
            "In Meta's app dashboard, under WhatsApp, Configuration, enter this address with your verify token and "
            "subscribe to these fields. Without them no message is seen to be delivered, nobody's answer arrives, and "
            "a template that is paused is noticed late."
        ),
        copies=[
            (_("Address"), secrets.hook_url(sender)),
            (
                _("Fields"),
                "messages, message_template_status_update, message_template_quality_update, "
                "template_category_update, business_capability_update, phone_number_quality_update, user_preferences",
            ),
        ],
    )


def _webpush(sender: Sender) -> Guide:
    base = settings.CLARION_PUBLIC_URL
    worker = f'importScripts("{base}/push/1/worker.js");'
    page = (
        f'<script src="{base}/push/1/page.js" data-sender="{base}/push/{sender.public_id}" '
        f'data-key="{sender.config.get("public_key", "")}" data-worker="/clarion-worker.js" defer></script>'
    )
    button = f"<button data-clarion-push hidden>{_('Notify me')}</button>"
    signed = _(
        'data-email="…" data-signature="…": the HMAC-SHA256 of the address in hexadecimal, by your site\'s key'
    )
    return Guide(
        title=_("How visitors subscribe"),
        text=_(
            "Put the file at the top of your site, the script into its pages, and the button where you like. It "
            "appears in browsers that can do it. Where somebody is signed in, add the two attributes to the script."
        ),
        copies=[
            (_("File /clarion-worker.js"), worker),
            (_("Script"), page),
            (_("Button"), button),
            (_("Attributes"), signed),
            (_("Public key"), str(sender.config.get("public_key", ""))),
        ],
    )
