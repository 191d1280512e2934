"""Looking for people of a run by what a person types."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache

from django.db import connection
from django.utils.translation import gettext

from clarion.deliveries.models import Delivery, Recipient, Run, RunStep
from clarion.deliveries.scanning import END, Way, search
from clarion.deliveries.states import STEPS

#: More matches than this are looked for along the run instead of being collected first.
MATCHES = 5_000
#: Names have no index: they are looked for in runs of up to so many people.
NAMES_UP_TO = 20_000
#: Seconds given to the search for a provider's id, which has no index either.
PROVIDER_ID_SECONDS = 1.0
PROVIDER_ID_WINDOW = 100_000
PROVIDER_ID_LENGTH = 6
_NUMBER = re.compile(r"#(\d{1,15})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Matches:
    """Numbers of recipients that a search matched, or an address's beginning that very many share."""

    ids: list[int] = field(default_factory=list)
    prefix: str = ""
    #: Sentences about what was not looked at.
    notes: Sequence[str] = ()


def find(run: Run, steps: Sequence[RunStep], q: str, *, is_private: bool = False) -> Matches:
    """Return who fits `q`: `#` and a recipient's number, the beginning of an address, a whole name, or exactly a
    provider's id.

    Names are compared without regard to case, in runs of up to NAMES_UP_TO people. Provider's ids are looked
    for only when nothing else fits. With `is_private` an address is found by the whole of it, and names are not
    searched: letter by letter a search would tell them to somebody who may not see them.
    """
    words = q.strip()
    number = _NUMBER.fullmatch(words)
    if number:
        return Matches(ids=[int(number[1])])
    ids: set[int] = set()
    notes: list[str] = []
    for prefix in dict.fromkeys((words, words.lower())):
        matched = _by_address(run, prefix, is_whole=is_private)
        if len(matched) > MATCHES:
            return Matches(prefix=prefix)
        ids.update(matched)
    if is_private:
        notes.append(gettext("Your role finds people by their whole address, and not by names."))
    elif "@" not in words:
        if run.total <= NAMES_UP_TO:
            ids.update(_by_name(run, words))
        else:
            notes.append(gettext("Names are not searched in a run of this size."))
    if not ids and len(words) >= PROVIDER_ID_LENGTH:
        matched, is_complete = _by_provider_id(run, max(1, len(steps)), words)
        ids.update(matched)
        if not is_complete:
            notes.append(gettext("Not all provider's ids could be searched in time."))
    return Matches(ids=sorted(ids), notes=notes)


@cache
def _is_by_code_point() -> bool:
    """Whether the database compares text by code point, so that a prefix is a range of the index."""
    with connection.cursor() as cursor:
        cursor.execute("select 'B' < 'a' and 'a-c' < 'ab'")
        (answer,) = cursor.fetchone()
    return bool(answer)


def _by_address(run: Run, prefix: str, *, is_whole: bool) -> list[int]:
    rows = Recipient.objects.filter(run_id=run.pk)
    if not is_whole and _is_by_code_point():
        rows = rows.filter(address__gte=prefix, address__lt=prefix + "\U0010ffff")
    else:
        rows = rows.filter(address=prefix)
    found = set(rows.values_list("id", flat=True)[: MATCHES + 1])
    if run.is_cascade and len(found) <= MATCHES:
        found |= _by_further_address(run, prefix, is_whole=is_whole)
    return sorted(found)


def _by_further_address(run: Run, prefix: str, *, is_whole: bool) -> set[int]:
    """Return the people of a cascade to whom a message goes at such an address: their number, where a mail is first."""
    messages = Delivery.objects.filter(run_id=run.pk)
    if not is_whole and _is_by_code_point():
        messages = messages.filter(address__gte=prefix, address__lt=prefix + "\U0010ffff")
    else:
        messages = messages.filter(address=prefix)
    return {one // STEPS for one in messages.values_list("id", flat=True)[: MATCHES + 1]}


_BY_NAME = """
select id from deliveries_recipient
 where run_id = %(run)s and (
       lower(variables->>'name') = %(name)s or lower(variables->>'full_name') = %(name)s
    or lower(concat_ws(' ', variables->>'first_name', variables->>'last_name')) = %(name)s
    or lower(variables->>'first_name') = %(name)s or lower(variables->>'last_name') = %(name)s)
 limit %(limit)s
"""


def _by_name(run: Run, words: str) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(_BY_NAME, {"run": run.pk, "name": words.lower(), "limit": MATCHES})
        return [row[0] for row in cursor.fetchall()]


def _by_provider_id(run: Run, per_recipient: int, words: str) -> tuple[list[int], bool]:
    way = Way(
        source="from deliveries_delivery where run_id = %(run)s",
        columns="provider_id",
        test="provider_id = %(provider_id)s",
        parameters={"provider_id": words},
        ranges=[(0, END)],
        per_recipient=per_recipient,
    )
    found = search([way], run_id=run.pk, start=None, backwards=False, wanted=100, budget=PROVIDER_ID_SECONDS)
    return found.ids, found.reached is None
