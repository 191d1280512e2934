"""Telling people who answered STOP, START or HELP that they were understood: once for each word, by the same sender.

A confirmation belongs to no campaign: it takes no part in caps and costs no balance. It keeps within the sender's
limits, and what is sent by it is counted there (`deliveries.aside`). It goes to an address in spite of its STOP, as the
last message. Nobody is told the same again within a month, so two machines that answer each other end at once. It is
handed over at most once: whoever dies in between leaves it unknown.
"""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta

import structlog
from django.conf import settings
from django.utils import timezone

from clarion.audience import queries as audience
from clarion.audience.locks import work_lock
from clarion.audience.stopwords import Meaning
from clarion.channels import registry, tongues
from clarion.channels.base import ConfigInvalid, StepContext, confirms_answers
from clarion.deliveries import aside
from clarion.deliveries.answered import Answer, Confirmation
from clarion.deliveries.answers import Answered
from clarion.engine.messages import Claim, Message, RenderFailed
from clarion.engine.outcomes import Accepted, Deferred, Outcome, Unknown
from clarion.engine.ports import Transport
from clarion.lib import keys
from clarion.senders import secrets
from clarion.senders.errors import SecretsLost
from clarion.senders.models import Sender, SenderStatus
from clarion.senders.testing import in_time

log = structlog.get_logger(__name__)

#: The same word of the same person is confirmed no more often than this.
AGAIN_DAYS = 30
#: What could not be sent for so long is not sent any more, and what is being sent for longer has been cut off.
EXPIRE_MINUTES = 60
CUT_OFF_MINUTES = 10
#: Confirmations of one sender at one look, and seconds for them.
BATCH = 50
TURN_SECONDS = 20.0
#: Seconds between two looks.
GAP_SECONDS = 2.0
#: Seconds until a sender whose provider asked to wait, or could not be reached, is tried again.
WAIT_SECONDS = 60.0

_LOCKS = 0x434F4E46
#: What is sent back is a value of the message, so that nothing in it can be taken for a template.
_CONTENT = {"text": "{{ confirmation }}"}


def note(sender: Sender, told: Answered) -> bool:
    """Have an answer confirmed, where that is wanted and was not done lately; return whether it will be."""
    if told.answer_id is None:
        return False
    is_wanted = (
        told.confirmation
        and told.meaning is not Meaning.NONE
        # Who is suppressed is told of nothing but the end.
        and (told.meaning is Meaning.STOP or not told.is_suppressed)
        and confirms_answers(registry.get(sender.channel))
        and audience.rules_of(sender.workspace).confirms
    )
    if not is_wanted:
        return False
    since = timezone.now() - timedelta(days=AGAIN_DAYS)
    of_person = Answer.objects.filter(
        workspace_id=sender.workspace_id,
        address=told.address,
        channel=sender.channel,
        meaning=told.meaning.value,
    )
    if of_person.filter(received_at__gt=since).exclude(confirmation="").exists():
        return False
    changes = {"confirmation": Confirmation.DUE.value, "confirmation_text": told.confirmation[:500]}
    return bool(Answer.objects.filter(pk=told.answer_id).update(**changes))


class Confirming:
    """Sends what is due, a sender at a time. Any number of processes may look."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._next = 0.0
        #: Sender's id → when it is tried again.
        self._waiting: dict[int, float] = {}

    def look(self) -> int:
        """Send what is due; return how many confirmations were taken."""
        now = self._clock()
        if now < self._next:
            return 0
        self._next = now + GAP_SECONDS
        open_ = Answer.objects.filter(confirmation__in=[Confirmation.DUE, Confirmation.SENDING])
        senders = list(open_.order_by().values_list("sender_id", flat=True).distinct())
        if not senders:
            return 0
        _expire()
        count = 0
        for sender in Sender.objects.select_related("workspace").filter(pk__in=senders):
            is_held = sender.status != SenderStatus.ACTIVE or sender.workspace.halted_at is not None
            if is_held or self._waiting.get(sender.pk, 0.0) > now:
                continue
            with work_lock(_LOCKS, sender.pk) as mine:
                if mine:
                    sent, is_held_up = send_due(sender)
                    count += sent
                    if is_held_up:
                        self._waiting[sender.pk] = self._clock() + WAIT_SECONDS
        return count


def _expire() -> None:
    now = timezone.now()
    due = Answer.objects.filter(confirmation=Confirmation.DUE)
    due.filter(received_at__lt=now - timedelta(minutes=EXPIRE_MINUTES)).update(
        confirmation=Confirmation.EXPIRED.value
    )
    sending = Answer.objects.filter(confirmation=Confirmation.SENDING)
    sending.filter(received_at__lt=now - timedelta(minutes=EXPIRE_MINUTES + CUT_OFF_MINUTES)).update(
        confirmation=Confirmation.UNKNOWN.value
    )


def send_due(sender: Sender) -> tuple[int, bool]:
    """Send some of a sender's confirmations; return how many were taken, and whether the rest is to wait.

    They wait too while the sender's limits leave nothing for them.
    """
    due = Answer.objects.filter(sender_id=sender.pk, confirmation=Confirmation.DUE).order_by("id")
    ids = list(due.values_list("id", flat=True)[: _batch(sender)])
    lanes = aside.reserve(sender, len(ids))
    if not lanes:
        return 0, bool(ids)
    is_short = len(lanes) < len(ids)
    del ids[len(lanes) :]
    # Whoever withdrew one meanwhile, as an erasure does, has it no more.
    Answer.objects.filter(pk__in=ids, confirmation=Confirmation.DUE).update(
        confirmation=Confirmation.SENDING.value
    )
    rows = list(Answer.objects.filter(pk__in=ids, confirmation=Confirmation.SENDING).order_by("id"))
    told, spent = _send(sender, rows)
    # What was not handed over gives its room back; a text of several parts has taken more.
    for lane in lanes[spent:]:
        aside.correct(sender, lane, -1)
    aside.correct(sender, lanes[-1], max(0, spent - len(lanes)))
    ends: dict[Confirmation, list[int]] = {}
    for row in rows:
        ends.setdefault(told.get(row.pk, Confirmation.DUE), []).append(row.pk)
    for end, which in ends.items():
        Answer.objects.filter(pk__in=which, confirmation=Confirmation.SENDING).update(confirmation=end.value)
    if rows:
        log.info(
            "answers.confirmed",
            sender=sender.pk,
            **{end.value.lower(): len(ids) for end, ids in ends.items()},
        )
    return len(ends.get(Confirmation.SENT, ())), is_short or Confirmation.DUE in ends


def _batch(sender: Sender) -> int:
    """Return how many can go within a turn at the sender's rate, half of it left for the answers."""
    if not sender.limit_second:
        return BATCH
    return max(1, min(BATCH, int(sender.limit_second * TURN_SECONDS / 2)))


def _send(sender: Sender, rows: Sequence[Answer]) -> tuple[Mapping[int, Confirmation], int]:
    """Return what became of each, and how many the limits count for them.

    Those that are missing were not taken and may be sent later.
    """
    told: dict[int, Confirmation] = {}
    if not rows:
        return told, 0
    try:
        courier = _Courier(sender)
    except (SecretsLost, ConfigInvalid, RenderFailed) as problem:
        log.warning("answers.not_confirmed", sender=sender.pk, problem=type(problem).__name__)
        return dict.fromkeys((row.pk for row in rows), Confirmation.FAILED), 0
    try:
        in_time(lambda: courier.carry(rows, told), TURN_SECONDS)
    except TimeoutError:
        log.warning("answers.not_confirmed", sender=sender.pk, problem="TimeoutError")
    return told, courier.spent


class _Courier:
    """Sends texts through one sender's real composer and transport. Raises SecretsLost, ConfigInvalid, RenderFailed."""

    def __init__(self, sender: Sender) -> None:
        self._channel = registry.get(sender.channel)
        self._config = secrets.ready_config(sender)
        if "receipts" in self._config:
            # A receipt would be about no message that is known.
            self._config["receipts"] = "none"
        context = StepContext(
            workspace_id=sender.workspace_id, run_id=0, campaign_public_id="",
            public_url=settings.CLARION_PUBLIC_URL, token_key=keys.derive(settings.SECRET_KEY, keys.TOKENS),
        )  # fmt: skip
        content = self._channel.check_content(_CONTENT)
        self._composer = tongues.composer(self._channel, content, self._config, context)
        self._gap = 1.0 / sender.limit_second if sender.limit_second else 0.0
        #: How many the sender's limits count for what was handed over.
        self.spent = 0

    async def carry(self, rows: Sequence[Answer], told: dict[int, Confirmation]) -> None:
        """Send one after the other and note what became of each, until the provider asks to wait."""
        transport = self._channel.transport(self._config)
        try:
            for row in rows:
                try:
                    message = self._composer.compose(
                        Claim(
                            run_id=0, delivery_id=0, attempt=1, address=row.address,
                            variables={"confirmation": row.confirmation_text},
                        )
                    )  # fmt: skip
                except RenderFailed:
                    told[row.pk] = Confirmation.FAILED
                    continue
                if self.spent:
                    await asyncio.sleep(self._gap)
                outcome = await self._hand_over(transport, message, row.pk, told)
                if isinstance(outcome, Deferred):
                    told.pop(row.pk, None)
                    return
                told[row.pk] = _end_of(outcome)
        finally:
            await transport.aclose()

    async def _hand_over(
        self, transport: Transport, message: Message, answer_id: int, told: dict[int, Confirmation]
    ) -> Outcome:
        """Send; once it is handed over it is unknown until the outcome is there."""

        def begin() -> None:
            told[answer_id] = Confirmation.UNKNOWN
            self.spent += message.cost

        return await asyncio.wait_for(transport.send(message, begin), TURN_SECONDS)


def _end_of(outcome: Outcome) -> Confirmation:
    if isinstance(outcome, Accepted):
        return Confirmation.SENT
    return Confirmation.UNKNOWN if isinstance(outcome, Unknown) else Confirmation.FAILED
