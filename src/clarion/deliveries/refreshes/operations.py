"""Asking for a comparison of very many people, and the background job's part of it."""

from dataclasses import asdict
from datetime import timedelta

import structlog
from django.db import DatabaseError, transaction
from django.db.models import F
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from clarion.audience import locks
from clarion.campaigns.errors import TransitionRefused
from clarion.campaigns.models import Campaign
from clarion.deliveries import refreshing, tasks
from clarion.deliveries.errors import RefreshRefused
from clarion.deliveries.refreshes.models import Refresh, RefreshStatus
from clarion.workspaces.actors import Actor
from clarion.workspaces.errors import NotAllowed
from clarion.workspaces.models import Membership

log = structlog.get_logger(__name__)

#: First key of the advisory locks: "AUD" and a number for each kind of work.
_LOCK = 0x41554436
#: After so long without an end it may be asked for again: its job was given up.
STUCK = timedelta(minutes=30)


@transaction.atomic
def ask(*, campaign: Campaign, is_applying: bool, by: Actor) -> Refresh:
    """Have the targets compared by a background job, and applied when asked, and return what it will tell.

    While one is under way that one is returned. Raises as `refreshing.refresh` does.
    """
    row, _run = refreshing.refreshable(campaign, by)
    now = timezone.now()
    found, is_new = Refresh.objects.select_for_update().get_or_create(
        campaign=row, defaults={"workspace_id": row.workspace_id, "asked_via": by.via}
    )
    if not is_new and found.is_under_way and found.asked_at > now - STUCK:
        if is_applying and not found.is_applying:
            raise RefreshRefused(_("The targets are being compared just now; try again in a moment."))
        return found
    Refresh.objects.filter(pk=found.pk).update(
        number=F("number") + 1, is_applying=is_applying, status=RefreshStatus.QUEUED, found={}, failure="",
        asked_by=by.user, asked_via=by.via, asked_at=now, ended_at=None,
    )  # fmt: skip
    found.refresh_from_db()
    tasks.refresh_targets.defer(refresh_id=found.pk, number=found.number)
    return found


def run_refresh_job(refresh_id: int, number: int) -> None:
    """Compare, and apply, unless that was done, asked for anew since, or another process is at it."""
    with locks.work_lock(_LOCK, refresh_id) as is_ours:
        if is_ours:
            _run(refresh_id, number)


def _run(refresh_id: int, number: int) -> None:
    ours = Refresh.objects.filter(
        pk=refresh_id, number=number, status__in=[RefreshStatus.QUEUED, RefreshStatus.RUNNING]
    )
    row = ours.select_related("workspace", "campaign", "asked_by").first()
    if row is None or not ours.update(status=RefreshStatus.RUNNING):
        return
    with translation.override(row.workspace.locale):
        try:
            _work(row)
        except (NotAllowed, TransitionRefused, RefreshRefused) as refusal:
            _fail(row, _sentence(refusal))
        except DatabaseError:
            raise  # the job runs again
        except Exception:
            _fail(row, _("The program made a mistake; its log says more."))
            raise


@transaction.atomic
def _work(row: Refresh) -> None:
    """Do it and note its end in one transaction: a job that is killed has changed nothing, and runs again."""
    do = refreshing.refresh if row.is_applying else refreshing.difference
    found = do(campaign=row.campaign, by=_actor(row))
    Refresh.objects.filter(pk=row.pk, number=row.number).update(
        status=RefreshStatus.DONE, found=asdict(found), ended_at=timezone.now()
    )
    log.info("refresh.done", campaign=row.campaign_id, is_applying=row.is_applying)


def _actor(row: Refresh) -> Actor:
    """Return who asked, as a member that they still are. Raises NotAllowed when they are none any more."""
    member = None
    if row.asked_via in ("web", "api"):
        found = Membership.objects.filter(workspace=row.workspace, user=row.asked_by)
        member = found.select_related("workspace", "user").first() if row.asked_by is not None else None
        if member is None:
            raise NotAllowed
    return Actor(workspace=row.workspace, member=member, via=row.asked_via)


def _sentence(refusal: Exception) -> str:
    if isinstance(refusal, RefreshRefused):
        return str(refusal)
    if isinstance(refusal, NotAllowed):
        return _("Whoever asked for it may not do this any more.")
    return _("The campaign went on meanwhile.")


def _fail(row: Refresh, failure: str) -> None:
    Refresh.objects.filter(pk=row.pk, number=row.number).update(
        status=RefreshStatus.FAILED, failure=failure, ended_at=timezone.now()
    )
    log.warning("refresh.failed", campaign=row.campaign_id)
