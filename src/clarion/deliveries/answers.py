"""Somebody writes back: the answer is kept, shown on the message it answers, and STOP and START are acted upon."""

from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from typing import Any

from django.db import connection, transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from clarion.audience import addresses, stopwords
from clarion.audience import operations as audience
from clarion.audience import queries as audience_queries
from clarion.audience.models import SuppressionReason
from clarion.audience.stopwords import Meaning
from clarion.deliveries import optout
from clarion.deliveries.models import Answer, Run
from clarion.deliveries.states import Result, recipient_id, step_of
from clarion.deliveries.telling import reading
from clarion.senders.models import Sender
from clarion.webhooks import publishing
from clarion.webhooks.models import Kind
from clarion.workspaces.models import Workspace
from clarion.workspaces.wake import wake

#: Characters of an answer that are kept, and of it on the message's own page.
KEPT = 1_000
SHOWN = 200
#: Runs of the sender, the newest first, among which the message that is answered is looked for.
RUNS_BACK = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """What was made of an answer, and what is to be sent back."""

    #: STOP, START, HELP, or NONE for something that a person should read.
    meaning: Meaning
    #: The row that keeps the answer; None for a replay.
    answer_id: int | None = None
    #: The address in its one form.
    address: str
    #: The newest message of this sender to the address; None when none is known.
    run_id: int | None = None
    delivery_id: int | None = None
    #: Whether the answer was not known before; a replay changes nothing and is not confirmed again.
    is_new: bool = True
    #: Whether the address is suppressed on the channel now, for whatever reason.
    is_suppressed: bool = False
    #: The sentence to send back by the same sender, in the language of the word; empty for none.
    confirmation: str = ""
    language: str = ""


def answer_received(
    *,
    channel: str,
    sender: Sender,
    from_address: str,
    text: str,
    received_at: datetime | None = None,
    event_id: str = "",
) -> Answered:
    """Keep what somebody wrote to a sender, act on STOP and START, and say what to send back.

    `text` is the decoded message. `event_id` is the provider's id of it, by which a replay is known; without one the
    same words from the same address at the same `received_at` are taken for the same. STOP suppresses the address on
    the channel as UNSUBSCRIBED and skips what is pending for it; START takes that back and no other reason.
    HELP and all else only count as a reply. Raises ValueError, with a sentence, for an address that is none.

    The confirmation of a STOP is the one message that may still go to the address; whoever calls sends it.
    """
    workspace = sender.workspace
    address = addresses.normaliser(channel, workspace.default_country)(from_address)
    said = text.replace("\x00", "")
    read = matcher_of(workspace).read(said)
    at = received_at or timezone.now()
    with transaction.atomic():
        run_id, delivery_id = _message_to(sender, channel, address)
        answer_id = _keep(sender, channel, address, said, read.meaning, at, event_id, run_id, delivery_id)
        is_new = answer_id is not None
        if answer_id is not None:
            _publish(sender, channel, read.meaning, at, answer_id)
        if is_new and run_id is not None and delivery_id is not None:
            _note_reply(run_id, delivery_id, said, at, _key(event_id, address, said, at))
    confirmation = ""
    if is_new:
        _act(workspace, channel, address, read.meaning, sender, run_id, delivery_id)
        confirmation = confirmation_of(workspace, read, sender)
    return Answered(
        meaning=read.meaning,
        answer_id=answer_id,
        address=address,
        run_id=run_id,
        delivery_id=delivery_id,
        is_new=is_new,
        is_suppressed=audience_queries.is_suppressed(workspace, channel, address),
        confirmation=confirmation,
        language=read.language,
    )


def matcher_of(workspace: Workspace) -> stopwords.Matcher:
    """Return what tells the workspace's answers apart: the program's words, its own in place of some."""
    return stopwords.Matcher(audience_queries.words_of(workspace))


def confirmation_of(workspace: Workspace, read: stopwords.Answer, sender: Sender) -> str:
    """Return the sentence to send back for an answer, in its word's language where there is one; empty for NONE."""
    if read.meaning is Meaning.NONE:
        return ""
    own = audience_queries.replies_of(workspace, read.language).get(read.meaning, "")
    if own:
        return own
    with translation.override(_spoken(read.language)):
        name = {"name": workspace.name}
        match read.meaning:
            case Meaning.STOP:
                return _("%(name)s: you will get no more messages. Reply START to get them again.") % name
            case Meaning.START:
                return _("%(name)s: you will get messages again. Reply STOP to end them.") % name
            case _:
                return _("%(name)s sends these messages. Reply STOP to end them.") % name


def _spoken(language: str) -> str:
    return language if translation.check_for_language(language) else "en"


def _act(
    workspace: Workspace,
    channel: str,
    address: str,
    meaning: Meaning,
    sender: Sender,
    run_id: int | None,
    delivery_id: int | None,
) -> None:
    if meaning is Meaning.STOP:
        audience.suppress(
            workspace=workspace, channel=channel, address=address, reason=SuppressionReason.UNSUBSCRIBED,
            origin=f"answer to {sender.name}",
        )  # fmt: skip
        if run_id is not None and delivery_id is not None:
            optout.note(run_id, delivery_id)
        optout.skip_pending(workspace=workspace, channel=channel, address=address)
    elif meaning is Meaning.START:
        audience.withdraw_unsubscription(workspace=workspace, channel=channel, address=address)


#: The sender's newest runs, one after the other, until the address is found in one.
_MESSAGE = """
select s.run_id, r.id * 16 + s.step
from (
    select run_id, step from deliveries_runstep
    where sender_id = %(sender)s and channel = %(channel)s order by run_id desc limit %(runs)s
) s
cross join lateral (
    select r.id from deliveries_recipient r
    join deliveries_delivery d on d.run_id = s.run_id and d.id = r.id * 16 + s.step and d.attempts > 0
    where r.run_id = s.run_id and r.address = %(address)s and r.skip is null limit 1
) r
order by s.run_id desc limit 1
"""


def _message_to(sender: Sender, channel: str, address: str) -> tuple[int | None, int | None]:
    with connection.cursor() as cursor:
        facts: dict[str, Any] = {
            "sender": sender.pk, "channel": channel, "address": address, "runs": RUNS_BACK,
        }  # fmt: skip
        cursor.execute(_MESSAGE, facts)
        found = cursor.fetchone()
    return (found[0], found[1]) if found else (None, None)


_KEEP = """
insert into deliveries_answer (workspace_id, channel, sender_id, address, text, meaning, received_at, event_key,
                               run_id, delivery_id)
values (%(workspace)s, %(channel)s, %(sender)s, %(address)s, %(text)s, %(meaning)s, %(at)s, %(key)s,
        %(run)s, %(delivery)s)
on conflict (sender_id, event_key) do nothing returning id
"""


def _keep(
    sender: Sender,
    channel: str,
    address: str,
    text: str,
    meaning: Meaning,
    at: datetime,
    event_id: str,
    run_id: int | None,
    delivery_id: int | None,
) -> int | None:
    """Return the new row's id; None for an answer that is kept already."""
    facts: dict[str, Any] = {
        "workspace": sender.workspace_id, "channel": channel, "sender": sender.pk, "address": address,
        "text": text[:KEPT], "meaning": meaning.value, "at": at, "key": _key(event_id, address, text, at),
        "run": run_id, "delivery": delivery_id,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_KEEP, facts)
        found = cursor.fetchone()
    return int(found[0]) if found else None


def _publish(sender: Sender, channel: str, meaning: Meaning, at: datetime, answer_id: int) -> None:
    if not publishing.is_wanted(sender.workspace_id, Kind.REPLY):
        return
    answer = Answer.objects.get(pk=answer_id)
    run = Run.objects.select_related("campaign").filter(pk=answer.run_id or 0).first()
    message = answer.delivery_id if run is not None else None
    publishing.publish(
        sender.workspace_id, "reply.received", key=f"reply:{answer.pk}",
        data={
            "reply": answer.pk, "channel": channel, "sender": str(sender.public_id),
            "meaning": meaning.value.lower() or "none", "received_at": at.isoformat(),
            "campaign": str(run.campaign.public_id) if run is not None else None,
            "run": run.number if run is not None else None,
            "recipient": recipient_id(message) if message is not None else None,
            "step": step_of(message) if message is not None else None,
        },
    )  # fmt: skip


def _key(event_id: str, address: str, text: str, at: datetime) -> str:
    if event_id and len(event_id) <= 60 and "\x00" not in event_id:
        return f"id:{event_id}"
    facts = (event_id, address, text, "" if event_id else at.isoformat())
    return blake2b("\x1f".join(facts).encode("utf-8", "replace"), digest_size=16).hexdigest()


#: The answer on its message; the step counts it when it is the first to this message.
_RECEIPT = """
insert into deliveries_receipt (run_id, delivery_id, event_key, result, at, code, detail)
values (%(run)s, %(delivery)s, %(key)s, %(result)s, %(at)s, '', %(detail)s) on conflict do nothing
"""
_HAS_REPLIED = """
select 1 from deliveries_receipt where run_id = %(run)s and delivery_id = %(delivery)s and result = %(result)s limit 1
"""
_RESULT = """
update deliveries_delivery set result = %(result)s, result_at = %(at)s
where run_id = %(run)s and id = %(delivery)s and (result is null or result < %(result)s)
"""
_COUNT = "update deliveries_runstep set replied = replied + 1 where run_id = %(run)s and step = %(step)s"


def _note_reply(run_id: int, delivery_id: int, text: str, at: datetime, key: str) -> None:
    facts: dict[str, Any] = {
        "run": run_id, "delivery": delivery_id, "key": f"a:{key}"[:64], "result": Result.REPLIED.value,
        "at": at, "detail": text[:SHOWN], "step": step_of(delivery_id),
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_HAS_REPLIED, facts)
        is_first = cursor.fetchone() is None
        cursor.execute(_RECEIPT, facts)
        if cursor.rowcount:
            cursor.execute(_RESULT, facts)
            reading.note_receipt(run_id, delivery_id, facts["key"], Result.REPLIED, at)
            if is_first:
                cursor.execute(_COUNT, facts)
                wake(run_id=run_id)
