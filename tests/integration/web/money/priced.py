"""Campaigns that cost something, and pages to read of it."""

from typing import Any

from django.urls import reverse

from clarion.campaigns.models import Campaign
from clarion.senders.prices import operations as prices
from clarion.workspaces.models import Membership
from tests import paying
from tests.integration.campaigns import making
from tests.paying import UNIT


def url(member: Membership, name: str, **kwargs: Any) -> str:
    return reverse(name, kwargs={"workspace": member.workspace.slug, **kwargs})


def words(page: Any) -> str:
    return " ".join(page.content.decode().split())


def priced(member: Membership, *, units: int, people: int = 4, **price: Any) -> Campaign:
    """Return a campaign to so many people that nothing blocks, whose messages cost a unit each."""
    paying.open_account(member.workspace, units)
    said = {"channel": "email", "amount": UNIT} | price
    prices.set_price(by=making.actor(member), said=prices.Said(**said))
    making.make_contacts(member.workspace, people)
    member.workspace.refresh_from_db()
    return making.make_launchable(member.workspace)
