"""What the pages show of a sender that is tried: steps, an outcome with its cure, DNS records."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.utils.translation import gettext as _

from clarion.channels.base import CheckResult, ConfigInvalid
from clarion.channels.email import dkim
from clarion.content import queries as templates
from clarion.content.rendering import with_stand_ins
from clarion.engine.outcomes import REASONS, Accepted, Scope, Unknown
from clarion.senders import secrets, testing
from clarion.senders.errors import SecretsLost
from clarion.workspaces.actors import of_member
from clarion.workspaces.retelling import retold

if TYPE_CHECKING:
    from clarion.senders.models import Sender
    from clarion.web.sender_forms import SendTestForm
    from clarion.workspaces.actors import Actor
    from clarion.workspaces.models import Membership


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What became of a test message."""

    tone: str
    title: str
    text: str = ""
    code: str = ""
    detail: str = ""


def check(sender: Sender, *, by: Actor) -> CheckResult:
    """Check the sender's credentials."""
    try:
        found = testing.check_credentials(sender, by=by)
    except SecretsLost:
        return CheckResult(ok=False, problem=_lost())
    return replace(found, problem=retold(found.problem))


def send(sender: Sender, form: SendTestForm, member: Membership) -> Trial | None:
    """Send the test message; None when the form has an error now."""
    content = _content(member, form.cleaned_data["template"])
    if content is None:
        form.add_error("template", _("There is no such template any more."))
        return None
    try:
        outcome = testing.send_test(
            sender, content, form.cleaned_data["address"], with_stand_ins(content, {}), by=of_member(member)
        )
    except ConfigInvalid as error:
        for name, sentence in error.problems.items():
            form.add_error("address" if name == "address" else None, sentence)
        return None
    except SecretsLost:
        return Trial(tone="red", title=_("It was not sent."), text=_lost())
    if isinstance(outcome, Accepted):
        return Trial(
            tone="green",
            title=_("The provider took it."),
            text=_("Look into the mailbox: that it was taken does not mean that it was put into the inbox.")
            if sender.channel == "email"
            else _("Look at the recipient's device: that it was taken does not mean that it has arrived."),
            code=outcome.code,
        )
    explanation = REASONS[outcome.reason]
    scope = None if isinstance(outcome, Unknown) else outcome.scope
    return Trial(
        tone="amber" if isinstance(outcome, Unknown) else "red",
        title=_(explanation.sentence),
        # The cures for addresses speak of suppressing them, which a test does not do.
        text=_("Try another address.") if scope is Scope.RECIPIENT else _(explanation.cure),
        code=outcome.code,
        detail=outcome.detail,
    )


def dns_records(sender: Sender) -> list[tuple[str, str]]:
    """Return (name, text) of the TXT records that belong to the sender's DKIM keys."""
    if sender.channel != "email":
        return []
    try:
        config = secrets.open_config(sender)
    except SecretsLost:
        return []
    domain = config.get("dkim_domain", "")
    return [
        (f"{selector}._domainkey.{domain}", dkim.public_record(pem))
        for selector, pem in config.get("dkim_keys") or ()
    ]


def _content(member: Membership, template_id: str) -> dict[str, Any] | None:
    if not template_id:
        return {
            "subject": _("A test from Clarion"),
            "text": _("This message shows that the sender works. It belongs to no campaign.") + "\n",
        }
    template = templates.template_for(member, UUID(template_id))
    return dict(templates.latest_version(template).content) if template else None


def _lost() -> str:
    return _(
        "The stored credentials cannot be opened with this installation's secret key. Type them in again and save."
    )
