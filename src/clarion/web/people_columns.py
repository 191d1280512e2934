"""The columns of a run's table of people: which there are, which somebody sees, and what stands in them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from clarion.audience.masking import mask
from clarion.campaigns.models import Launch
from clarion.deliveries import reasons, recipients
from clarion.deliveries.models import RunStep
from clarion.senders.models import Sender
from clarion.web.parts import Option

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from django.utils.functional import Promise

    from clarion.deliveries.models import Run
    from clarion.deliveries.recipients import Message, Person
    from clarion.workspaces.models import User

#: Number, person and status are always there.
CHOICES: dict[str, str | Promise] = {
    "email": _("E-mail"),
    "phone": _("Phone"),
    "stage": _("Stage"),
    "channel": _("Channels"),
    "sender": _("Sender"),
    "filter": _("Left out because"),
    "result": _("Result"),
    "code": _("Code"),
    "attempts": _("Attempts"),
    "created": _("Created"),
    "sent": _("Sent"),
    "delivered": _("Delivered"),
    "receipt": _("Last receipt"),
    "provider": _("Provider’s id"),
    "error": _("Error"),
}
#: Of the person: they stand before the status, all others behind it.
ADDRESSES = ("email", "phone")
USUAL = frozenset({"channel", "result", "code", "attempts", "sent", "receipt"})
#: Before the keys where they are kept, beside the columns of the list of campaigns.
_MARK = "p_"


@dataclass(frozen=True, slots=True, kw_only=True)
class More:
    """What a person's row says in columns that need more than the person: of the first message."""

    email: str = ""
    phone: str = ""
    sender: str = ""
    error: str = ""
    created_at: datetime | None = None
    delivered_at: datetime | None = None


def chosen(user: User) -> frozenset[str]:
    """Return the columns that somebody sees."""
    kept = {one.removeprefix(_MARK) for one in user.list_columns if one.startswith(_MARK)}
    return frozenset(kept) & frozenset(CHOICES) or USUAL


def kept(user: User, keys: Iterable[str] | None) -> list[str]:
    """Return all columns to keep for somebody who chose these here, those of other tables too; None for the usual."""
    others = [one for one in user.list_columns if not one.startswith(_MARK)]
    wanted = frozenset(keys or ()) & frozenset(CHOICES)
    mine = [_MARK + key for key in CHOICES if key in wanted] if wanted != USUAL else []
    return others + mine


def others_kept(user: User) -> list[str]:
    """Return the columns of this table as they are kept, for whoever changes those of another one."""
    return [one for one in user.list_columns if one.startswith(_MARK)]


def options(shown: frozenset[str]) -> list[Option]:
    """Return every choice, as it stands."""
    return [Option(value=key, label=CHOICES[key], checked=key in shown) for key in CHOICES]


def more(run: Run, people: Sequence[Person], shown: frozenset[str], *, may_see: bool) -> dict[int, More]:
    """Return what the shown columns say beyond the person, by numbers; queries only for what is shown."""
    senders: Mapping[int, str] = {}
    if "sender" in shown:
        used = dict(RunStep.objects.filter(run_id=run.pk).values_list("step", "sender_id"))
        names = dict(Sender.objects.filter(pk__in=used.values()).values_list("pk", "name"))
        senders = {step: names.get(sender, "") for step, sender in used.items()}
    delivered = recipients.delivered_at(run, people) if "delivered" in shown else {}
    is_pushed = run.campaign.launch == Launch.TRIGGER
    return {
        person.id: More(
            email=_address(person, "email", may_see=may_see) if "email" in shown else "",
            phone=_address(person, "phone", may_see=may_see) if "phone" in shown else "",
            sender=senders.get(person.chief_message.step, "") if person.chief_message else "",
            error=_error(person.first_message) if "error" in shown else "",
            created_at=None if is_pushed else run.created_at,
            delivered_at=delivered.get(person.id),
        )
        for person in people
    }


def _address(person: Person, kind: str, *, may_see: bool) -> str:
    """Return the person's address of the kind: of a message, or as the source says it."""
    is_mail = kind == "email"
    written_to = [person.address, *(one.address for one in person.messages)]
    found = next((one for one in written_to if one and ("@" in one if is_mail else one.startswith("+"))), "")
    found = found or str(person.variables.get(kind) or "")
    return found if may_see else mask(found)


def _error(message: Message | None) -> str:
    reason = message.reason if message is not None else None
    return reasons.sentence_of(reason) if reason is not None else ""
