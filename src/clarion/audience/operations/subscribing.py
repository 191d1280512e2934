"""Addresses that people bring themselves: a chat with a bot, a browser. What they do there is their consent."""

from dataclasses import dataclass

from django.db import connection, transaction
from django.utils import timezone

from clarion.audience import addresses, locks, telling, tombstones
from clarion.audience.models import (
    Address,
    ConsentSource,
    ConsentState,
    Contact,
    ContactState,
    Suppression,
    SuppressionReason,
)
from clarion.audience.operations.addresses import add_address, prefer_address
from clarion.audience.operations.consent import set_consent, withdraw_by_addresses
from clarion.audience.operations.suppressions import suppress
from clarion.channels import registry
from clarion.workspaces import actors, audit
from clarion.workspaces.models import Workspace

#: Addresses of one kind that a contact keeps: the newest ones. Browsers make new ones for ever.
MOST_OF_A_KIND = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Newcomer:
    """What somebody tells of themselves."""

    #: Whoever this is, where a token of ours says so.
    contact_id: int | None = None
    #: An e-mail address that somebody whom we trust has vouched for.
    email: str = ""
    first_name: str = ""
    last_name: str = ""
    language: str = ""


def subscribe(
    *, workspace: Workspace, channel: str, address: str, who: Newcomer, adds_newcomers: bool, origin: str
) -> Contact | None:
    """Give the contact this address, write to them by it from now on, and note that they want it.

    The contact is the one that `who` names, else the owner of the address, else a new one if newcomers are added;
    None if not, and for somebody whose data was erased. An address that was another's moves: whoever holds the
    chat or the browser now is who reads it. A suppression that a blocked bot or their own unsubscribing made ends.
    `address` is normalised. Repeating it changes nothing.
    """
    kind = registry.get(channel).address_kind
    with transaction.atomic():
        locks.hold_addresses(workspace.pk)
        if tombstones.has(workspace, kind, address):
            return None
        owned = Address.objects.filter(workspace=workspace, kind=kind, address=address).first()
        contact = _named(workspace, who) or (owned.contact if owned else None)
        if contact is None:
            contact = _added(workspace, who) if adds_newcomers or who.email else None
        if contact is None:
            return None
        if owned is not None and owned.contact_id != contact.pk:
            _take(owned)
            owned = None
        if owned is None:
            _make_room(contact, kind)
            _give(workspace, contact, kind, address)
        prefer_address(by=actors.system(workspace), contact=contact, kind=kind, address=address)
        _consented(workspace, contact, channel, address, origin)
    return contact


def unsubscribe(*, workspace: Workspace, channel: str, address: str, origin: str) -> bool:
    """Write to the normalised address no more, at its owner's wish. Returns whether it was written to before."""
    with transaction.atomic():
        withdraw_by_addresses(
            workspace=workspace,
            channel=channel,
            found=[address],
            source=ConsentSource.UNSUBSCRIBE,
            note=origin,
        )
        return suppress(
            workspace=workspace, channel=channel, address=address, reason=SuppressionReason.UNSUBSCRIBED,
            origin=origin,
        )  # fmt: skip


_EXPIRED = """
with gone as (
    delete from audience_address a using audience_suppression s
    where s.channel = %(channel)s and s.reason = 'BOUNCED' and s.created_at > now() - interval '3 days'
      and a.workspace_id = s.workspace_id and a.kind = %(kind)s and a.address = s.address
    returning a.contact_id, a.is_preferred
), next as (
    select distinct on (a.contact_id) a.id from audience_address a
    join gone on gone.contact_id = a.contact_id and gone.is_preferred
    where a.kind = %(kind)s and not exists (
        select from audience_suppression s
        where s.workspace_id = a.workspace_id and s.channel = %(channel)s and s.address = a.address)
    order by a.contact_id, a.id desc
), preferred as (
    update audience_address set is_preferred = true where id in (select id from next)
)
select count(*) from gone
"""


def drop_expired(*, channel: str) -> int:
    """Forget addresses that turned out dead lately, and prefer the newest that is left. Returns how many went.

    For kinds that are made anew rather than mended: the subscriptions of browsers.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_EXPIRED, {"channel": channel, "kind": registry.get(channel).address_kind})
        return int(cursor.fetchone()[0])


def _named(workspace: Workspace, who: Newcomer) -> Contact | None:
    if who.contact_id is not None:
        return Contact.objects.filter(workspace=workspace, pk=who.contact_id).first()
    if not who.email:
        return None
    found = Contact.objects.raw(
        f"select * from ({addresses.owners_sql('email', '%(address)s')}) c",  # noqa: S608 - our own expressions
        {"workspace": workspace.pk, "address": addresses.email(who.email)},
    )
    return next(iter(found), None)


def _added(workspace: Workspace, who: Newcomer) -> Contact | None:
    email = addresses.email(who.email) if who.email else ""
    if email and tombstones.has(workspace, "email", email):
        return None
    contact = Contact.objects.create(
        workspace=workspace, email=email, first_name=who.first_name[:100], last_name=who.last_name[:100],
        language=who.language[:12], state=ContactState.ACTIVE,
    )  # fmt: skip
    audit.record(
        by=actors.system(workspace), action="contact.created", kind="contact",
        object_id=str(contact.public_id), object_name="",
    )  # fmt: skip
    return contact


def _take(owned: Address) -> None:
    """Take the address from who had it. A contact that was nothing but this address goes with it."""
    before = owned.contact
    was_preferred, kind = owned.is_preferred, owned.kind
    owned.delete()
    if not addresses.all_of(before):
        before.delete()
    elif was_preferred and (other := before.addresses.filter(kind=kind).order_by("-pk").first()):
        Address.objects.filter(pk=other.pk).update(is_preferred=True)


def _give(workspace: Workspace, contact: Contact, kind: str, address: str) -> None:
    """Add the address; on a new contact it is the first, which no constraint of ours may forbid."""
    add_address(by=actors.system(workspace), contact=contact, kind=kind, address=address)


def _make_room(contact: Contact, kind: str) -> None:
    kept = (
        contact.addresses.filter(kind=kind).order_by("-pk").values_list("pk", flat=True)[: MOST_OF_A_KIND - 1]
    )
    contact.addresses.filter(kind=kind).exclude(pk__in=list(kept)).delete()


def _consented(workspace: Workspace, contact: Contact, channel: str, address: str, origin: str) -> None:
    set_consent(
        by=actors.system(workspace), contact=contact, channel=channel, state=ConsentState.GIVEN,
        source=ConsentSource.FORM, note=origin, at=timezone.now(),
    )  # fmt: skip
    these = Suppression.objects.filter(
        workspace=workspace, channel=channel, address=address,
        reason__in=[SuppressionReason.BOUNCED, SuppressionReason.UNSUBSCRIBED],
    )  # fmt: skip
    telling.publish_removals(workspace.pk, these)
    these.delete()
