"""Reading campaigns' runs. Every row comes through a member, so that a stranger finds nothing.

No function here counts rows of the big tables: what a run has come to is on its counters.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from clarion.campaigns.models import Campaign
from clarion.campaigns.queries import campaign_for as campaign_for
from clarion.deliveries import reasons
from clarion.deliveries.models import Run, RunProblem, RunStep
from clarion.deliveries.reasons import Explained
from clarion.deliveries.states import Stage
from clarion.workspaces.models import Membership
from clarion.workspaces.permissions import Permission
from clarion.workspaces.prepared import Prepared

#: Runs listed on one page of a campaign.
RUNS_SHOWN = 50


def runs_for(member: Membership, campaign: Campaign) -> QuerySet[Run]:
    """Return the campaign's runs, newest first; none of a stranger's."""
    if not member.may(Permission.VIEW):
        return Run.objects.none()
    return Run.objects.filter(workspace_id=member.workspace_id, campaign=campaign).order_by("-number")


def run_for(member: Membership, campaign: Campaign, number: int | None = None) -> Run | None:
    """Return the campaign's run of that number, the latest without one; None when there is none."""
    if not member.may(Permission.VIEW):
        return None
    if number is None:
        run = _LATEST.first(workspace=member.workspace_id, campaign=campaign.pk)
    else:
        run = runs_for(member, campaign).filter(number=number).first()
    if run is not None:
        run.campaign = campaign  # so that nobody asks for it again
    return run


_LATEST = Prepared(
    lambda workspace, campaign: Run.objects.filter(workspace_id=workspace, campaign_id=campaign).order_by(
        "-number"
    )[:1],
    workspace=-1,
    campaign=-2,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunsPage:
    """Runs, newest first. `older` and `newer` are what `below` is for the pages beside it."""

    rows: Sequence[Run]
    older: int | None = None
    has_newer: bool = False
    #: None for the first page.
    newer: int | None = None


def runs_page(
    member: Membership, campaign: Campaign, *, below: int | None = None, limit: int = RUNS_SHOWN
) -> RunsPage:
    """Return the campaign's runs below that number, without what is large in them; none of a stranger's."""
    runs = runs_for(member, campaign).defer("plan", "waterfall")
    found = list((runs if below is None else runs.filter(number__lt=below))[: limit + 1])
    newer = below + limit if below is not None else None
    has_newer = below is not None and runs.filter(number__gte=below).exists()
    is_first = newer is not None and not runs.filter(number__gte=newer).exists()
    return RunsPage(
        rows=found[:limit],
        older=found[limit - 1].number if len(found) > limit else None,
        has_newer=has_newer,
        newer=None if is_first else newer,
    )


def run_by_id_for(member: Membership, run_id: int) -> Run | None:
    """Return a run with its campaign by its id; None for a stranger's."""
    if not member.may(Permission.VIEW):
        return None
    return Run.objects.select_related("campaign").filter(workspace_id=member.workspace_id, pk=run_id).first()


def steps_of(run: Run) -> list[RunStep]:
    """Return the run's steps in order."""
    return list(RunStep.objects.filter(run_id=run.pk).order_by("step"))


def lean_steps(run: Run) -> list[RunStep]:
    """Return the run's steps in order, without what they say: that may be large, and few ask for it."""
    return _LEAN_STEPS.all(run=run.pk)


_LEAN_STEPS = Prepared(
    lambda run: RunStep.objects.filter(run_id=run).order_by("step").defer("content"),
    run=-1,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProblemCode:
    """How many messages one provider code stands for, and the provider's words for one of them."""

    stage: Stage
    step: int
    code: str
    count: int
    sample: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProblemGroup:
    """Everything that happened to messages of a run for one reason."""

    reason: Explained
    #: FAILED, UNKNOWN, PENDING for those that were put off and tried again, or SENT for those that came back later.
    stage: Stage
    count: int
    codes: Sequence[ProblemCode]
    #: When it happened last.
    last_at: datetime

    @property
    def is_of_job(self) -> bool:
        """Whether the infrastructure was at fault, not a message or its recipient."""
        return reasons.is_infrastructure(self.reason.code)

    @property
    def was_put_off(self) -> bool:
        return self.stage is Stage.PENDING

    @property
    def came_back(self) -> bool:
        """Whether the provider had taken them and said later that they did not arrive."""
        return self.stage is Stage.SENT


_PROBLEMS = Prepared(
    lambda run: RunProblem.objects.filter(run_id=run, count__gt=0).order_by("-count", "code", "step"), run=-1
)


def problems(run: Run) -> list[ProblemGroup]:
    """Return the run's problems by stage and reason, the gravest stage first and the largest first in each."""
    groups: dict[tuple[int, int], list[RunProblem]] = {}
    for row in _PROBLEMS.all(run=run.pk):
        groups.setdefault((row.stage, row.reason), []).append(row)
    made = [
        ProblemGroup(
            reason=reasons.explain(reason),
            stage=Stage(stage),
            count=sum(row.count for row in rows),
            last_at=max(row.last_at for row in rows),
            codes=[
                ProblemCode(
                    stage=Stage(row.stage), step=row.step, code=row.code, count=row.count, sample=row.sample
                )
                for row in rows
            ],
        )
        for (stage, reason), rows in groups.items()
    ]
    order = [Stage.UNKNOWN, Stage.FAILED, Stage.SENT, Stage.EXPIRED, Stage.CANCELLED, Stage.PENDING]
    return sorted(
        made, key=lambda group: (order.index(group.stage) if group.stage in order else 9, -group.count)
    )
