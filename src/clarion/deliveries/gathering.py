"""What is done with the people of a run whom a filter leaves: put on a new list, suppressed, or sent to again.

People are read in batches by their numbers; what is done with a batch may be repeated. Few are done in the same call
and transaction, many by a background job; a job that dies begins anew and finds done what was.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from django.db import transaction
from django.utils.translation import gettext as _

from clarion.audience import operations as audience
from clarion.audience.models import List
from clarion.channels import registry
from clarion.deliveries import batching, queries, recipients, tasks
from clarion.deliveries.errors import RetryRefused
from clarion.deliveries.exporting import audited, writing
from clarion.deliveries.models import Run, RunStep
from clarion.deliveries.recipients import Person
from clarion.deliveries.states import Skip, Stage
from clarion.deliveries.wanted import Wanted
from clarion.workspaces import actors
from clarion.workspaces.actors import Actor
from clarion.workspaces.permissions import Permission

#: Up to so many people are done in the call itself.
AT_ONCE = 5_000
#: People whose failed messages are sent again by a filter: a retry is one transaction.
MOST_AGAIN = 100_000
#: Whose address is none that a message could go to.
_WITHOUT = (Skip.NO_ADDRESS, Skip.INVALID)


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """What came of it: how many were added, or that a job does it."""

    count: int = 0
    is_later: bool = False


def list_people(*, run: Run, wanted: Wanted, name: str, by: Actor) -> tuple[List, Gathered]:
    """Make a list of the wanted people. Raises NotAllowed and ListNameTaken.

    Who came from a file and is no contact yet becomes one: lists are of contacts.
    """
    by.require(Permission.MANAGE_AUDIENCE)
    with transaction.atomic():
        the_list = audience.create_list(by=by, name=name)
        _record(run, wanted, by, "list_people", {"list": (None, the_list.name)})
        if _is_many(run, wanted):
            tasks.list_people.defer(
                run_id=run.pk, wanted=wanted.query(), list_id=the_list.pk, is_private=_is_private(by)
            )
            return the_list, Gathered(is_later=True)
        return the_list, Gathered(count=fill_list(run, wanted, the_list, by=by, is_private=_is_private(by)))


def suppress_people(*, run: Run, wanted: Wanted, by: Actor) -> Gathered:
    """Suppress the wanted people's addresses on the channels of the run. Raises NotAllowed."""
    by.require(Permission.MANAGE_AUDIENCE)
    with transaction.atomic():
        _record(run, wanted, by, "suppress_people", {})
        if _is_many(run, wanted):
            tasks.suppress_people.defer(run_id=run.pk, wanted=wanted.query(), is_private=_is_private(by))
            return Gathered(is_later=True)
        return Gathered(count=suppress_all(run, wanted, by=by, is_private=_is_private(by)))


def fill_list(run: Run, wanted: Wanted, the_list: List, *, by: Actor, is_private: bool) -> int:
    """Put the wanted people on the list and return how many were not on it before."""
    steps, added = queries.lean_steps(run), 0
    for people in _batches(run, wanted, is_private=is_private):
        found = [_found(one, steps) for one in people]
        added += audience.add_people(by=by, the_list=the_list, people=found)[0]
    if added:
        with transaction.atomic():
            audience.record_added(by, the_list, added)
    return added


def suppress_all(run: Run, wanted: Wanted, *, by: Actor, is_private: bool) -> int:
    """Suppress the wanted people's addresses and return how many were not suppressed before."""
    steps, added = queries.lean_steps(run), 0
    origin = run.campaign.name
    for people in _batches(run, wanted, is_private=is_private):
        for channel, found in _addresses(people, steps).items():
            added += audience.suppress_addresses(by=by, channel=channel, found=found, origin=origin)
    if added:
        with transaction.atomic():
            _record(run, wanted, by, "people_suppressed", {"addresses": (None, added)})
    return added


def failed_people(run: Run, wanted: Wanted, *, by: Actor) -> list[int]:
    """Return the numbers of the wanted people. Raises RetryRefused when they are too many for one retry."""
    found: list[int] = []
    for people in _batches(run, wanted, is_private=_is_private(by)):
        found += [one.id for one in people if one.stage in (Stage.FAILED, Stage.PARTLY)]
        if len(found) > MOST_AGAIN:
            raise RetryRefused(
                _("These are more than %(n)d people: narrow the filter, or retry all that failed.")
                % {"n": MOST_AGAIN}
            )
    return found


def channels_of(run: Run) -> list[str]:
    """Return the channels on which `suppress_people` suppresses."""
    return list(dict.fromkeys(step.channel for step in queries.lean_steps(run)))


def _batches(run: Run, wanted: Wanted, *, is_private: bool) -> Iterator[list[Person]]:
    return batching.batches(run, wanted, partial(recipients.people, run), is_private=is_private)


def _found(person: Person, steps: Sequence[RunStep]) -> audience.Found:
    kind = registry.get(steps[0].channel).address_kind if steps else ""
    address = "" if person.skip in _WITHOUT else person.address
    for message in person.messages if len(steps) > 1 else ():
        if message.address:
            kind, address = registry.get(message.channel).address_kind, message.address
            break
    names = {name: str(person.variables.get(name) or "") for name in ("first_name", "last_name")}
    return audience.Found(contact_id=person.contact_id, kind=kind, address=address if kind else "", **names)


def _addresses(people: Sequence[Person], steps: Sequence[RunStep]) -> dict[str, list[str]]:
    """Return the people's addresses by channel."""
    found: dict[str, list[str]] = {}
    for person in people:
        if len(steps) == 1 and person.skip not in _WITHOUT and person.address:
            found.setdefault(steps[0].channel, []).append(person.address)
        for message in person.messages if len(steps) > 1 else ():
            if message.address:
                found.setdefault(message.channel, []).append(message.address)
    return found


def _is_many(run: Run, wanted: Wanted) -> bool:
    return writing.expected(run, wanted) > AT_ONCE


def _is_private(by: Actor) -> bool:
    return by.member is not None and not by.member.may(Permission.VIEW_PII)


def _record(
    run: Run, wanted: Wanted, by: Actor, verb: str, changes: dict[str, tuple[object, object]]
) -> None:
    facts = audited.facts_of(run.number, "", wanted)
    del facts["format"]
    audited.record_for(run.campaign, by=by, verb=verb, changes=facts | changes)


def list_later(run_id: int, wanted: dict[str, str], list_id: int, *, is_private: bool) -> None:
    """Do the job's part of `list_people`; nothing when the run or the list is gone meanwhile."""
    run = Run.objects.select_related("workspace", "campaign").filter(pk=run_id).first()
    the_list = List.objects.filter(pk=list_id).first()
    if run is not None and the_list is not None:
        system = actors.system(run.workspace)
        fill_list(run, Wanted.read(wanted), the_list, by=system, is_private=is_private)


def suppress_later(run_id: int, wanted: dict[str, str], *, is_private: bool) -> None:
    """Do the job's part of `suppress_people`; nothing when the run is gone meanwhile."""
    run = Run.objects.select_related("workspace", "campaign").filter(pk=run_id).first()
    if run is not None:
        suppress_all(run, Wanted.read(wanted), by=actors.system(run.workspace), is_private=is_private)
