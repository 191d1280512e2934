"""People pushed one at a time into a triggered campaign's run, each once by the caller's key."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from itertools import islice
from typing import Any
from uuid import UUID

import orjson
from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from clarion.audience import addresses, consent, tombstones
from clarion.audience.queries import CONTACT_VARIABLES_SQL
from clarion.campaigns.models import Campaign, Launch
from clarion.campaigns.states import Status
from clarion.channels import registry
from clarion.content.queries import missing_variables
from clarion.deliveries import (
    building,
    candidates,
    caps,
    cascade_building,
    cascade_pushing,
    earlier,
    judging,
    locks,
    operations,
    tiers,
)
from clarion.deliveries.errors import PushRefused, RunInvalid
from clarion.deliveries.models import Run, RunStep
from clarion.deliveries.states import Skip
from clarion.lib.together import Together
from clarion.workspaces.actors import Actor
from clarion.workspaces.permissions import Permission
from clarion.workspaces.prepared import Prepared
from clarion.workspaces.wake import wake

#: People in one call.
PUSH_MAX = 1_000
#: How long a call that comes while others are under way waits for more of them.
GATHERED_SECONDS = 0.003
KEY_LENGTH = 100
ADDRESS_LENGTH = 900
#: Octets of one person's variables as JSON.
VARIABLES_MAX = 64_000
#: People who are named when variables are missing.
LACKING_SHOWN = 5
_OPEN = (Status.BUILDING, Status.SENDING, Status.PAUSED)

#: Under the lock: the last person's id, and who was pushed by one of these keys before.
_STAND = """
select last_recipient_id, (
    select jsonb_object_agg(key, recipient_id)::text from deliveries_push
    where run_id = %(run)s and key = any(%(keys)s::text[]))
from deliveries_run where id = %(run)s
"""
#: Whoever is in the run by now, with the names of variables that their message needs and they have not got.
_JUDGED = """
select id, skip, array(select name from unnest(%(needed)s::text[]) name where not variables ? name order by name)
from deliveries_recipient where run_id = %(run)s and id = any(%(ids)s::bigint[])
"""
_KEEP = """
insert into deliveries_push (run_id, key, recipient_id, pushed_at)
select %(run)s, key, %(last)s + n, now() from unnest(%(keys)s::text[]) with ordinality u(key, n)
"""

#: Whoever is known as a contact has the contact's variables too, under those that were pushed.
_CANDIDATES = f"""
    select p.key, c.id as contact_id, p.address,
           coalesce({CONTACT_VARIABLES_SQL}, '{{{{}}}}'::jsonb) || p.variables as variables,
           p.invalid, exists (select from ({{owners}}) k where k.state = 'DO_NOT_CONTACT') as barred,
           {{unwilling}} as unwilling
    from (select n as key, address, invalid, variables::jsonb from unnest(
              %(addresses)s::text[], %(invalids)s::boolean[], %(variables)s::text[])
              with ordinality u(address, invalid, variables, n)) p
    left join lateral (
        select c.*, %(channel)s = any(c.refusals) as refuses, %(channel)s = any(c.consents) as agrees
        from ({{owners}}) c where p.address <> '' and not p.invalid
        order by c.id limit 1) c on true
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pushed:
    """What became of one key. `skip` is why the person gets nothing; None when they do."""

    key: str
    recipient_id: int
    skip: Skip | None
    #: Whether it was this call that brought it.
    is_new: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody to push. Raises ValueError, with a sentence, when made of what makes no sense."""

    key: str
    address: str
    variables: Mapping[str, Any]

    def __post_init__(self) -> None:
        if not self.key or len(self.key) > KEY_LENGTH or "\x00" in self.key:
            raise ValueError(_("A key has 1 to %(n)d characters.") % {"n": KEY_LENGTH})
        if len(orjson.dumps(dict(self.variables))) > VARIABLES_MAX:
            raise ValueError(_("The variables of %(key)s are too long.") % {"key": self.key})


def person(said: Mapping[str, Any]) -> Person:
    """Return the person that {"key", "address", "variables"} names. Raises ValueError with a sentence."""
    key, address, variables = said.get("key"), said.get("address", ""), said.get("variables", {})
    if isinstance(key, int) and not isinstance(key, bool):
        key = str(key)
    if not isinstance(key, str) or not isinstance(address, str):
        raise ValueError(_("Each person has a key and an address, which are texts."))
    if not isinstance(variables, Mapping) or not all(isinstance(name, str) for name in variables):
        raise ValueError(_("The variables of %(key)s are not names with values.") % {"key": key})
    if set(said) - {"key", "address", "variables"}:
        raise ValueError(_("A person has a key, an address and variables, and nothing else."))
    return Person(key=key, address=address.replace("\x00", ""), variables=_plain(variables))


def push(*, campaign: Campaign, people: Sequence[Person | Mapping[str, Any]], by: Actor) -> list[Pushed]:
    """Add people to the run of a triggered campaign, and return what became of each, in their order.

    Each is judged as the builder judges: no address, invalid, duplicate, suppressed, not to be contacted; they count
    in the waterfall, and get nothing. A key that was pushed to this run before, or twice in one call, changes
    nothing. Who gets something is sent to within a moment, or when the campaign is continued or its hours begin.
    Raises PushRefused when the campaign takes nobody now, NotAllowed, and ValueError for what makes no sense or lacks
    a variable that the message must have; then nobody of the call is added.
    """
    wanted = _wanted(people, by)
    run = _open_run(_RUN.first(campaign=campaign.pk, workspace=by.workspace.pk), campaign, by, timezone.now())
    return _push(run, wanted) if wanted else []


def push_to(
    *, public_id: UUID, people: Sequence[Person | Mapping[str, Any]], by: Actor
) -> list[Pushed] | None:
    """Do as `push` for the campaign of that id in the actor's workspace; return None where there is none.

    Calls of this process's threads for one campaign are taken together in one transaction while another is under way,
    and each returns when that is committed. Whoever is in a transaction already stays in their own.
    """
    call = by, _wanted(people, by)
    if connection.in_atomic_block:
        return _push_all(public_id, [call])[0]
    return _TOGETHER(public_id, call)


def push_calls(
    *, public_id: UUID, calls: Sequence[tuple[Actor, Sequence[Person]]]
) -> list[list[Pushed] | None]:
    """Push the people of several calls of one workspace, as if one call had come after the other, all or none.

    Raises for all of them what `push` raises for one of them.
    """
    return _push_all(public_id, [(by, _wanted(people, by)) for by, people in calls])


_Call = tuple[Actor, Sequence[Person]]


def _wanted(people: Sequence[Person | Mapping[str, Any]], by: Actor) -> list[Person]:
    by.require(Permission.LAUNCH)
    if len(people) > PUSH_MAX:
        raise ValueError(_("At most %(n)d people are pushed at once.") % {"n": PUSH_MAX})
    return [one if isinstance(one, Person) else person(one) for one in people]


def _push_all(public_id: UUID, calls: Sequence[_Call]) -> list[list[Pushed] | None]:
    """Push the people of several calls to one campaign, as if one call had come after the other.

    Calls from different workspaces are refused altogether, so that each goes by itself.
    """
    by = calls[0][0]
    if any(each.workspace.pk != by.workspace.pk for each, _people in calls):
        raise PushRefused("calls of several workspaces")
    run = _RUN_NAMED.first(campaign=public_id, workspace=by.workspace.pk)
    campaign = run.campaign if run is not None else _campaign(public_id, by)
    if campaign is None:
        return [None] * len(calls)
    run = _open_run(run, campaign, by, timezone.now())
    everybody = [one for _by, wanted in calls for one in wanted]
    found = iter(_push(run, everybody) if everybody else ())
    return [list(islice(found, len(wanted))) for _by, wanted in calls]


def _campaign(public_id: UUID, by: Actor) -> Campaign | None:
    return Campaign.objects.filter(public_id=public_id, workspace=by.workspace, purged_at=None).first()


_TOGETHER: Together[UUID, _Call, list[Pushed] | None] = Together(
    _push_all, size=lambda call: len(call[1]), most=PUSH_MAX, pause=GATHERED_SECONDS
)

_RUNS = Run.objects.select_related("campaign", "workspace").filter(finished_at=None).order_by("-number")
_RUN = Prepared(
    lambda campaign, workspace: _RUNS.filter(campaign_id=campaign, campaign__workspace_id=workspace)[:1],
    campaign=-1,
    workspace=-2,
)
_RUN_NAMED = Prepared(
    lambda campaign, workspace: _RUNS.filter(
        campaign__public_id=campaign, campaign__workspace_id=workspace, campaign__purged_at=None
    )[:1],
    campaign=UUID(int=1),
    workspace=-2,
)
_STEPS = Prepared(lambda run: RunStep.objects.filter(run_id=run).order_by("step"), run=-1)


def _open_run(run: Run | None, campaign: Campaign, by: Actor, now: datetime) -> Run:
    """Return the run that takes people, with its campaign and workspace. `run` is the open one, None for none."""
    row = run.campaign if run else Campaign.objects.filter(pk=campaign.pk, workspace=by.workspace).first()
    if row is None or row.launch != Launch.TRIGGER:
        raise PushRefused(_("This campaign is not a triggered one: nobody can be pushed to it."))
    if row.ends_at is not None and row.ends_at <= now:
        raise PushRefused(_("The campaign has ended: nobody can be pushed to it any more."))
    if row.status not in _OPEN:
        raise PushRefused(_("The campaign is not on its way: start it first."))
    if row.status == Status.BUILDING:
        try:
            run = operations.begin_run(row.pk) or run
        except RunInvalid as problem:
            raise PushRefused(str(problem)) from None
    if run is None or run.built_at is not None or run.closing_stage is not None:
        raise PushRefused(_("The campaign takes nobody at this moment; try again."))
    run.campaign.workspace = run.workspace
    return run


@transaction.atomic
def _push(run: Run, wanted: Sequence[Person]) -> list[Pushed]:
    locks.hold_building(run.pk)
    with connection.cursor() as cursor:
        cursor.execute(_STAND, {"run": run.pk, "keys": [one.key for one in wanted]})
        last, kept = cursor.fetchone()
    found: dict[str, int] = orjson.loads(kept) if kept else {}
    fresh = list({one.key: one for one in reversed(wanted) if one.key not in found}.values())[::-1]
    needed = _add(run, fresh, last) if fresh else frozenset()
    found |= {one.key: last + n for n, one in enumerate(fresh, start=1)}
    with connection.cursor() as cursor:
        cursor.execute(_JUDGED, {"run": run.pk, "ids": list(set(found.values())), "needed": sorted(needed)})
        rows = cursor.fetchall()
    skips = {number: skip for number, skip, _lacking in rows}
    judged = [
        (fresh[number - last - 1].key, skip, names) for number, skip, names in sorted(rows) if number > last
    ]
    _refuse_lacking([(key, names) for key, skip, names in judged if skip is None and names])
    added = {one.key for one in fresh}
    result = []
    for one in wanted:
        skip = skips[found[one.key]]
        result.append(
            Pushed(
                key=one.key, recipient_id=found[one.key], is_new=one.key in added,
                skip=None if skip is None else Skip(skip),
            )
        )  # fmt: skip
        added.discard(one.key)
    return result


def _add(run: Run, fresh: Sequence[Person], last: int) -> frozenset[str]:
    """Add people after the last one, and return the names of the variables that those who get something need."""
    steps = _STEPS.all(run=run.pk)
    channel = steps[0].channel
    kind = registry.get(channel).address_kind
    forms = _forms(run, channel, kind, fresh)
    leaving_out = earlier.leaving_out(run)
    facts: dict[str, Any] = {
        **leaving_out.parameters, "run": run.pk, "workspace": run.workspace_id, "channel": channel,
        "step": steps[0].step, "last": last,
        "addresses": [form for form, _good in forms], "invalids": [not good for _form, good in forms],
        "variables": [
            orjson.dumps({kind: form, **one.variables} if form != "?" else {}).decode()
            for one, (form, _good) in zip(fresh, forms, strict=True)
        ],
    }  # fmt: skip
    with connection.cursor() as cursor:
        if run.is_cascade:
            ladder = tiers.ladder_of(run, steps)
            said = [one.variables for one in fresh]
            adding = cascade_pushing.adding(run, ladder, said, facts)
            held = cascade_building.held_to_caps(run, ladder, adding)
            made, usable, ended, key, waterfall = cascade_building.add(
                cursor, ladder, held.sql, facts | held.parameters
            )
        else:
            excluding = candidates.excluding(run.campaign, channel, timezone.now())
            facts |= excluding.parameters if excluding is not None else {}
            people = candidates.zoned(_CANDIDATES, run.campaign).format(
                owners=addresses.owners_sql(kind, "p.address"),
                unwilling=consent.owner_unwilling_sql(run.workspace, channel, owner="c"),
            )
            statement = judging.judged(people, leaving_out, excluding)
            held = caps.held_to(run, statement, [channel], timezone.now())
            cursor.execute(held.sql, facts | held.parameters)
            made, usable, ended, key, waterfall = cursor.fetchone()
        counted = {"made": made, "usable": usable, "last": ended, "cursor_key": key, "waterfall": waterfall}
        if not building.count_added(cursor, run.pk, **counted):
            raise PushRefused(_("The campaign has ended: nobody can be pushed to it any more."))
        cursor.execute(_KEEP, {"run": run.pk, "last": last, "keys": [one.key for one in fresh]})
    if usable:
        wake(run_id=run.pk)
    return frozenset(name for step in steps for name in _needed(step.pk, orjson.dumps(step.content)))


def _forms(run: Run, channel: str, kind: str, fresh: Sequence[Person]) -> list[tuple[str, bool]]:
    """Return each one's address as `_form` does.

    Whoever was erased is not written down again: the row tells that somebody was pushed, and not who.
    """
    forms = [_form(channel, run.workspace.default_country, one.address) for one in fresh]
    erased = tombstones.among(run.workspace_id, kind, [form for form, is_good in forms if is_good])
    return [("?", False) if form in erased else (form, is_good) for form, is_good in forms]


def _refuse_lacking(found: Sequence[tuple[str, Sequence[str]]]) -> None:
    """Refuse the call when somebody who was added lacks what the message needs: it could never be sent."""
    if not found:
        return
    named = "; ".join(f"{key}: {', '.join(names)}" for key, names in found[:LACKING_SHOWN])
    raise ValueError(
        _("The message cannot be filled in without these variables (%(found)s).") % {"found": named}
    )


@lru_cache(maxsize=256)
def _needed(step_id: int, content: bytes) -> frozenset[str]:
    """Return the names without which a run's frozen content cannot be filled in."""
    return frozenset(name.partition(".")[0] for name in missing_variables(orjson.loads(content), ()))


def _form(channel: str, country: str, address: str) -> tuple[str, bool]:
    """Return the address's one form, or as it was said, and whether it is one; an empty one is none, not invalid."""
    plain = address.strip()[:ADDRESS_LENGTH]
    if not plain:
        return "", True
    try:
        return addresses.normaliser(channel, country)(address.strip()), True
    except ValueError:
        return plain, False


def _plain(variables: Mapping[str, Any]) -> dict[str, Any]:
    """Return the variables as JSON's types, without what the database cannot hold. Raises ValueError."""
    try:
        plain: dict[str, Any] = orjson.loads(orjson.dumps(_without_nul(dict(variables))))
    except (TypeError, ValueError, RecursionError) as problem:
        raise ValueError(_("The variables are not JSON: %(why)s") % {"why": str(problem)[:200]}) from None
    return plain


def _without_nul(value: Any) -> Any:
    if isinstance(value, str):
        return value.replace("\x00", "")
    if isinstance(value, Mapping):
        return {_without_nul(name): _without_nul(one) for name, one in value.items()}
    return [_without_nul(one) for one in value] if isinstance(value, list | tuple) else value
