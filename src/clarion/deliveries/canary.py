"""A first part: an approval for so many per cent lets only the run's first people go, until a moderator says yes again.

Who is first is the order in which the run was built: a file's rows as they stand in it, contacts and lists by how long
the contact is known. The bound is the run's own (`releasing`), so no pause and no continuing gets round it. A spread
lets its daily shares go as ever, and no farther than the first part; of a triggered campaign the first part is the
first people who are pushed.
"""

import math
from dataclasses import dataclass

from django.db.models import F, Q, Sum
from django.db.models.functions import Coalesce
from django.utils.translation import ngettext

from clarion.campaigns import lifecycle, moderation
from clarion.campaigns.errors import TransitionRefused
from clarion.campaigns.models import Decision, Launch, Review
from clarion.campaigns.states import Action, PauseCause, Status
from clarion.deliveries import releasing
from clarion.deliveries.models import Claim, Look, Run, RunStep, Waiting
from clarion.workspaces import actors


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
    held = Run.objects.filter(finished_at=None, closing_stage=None, released_id__isnull=False)
    # Of a triggered campaign nobody knows when all are there.
    held = held.filter(Q(built_at__isnull=False) | Q(campaign__launch=Launch.TRIGGER))
    return list(held.select_related("campaign__workspace").order_by("pk"))


def look_after(run: Run) -> None:
    """Let the first part go, pause the campaign when it is settled, and let the rest go after the second yes."""
    review = moderation.latest_review(run.campaign)
    if review is None or review.decision != Decision.APPROVED or not review.has_canary:
        return
    if review.released_at is not None:
        releasing.release_all(run.pk)
    elif _is_let_go(run, review) and run.campaign.status == Status.SENDING and _is_settled(run):
        _pause(run, review)


def bound(run: Run) -> int | None:
    """Return the last person of a spread's first part, None when all may go; counted once, when first asked."""
    review = moderation.latest_review(run.campaign)
    if review is None or not review.is_holding:
        return None
    known: int | None = run.plan.get(releasing.FIRST_PART)
    return known or releasing.bind(run, releasing.reach(run.pk, size(run.total - run.skipped, review)))


def size(targets: int, review: Review) -> int:
    """Return how many of so many people the first part is; per cents are rounded up."""
    if review.canary_people is not None:
        return min(targets, review.canary_people)
    return math.ceil(targets * (review.canary_percent or 0) / 100)


def figures(run: Run) -> Figures:
    """Return what became of the first part; nobody else of the run has been written to."""
    came_back = RunStep.objects.filter(run=run).aggregate(
        **{name: Coalesce(Sum(name), 0) for name in ("bounced", "complained", "unsubscribed")}
    )
    return Figures(
        sent=run.sent + run.partly, failed=run.failed, unknown=run.unknown, waiting=run.pending, **came_back
    )


def _is_let_go(run: Run, review: Review) -> bool:
    """Whether the whole first part may go, and did before; what may go now is let go by it."""
    if run.campaign.launch == Launch.SPREAD:
        last = run.plan.get(releasing.FIRST_PART)
        return last is not None and run.released_id is not None and run.released_id >= last
    if run.campaign.launch == Launch.TRIGGER:
        wanted = size(run.total - run.skipped, review)
        last, there = releasing.found(run.pk, wanted)
        return not releasing.release(run.pk, last) and there == review.canary_people
    if run.released_id:
        return True
    releasing.release(run.pk, releasing.reach(run.pk, size(run.total - run.skipped, review)))
    return False


def _is_settled(run: Run) -> bool:
    """Whether everybody of the first part has been tried to the end, and somebody is left, or may still come."""
    if run.in_flight or not (run.pending or run.built_at is None):
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
    if review.canary_percent is None:
        sentence = ngettext(
            "The first %(n)s person is out; a moderator lets the rest go.",
            "The first %(n)s people are out; a moderator lets the rest go.",
            out.tried,
        ) % {"n": f"{out.tried:,}"}
    else:
        sentence = ngettext(
            "The first %(percent)d %% are out (%(n)s person); a moderator lets the rest go.",
            "The first %(percent)d %% are out (%(n)s people); a moderator lets the rest go.",
            out.tried,
        ) % {"percent": review.canary_percent, "n": f"{out.tried:,}"}
    by = actors.system(run.campaign.workspace)
    try:
        lifecycle.move(run.campaign, Action.PAUSE, by=by, cause=PauseCause.REVIEW, reason=sentence)
    except TransitionRefused:
        return  # somebody was quicker: paused, stopped or cancelled
