"""Switching off where the links of a campaign's messages lead, and on again."""

from django.db import transaction
from django.utils import timezone

from clarion.campaigns.models import Campaign
from clarion.campaigns.operations import changing
from clarion.workspaces.actors import Actor
from clarion.workspaces.permissions import Permission


@transaction.atomic
def switch_links(*, campaign: Campaign, on: bool, by: Actor) -> Campaign:
    """Let the followed links of all messages of the campaign lead nowhere, or to their targets again.

    In every state, archived too; nothing happens when they are so already.
    """
    by.require(Permission.LAUNCH)
    now = changing.locked(campaign, by, is_archived=None)
    if (now.links_off_at is None) is on:
        return now
    verb = "links_on" if on else "links_off"
    changing.write(now, by, verb, {"links_off_at": (now.links_off_at, None if on else timezone.now())})
    return now
