"""`{% load masking %}`: `{{ contact.email|masked:request.member }}`, `{{ name|masked_name:request.member }}`."""

from django import template

from clarion.web import masking
from clarion.workspaces.models import Membership

register = template.Library()


@register.filter
def masked(address: str, member: Membership) -> str:
    """The address as the member may see it."""
    return masking.address_for(member, address)


@register.filter
def masked_name(name: str, member: Membership) -> str:
    """The name as the member may see it."""
    return masking.name_for(member, name)
