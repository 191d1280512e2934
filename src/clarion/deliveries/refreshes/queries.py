"""Whether a comparison is for the background, and what came of the last one."""

from django.db.models import Sum

from clarion.audience.models import FILES, Contact, SourceKind
from clarion.campaigns.models import Campaign
from clarion.campaigns.states import Status
from clarion.deliveries.models import Run
from clarion.deliveries.refreshes.models import Refresh

#: Comparing more people, on either side, takes a second or more: it is done by a background job.
LARGE = 50_000


def is_large(campaign: Campaign) -> bool:
    """Whether comparing the campaign's run with its source would hold a page for long. Nothing is counted through."""
    if campaign.status != Status.PAUSED or campaign.source is None:
        return False  # without a run nobody is compared, only counted
    run = Run.objects.filter(campaign=campaign, finished_at=None).order_by("-number").only("total").first()
    return run is not None and (run.total > LARGE or _is_source_large(campaign))


def latest(campaign: Campaign) -> Refresh | None:
    """Return the campaign's last comparison in the background. The campaign is one that the member may see."""
    return Refresh.objects.filter(campaign=campaign).first()


def _is_source_large(campaign: Campaign) -> bool:
    source = campaign.source
    assert source is not None  # noqa: S101 - whoever asks has looked
    if source.kind in FILES or source.fixed_at is not None:
        return source.table.row_count > LARGE
    if source.kind == SourceKind.LISTS:
        members: int | None = source.lists.aggregate(n=Sum("member_count"))["n"]
        return (members or 0) > LARGE
    # Of all contacts, or those that a rule is asked of.
    there = Contact.objects.filter(workspace_id=campaign.workspace_id).order_by()
    return there.values("pk")[LARGE : LARGE + 1].exists()
