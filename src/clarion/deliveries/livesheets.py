"""Runs and live spreadsheets: each run has the sheet read again, and keeps to what was read for it."""

from datetime import timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from clarion.audience.livesheets import rereading
from clarion.audience.models import LiveSheet, Source, SourceKind
from clarion.deliveries import operations
from clarion.deliveries.errors import RunInvalid
from clarion.deliveries.models import Run

#: A good reading that ended so shortly before the run began is the one that was made for it.
_JUST_READ = timedelta(seconds=30)
#: The background job is given so long to begin; then the sheet is read here.
_PATIENCE = timedelta(seconds=15)


def copy_for(run: Run) -> Source | None:
    """Return the reading that the run goes by; None while one is under way. Raises RunInvalid with the reason.

    Settled once for each run, so that a building that was interrupted goes on with the same rows.
    """
    if (pinned := run.plan.get("copy")) is not None:
        copy = Source.objects.filter(pk=pinned["id"]).first()
        if copy is None:
            raise RunInvalid(_("What was read of the live spreadsheet for this run is gone."))
        return copy
    source = run.campaign.source
    assert source is not None  # noqa: S101 - the builder has looked
    assert source.sheet_id is not None  # noqa: S101 - a constraint says so
    sheet = LiveSheet.objects.get(pk=source.sheet_id)
    if not _was_read_for(sheet, run):
        rereading.want(sheet)
        sheet.refresh_from_db()
        if not _nobody_comes(sheet):
            return None
        rereading.reread(sheet, only_if_wanted=True)
    return operations.settle_copy(run, sheet)


def _was_read_for(sheet: LiveSheet, run: Run) -> bool:
    if sheet.tried_at is None or sheet.checked_at is None:
        return False
    if sheet.tried_at >= run.created_at:
        return True
    return not (sheet.problem or sheet.is_being_read) and sheet.checked_at >= run.created_at - _JUST_READ


def _nobody_comes(sheet: LiveSheet) -> bool:
    """Whether a reading was asked for in vain: no process does background jobs."""
    late = sheet.wanted_at is not None and sheet.wanted_at < timezone.now() - _PATIENCE
    return late and sheet.is_being_read and not rereading.is_at_work(sheet)


def drop_old_copies() -> int:
    """Forget readings that no run goes by any more; return how many."""
    count = 0
    for sheet_id in (
        Source.objects.filter(sheet__isnull=False, kind=SourceKind.UPLOAD)
        .values_list("sheet", flat=True)
        .distinct()
    ):
        with transaction.atomic():
            sheet = LiveSheet.objects.select_for_update().filter(pk=sheet_id).first()
            if sheet is None:
                continue
            open_runs = Run.objects.filter(built_at=None, finished_at=None, campaign__source__sheet=sheet)
            in_use = {
                plan["copy"]["id"] for plan in open_runs.values_list("plan", flat=True) if "copy" in plan
            }
            count += rereading.drop_copies(sheet, in_use=in_use)
    return count
