"""The things that addresses name, in the member's workspace; a stranger's is not found."""

from typing import Any, TypeVar
from uuid import UUID

from clarion.api import problems
from clarion.audience import queries as audience
from clarion.audience.models import Contact, List, Segment, Source
from clarion.campaigns import queries as campaigns
from clarion.campaigns.models import Campaign
from clarion.content import queries as content
from clarion.content.models import Template
from clarion.deliveries import queries as deliveries
from clarion.deliveries.models import Run
from clarion.senders import queries as senders
from clarion.senders.models import Sender

T = TypeVar("T")


def there(found: T | None) -> T:
    """Return what was found; raises `not_found` for None."""
    if found is None:
        raise problems.own("not_found")
    return found


def named(field: str, found: T | None) -> T:
    """Return what a field of the body names. Raises `invalid` when there is no such thing."""
    if found is None:
        raise problems.own("invalid", errors=[{"field": field, "detail": "There is no such thing."}])
    return found


def campaign(request: Any, id: UUID) -> Campaign:
    """Return the campaign with its steps."""
    return there(campaigns.campaign_for(request.member, id))


def one_off(request: Any, id: UUID) -> Campaign:
    """Return the one-off with its step."""
    return there(campaigns.oneoff_for(request.member, id))


def run(request: Any, id: UUID, number: int | None = None) -> Run:
    """Return the campaign's run of that number, the latest without one."""
    found = there(deliveries.run_for(request.member, campaign(request, id), number))
    return found


def contact(request: Any, id: UUID) -> Contact:
    """Return the contact, or the one it has become a part of."""
    return there(audience.contact_for(request.member, id) or audience.merged_into(request.member, id))


def list_(request: Any, id: UUID) -> List:
    """Return the list."""
    return there(audience.list_for(request.member, id))


def segment(request: Any, id: UUID) -> Segment:
    """Return the segment."""
    return there(audience.segment_for(request.member, id))


def source(request: Any, id: UUID) -> Source:
    """Return the source."""
    return there(audience.source_for(request.member, id))


def template(request: Any, id: UUID) -> Template:
    """Return the template."""
    return there(content.template_for(request.member, id))


def sender(request: Any, id: UUID) -> Sender:
    """Return the sender."""
    return there(senders.sender_for(request.member, id))
