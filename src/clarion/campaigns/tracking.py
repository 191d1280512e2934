"""Whether a campaign follows links and opens: as it says itself, else as its workspace says."""

from dataclasses import dataclass

from clarion.campaigns.models import Campaign
from clarion.channels import registry
from clarion.channels.tracking import Trackable


@dataclass(frozen=True, slots=True)
class Follows:
    links: bool
    opens: bool


def followed(campaign: Campaign, channel: str) -> Follows:
    """Return what is followed of the campaign's messages on the channel.

    Where a message is paid for by its length, links are followed only if the campaign itself says so: they grow
    by it. Such channels tell of no opens.
    """
    found = registry.get(channel)
    if not isinstance(found, Trackable):
        return Follows(links=False, opens=False)
    workspace = campaign.workspace
    links = campaign.track_links if campaign.track_links is not None else workspace.track_links
    opens = campaign.track_opens if campaign.track_opens is not None else workspace.track_opens
    if not found.tells_opens:
        return Follows(links=campaign.track_links is True, opens=False)
    return Follows(links=links, opens=opens)
