"""What recipients wrote back, on its way from the inbox to whoever keeps and understands answers."""

from collections.abc import Sequence
from datetime import datetime

import structlog
from django.db import InterfaceError, OperationalError

from clarion.channels.events import Reply
from clarion.deliveries import answers, confirming
from clarion.deliveries.inbox import parts
from clarion.senders.models import Sender

log = structlog.get_logger(__name__)


def hand_on(told: Sequence[tuple[int, Reply, datetime]]) -> None:
    """Hand answers on, given as (sender's id, answer, when it came); of a long one when all its parts are there."""
    whole = []
    for sender_id, event, received_at in told:
        if event.part is not None:
            parts.keep(sender_id, event, received_at)
        else:
            whole.append((sender_id, event, event.occurred_at or received_at))
    _each(whole)


def hand_on_joined() -> None:
    """Hand on the long answers whose parts are all there, or are no more waited for."""
    for sender_id, event, received_at in parts.joined():
        _each([(sender_id, event, received_at)])
        parts.forget(sender_id, event)


def _each(told: Sequence[tuple[int, Reply, datetime]]) -> None:
    senders = Sender.objects.select_related("workspace").in_bulk({sender_id for sender_id, _, _ in told})
    for sender_id, event, at in told:
        sender = senders.get(sender_id)
        if sender is None:
            continue
        try:
            answered = answers.answer_received(
                channel=sender.channel, sender=sender, from_address=event.address, text=event.text,
                received_at=at, event_id=event.event_id,
            )  # fmt: skip
            confirming.note(sender, answered)
        except (OperationalError, InterfaceError):
            raise
        except ValueError:
            # A short code or a name writes to us: nobody whom a campaign reaches.
            log.info("inbox.answer_from_no_address", sender=sender_id)
        except Exception:
            # One answer that nobody can handle must not keep the others waiting, nor come back for ever.
            log.exception("inbox.answer_fault", sender=sender_id)
