"""Everything that went wrong with a campaign: with its messages, and with the job of sending them."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import connection
from django.db.models import QuerySet

from clarion.audience.models import SourceStatus
from clarion.campaigns.models import Campaign
from clarion.campaigns.states import PauseCause, Status
from clarion.deliveries import queries, reasons, trail
from clarion.deliveries.models import Outage, Run
from clarion.deliveries.outages import OUTAGES_SHOWN, held_since, outages_of
from clarion.deliveries.queries import ProblemGroup
from clarion.deliveries.states import Stage
from clarion.deliveries.trail import StateChange

#: Pauses that something went wrong for.
_TROUBLES = {PauseCause.ERRORS, PauseCause.SENDER, PauseCause.BALANCE, PauseCause.CONTENT}
#: Stages of messages that are lost unless somebody does something; of those that were sent, who came back.
_LOST = (Stage.FAILED, Stage.UNKNOWN, Stage.SENT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """How many errors there are of each kind."""

    messages: int
    job: int

    @property
    def all(self) -> int:
        return self.messages + self.job


@dataclass(frozen=True, slots=True, kw_only=True)
class FileTrouble:
    """What is wrong with the campaign's file: it could not be read, or some of its rows cannot be used."""

    failure: str
    bad_rows: int
    rows: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Troubles:
    """All errors of a campaign's run."""

    messages: Sequence[ProblemGroup]
    #: Of the job: what the infrastructure did to messages, moves for trouble, outages, the file.
    infrastructure: Sequence[ProblemGroup]
    moves: Sequence[StateChange]
    outages: Sequence[Outage]
    file: FileTrouble | None

    @property
    def counts(self) -> Counts:
        """What `counts` returns, without asking again."""
        return Counts(
            messages=_lost(self.messages),
            job=_lost(self.infrastructure) + len(self.moves) + len(self.outages) + (self.file is not None),
        )


def troubles(campaign: Campaign, run: Run | None) -> Troubles:
    """Return what went wrong. Without a run only what is of the campaign itself."""
    groups = queries.problems(run) if run is not None else []
    outages: QuerySet[Outage] = outages_of(run) if run is not None else Outage.objects.none()
    outages = outages.select_related("sender").defer("sender__config", "sender__sealed")
    return Troubles(
        messages=[group for group in groups if not group.is_of_job],
        infrastructure=[group for group in groups if group.is_of_job],
        moves=moves(campaign),
        outages=list(outages[:OUTAGES_SHOWN]),
        file=file_trouble(campaign),
    )


def counts(campaign: Campaign, run: Run | None) -> Counts:
    """Return how many errors there are, as the tab's badge shows them. At most three queries."""
    lost = {True: 0, False: 0}
    outages = 0
    if run is not None:
        with connection.cursor() as cursor:
            cursor.execute(_COUNTS, {"run": run.pk, "lost": list(_LOST), "since": held_since(run)})
            for reason, count in cursor.fetchall():
                if reason is None:
                    outages = min(count, OUTAGES_SHOWN)
                else:
                    lost[reasons.is_infrastructure(reason)] += count
    is_file_bad = file_trouble(campaign) is not None
    return Counts(messages=lost[False], job=lost[True] + len(moves(campaign)) + outages + is_file_bad)


#: Messages lost by their reasons, and without a reason how many outages held the run.
_COUNTS = """
select reason, sum(count)::bigint from deliveries_runproblem
 where run_id = %(run)s and stage = any(%(lost)s) group by reason
union all
select null, count(*) from deliveries_outage
 where sender_id in (select sender_id from deliveries_runstep where run_id = %(run)s)
   and began_at >= %(since)s and run_ids @> array[%(run)s]::bigint[]
"""


def moves(campaign: Campaign) -> list[StateChange]:
    """Return when and why the campaign failed or was paused by trouble, newest first."""
    return [
        change
        for change in trail.state_history(campaign)
        if change.status == Status.FAILED
        or (change.status == Status.PAUSED and change.pause_cause in _TROUBLES)
    ]


def file_trouble(campaign: Campaign) -> FileTrouble | None:
    """Return what is wrong with the campaign's file, if anything is."""
    source = campaign.source.table if campaign.source is not None else None
    if source is None or (source.status != SourceStatus.FAILED and not source.bad_count):
        return None
    return FileTrouble(failure=source.failure, bad_rows=source.bad_count, rows=source.row_count)


def _lost(groups: Sequence[ProblemGroup]) -> int:
    return sum(group.count for group in groups if not group.was_put_off)
