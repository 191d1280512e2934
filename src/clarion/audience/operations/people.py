"""Two contacts that are one person become one; and a person who asks for it is forgotten."""

from collections.abc import Collection, Mapping
from typing import Any

from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from clarion.audience import addresses, locks, tombstones
from clarion.audience.errors import ContactInvalid
from clarion.audience.masking import mask
from clarion.audience.models import (
    Address,
    ConsentChange,
    ConsentSource,
    ConsentState,
    Contact,
    ContactActivity,
    ContactState,
    Erasure,
    MergedContact,
    Suppression,
    Tombstone,
)
from clarion.audience.operations.consent import state_of
from clarion.audience.segments import activity
from clarion.channels import registry
from clarion.workspaces import audit
from clarion.workspaces.actors import Actor
from clarion.workspaces.permissions import Permission

#: Fields of which one contact's value is kept; attributes are chosen as `attribute:NAME`.
MERGED_FIELDS = ("email", "phone", "first_name", "last_name", "language", "zone", "state")
#: From the mildest to the strictest.
_STRICTNESS = [ContactState.ACTIVE, ContactState.INACTIVE, ContactState.DO_NOT_CONTACT]


def merge_contacts(*, by: Actor, kept: Contact, gone: Contact, take: Collection[str] = ()) -> Contact:
    """Make two contacts one and return it: `kept`, with all addresses, tags and lists of both, and both histories.

    Fields and attributes stay as they are on `kept` and are filled up from `gone` where they are empty; of those in
    `take` the other's are taken. Unless the state is chosen the stricter one holds; a consent that one of them has
    withdrawn is withdrawn. Cannot be taken back. Raises ContactInvalid when one of them is gone already.
    """
    by.require(Permission.MANAGE_AUDIENCE)
    with transaction.atomic():
        locks.hold_addresses(by.workspace.pk)
        rows = Contact.objects.select_for_update().filter(workspace=by.workspace, pk__in=[kept.pk, gone.pk])
        found = {row.pk: row for row in rows.order_by("pk")}
        if len(found) != 2:
            raise ContactInvalid({"": _("One of the two contacts is gone.")})
        ours, theirs = found[kept.pk], found[gone.pk]
        fields = _fields(ours, theirs, take)
        ways = _addresses(ours, theirs, fields)
        _move_lists(ours, theirs)
        _move_consent(by, ours, theirs)
        _move_activity(ours, theirs)
        MergedContact.objects.filter(contact=theirs).update(contact=ours)
        Address.objects.filter(contact__in=[ours, theirs]).delete()
        _delete(theirs.pk)
        Contact.objects.filter(pk=ours.pk).update(**fields, updated_at=timezone.now())
        Address.objects.bulk_create(
            Address(workspace=by.workspace, contact=ours, kind=kind, address=one, is_preferred=is_preferred)
            for kind, one, is_preferred in ways
        )
        MergedContact.objects.create(
            workspace=by.workspace, contact=ours, old_id=theirs.pk, old_public_id=theirs.public_id
        )
        audit.record(
            by=by, action="contact.merged", kind="contact", object_id=str(ours.public_id),
            object_name=mask(fields["email"] or fields["phone"]),
            changes={"merged": (str(theirs.public_id), None), "taken": (None, sorted(take))},
        )  # fmt: skip
    kept.refresh_from_db()
    return kept


def _fields(ours: Contact, theirs: Contact, take: Collection[str]) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for name in MERGED_FIELDS:
        mine, other = getattr(ours, name), getattr(theirs, name)
        if name == "state" and name not in take:
            fields[name] = max(mine, other, key=_STRICTNESS.index)
        else:
            fields[name] = other if other and (name in take or not mine) else mine
    taken = {name: value for name, value in theirs.attributes.items() if f"attribute:{name}" in take}
    fields["attributes"] = theirs.attributes | ours.attributes | taken
    fields["tags"] = sorted({*ours.tags, *theirs.tags})
    refusals = {*ours.refusals, *theirs.refusals}
    fields["refusals"] = sorted(refusals)
    fields["consents"] = sorted({*ours.consents, *theirs.consents} - refusals)
    return fields


def _addresses(ours: Contact, theirs: Contact, fields: Mapping[str, Any]) -> list[tuple[str, str, bool]]:
    """Return (kind, address, whether it is preferred) of what goes beside the contact's row."""
    mine, others = addresses.all_of(ours), addresses.all_of(theirs)
    found = []
    for kind in [*mine, *(kind for kind in others if kind not in mine)]:
        every = dict.fromkeys([*mine.get(kind, ()), *others.get(kind, ())])
        column = addresses.CONTACT_ADDRESS_COLUMNS.get(kind)
        preferred = fields[column] if column else next(iter(every))
        found += [
            (kind, one, column is None and one == preferred)
            for one in every
            if column is None or one != preferred
        ]
    return found


def _move_lists(ours: Contact, theirs: Contact) -> None:
    """Put the one on the lists of the other, in the order of the lists; the counts follow. So for picked contacts."""
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into audience_sourcemember (source_id, contact_id) select source_id, %s"
            " from audience_sourcemember where contact_id = %s on conflict do nothing",
            [ours.pk, theirs.pk],
        )
        cursor.execute(
            "select list_id, exists (select from audience_listmember o where o.contact_id = %s"
            " and o.list_id = m.list_id) from audience_listmember m where contact_id = %s order by list_id",
            [ours.pk, theirs.pk],
        )
        for list_id, is_on_both in cursor.fetchall():
            if is_on_both:
                cursor.execute(
                    "update audience_list set member_count = member_count - 1 where id = %s", [list_id]
                )
                continue
            cursor.execute(
                "update audience_listmember set contact_id = %s where list_id = %s and contact_id = %s",
                [ours.pk, list_id, theirs.pk],
            )


def _move_consent(by: Actor, ours: Contact, theirs: Contact) -> None:
    """Join the histories; where the contact's own answer changes by it, that is noted."""
    ConsentChange.objects.filter(contact=theirs).update(contact=ours)
    for channel in sorted({*theirs.consents, *theirs.refusals, *ours.consents, *ours.refusals}):
        states = {state_of(ours, channel), state_of(theirs, channel)}
        state = ConsentState.WITHDRAWN if ConsentState.WITHDRAWN in states else ConsentState.GIVEN
        said = ConsentChange.objects.filter(contact=ours, channel=channel).order_by("-id").first()
        if said is None or said.state != state:
            ConsentChange.objects.create(
                workspace=by.workspace, contact=ours, channel=channel, state=state,
                source=ConsentSource.PERSON, note=_("Two contacts became one."), by=by.user,
            )  # fmt: skip


def _move_activity(ours: Contact, theirs: Contact) -> None:
    """Give the one what became of messages to the other; of a run that both were in, the first day of each."""
    days = [f"{kind}_on" for kind in activity.FIELDS]
    # Names of columns only.
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into audience_contactactivity as a"  # noqa: S608
            f" (contact_id, run_id, workspace_id, campaign_id, {', '.join(days)})"
            f" select %s, run_id, workspace_id, campaign_id, {', '.join(days)}"
            " from audience_contactactivity where contact_id = %s"
            " on conflict (contact_id, run_id) do update set "
            + ", ".join(f"{day} = least(a.{day}, excluded.{day})" for day in days),
            [ours.pk, theirs.pk],
        )
        cursor.execute("delete from audience_contactactivity where contact_id = %s", [theirs.pk])


def _delete(contact_id: int) -> None:
    with connection.cursor() as cursor:
        for table in ("audience_listmember", "audience_sourcemember"):
            cursor.execute(f"delete from {table} where contact_id = %s", [contact_id])  # noqa: S608
        cursor.execute("delete from audience_contact where id = %s", [contact_id])


def begin_erasure(*, by: Actor, contact: Contact, reason: str = "") -> Erasure:
    """Remove a contact for good and remember its addresses as keyed hashes only; return what is still to be done.

    Lists, consent and suppressions go with it. `deliveries.erasing` removes the person from everything that was
    sent. A telephone that another contact has too stays theirs. Raises ContactInvalid when the contact is gone.
    """
    by.require(Permission.MANAGE_AUDIENCE)
    with transaction.atomic():
        locks.hold_addresses(by.workspace.pk)
        row = Contact.objects.select_for_update().filter(workspace=by.workspace, pk=contact.pk).first()
        if row is None:
            raise ContactInvalid({"": _("The contact is gone.")})
        known = {
            kind: [one for one in every if not _is_shared(row, kind, one)]
            for kind, every in addresses.all_of(row).items()
        }
        ids = [row.pk, *row.merged.values_list("old_id", flat=True)]
        _bury(by, known)
        _leave_lists(row)
        for model in (Address, ConsentChange, ContactActivity, MergedContact):
            model.objects.filter(contact=row).delete()
        _delete(row.pk)
        made = Erasure.objects.create(
            workspace=by.workspace, created_by=by.user, facts={"contacts": ids, "addresses": known}
        )
        audit.record(
            by=by, action="contact.erased", kind="contact", object_id=str(row.public_id), reason=reason,
            object_name=_("an erased person"),
        )  # fmt: skip
    return made


def _is_shared(row: Contact, kind: str, address: str) -> bool:
    """Whether another contact has the address, too."""
    others = Address.objects.filter(workspace_id=row.workspace_id, kind=kind, address=address)
    if others.exclude(contact=row).exists():
        return True
    column = addresses.CONTACT_ADDRESS_COLUMNS.get(kind)
    if column is None:
        return False
    same = Contact.objects.filter(workspace_id=row.workspace_id, **{column: address})
    return same.exclude(pk=row.pk).exists()


def _bury(by: Actor, known: Mapping[str, list[str]]) -> None:
    """Keep hashes of the addresses, in place of the suppressions, which hold them as they are."""
    for kind, every in known.items():
        Tombstone.objects.bulk_create(
            [
                Tombstone(
                    workspace=by.workspace, kind=kind, digest=tombstones.digest(by.workspace.pk, kind, one)
                )
                for one in every
            ],
            ignore_conflicts=True,
        )
        names = [channel.name for channel in registry.all_channels() if channel.address_kind == kind]
        Suppression.objects.filter(workspace=by.workspace, channel__in=names, address__in=every).delete()


def _leave_lists(row: Contact) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "with gone as (delete from audience_listmember where contact_id = %s returning list_id)"
            " select list_id from gone order by list_id",
            [row.pk],
        )
        for (list_id,) in cursor.fetchall():
            cursor.execute(
                "update audience_list set member_count = member_count - 1 where id = %s", [list_id]
            )


def allow_again(*, by: Actor, kind: str, address: str) -> bool:
    """Let an erased person's address be used again, because they came back themselves. Returns whether it was erased.

    Raises ValueError with a sentence for what is no address.
    """
    by.require(Permission.MANAGE_MEMBERS)
    normal = addresses.normalised(kind, address, country=by.workspace.default_country)
    with transaction.atomic():
        gone, _models = Tombstone.objects.filter(
            workspace=by.workspace, digest=tombstones.digest(by.workspace.pk, kind, normal)
        ).delete()
        if gone:
            audit.record(
                by=by, action="contacts.allowed_again", kind="workspace", object_id=by.workspace.slug,
                object_name=by.workspace.name, changes={kind: (None, mask(normal))},
            )  # fmt: skip
    return bool(gone)


def reveal_contact(*, by: Actor, contact: Contact) -> None:
    """Note that somebody has a contact's data shown that are masked for everybody. Raises NotAllowed."""
    by.require(Permission.VIEW_PII)
    with transaction.atomic():
        audit.record(
            by=by, action="contact.revealed", kind="contact", object_id=str(contact.public_id),
            object_name=mask(contact.email or contact.phone),
        )  # fmt: skip


def record_person_export(*, by: Actor, contact: Contact) -> None:
    """Note that somebody fetches all that is known of a person. Raises NotAllowed."""
    by.require(Permission.EXPORT)
    by.require(Permission.VIEW_PII)
    with transaction.atomic():
        audit.record(
            by=by, action="contact.exported", kind="contact", object_id=str(contact.public_id),
            object_name=mask(contact.email or contact.phone),
        )  # fmt: skip
