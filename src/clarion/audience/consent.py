"""Whether a contact may be written to on a channel, as other statements ask it.

A contact that withdrew its consent is left out in any case; where the workspace asks for consent on the channel, so
is one that has not given it.
"""

from collections.abc import Sequence

from clarion.audience.addresses import (
    CONTACT_ADDRESS_COLUMNS,
    SHARED,
    kept_from_sql,
    owners_sql,
    preferred_sql,
)
from clarion.audience.models import Address, Contact
from clarion.channels import registry
from clarion.workspaces.models import Workspace


def is_required(workspace: Workspace, channel: str) -> bool:
    """Whether the workspace writes on the channel only to those who gave their consent."""
    return channel in workspace.consent_channels


def unwilling_sql(workspace: Workspace, channel: str, contact: str = "c") -> str:
    """Return the condition that a contact is left out for want of consent; its parameter is `channel`."""
    if is_required(workspace, channel):
        return f"not (%(channel)s = any({contact}.consents))"
    return f"%(channel)s = any({contact}.refusals)"


def barred_sql(workspace: Workspace, kinds: Sequence[str], contact: str = "c") -> str:
    """Return the condition that a contact gets nothing by addresses of these kinds, whatever is in them.

    That is whoever is not active, and who has none of them but a telephone that is also somebody's who is not to be
    contacted. Where nobody is so, which is asked now, no other owner is looked up: who becomes it later is heeded.
    """
    own = f"{contact}.state <> 'ACTIVE'"
    if not is_kept_from(workspace, kinds):
        return own
    number = preferred_sql(SHARED, contact)
    no_other = "".join(f" and {preferred_sql(kind, contact)} = ''" for kind in kinds if kind != SHARED)
    return f"({own} or {number} <> ''{no_other} and {kept_from_sql(number)})"


def is_kept_from(workspace: Workspace, kinds: Sequence[str]) -> bool:
    """Whether an address of these kinds may be left out for another owner's sake, as `kept_from_sql` tells."""
    return SHARED in kinds and Contact.objects.filter(workspace=workspace, state="DO_NOT_CONTACT").exists()


def owner_unwilling_sql(workspace: Workspace, channel: str, owner: str = "owner") -> str:
    """Return the condition about the owners of an address, whose `refuses` and `agrees` are null when there is none.

    Of several owners of one telephone, one that refuses refuses for all.
    """
    if is_required(workspace, channel):
        return f"not coalesce({owner}.agrees, false) or coalesce({owner}.refuses, false)"
    return f"coalesce({owner}.refuses, false)"


def owner_sql(workspace: Workspace, channel: str, address: str) -> str:
    """Return the SQL of (barred, refuses, agrees) of the owners of an address: one row, with nulls for nobody's.

    Where nobody of the workspace has further addresses or has withdrawn consent, which is asked now, those who are not
    to be contacted are found by an index of theirs alone: that is half the cost for each row of a file. Who withdraws
    after that is suppressed by the same address.
    """
    kind = registry.get(channel).address_kind
    column = CONTACT_ADDRESS_COLUMNS.get(kind)
    has_further = Address.objects.filter(workspace=workspace, kind=kind).exists()
    has_refusals = Contact.objects.filter(workspace=workspace, refusals__contains=[channel])
    asks_more = is_required(workspace, channel) or has_further or has_refusals.exclude(refusals=[]).exists()
    if column and not asks_more:
        return (
            "select true as barred, false as refuses, false as agrees from audience_contact c"  # noqa: S608
            f" where c.workspace_id = %(workspace)s and c.{column} = {address} and c.{column} <> ''"
            " and c.state = 'DO_NOT_CONTACT' limit 1"
        )
    return (
        "select bool_or(c.state = 'DO_NOT_CONTACT') as barred, bool_or(%(channel)s = any(c.refusals)) as refuses,"  # noqa: S608
        f" bool_or(%(channel)s = any(c.consents)) as agrees from ({owners_sql(kind, address)}) c"
    )
