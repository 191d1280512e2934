"""Who is written to, and where there may be something to write of."""

from datetime import datetime

from django.db.models import Q
from django.utils import timezone

from clarion.campaigns.models import Campaign
from clarion.campaigns.states import Status
from clarion.senders.models import Sender, SenderLane, SenderStatus
from clarion.webhooks.models import Endpoint, EndpointStatus
from clarion.workspaces.models import Membership, User, Workspace
from clarion.workspaces.permissions import Role


def in_trouble(*, since: datetime) -> list[Workspace]:
    """Return the workspaces where something may have broken since then. Five queries, however many there are.

    The sample data's own troubles are nobody's.
    """
    stopped = Q(status__in=[Status.FAILED, Status.PAUSED], status_changed_at__gte=since)
    missed = Q(status__in=[Status.SCHEDULED, Status.PAUSED], missed_at__gte=since)
    blocked = Sender.objects.filter(status=SenderStatus.BLOCKED, status_changed_at__gte=since)
    resting = SenderLane.objects.filter(open_until__gt=timezone.now())
    disabled = Endpoint.objects.filter(status=EndpointStatus.DISABLED, status_changed_at__gte=since)
    ids = {
        *Campaign.objects.filter(stopped | missed, archived_at=None).values_list("workspace_id", flat=True),
        *blocked.values_list("workspace_id", flat=True),
        *resting.values_list("sender__workspace_id", flat=True),
        *disabled.values_list("workspace_id", flat=True),
    }
    return list(Workspace.objects.filter(pk__in=ids, is_demo=False).order_by("pk")) if ids else []


def readers_of(workspace: Workspace) -> list[Membership]:
    """Return who administers the workspace and wants to be told."""
    found = Membership.objects.filter(
        workspace=workspace, role__in=[Role.OWNER, Role.ADMIN], suspended_at=None
    ).filter(user__is_active=True, user__is_told_of_trouble=True)
    return list(found.select_related("user", "workspace").order_by("pk"))


def administrators() -> list[User]:
    """Return the system administrators who want to be told."""
    return list(
        User.objects.filter(is_superuser=True, is_active=True, is_told_of_trouble=True).order_by("pk")
    )
