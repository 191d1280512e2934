"""Close what was called off where no sending process would do it."""

from clarion.campaigns.models import Campaign
from clarion.campaigns.states import Status
from clarion.deliveries import closing
from clarion.deliveries.models import Run
from clarion.runtime import presence

_CALLED_OFF = (Status.CANCELLED, Status.STOPPED)


def close_where_nobody_sends(campaign_id: int) -> None:
    """Settle the open runs of a campaign that was cancelled or stopped. What died in flight stays for recovery."""
    campaign = Campaign.objects.get(pk=campaign_id)
    if campaign.status not in _CALLED_OFF or presence.has_sender(with_lent=True):
        return
    for run in Run.objects.filter(campaign=campaign, finished_at=None).select_related("campaign"):
        closing.close(run)
