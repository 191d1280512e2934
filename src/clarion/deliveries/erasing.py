"""A person who asks for it is forgotten everywhere: the ledger keeps what became of the messages, and not whose.

The contact goes at once, with the wish for no more messages kept as a keyed hash. What is still to be sent is
skipped, and the person's rows in every run are blanked by a job, run by run; a job that dies begins again.
"""

from functools import partial
from typing import Any

import structlog
from django.db import connection, transaction
from django.db.models import Q

from clarion.audience import operations as audience
from clarion.audience.models import Contact, Erasure, ErasureStatus, SoftBounce
from clarion.audience.operations import erasure as files_and_end
from clarion.campaigns.operations import one_off
from clarion.channels import registry
from clarion.deliveries import history, optout, remembering
from clarion.deliveries.exporting import files
from clarion.deliveries.models import Answer, Export, ExportStatus, ReplyPart, StrayEvent
from clarion.deliveries.states import STEPS, Stage, delivery_id
from clarion.workspaces.actors import Actor

log = structlog.get_logger(__name__)

#: Rows looked for at a time.
_BATCH = 1_000
#: Seconds after which a message that is being handed over has surely been.
LATER_SECONDS = 30


def erase(*, by: Actor, contact: Contact, reason: str = "") -> Erasure:
    """Remove the contact now, and have a job remove the person from everything that was sent.

    Cannot be taken back. Raises NotAllowed, ContactInvalid.
    """
    from clarion.deliveries import tasks

    with transaction.atomic():
        made = audience.begin_erasure(by=by, contact=contact, reason=reason)
        tasks.finish_erasure.defer(erasure_id=made.pk)
    return made


def finish(erasure_id: int) -> bool:
    """Remove the person of an erasure from runs and files; return whether all is done. Harmless when repeated.

    What is being handed over at this moment is waited for: it is not done before.
    """
    erasure = Erasure.objects.select_related("workspace").filter(pk=erasure_id).first()
    if erasure is None or erasure.status == ErasureStatus.DONE:
        return True
    by_kind: dict[str, list[str]] = erasure.facts["addresses"]
    known = [one for every in by_kind.values() for one in every]
    for channel in registry.all_channels():
        for address in by_kind.get(channel.address_kind, ()):
            optout.skip_pending(workspace=erasure.workspace, channel=channel.name, address=address)
    if not _forget_everywhere(erasure, known):
        return False
    _forget_words(erasure, known)
    one_off.forget(workspace_id=erasure.workspace_id, to=known)
    rows, removed = files_and_end.erase_from_sources(erasure, known)
    removed += files_and_end.erase_from_reports(erasure, known)
    told = erasure.facts.get("told", {"recipients": 0, "exports": 0})
    files_and_end.end_erasure(erasure, told | {"rows": rows, "files": removed})
    log.info("erasure.done", erasure_id=erasure_id, **told)
    return True


def _forget_words(erasure: Erasure, known: list[str]) -> None:
    """Delete what the person wrote to us, and what providers told of their addresses that belongs to no message."""
    Answer.objects.filter(workspace_id=erasure.workspace_id, address__in=known).delete()
    ReplyPart.objects.filter(sender__workspace_id=erasure.workspace_id, address__in=known).delete()
    SoftBounce.objects.filter(workspace_id=erasure.workspace_id, address__in=known).delete()
    remembering.forget(erasure.workspace_id, known)
    naming = Q()
    for address in known:
        naming |= Q(event__icontains=address)
    if known:
        StrayEvent.objects.filter(naming, sender__workspace_id=erasure.workspace_id).delete()


def _forget_everywhere(erasure: Erasure, known: list[str]) -> bool:
    """Blank the person's rows of every run; return False when a message of theirs is in flight."""
    place: history.Place | None = None
    is_whole = True
    while True:
        after = {} if place is None else {"after": place}
        found = history.places(erasure.workspace_id, erasure.facts["contacts"], known, limit=_BATCH, **after)
        by_run: dict[int, list[int]] = {}
        for run_id, person in found:
            by_run.setdefault(run_id, []).append(person)
        for run_id, people in by_run.items():
            is_whole = _forget_in_run(erasure, run_id, people, known) and is_whole
        if len(found) < _BATCH:
            return is_whole
        place = found[-1]


_IN_FLIGHT = """
select exists (
    select from deliveries_delivery d where d.run_id = %(run)s and d.id >> 4 = any(%(people)s) and d.stage = %(flight)s)
"""
_PERSON = """
update deliveries_recipient set address = '', addresses = null, variables = '{}', contact_id = null
where run_id = %(run)s and id = any(%(people)s)
"""
#: Of a cascade, where each message has its own.
_MESSAGES = f"""
update deliveries_delivery set address = null where run_id = %(run)s and address is not null and exists (
    select from unnest(%(firsts)s::bigint[]) one(first)
    where deliveries_delivery.id between one.first and one.first + {STEPS - 1})
"""
#: Providers repeat addresses in what they say.
_WORDS = {
    table: f"""
update {table} set detail = '' where run_id = %(run)s and detail <> '' and exists (
    select from unnest(%(firsts)s::bigint[]) one(first)
    where {table}.delivery_id between one.first and one.first + {STEPS - 1})
"""
    for table in ("deliveries_attempt", "deliveries_receipt")
}
_SAMPLES = """
update deliveries_runproblem set sample = '' where run_id = %(run)s and exists (
    select from unnest(%(known)s::text[]) address where strpos(lower(sample), lower(address)) > 0)
"""
#: The caller's key may be a person's address, too.
_PUSHES = """
update deliveries_push set key = 'erased-' || recipient_id
where run_id = %(run)s and recipient_id = any(%(people)s) and key <> 'erased-' || recipient_id
"""


def _forget_in_run(erasure: Erasure, run_id: int, people: list[int], known: list[str]) -> bool:
    facts: dict[str, Any] = {
        "run": run_id, "people": people, "known": known, "flight": Stage.IN_FLIGHT.value,
        "firsts": [delivery_id(person, 0) for person in people],
    }  # fmt: skip
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_IN_FLIGHT, facts)
        if cursor.fetchone()[0]:
            return False
        for statement in (*_WORDS.values(), _SAMPLES, _PUSHES, _MESSAGES, _PERSON):
            cursor.execute(statement, facts)
        exports = _drop_exports(run_id)
        told = erasure.facts.setdefault("told", {"recipients": 0, "exports": 0})
        told["recipients"] += len(people)
        told["exports"] += exports
        Erasure.objects.filter(pk=erasure.pk, status=ErasureStatus.RUNNING).update(facts=erasure.facts)
    return True


def _drop_exports(run_id: int) -> int:
    """Expire the run's files: they are of everybody in it."""
    found = Export.objects.filter(run_id=run_id, status=ExportStatus.DONE).exclude(file_path="")
    count = 0
    for export in found:
        Export.objects.filter(pk=export.pk).update(status=ExportStatus.EXPIRED, file_path="")
        transaction.on_commit(partial(files.remove, export.file_path))
        count += 1
    return count
