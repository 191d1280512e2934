"""What contacts said about channels. The history and the contact's own row change in one transaction."""

from collections.abc import Sequence
from datetime import datetime

from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from clarion.audience import addresses
from clarion.audience.errors import ContactInvalid
from clarion.audience.masking import mask
from clarion.audience.models import ConsentChange, ConsentSource, ConsentState, Contact
from clarion.channels import registry
from clarion.workspaces import audit
from clarion.workspaces.actors import Actor
from clarion.workspaces.models import Workspace
from clarion.workspaces.permissions import Permission

_NOTE = 200


def set_consent(
    *,
    by: Actor,
    contact: Contact,
    channel: str,
    state: str,
    source: str = ConsentSource.PERSON,
    note: str = "",
    at: datetime | None = None,
) -> bool:
    """Note what a contact said about a channel, when and by what means. Returns whether it is news.

    Raises ContactInvalid for a channel that there is not, or a time that is to come.
    """
    by.require(Permission.MANAGE_AUDIENCE)
    wanted, moment = ConsentState(state), at or timezone.now()
    if channel not in registry.CHANNELS:
        raise ContactInvalid({"channel": _("Choose a channel.")})
    if moment > timezone.now():
        raise ContactInvalid({"at": _("Nobody can have said it already then.")})
    with transaction.atomic():
        row = Contact.objects.select_for_update().filter(workspace=by.workspace, pk=contact.pk).first()
        if row is None or state_of(row, channel) == wanted:
            return False
        before = state_of(row, channel)
        _place(row, channel, wanted)
        ConsentChange.objects.create(
            workspace=by.workspace, contact=row, channel=channel, state=wanted, source=ConsentSource(source),
            note=note.strip()[:_NOTE], at=moment, by=by.user,
        )  # fmt: skip
        # Without the note: the trail outlives the person's data.
        audit.record(
            by=by, action="contact.consent", kind="contact", object_id=str(row.public_id),
            object_name=mask(row.email or row.phone), changes={channel: (before.value, wanted.value)},
        )  # fmt: skip
    contact.refresh_from_db()
    return True


def state_of(contact: Contact, channel: str) -> ConsentState:
    """Return what is known of a contact's consent now."""
    if channel in contact.refusals:
        return ConsentState.WITHDRAWN
    return ConsentState.GIVEN if channel in contact.consents else ConsentState.UNKNOWN


def _place(row: Contact, channel: str, state: ConsentState) -> None:
    consents, refusals = (
        sorted({*listed, channel} if state == mark else {*listed} - {channel})
        for listed, mark in ((row.consents, ConsentState.GIVEN), (row.refusals, ConsentState.WITHDRAWN))
    )
    Contact.objects.filter(pk=row.pk).update(consents=consents, refusals=refusals, updated_at=timezone.now())


#: In the order of their ids, so that two of these cannot wait for each other.
_WITHDRAW = """
with owner as (
    select c.id from audience_contact c
    where c.id in ({owners}) and not (%(channel)s = any(c.refusals)) order by c.id for update
), noted as (
    insert into audience_consentchange (workspace_id, contact_id, channel, state, source, at, note)
    select %(workspace)s, id, %(channel)s, 'WITHDRAWN', %(source)s, now(), %(note)s from owner
)
update audience_contact c
set refusals = array_append(c.refusals, %(channel)s::varchar),
    consents = array_remove(c.consents, %(channel)s::varchar), updated_at = now()
from owner where c.id = owner.id
"""


def withdraw_by_addresses(
    *, workspace: Workspace, channel: str, found: Sequence[str], source: str, note: str = ""
) -> int:
    """Note that the owners of these normalised addresses want nothing more on the channel, by none of their addresses.

    For what recipients ask for. Returns how many contacts had not said so before.
    """
    kind = registry.get(channel).address_kind
    owners = (
        f"select o.id from unnest(%(found)s::text[]) given"  # noqa: S608 - expressions of our own
        f" cross join lateral ({addresses.owners_sql(kind, 'given')}) o"
    )
    with connection.cursor() as cursor:
        cursor.execute(
            _WITHDRAW.format(owners=owners),
            {
                "workspace": workspace.pk, "channel": channel, "found": list(found), "note": note[:_NOTE],
                "source": ConsentSource(source).value,
            },
        )  # fmt: skip
        return int(cursor.rowcount)


def restore_by_address(*, workspace: Workspace, channel: str, address: str, by: Actor | None = None) -> int:
    """Take back what `withdraw_by_addresses` noted: each owner's consent is as it was before. Returns how many."""
    kind, count = registry.get(channel).address_kind, 0
    with transaction.atomic():
        owners = Contact.objects.raw(
            f"select * from ({addresses.owners_sql(kind, '%(address)s')}) c where %(channel)s = any(refusals)",  # noqa: S608
            {"workspace": workspace.pk, "address": address, "channel": channel},
        )
        for owner in list(owners):
            said = ConsentChange.objects.filter(contact=owner, channel=channel)
            before = said.exclude(state=ConsentState.WITHDRAWN).order_by("-id").first()
            state = ConsentState(before.state) if before else ConsentState.UNKNOWN
            _place(owner, channel, state)
            ConsentChange.objects.create(
                workspace=workspace, contact=owner, channel=channel, state=state,
                source=ConsentSource.PERSON if by else ConsentSource.UNSUBSCRIBE,
                note=_("The unsubscription was taken back."), by=by.user if by else None,
            )  # fmt: skip
            count += 1
    return count
