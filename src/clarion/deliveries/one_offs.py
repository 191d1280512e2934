"""The history of one-offs: the newest first, page by page, each with what became of its one message."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db.models import Exists, OuterRef, Q, QuerySet

from clarion.audience.queries import Page
from clarion.audience.queries.contacts import PAGE, keyset_page
from clarion.campaigns import queries
from clarion.campaigns.models import Campaign
from clarion.campaigns.states import Status
from clarion.deliveries.models import Run
from clarion.deliveries.states import Stage
from clarion.workspaces.models import Membership, Workspace

#: What one can ask for: what a one-off is before its end, and what became of the message after it.
_BEFORE: Mapping[str, frozenset[Status]] = {
    "draft": frozenset({Status.DRAFT}),
    "in_review": frozenset({Status.IN_REVIEW}),
    "ready": frozenset({Status.READY}),
    "scheduled": frozenset({Status.SCHEDULED}),
    "sending": frozenset({Status.BUILDING, Status.SENDING}),
    "paused": frozenset({Status.PAUSED}),
}
#: Outcome → the counter of the run that is not 0, the first of these.
OUTCOMES = ("unknown", "failed", "skipped", "sent", "expired", "cancelled")
STATES = (*_BEFORE, *OUTCOMES)
_ENDS = {
    "cancelled": frozenset({Status.CANCELLED, Status.STOPPED}),
    "expired": frozenset({Status.EXPIRED}),
    "failed": frozenset({Status.FAILED}),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which one-offs are meant; what is empty does not narrow.

    `search` is the beginning of an address or of an id, with `is_whole` all of an address.
    """

    search: str = ""
    is_whole: bool = False
    channel: str = ""
    state: str = ""

    @property
    def is_narrowed(self) -> bool:
        return bool(self.search or self.channel or self.state)


@dataclass(frozen=True, slots=True, kw_only=True)
class OneOff:
    """A one-off with what became of its message."""

    campaign: Campaign
    channel: str
    #: The sender's name.
    sender: str
    run: Run | None

    @property
    def state(self) -> str:
        """What it is now, one of STATES: while it is under way its own state, then what became of the message."""
        return state_of(self.campaign, self.run)


def state_of(campaign: Campaign, run: Run | None) -> str:
    """Return the state of a one-off, one of STATES."""
    status = Status(campaign.status)
    for name, statuses in _BEFORE.items():
        if status in statuses:
            return name
    if run is not None:
        for name in OUTCOMES:
            if getattr(run, name):
                return name
    return next((name for name, statuses in _ENDS.items() if status in statuses), "skipped")


def stage_of(state: str) -> Stage | None:
    """Return the stage of a message that a state is about; None before there is an outcome."""
    return Stage[state.upper()] if state in OUTCOMES else None


def newest_of(workspace: Workspace, *, wanted: Wanted, limit: int) -> list[OneOff]:
    """Return the workspace's newest that are meant, for whoever holds the database."""
    mine = Campaign.objects.filter(workspace=workspace, is_one_off=True, purged_at=None)
    found = _meant(mine, wanted).select_related("created_by").order_by("-pk")
    return rows_of(list(found[:limit]))


def _meant(found: QuerySet[Campaign], wanted: Wanted) -> QuerySet[Campaign]:
    if words := wanted.search.strip():
        said = words.lower()
        named = Q(to_address__in=[words, said]) if wanted.is_whole else Q(to_address__startswith=said)
        if bounds := queries.id_range(words):
            named |= Q(public_id__range=bounds)
        found = found.filter(named)
    if wanted.channel:
        found = found.filter(steps__channel=wanted.channel)
    return found.filter(_in_state(wanted.state)) if wanted.state else found


def _in_state(state: str) -> Q:
    if state in _BEFORE:
        return Q(status__in=_BEFORE[state])
    over = ~Q(status__in=[one for statuses in _BEFORE.values() for one in statuses])
    latest = Run.objects.filter(campaign=OuterRef("pk"))
    before = OUTCOMES[: OUTCOMES.index(state)]
    is_so = Q(Exists(latest.filter(**{f"{state}__gt": 0}, **dict.fromkeys(before, 0))))
    never = ~Q(Exists(latest.exclude(**dict.fromkeys(OUTCOMES, 0))))
    ended = Q(status__in=_ENDS[state]) if state in _ENDS else Q(pk__in=[])
    if state == "skipped":
        ended = Q(status=Status.COMPLETED)
    return over & (is_so | (never & ended))


def one_offs_page(
    member: Membership,
    *,
    wanted: Wanted,
    after: int | None = None,
    before: int | None = None,
    limit: int = PAGE,
) -> tuple[Page[Campaign], list[OneOff]]:
    """Return a page of the one-offs that are meant, the newest first, and its rows. Three queries."""
    rows = _meant(queries.oneoffs_for(member), wanted).select_related("created_by")
    page = keyset_page(rows, after=after, before=before, limit=limit)
    return page, rows_of(page.rows)


def rows_of(found: Sequence[Campaign]) -> list[OneOff]:
    """Return the one-offs with their channel and run. Two queries."""
    ids = [one.pk for one in found]
    steps = {
        campaign: (channel, sender or "")
        for campaign, channel, sender in Campaign.objects.filter(pk__in=ids).values_list(
            "pk", "steps__channel", "steps__sender__name"
        )
    }
    runs = {run.campaign_id: run for run in Run.objects.filter(campaign_id__in=ids).order_by("number")}
    return [
        OneOff(campaign=one, channel=steps[one.pk][0] or "", sender=steps[one.pk][1], run=runs.get(one.pk))
        for one in found
    ]
