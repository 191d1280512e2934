"""Personal data as a member may see it: whole with the right to see it, else shortened. One place for all pages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from clarion.audience.masking import mask, mask_name
from clarion.workspaces.permissions import Permission

if TYPE_CHECKING:
    from clarion.workspaces.models import Membership


def may_see(member: Membership) -> bool:
    """Whether whole addresses and names are shown to the member, on this page."""
    return member.sees_people


def may_ask(member: Membership) -> bool:
    """Whether they are masked for the member, who may have one person's shown."""
    return member.may(Permission.VIEW_PII) and not member.sees_people


def address_for(member: Membership, address: str) -> str:
    """The address, shortened for who may not see it."""
    return address if may_see(member) else mask(address)


def name_for(member: Membership, name: str) -> str:
    """A person's name, shortened for who may not see it."""
    return name if may_see(member) else mask_name(name)
