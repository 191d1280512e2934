"""Removing a campaign for good, with the record of every message: for administrators, of what was archived or given up.

At once nothing shows it any more; its rows go in batches, so that no lock is held for long. Few are removed in the
same call, many by a background job. A job that dies begins again where the rows are.
"""

from functools import partial

import structlog
from django.db import connection, transaction
from django.db.models import Sum

from clarion.campaigns import operations
from clarion.campaigns.errors import TransitionRefused
from clarion.campaigns.models import Campaign
from clarion.deliveries.exporting import files
from clarion.deliveries.models import Export, Run
from clarion.deliveries.money import operations as paying
from clarion.deliveries.states import STEPS, delivery_id
from clarion.workspaces.actors import Actor
from clarion.workspaces.permissions import Permission

log = structlog.get_logger(__name__)

#: Campaigns with more recipients are removed by a job.
AT_ONCE = 5_000
#: Recipients whose rows are removed in one transaction.
BATCH = 5_000
#: Tables with rows of deliveries, and the column that holds the delivery's id.
_OF_DELIVERIES = {
    "deliveries_receipt": "delivery_id", "deliveries_attempt": "delivery_id", "deliveries_waiting": "delivery_id",
    "deliveries_delivery": "id",
}  # fmt: skip
#: What else has no foreign key to the run.
_OF_RUNS = (
    "deliveries_activity", "deliveries_push", "deliveries_claim", "deliveries_look", "deliveries_hit",
    "deliveries_trackedquarter", "deliveries_refund",
)  # fmt: skip


def purge(*, campaign: Campaign, by: Actor) -> int:
    """Remove an archived or cancelled campaign with all its runs, and return how many recipients' records that are.

    Raises NotAllowed, and TransitionRefused when it is neither or a message of it is still under way.
    """
    by.require(Permission.MANAGE_MEMBERS)
    with transaction.atomic():
        runs = Run.objects.filter(campaign=campaign, workspace=by.workspace)
        if runs.filter(in_flight__gt=0).exists():
            raise TransitionRefused
        people = people_of(campaign)
        operations.give_up(campaign=campaign, by=by, runs=runs.count(), people=people)
        if people > AT_ONCE:
            from clarion.deliveries import tasks

            tasks.purge_campaign.defer(campaign_id=campaign.pk)
    if people <= AT_ONCE:
        remove_rows(campaign.pk)
    return people


def people_of(campaign: Campaign) -> int:
    """Return how many recipients' records the campaign's runs have."""
    return int(Run.objects.filter(campaign=campaign).aggregate(n=Sum("total"))["n"] or 0)


def remove_rows(campaign_id: int) -> None:
    """Remove everything of a campaign that was given up; harmless when repeated, and of one that was not."""
    campaign = Campaign.objects.filter(pk=campaign_id, purged_at__isnull=False).first()
    if campaign is None:
        return
    for run in Run.objects.filter(campaign=campaign).order_by("id"):
        for low in range(0, run.last_recipient_id + 1, BATCH):
            _remove_people(run.pk, low, low + BATCH - 1)
        _remove_rest(run)
    with connection.cursor() as cursor:
        # Of contacts that became part of others since.
        for table in ("audience_contactactivity", "deliveries_reached", "deliveries_reachedrun"):
            cursor.execute(f"delete from {table} where campaign_id = %s", [campaign_id])
    campaign.delete()
    log.info("campaign.purged", campaign=campaign_id)


@transaction.atomic
def _remove_people(run_id: int, first: int, last: int) -> None:
    """Remove the recipients with these ids and everything about them."""
    bounds = {
        "run": run_id, "first": first, "last": last,
        "first_delivery": delivery_id(first, 0), "last_delivery": delivery_id(last, STEPS - 1),
    }  # fmt: skip
    with connection.cursor() as cursor:
        for table, column in _OF_DELIVERIES.items():
            cursor.execute(
                f"delete from {table} where run_id = %(run)s"
                f" and {column} between %(first_delivery)s and %(last_delivery)s",
                bounds,
            )
        cursor.execute(
            "delete from audience_contactactivity a using deliveries_recipient r where r.run_id = %(run)s"
            " and r.id between %(first)s and %(last)s and a.contact_id = r.contact_id and a.run_id = r.run_id",
            bounds,
        )
        cursor.execute(
            "delete from deliveries_recipient where run_id = %(run)s and id between %(first)s and %(last)s",
            bounds,
        )


@transaction.atomic
def _remove_rest(run: Run) -> None:
    """Remove what is left of the run, the files of its exports too."""
    for path in Export.objects.filter(run=run).exclude(file_path="").values_list("file_path", flat=True):
        transaction.on_commit(partial(files.remove, path))
    paying.close_books(run)
    with connection.cursor() as cursor:
        for table in _OF_RUNS:
            cursor.execute(f"delete from {table} where run_id = %s", [run.pk])
    run.delete()
