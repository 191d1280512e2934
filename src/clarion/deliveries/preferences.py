"""What somebody goes on getting from a workspace: channels and lists, as they choose it by a link in a message."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from clarion.audience import operations as audience
from clarion.audience import queries
from clarion.audience.masking import mask
from clarion.audience.models import Contact, List, Suppression, SuppressionReason
from clarion.channels import registry
from clarion.deliveries import optout
from clarion.deliveries.models import Recipient
from clarion.deliveries.optout import Subject
from clarion.deliveries.states import recipient_id
from clarion.lib.sentences import spoken
from clarion.senders.models import Sender
from clarion.workspaces import actors


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelChoice:
    """A channel and the person's address on it."""

    channel: str
    label: str
    address: str
    is_on: bool
    #: It cannot be switched on by the person: messages came back, or somebody else ended it.
    is_fixed: bool

    @property
    def masked(self) -> str:
        return mask(self.address)


@dataclass(frozen=True, slots=True, kw_only=True)
class ListChoice:
    """A list that its people may see."""

    public_id: UUID
    name: str
    description: str
    is_on: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """What is to be got: names of channels and public ids of lists."""

    channels: frozenset[str] = frozenset()
    lists: frozenset[UUID] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Preferences:
    """What there is to choose for the recipient of a message, and how it is now."""

    subject: Subject
    #: None for somebody who is no contact: then there is the message's own channel only.
    contact: Contact | None
    #: The person's, as far as it is known; may be empty.
    language: str
    #: The workspace's own words for the head of the page; may be empty.
    text: str
    channels: Sequence[ChannelChoice] = field(default_factory=list)
    lists: Sequence[ListChoice] = field(default_factory=list)

    @property
    def chosen(self) -> Chosen:
        return Chosen(
            channels=frozenset(one.channel for one in self.channels if one.is_on),
            lists=frozenset(one.public_id for one in self.lists if one.is_on),
        )


def preferences_of(subject: Subject) -> Preferences:
    """Return what the recipient of a message may choose."""
    person = Recipient.objects.get(run_id=subject.run_id, id=recipient_id(subject.delivery_id))
    contact = _contact(subject, person)
    said = person.variables.get("language")
    language = contact.language if contact is not None and contact.language else said
    return Preferences(
        subject=subject,
        contact=contact,
        language=language if isinstance(language, str) else "",
        text=queries.rules_of(subject.workspace).page_text,
        channels=_channels(subject, contact),
        lists=_lists(subject, contact),
    )


def choose(now: Preferences, wanted: Chosen) -> None:
    """Let the person get what is wanted of what there is to choose, and nothing else of it. Safe to repeat.

    A channel that is left is suppressed as UNSUBSCRIBED and what waits on it is skipped; one that is taken up again
    only loses the person's own unsubscription.
    """
    subject = now.subject
    for one in now.channels:
        if one.is_on and one.channel not in wanted.channels:
            _leave(subject, one)
        elif not one.is_on and not one.is_fixed and one.channel in wanted.channels:
            audience.withdraw_unsubscription(
                workspace=subject.workspace, channel=one.channel, address=one.address
            )
    if now.contact is None:
        return
    by = actors.system(subject.workspace)
    for entry in now.lists:
        if entry.is_on == (entry.public_id in wanted.lists):
            continue
        the_list = List.objects.get(workspace=subject.workspace, public_id=entry.public_id)
        change = audience.remove_from_list if entry.is_on else audience.add_to_list
        change(by=by, the_list=the_list, contact_ids=[now.contact.pk])


def _leave(subject: Subject, one: ChannelChoice) -> None:
    if one.channel == subject.channel and one.address == subject.address:
        optout.opt_out(subject.run_id, subject.delivery_id)
        return
    audience.suppress(
        workspace=subject.workspace, channel=one.channel, address=one.address,
        reason=SuppressionReason.UNSUBSCRIBED, origin=f"run {subject.run_id}",
    )  # fmt: skip
    optout.skip_pending(workspace=subject.workspace, channel=one.channel, address=one.address)


def _contact(subject: Subject, person: Recipient) -> Contact | None:
    """Return the contact that the message went to, or who has its address now; None when it is nobody, or several."""
    mine = Contact.objects.filter(workspace=subject.workspace)
    found = mine.filter(pk=person.contact_id).first() if person.contact_id else None
    column = queries.CONTACT_ADDRESS_COLUMNS.get(registry.get(subject.channel).address_kind)
    if found is None and column and subject.address:
        having = list(mine.filter(**{column: subject.address})[:2])
        return having[0] if len(having) == 1 else None
    # Whoever has another address by now is not shown to the holder of an old link.
    if found is not None and column and getattr(found, column) != subject.address:
        return None
    return found


def _channels(subject: Subject, contact: Contact | None) -> list[ChannelChoice]:
    """Return the message's own channel, and those that the workspace sends on and the contact has an address for."""
    wanted = {subject.channel: subject.address}
    if contact is not None:
        used = Sender.objects.filter(workspace=subject.workspace).values_list("channel", flat=True).distinct()
        for name in sorted(used):
            column = queries.CONTACT_ADDRESS_COLUMNS.get(registry.get(name).address_kind)
            if column and name != "sandbox" and getattr(contact, column):
                wanted.setdefault(name, getattr(contact, column))
    choices = []
    for name, address in wanted.items():
        row = Suppression.objects.filter(workspace=subject.workspace, channel=name, address=address).first()
        choices.append(
            ChannelChoice(
                channel=name,
                label=spoken(registry.get(name).label),
                address=address,
                is_on=row is None,
                is_fixed=row is not None and row.reason != SuppressionReason.UNSUBSCRIBED,
            )
        )
    return choices


def _lists(subject: Subject, contact: Contact | None) -> list[ListChoice]:
    if contact is None:
        return []
    on = set(contact.list_memberships.values_list("list_id", flat=True))
    shown = List.objects.filter(workspace=subject.workspace, is_public=True).order_by("name", "pk")[:200]
    return [
        ListChoice(public_id=one.public_id, name=one.name, description=one.description, is_on=one.pk in on)
        for one in shown
    ]
