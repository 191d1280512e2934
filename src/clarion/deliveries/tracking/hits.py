"""A recipient's request for a link or an image: where it leads, and one small row that it came."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from urllib.parse import urlsplit

from django.db import connection
from django.utils import timezone

from clarion.deliveries.models import Link, Recipient
from clarion.deliveries.states import recipient_id, step_of
from clarion.lib import links, templating
from clarion.lib.templating import Part

#: Where a link may lead. Anything else, such as a script, comes from a variable and is refused.
_SCHEMES = frozenset({"http", "https", "mailto", "tel", "sms"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """What a request is about. `url` is empty when the link leads nowhere any more."""

    workspace: str
    url: str
    is_off: bool
    #: Whether it is to be counted.
    counts: bool


_FIND = """
select w.name, k.links_off_at is not null, l.target, coalesce(k.track_links, w.track_links),
       coalesce(k.track_opens, w.track_opens) and t.follows_opens
from deliveries_run r
join campaigns_campaign k on k.id = r.campaign_id and k.purged_at is null
join workspaces_workspace w on w.id = r.workspace_id
join deliveries_tracking t on t.run_id = r.id and t.step = %(step)s
left join deliveries_link l on l.run_id = r.id and l.step = %(step)s and l.number = %(number)s
where r.id = %(run)s
"""


def follow(run_id: int, delivery_id: int, number: int) -> Followed | None:
    """Return where the link leads for the delivery; None when the run or the link is not known any more."""
    row = _row(run_id, step_of(delivery_id), number)
    if row is None:
        return None
    name, is_off, target, counts, _opens = row
    if target is None:
        return None
    url = "" if is_off else address(run_id, delivery_id, target)
    return Followed(workspace=name, url=url, is_off=is_off, counts=counts and not is_off)


def counts_open(run_id: int, delivery_id: int) -> bool:
    """Whether an opened message is told of: as the run began, and still."""
    row = _row(run_id, step_of(delivery_id), 0)
    return row is not None and bool(row[4])


def _row(run_id: int, step: int, number: int) -> tuple[str, bool, str | None, bool, bool] | None:
    facts = {"run": run_id, "step": step, "number": min(number, 32_767)}
    with connection.cursor() as cursor:
        cursor.execute(_FIND, facts)
        row: tuple[str, bool, str | None, bool, bool] | None = cursor.fetchone()
    return row


def address(run_id: int, delivery_id: int, target: str) -> str:
    """Return a stored target as an address for this recipient; empty when that is nothing one can go to.

    A target with variables is filled in with what the recipient's message was filled in with.
    """
    if links.is_template(target):
        person = Recipient.objects.filter(run_id=run_id, id=recipient_id(delivery_id)).first()
        if person is None:
            return ""
        variables = {"email": person.address, "phone": person.address, **person.variables}
        try:
            (target,) = templating.Program([Part("link", target)]).render_whole(variables)
        except (templating.FillFailed, templating.TemplateInvalid):
            return ""
    url = "".join(letter for letter in target.strip() if letter >= " " and letter != "\x7f")
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    if parts.scheme.lower() not in _SCHEMES or (parts.scheme.lower().startswith("http") and not parts.netloc):
        return ""
    return url[: links.MAX_TARGET * 2]


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a step for requests to come: targets without variables by their numbers."""

    plain_targets: Mapping[int, str]
    is_off: bool
    counts_clicks: bool
    counts_opens: bool


def facts_of(run_id: int, step: int) -> Facts | None:
    """Return what requests need of a run's step; None when nothing of it is followed, or it is gone. Two queries."""
    row = _row(run_id, step, 0)
    if row is None:
        return None
    rows = Link.objects.filter(run_id=run_id, step=step).values_list("number", "target")
    plain = {number: target for number, target in rows if not links.is_template(target)}
    return Facts(plain_targets=plain, is_off=row[1], counts_clicks=bool(row[3]), counts_opens=bool(row[4]))


class Noted(NamedTuple):
    """A request that is to be counted."""

    run_id: int
    delivery_id: int
    link: int
    at: datetime
    marks: int


#: The commit need not reach the disk before the answer: at worst a crash of the server loses a moment's hits.
_RECORD = """
with quick as (select set_config('synchronous_commit', 'off', true))
insert into deliveries_hit (run_id, delivery_id, link, at, marks)
select v.* from quick, unnest(%s::bigint[], %s::bigint[], %s::smallint[], %s::timestamptz[], %s::smallint[]) v
"""


def record(run_id: int, delivery_id: int, *, link: int, marks: int) -> None:
    """Keep that the request came; it is counted within seconds (`applying`)."""
    record_all([Noted(run_id, delivery_id, link, timezone.now(), marks)])


def record_all(noted: Sequence[Noted]) -> None:
    """Keep that these requests came."""
    with connection.cursor() as cursor:
        cursor.execute(_RECORD, [list(column) for column in zip(*noted, strict=True)])
