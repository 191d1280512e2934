"""A first part: an approval for so many per cent lets only the run's first people go, until a moderator says yes again.

Who is first is the order in which the run was built: a file's rows as they stand in it, contacts and lists by how long
the contact is known. The bound is the run's own (`releasing`), so no pause and no continuing gets round it.
"""

import math
from dataclasses import dataclass

from django.db.models import F, Sum
from django.db.models.functions import Coalesce
from django.utils.translation import ngettext

from clarion.campaigns import lifecycle, moderation
from clarion.campaigns.errors import TransitionRefused
from clarion.campaigns.models import Decision, Launch, Review
from clarion.campaigns.states import Action, PauseCause, Status
from clarion.deliveries import releasing
from clarion.deliveries.models import Claim, Look, Run, RunStep, Waiting
from clarion.workspaces import actors, spelling


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What became of a first part: people that were written to, and what came back from them."""

    sent: int = 0
    failed: int = 0
    unknown: int = 0
    bounced: int = 0
    complained: int = 0
    unsubscribed: int = 0
    #: People who wait for the second yes.
    waiting: int = 0

    @property
    def tried(self) -> int:
        return self.sent + self.failed + self.unknown


def held_runs() -> list[Run]:
    """Return the built runs that let only a first part go."""
    held = Run.objects.filter(
        finished_at=None, closing_stage=None, built_at__isnull=False, released_id__isnull=False
    ).exclude(campaign__launch=Launch.SPREAD)
    return list(held.select_related("campaign__workspace").order_by("pk"))


def look_after(run: Run) -> None:
    """Let the first part go, pause the campaign when it is settled, and let the rest go after the second yes."""
    review = moderation.latest_review(run.campaign)
    if review is None or review.decision != Decision.APPROVED or not review.canary_percent:
        return
    if review.released_at is not None:
        releasing.release_all(run.pk)
    elif not run.released_id:
        targets = run.total - run.skipped
        releasing.release(run.pk, releasing.reach(run.pk, size(targets, review.canary_percent)))
    elif run.campaign.status == Status.SENDING and _is_settled(run):
        _pause(run, review)


def size(targets: int, percent: int) -> int:
    """Return how many people a first part of so many per cent is, rounded up."""
    return math.ceil(targets * percent / 100)


def figures(run: Run) -> Figures:
    """Return what became of the first part; nobody else of the run has been written to."""
    came_back = RunStep.objects.filter(run=run).aggregate(
        **{name: Coalesce(Sum(name), 0) for name in ("bounced", "complained", "unsubscribed")}
    )
    return Figures(
        sent=run.sent + run.partly, failed=run.failed, unknown=run.unknown, waiting=run.pending, **came_back
    )


def _is_settled(run: Run) -> bool:
    """Whether everybody of the first part has been tried to the end, and somebody is left."""
    if run.in_flight or not run.pending:
        return False
    if RunStep.objects.filter(run=run, cursor__lt=F("run__released_id")).exists():
        return False
    if run.is_cascade and (
        Claim.objects.filter(run_id=run.pk).exists()
        or Look.objects.filter(run_id=run.pk, recipient_id__lte=run.released_id or 0).exists()
    ):
        return False
    return not Waiting.objects.filter(run_id=run.pk).exists()


def _pause(run: Run, review: Review) -> None:
    out = figures(run)
    sentence = ngettext(
        "The first %(percent)d %% are out (%(n)s person); a moderator lets the rest go.",
        "The first %(percent)d %% are out (%(n)s people); a moderator lets the rest go.",
        out.tried,
    ) % {"percent": review.canary_percent, "n": spelling.number(out.tried)}
    by = actors.system(run.campaign.workspace)
    try:
        lifecycle.move(run.campaign, Action.PAUSE, by=by, cause=PauseCause.REVIEW, reason=sentence)
    except TransitionRefused:
        return  # somebody was quicker: paused, stopped or cancelled
