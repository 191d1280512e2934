"""Reading exports. Every row comes through a member who may export, so that a stranger finds nothing."""

import uuid

from django.db.models import QuerySet

from clarion.campaigns.models import Campaign
from clarion.deliveries.models import Export
from clarion.workspaces.models import Membership
from clarion.workspaces.permissions import Permission

#: On a campaign's page, the newest.
EXPORTS_SHOWN = 50


def exports_for(member: Membership, campaign: Campaign) -> QuerySet[Export]:
    """Return the exports of the campaign's runs, newest first; none without the permission to export."""
    if not member.may(Permission.EXPORT):
        return Export.objects.none()
    return (
        Export.objects.filter(workspace_id=member.workspace_id, run__campaign=campaign)
        .select_related("run__campaign", "created_by")
        .order_by("-id")
    )


def export_for(member: Membership, campaign: Campaign, public_id: uuid.UUID) -> Export | None:
    """Return one export of the campaign; None for a stranger's."""
    return exports_for(member, campaign).filter(public_id=public_id).first()
