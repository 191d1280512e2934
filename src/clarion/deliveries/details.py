"""Everything that is known of the messages to one person of a run."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext, gettext_lazy

from clarion.channels import registry
from clarion.channels.base import sentence_of
from clarion.deliveries import queries, reasons, recipients, rendering
from clarion.deliveries.models import Attempt, Receipt, Run, RunStep
from clarion.deliveries.recipients import Message, Person
from clarion.deliveries.states import Result, Stage, delivery_id, step_of
from clarion.senders.models import Sender

#: Code of a message that a cascade made skipped → in words.
_UNREACHED = {
    "no_address": gettext_lazy("No address for this channel"),
    "suppressed": gettext_lazy("Suppressed on this channel"),
    "no_consent": gettext_lazy("No consent for this channel"),
    "duplicate": gettext_lazy("Somebody else of the run has the same address"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Try:
    """One attempt. `stage` is what it led to; IN_FLIGHT while it is under way, and `ended_at` is None then."""

    number: int
    started_at: datetime | None
    ended_at: datetime | None
    stage: Stage
    reason: int | None = None
    code: str = ""
    detail: str = ""
    #: A person said that this attempt, of which nobody knew, had succeeded.
    is_by_hand: bool = False

    @property
    def sentence(self) -> str:
        """The reason in words; empty when there is none."""
        return reasons.sentence_of(self.reason)

    @property
    def shown_at(self) -> datetime | None:
        return self.started_at or self.ended_at

    @property
    def milliseconds(self) -> int | None:
        """How long it took; None while it is under way."""
        if self.started_at is None or self.ended_at is None:
            return None
        return round((self.ended_at - self.started_at).total_seconds() * 1000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A receipt."""

    at: datetime
    result: Result
    code: str
    detail: str
    #: What the code says in words, where the channel has words for it.
    sentence: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageDetails:
    """One message with its attempts and receipts, oldest first."""

    message: Message
    sender: str
    tries: Sequence[Try]
    receipts: Sequence[Said]

    @property
    def unreached(self) -> str:
        """Why the channel of a cascade could not reach the person, in words; empty when it could."""
        if self.message.stage is not Stage.SKIPPED:
            return ""
        return str(_UNREACHED.get(self.message.code, ""))


@dataclass(frozen=True, slots=True, kw_only=True)
class Details:
    """A person and the messages to them."""

    person: Person
    messages: Sequence[MessageDetails]


def delivery_details(run: Run, recipient_id: int) -> Details | None:
    """Return everything about a recipient of the run; None when there is no such number. Six queries."""
    steps = queries.steps_of(run)
    found = recipients.people(run, steps, [recipient_id])
    if not found:
        return None
    person = found[0]
    keys = [delivery_id(recipient_id, step.step) for step in steps]
    senders = dict(Sender.objects.filter(pk__in=[s.sender_id for s in steps]).values_list("pk", "name"))
    tries: dict[int, list[Attempt]] = {}
    for attempt in Attempt.objects.filter(run_id=run.pk, delivery_id__in=keys).order_by(
        "delivery_id", "number"
    ):
        tries.setdefault(step_of(attempt.delivery_id), []).append(attempt)
    by_step = {step.step: step for step in steps}
    receipts: dict[int, list[Said]] = {}
    for row in Receipt.objects.filter(run_id=run.pk, delivery_id__in=keys).order_by("at"):
        channel = by_step[step_of(row.delivery_id)].channel
        sentence = _in_words(channel, row.code)
        said = Said(at=row.at, result=Result(row.result), code=row.code, detail=row.detail, sentence=sentence)
        receipts.setdefault(step_of(row.delivery_id), []).append(said)
    return Details(
        person=person,
        messages=[
            MessageDetails(
                message=message,
                sender=senders.get(by_step[message.step].sender_id, ""),
                tries=_tries(message, tries.get(message.step, [])),
                receipts=receipts.get(message.step, []),
            )
            for message in person.messages
        ],
    )


def _in_words(channel: str, code: str) -> str:
    """Return what a code says on its channel, in the present language; "" where there are no words for it."""
    sentence = sentence_of(registry.get(channel), code) if channel in registry.CHANNELS else ""
    return gettext(sentence) if sentence else ""


def copy_of(run: Run, step: RunStep, person: Person) -> rendering.Copy:
    """Return the message of that step to the person, made again from what was frozen."""
    address = next((one.address for one in person.messages if one.step == step.step and one.address), "")
    return rendering.as_sent(
        run, step, recipient=person.id, address=address or person.address, variables=person.variables
    )


def _tries(message: Message, rows: Sequence[Attempt]) -> list[Try]:
    """Return the attempts with a row, and the one that is on the delivery itself: accepted, or under way."""
    made = [
        Try(
            number=row.number,
            started_at=row.started_at,
            ended_at=row.ended_at,
            stage=Stage(row.stage),
            reason=row.reason,
            code=row.code,
            detail=row.detail,
        )
        for row in rows
    ]
    if message.stage is Stage.IN_FLIGHT:
        made.append(
            Try(
                number=message.attempts,
                started_at=message.claimed_at,
                ended_at=None,
                stage=Stage.IN_FLIGHT,
            )
        )
    elif message.stage is Stage.SENT:
        was_unknown = any(one.number == message.attempts for one in made)
        made.append(
            Try(
                number=message.attempts,
                started_at=None if was_unknown else message.claimed_at,
                ended_at=message.ended_at,
                stage=Stage.SENT,
                code=message.code,
                is_by_hand=was_unknown,
            )
        )
    return made
