"""Segments as members see them, who is in them, and how many that are."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import OperationalError, connection, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from clarion.audience import segments
from clarion.audience.models import Contact, List, Segment, Source
from clarion.audience.segments import Compiled, Node
from clarion.workspaces.models import Membership, Workspace

#: Milliseconds within which it is told how many there are, of which an estimate may take a share. With the newest of
#: them and the page around it that is 0.3 seconds.
COUNT_MS = 260
SAMPLE_MS = 100
#: What asking and stopping take beside it.
_SLACK_MS = 15
#: Milliseconds that finding the newest of them may take at least, where they may come later, and where they may not.
SOON_MS = 20
MEMBERS_MS = 900
#: By what the planner thinks that a count costs: up to the first it is there in a moment; from the second it takes
#: longer than COUNT_MS, however the costs are spent.
QUICK = 20_000
HOPELESS = 600_000
#: Milliseconds that one may take that is waited for behind an estimate.
PATIENCE_MS = 8_000
#: Stretches of the workspace's contacts that an estimate looks at, and contacts in each.
_STRETCHES = 40
_STRETCH = 100
_NAMED = 5
#: Campaigns that the builder offers.
_OFFERED = 200


@dataclass(frozen=True, slots=True)
class Count:
    """How many contacts a rule fits: exact, or about so many. None when not even that was to be had in time."""

    value: int | None
    is_exact: bool


def segments_for(member: Membership) -> QuerySet[Segment]:
    """Return the workspace's segments by name, but for those made for one campaign."""
    return Segment.objects.filter(workspace=member.workspace, is_once=False).order_by("name", "pk")


def segment_for(member: Membership, public_id: UUID) -> Segment | None:
    """Return the workspace's segment of that id."""
    return Segment.objects.filter(workspace=member.workspace, public_id=public_id).first()


def campaigns_using(segment: Segment, *, with_drafts: bool) -> list[str]:
    """Return the names of the first campaigns that are not over and go by the segment, to write to it or not to."""
    sources = Source.objects.filter(_goes_by(segment))
    names = sources.filter(campaign__isnull=False, campaign__finished_at=None, campaign__purged_at=None)
    if not with_drafts:
        names = names.exclude(campaign__status="DRAFT")
    return list(names.order_by("campaign__name").values_list("campaign__name", flat=True).distinct()[:_NAMED])


def _goes_by(segment: Segment) -> Q:
    return Q(segments=segment) | Q(excluded_segments=segment)


def names_of_lists(workspace: Workspace, node: Node) -> dict[str, str]:
    """Return the names of the rule's lists by their public ids, for `segments.sentence`."""
    mine = List.objects.filter(workspace=workspace, public_id__in=segments.lists_in(node))
    return {str(public_id): name for public_id, name in mine.values_list("public_id", "name")}


def names_of_campaigns(workspace: Workspace, node: Node) -> dict[str, str]:
    """Return the names of the rule's campaigns by their public ids, for `segments.sentence`."""
    wanted = segments.campaigns_in(node)
    if not wanted:
        return {}
    mine = workspace.campaign_set.filter(public_id__in=wanted, purged_at=None)
    return {str(public_id): name for public_id, name in mine.values_list("public_id", "name")}


def campaigns_to_ask_about(member: Membership) -> list[tuple[str, str]]:
    """Return (public id, name) of the workspace's campaigns that were started, the latest first."""
    started = member.workspace.campaign_set.filter(started_at__isnull=False, purged_at=None)
    found = started.order_by("-started_at").values_list("public_id", "name")[:_OFFERED]
    return [(str(public_id), name) for public_id, name in found]


def sentence_of(workspace: Workspace, node: Node) -> str:
    """Return the rule in words, its lists by their names."""
    names = names_of_lists(workspace, node) | names_of_campaigns(workspace, node)
    return segments.sentence(node, lists=names)


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """Whether a contact is in a segment, and the conditions that decided, each with whether it holds."""

    contact: Contact
    is_in: bool
    reasons: Sequence[tuple[str, bool]]


def explained(workspace: Workspace, node: Node, who: str) -> Explained | None:
    """Return why a contact is in it or not; None when nobody has that e-mail address, phone number or public id."""
    contact = _by_words(workspace, who.strip())
    if contact is None:
        return None
    answer = segments.explain(contact, node, now=timezone.now())
    names = names_of_lists(workspace, node) | names_of_campaigns(workspace, node)
    reasons = [(segments.sentence(one.node, lists=names), one.holds) for one in answer.deciding()]
    return Explained(contact=contact, is_in=answer.holds, reasons=reasons)


def _by_words(workspace: Workspace, who: str) -> Contact | None:
    mine = Contact.objects.filter(workspace=workspace)
    try:
        return mine.filter(public_id=UUID(who)).first()
    except ValueError:
        pass
    if not who or "\0" in who:
        return None
    if "@" in who:
        return mine.filter(email=who.lower()).first() or mine.filter(email=who).first()
    return mine.filter(phone="".join(who.split())).first()


def members(
    workspace: Workspace, node: Node, limit: int = 20, *, milliseconds: int = MEMBERS_MS
) -> Sequence[Contact] | None:
    """Return the first contacts that the rule fits, the newest first; None when that takes too long to find out."""
    made = segments.compiled(node, workspace=workspace, now=timezone.now())
    statement = (
        "select c.id from audience_contact c where c.workspace_id = %(workspace)s"  # noqa: S608
        f" and {made.sql} order by c.id desc limit %(limit)s"
    )
    rows = in_time(statement, made.parameters | {"workspace": workspace.pk, "limit": limit}, milliseconds)
    if rows is None:
        return None
    return list(Contact.objects.filter(workspace=workspace, pk__in=[pk for (pk,) in rows]).order_by("-pk"))


def count(workspace: Workspace, node: Node, *, milliseconds: int = COUNT_MS) -> Count:
    """Count whom a rule fits, within the time; where it is too short, tell about how many of a large workspace.

    Up to COUNT_MS the estimate is told within the time too; who waits longer has it behind the time.
    """
    until = time.monotonic() + milliseconds / 1000
    now, is_short = timezone.now(), milliseconds <= COUNT_MS
    made = segments.compiled(node, workspace=workspace, now=now)
    way = _cheaper(workspace, made, segments.compiled(node, workspace=workspace, now=now, is_of_all=True))
    about = _estimated(workspace, made) if is_short and way.cost > QUICK else None
    if not is_short or way.cost < HOPELESS:
        kept_back = _SLACK_MS + (SAMPLE_MS if is_short and about is None else 0)
        left = max(1, round(1000 * (until - time.monotonic())) - kept_back)
        exact = in_time(way.statement, way.parameters, left, memory=_MEMORY, is_alone=way.is_of_all)
        if exact is not None:
            return Count(int(exact[0][0]), is_exact=True)
    return Count(_estimated(workspace, made) if about is None else about, is_exact=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Way:
    """A statement that counts, and what the planner thinks that it costs. With `is_of_all` it groups what all did."""

    statement: str
    parameters: dict[str, Any]
    cost: float
    is_of_all: bool


def _cheaper(workspace: Workspace, of_each: Compiled, of_all: Compiled) -> _Way:
    """Return the way to count that costs less: of a list's few people, it is less to look at what each of them did."""
    ways = []
    for made in (of_each, of_all) if of_all.sql != of_each.sql else (of_each,):
        statement = _COUNT.format(only=made.sql)
        parameters = made.parameters | {"workspace": workspace.pk}
        plan = in_time(f"explain (format json) {statement}", parameters, COUNT_MS, memory=_MEMORY)
        cost = float(_planned(plan[0][0])["Total Cost"]) if plan else 0.0
        ways.append(_Way(statement=statement, parameters=parameters, cost=cost, is_of_all=made is of_all))
    return min(ways, key=lambda way: way.cost)


#: What a count may sort and group in.
_MEMORY = "64MB"
_COUNT = "select count(*) from audience_contact c where c.workspace_id = %(workspace)s and {only}"
#: Whom the rule fits of some contacts at even distances.
_SHARE = """
with ends as (
    select min(id) as first, max(id) as last from audience_contact where workspace_id = %(workspace)s
)
select count(*), count(*) filter (where {only})
from ends
cross join lateral generate_series(0, %(stretches)s - 1) n
cross join lateral (
    select * from audience_contact
    where workspace_id = %(workspace)s and id >= first + (last - first) * n / %(stretches)s
    order by id limit %(stretch)s
) c
"""


def _estimated(workspace: Workspace, made: Compiled) -> int | None:
    """Return a share of contacts from all over the workspace, times how many the database takes it to have."""
    facts = made.parameters | {"workspace": workspace.pk, "stretches": _STRETCHES, "stretch": _STRETCH}
    share = in_time(_SHARE.format(only=made.sql), facts, SAMPLE_MS)
    if share is None or not share[0][0]:
        return None
    plan = in_time(
        "explain (format json) select from audience_contact where workspace_id = %(workspace)s",
        facts,
        SAMPLE_MS,
    )
    if plan is None:
        return None
    looked_at, fitting = (int(n) for n in share[0])
    return round(int(_planned(plan[0][0])["Plan Rows"]) * fitting / looked_at)


def _planned(plan: Any) -> dict[str, Any]:
    import orjson

    found = orjson.loads(plan) if isinstance(plan, str) else plan
    return dict(found[0]["Plan"])


def in_time(
    statement: str, parameters: Any, milliseconds: int, *, memory: str = "", is_alone: bool = False
) -> list[tuple[Any, ...]] | None:
    """Return the rows; None when it took longer. `memory` is what it may sort and group in, if not the usual.

    With `is_alone` one process of the server does it: several would each group all of it for themselves.
    """
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("select set_config('statement_timeout', %s, true)", [str(milliseconds)])
            if memory:
                cursor.execute("select set_config('work_mem', %s, true)", [memory])
            if is_alone:
                cursor.execute("select set_config('max_parallel_workers_per_gather', '0', true)")
            cursor.execute(statement, parameters)
            rows: list[tuple[Any, ...]] = cursor.fetchall()
            # Of a caller's transaction the time is as it was before.
            cursor.execute("reset statement_timeout")
            return rows
    except OperationalError as problem:
        if getattr(problem.__cause__, "sqlstate", "") == "57014":
            return None
        raise
