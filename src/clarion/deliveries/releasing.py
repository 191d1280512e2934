"""How far a run may be sent yet: `Run.released_id`, which no claim passes.

A run that is held begins at 0, so that nobody is written to before somebody, or the day's share, lets people go.
None lets everybody go, those who are added later too.
"""

from datetime import date

from django.db import connection, transaction
from django.db.models import Q

from clarion.campaigns.models import Campaign, Launch, Review
from clarion.deliveries.models import Run
from clarion.workspaces.wake import wake

#: In a spread run's plan: the last person who may go before the second yes.
FIRST_PART = "first_part"
#: The id of the n-th person after an id who would get something; fewer than n: the last one's.
_NTH_AFTER = """
select max(id), count(*)::int from (
    select id from deliveries_recipient
    where run_id = %(run)s and id > %(after)s and skip is null order by id limit %(count)s) next
"""
_COUNT_AFTER = """
select count(*)::int from deliveries_recipient where run_id = %(run)s and id > %(after)s and skip is null
"""


def begins_held(campaign: Campaign) -> bool:
    """Whether a run of the campaign begins with nobody let go: it is spread, or approved for a first part only."""
    if campaign.launch == Launch.SPREAD:
        return True
    latest = Review.objects.filter(campaign=campaign).exclude(decision="").order_by("-number").first()
    return latest is not None and latest.is_holding


def reach(run_id: int, count: int, *, after: int = 0) -> int:
    """Return the id up to which `count` people who would get something stand behind the id `after`.

    The last one's when there are fewer, and `after` when there are none. Reads as many index entries.
    """
    return found(run_id, count, after=after)[0]


def found(run_id: int, count: int, *, after: int = 0) -> tuple[int, int]:
    """Return what `reach` does, and how many people stand up to there: fewer than `count` when there are no more."""
    if count <= 0:
        return after, 0
    with connection.cursor() as cursor:
        cursor.execute(_NTH_AFTER, {"run": run_id, "after": after, "count": count})
        last, number = cursor.fetchone()
    return (after, 0) if last is None else (int(last), number)


def count_after(run_id: int, after: int) -> int:
    """Return how many people behind that id would get something. Reads as many index entries."""
    with connection.cursor() as cursor:
        cursor.execute(_COUNT_AFTER, {"run": run_id, "after": after})
        (count,) = cursor.fetchone()
    return int(count)


@transaction.atomic
def release(run_id: int, up_to: int) -> bool:
    """Let everybody up to that id go too; return whether that is more than were let go.

    Nothing is taken back: a smaller id, or a run that lets everybody go already, changes nothing.
    """
    freed = Run.objects.filter(pk=run_id, finished_at=None, released_id__lt=up_to).update(released_id=up_to)
    if freed:
        wake(run_id=run_id)
    return bool(freed)


@transaction.atomic
def release_all(run_id: int) -> bool:
    """Let everybody go; return whether somebody was held. A spread goes on by its days."""
    held = Run.objects.filter(pk=run_id, finished_at=None, released_id__isnull=False)
    freed = held.exclude(campaign__launch=Launch.SPREAD).update(released_id=None, released_on=None)
    wake(run_id=run_id)
    return bool(freed)


@transaction.atomic
def bind(run: Run, last: int) -> int:
    """Let a spread's days go no farther than to that person, until `unbind`; return who it is."""
    row = Run.objects.select_for_update().only("plan").get(pk=run.pk)
    run.plan = row.plan = {FIRST_PART: last, **row.plan}
    row.save(update_fields=["plan"])
    return int(row.plan[FIRST_PART])


@transaction.atomic
def unbind(run: Run) -> None:
    """Let a spread's days go on after its first part: today's share is planned anew with who is left."""
    row = Run.objects.select_for_update().only("plan").get(pk=run.pk)
    run.plan = row.plan = {name: value for name, value in row.plan.items() if name != FIRST_PART}
    run.released_on = row.released_on = None
    row.save(update_fields=["plan", "released_on"])


@transaction.atomic
def release_for_day(run_id: int, up_to: int, *, day: date) -> bool:
    """Let a spread's share of that day go, once a day whoever asks; return whether it was this call.

    The bound may also go back, to people that nobody has claimed: a day's share that was not sent is planned anew.
    """
    freed = Run.objects.filter(
        Q(released_on=None) | Q(released_on__lt=day), pk=run_id, finished_at=None, released_id__isnull=False
    ).update(released_id=up_to, released_on=day)
    if freed:
        wake(run_id=run_id)
    return bool(freed)
