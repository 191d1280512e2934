"""Answers are confirmed once, by the sender that got them, in no campaign, and in no circle."""

import asyncio
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from clarion.audience import operations as audience
from clarion.channels.events import Reply
from clarion.channels.sms.tests import web_server
from clarion.deliveries import aside, confirming
from clarion.deliveries.answered import Answer, Confirmation
from clarion.deliveries.inbox import replies
from clarion.deliveries.models import Run
from clarion.deliveries.store import PostgresStore, open_pool
from clarion.deliveries.workshop import Workshop
from clarion.engine.plan import LaneSpec, LaneState
from clarion.runtime.worker import conninfo
from clarion.senders import operations as senders
from clarion.senders.models import Sender, SenderLane, SenderStatus
from clarion.workspaces import actors
from tests.acceptance.smtp import Running
from tests.factories import make_workspace

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def provider() -> Iterator[web_server.Provider]:
    far = web_server.Provider()
    running = Running({"provider": far})
    yield far
    running.close()


@pytest.fixture
def sender(provider: web_server.Provider) -> Sender:
    config = {
        "protocol": "twilio", "base_url": provider.url, "account_sid": web_server.SID,
        "auth_token": web_server.TOKEN, "source": "+15005550006",
    }  # fmt: skip
    return senders.create_sender(
        by=actors.operator(make_workspace()), channel="sms", name="Shop", config=config
    )


def says(sender: Sender, text: str, *, number: str = "+491511234500", event: str = "e1") -> None:
    reply = Reply(address=number, text=text, event_id=event)
    replies.hand_on([(sender.pk, reply, timezone.now())])


def look(**told: Any) -> int:
    return confirming.Confirming().look()


def states() -> list[str]:
    return list(Answer.objects.order_by("id").values_list("confirmation", flat=True))


def test_stop_is_confirmed_once_and_whoever_goes_on_saying_it_hears_nothing(
    sender: Sender, provider: web_server.Provider
) -> None:
    says(sender, "STOP")
    says(sender, "STOP")
    says(sender, "Stop!", event="e2")

    assert (look(), look()) == (1, 0)
    says(sender, "stop", event="e3")
    assert look() == 0

    assert [(one["To"], "StatusCallback" in one) for one in provider.taken] == [("+491511234500", False)]
    assert "no more messages" in provider.taken[0]["Body"]
    assert states() == [Confirmation.SENT, "", ""]
    assert not Run.objects.exists()


def test_the_workspaces_own_sentence_is_sent_as_it_is(sender: Sender, provider: web_server.Provider) -> None:
    words = {"stop": ["basta"]}
    audience.set_answer_words(
        by=actors.operator(sender.workspace),
        language="it",
        words=words,
        replies={"stop_reply": "Fine {{ x }} <b>"},
    )

    says(sender, "basta")
    look()

    assert provider.taken[0]["Body"] == "Fine {{ x }} <b>"


def test_nothing_is_sent_where_it_is_switched_off_or_nothing_was_said(
    sender: Sender, provider: web_server.Provider
) -> None:
    says(sender, "Where is my parcel?", event="e0")
    rules = {"soft_bounces": 3, "soft_days": 30}
    audience.set_opt_out_rules(by=actors.operator(sender.workspace), **rules, confirms=False)
    says(sender, "STOP")

    assert (look(), provider.taken, states()) == (0, [], ["", ""])


def test_who_is_suppressed_hears_of_the_end_alone(sender: Sender, provider: web_server.Provider) -> None:
    says(sender, "STOP")
    says(sender, "HELP", event="e2")
    says(sender, "START", event="e3")

    look()

    assert states() == [Confirmation.SENT, "", Confirmation.SENT]
    assert len(provider.taken) == 2


def test_a_paused_sender_keeps_it_for_an_hour_and_no_longer(
    sender: Sender, provider: web_server.Provider
) -> None:
    says(sender, "STOP")
    Sender.objects.filter(pk=sender.pk).update(status=SenderStatus.PAUSED)
    assert (look(), states()) == (0, [Confirmation.DUE])

    Answer.objects.update(received_at=timezone.now() - timedelta(hours=2))
    assert (look(), states(), provider.taken) == (0, [Confirmation.EXPIRED], [])


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        ("+491511234508", Confirmation.DUE),  # asked to wait
        ("+491511234507", Confirmation.FAILED),  # the provider has answered by itself
        ("+491511234502", Confirmation.UNKNOWN),  # the connection broke
    ],
)
def test_only_what_was_not_taken_is_tried_again(sender: Sender, number: str, expected: Confirmation) -> None:
    says(sender, "STOP", number=number)

    look()

    assert states() == [expected]


def test_one_that_was_cut_off_is_never_sent_again(sender: Sender, provider: web_server.Provider) -> None:
    says(sender, "STOP")
    Answer.objects.update(confirmation=Confirmation.SENDING)
    assert (look(), states()) == (0, [Confirmation.SENDING])

    Answer.objects.update(received_at=timezone.now() - timedelta(hours=2))
    look()

    assert (states(), provider.taken) == ([Confirmation.UNKNOWN], [])


def limit(sender: Sender, **limits: float) -> Sender:
    Sender.objects.filter(pk=sender.pk).update(**limits)
    return Sender.objects.get(pk=sender.pk)


def test_confirmations_keep_within_the_senders_limits_and_wait_for_room(
    sender: Sender, provider: web_server.Provider
) -> None:
    limit(sender, limit_hour=3)
    for one in range(5):
        says(sender, "STOP", number=f"+4915112345{one}0", event=f"e{one}")

    assert look() == 3
    assert (look(), len(provider.taken)) == (0, 3)
    assert states() == [Confirmation.SENT] * 3 + [Confirmation.DUE] * 2

    limit(sender, limit_hour=4)
    assert look() == 1


def test_what_campaigns_have_sent_leaves_no_room_for_them_and_they_none_for_campaigns(
    sender: Sender, provider: web_server.Provider
) -> None:
    sender = limit(sender, limit_day=10, lanes=2)
    used = {"day": {str(int(time.time()) // 1440 * 1440): 4}}
    for lane in (0, 1):
        SenderLane.objects.create(sender=sender, lane=lane, lanes=2, limits=used, worker_id=1)
    for one in range(4):
        says(sender, "STOP", number=f"+4915112345{one}0", event=f"e{one}")

    assert look() == 2

    assert sorted(SenderLane.objects.values_list("lane", "aside")) == [(0, 1), (1, 1)]


def test_what_was_not_handed_over_gives_its_room_back(sender: Sender) -> None:
    limit(sender, limit_day=10)
    says(sender, "STOP", number="+491511234508", event="e0")  # is asked to wait, and the others with it
    says(sender, "STOP", number="+491511234510", event="e1")

    look()

    assert states() == [Confirmation.DUE] * 2
    assert SenderLane.objects.get().aside == 1


def test_a_lane_counts_what_went_past_it_when_it_saves(sender: Sender) -> None:
    sender = limit(sender, limit_day=10)
    assert aside.reserve(sender, 3) == [0, 0, 0]
    spec = LaneSpec(sender_id=sender.pk, lane=0, lanes=1, channel="sms", version="1")

    async def story() -> list[object]:
        async with open_pool(conninfo()) as pool:
            store = PostgresStore(pool, workshop=NoWorkshop(), worker_id=1)
            _, opened = await store.open_lane(spec)
            await asyncio.to_thread(_more, sender)
            first = await store.save_lane(spec, LaneState(aside=3), 0.0, None)
            second = await store.save_lane(spec, LaneState(aside=first), 0.0, None)
            return [opened.aside, first, second]

    assert asyncio.run(story()) == [3, 2, 0]
    assert SenderLane.objects.get().aside == 0


class NoWorkshop(Workshop):
    """Makes no transports: nothing is sent by the lane."""

    def transport(self, spec: LaneSpec) -> Any:
        return None


def _more(sender: Sender) -> None:
    aside.correct(sender, 0, 2)
    connection.close()
