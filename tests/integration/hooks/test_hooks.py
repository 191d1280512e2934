"""A provider's call: verified, stored before it is answered, applied a moment later, harmless when repeated."""

import hmac
import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from clarion.audience.models import Suppression
from clarion.channels import registry
from clarion.channels.base import MAX_HOOK_OCTETS
from clarion.deliveries import ledger
from clarion.deliveries.inbox import applying, forgetting
from clarion.deliveries.models import (
    Answer,
    Delivery,
    InboxEvent,
    ProviderMessage,
    Receipt,
    ReplyPart,
    Run,
    RunStep,
    StrayEvent,
)
from clarion.deliveries.states import Result, Stage
from clarion.hooks import receiving
from tests.integration.hooks import bell
from tests.runs import MadeRun, add_run, make_run

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def bells(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setitem(registry.CHANNELS, "bell", "tests.integration.hooks.bell")
    receiving._remembered.clear()
    yield
    receiving._remembered.clear()


@pytest.fixture
def sent() -> MadeRun:
    """A run whose four people were sent their message; the provider calls them m1 to m4."""
    made = make_run(count=4, channel="bell", config={"secret": bell.SECRET})
    return _sent(made)


def _sent(made: MadeRun) -> MadeRun:
    Delivery.objects.filter(run_id=made.run.pk).update(stage=Stage.SENT, attempts=1)
    Run.objects.filter(pk=made.run.pk).update(pending=0, sent=4)
    RunStep.objects.filter(run=made.run).update(accepted=4, handed=4, cursor=4)
    for person in range(1, 5):
        ProviderMessage.objects.create(
            sender_id=made.sender.pk, provider_id=f"m{person}", run_id=made.run.pk, delivery_id=person * 16
        )
    return made


def ring(made: MadeRun, *told: dict[str, Any], secret: str = bell.SECRET) -> HttpResponse:
    body = json.dumps(told).encode()
    signature = hmac.new(secret.encode(), body, "sha256").hexdigest()
    answer: HttpResponse = Client(enforce_csrf_checks=True).post(
        f"/hooks/{made.sender.public_id}/status", body, content_type="application/json",
        headers={"X-Bell": signature},
    )  # fmt: skip
    return answer


def step(made: MadeRun) -> RunStep:
    return RunStep.objects.get(run=made.run)


class TestTheCall:
    def test_it_is_stored_before_it_is_answered_and_applied_by_the_providers_id(self, sent: MadeRun) -> None:
        answer = ring(sent, {"kind": "delivered", "provider_id": "m1", "event_id": "e1"})

        assert (answer.status_code, answer.content) == (204, b"")
        assert InboxEvent.objects.count() == 1
        assert not answer.cookies
        applying.apply_due()
        assert not InboxEvent.objects.exists()
        assert Delivery.objects.get(run_id=sent.run.pk, id=16).result == Result.DELIVERED
        assert step(sent).delivered == 1
        assert not [one for one in ledger.check(sent.run).findings if one.rule != "activity.accepted"]

    def test_a_replay_in_another_order_changes_nothing(self, sent: MadeRun) -> None:
        told = [
            {"kind": "read", "provider_id": "m1", "event_id": "e2"},
            {"kind": "delivered", "provider_id": "m1", "event_id": "e1"},
        ]

        for calls in (told, told, told[::-1]):
            for one in calls:
                ring(sent, dict(one))
            applying.apply_due()

        assert Receipt.objects.filter(run_id=sent.run.pk).count() == 2
        assert (step(sent).delivered, step(sent).read) == (1, 1)
        assert Delivery.objects.get(run_id=sent.run.pk, id=16).result == Result.READ

    @pytest.mark.parametrize("secret", ["wrong", ""])
    def test_a_wrong_signature_is_refused_and_nothing_is_stored(self, sent: MadeRun, secret: str) -> None:
        answer = ring(sent, {"kind": "delivered", "provider_id": "m1"}, secret=secret)

        assert (answer.status_code, answer.content) == (403, b"")
        assert not InboxEvent.objects.exists()

    def test_a_sender_without_a_secret_believes_nobody(self) -> None:
        made = make_run(count=1, channel="bell")

        assert ring(made, {"kind": "delivered", "provider_id": "m1"}, secret="").status_code == 403

    def test_what_cannot_be_read_or_is_too_large_or_nobodys_is_told_apart(self, sent: MadeRun) -> None:
        body = b"[" * 10
        signature = hmac.new(bell.SECRET.encode(), body, "sha256").hexdigest()
        url = f"/hooks/{sent.sender.public_id}/"

        statuses = [
            Client().post(url, body, "application/json", headers={"X-Bell": signature}).status_code,
            Client().post(url, b"x" * (MAX_HOOK_OCTETS + 1), "application/json").status_code,
            Client().post(url.replace(url[7:11], "0000"), body, "application/json").status_code,
            Client().delete(url).status_code,
            Client()
            .post(f"/hooks/{make_run(count=1).sender.public_id}/", b"{}", "application/json")
            .status_code,
        ]

        assert statuses == [400, 413, 404, 405, 403]
        assert not InboxEvent.objects.exists()

    def test_a_set_up_call_gets_what_the_provider_wants_to_hear(self, sent: MadeRun) -> None:
        answer = Client().get(f"/hooks/{sent.sender.public_id}/")

        assert (answer.status_code, answer.content) == (200, b"challenge")

    def test_what_cannot_be_stored_is_to_be_brought_again(
        self, sent: MadeRun, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def broken(*_: object) -> None:
            raise OperationalError

        monkeypatch.setattr("clarion.deliveries.inbox.putting.put", broken)

        answer = ring(sent, {"kind": "delivered", "provider_id": "m1"})

        assert (answer.status_code, answer["Retry-After"]) == (503, "10")


class TestMatching:
    def test_one_that_came_before_the_message_was_known_waits_for_it(self, sent: MadeRun) -> None:
        ring(sent, {"kind": "delivered", "provider_id": "early", "event_id": "e1"})
        applying.apply_due()
        stray = StrayEvent.objects.get()
        assert (stray.why, stray.tries) == ("UNMATCHED", 1)
        assert stray.due_at is not None
        assert stray.due_at < timezone.now() + timedelta(seconds=3)

        ProviderMessage.objects.create(
            sender_id=sent.sender.pk, provider_id="early", run_id=sent.run.pk, delivery_id=48
        )
        StrayEvent.objects.update(due_at=timezone.now() - timedelta(hours=1))
        applying.apply_due()

        assert not StrayEvent.objects.exists()
        assert Delivery.objects.get(run_id=sent.run.pk, id=48).result == Result.DELIVERED

    def test_one_that_nobody_knows_is_tried_for_a_day_and_then_listed(self, sent: MadeRun) -> None:
        ring(sent, {"kind": "delivered", "provider_id": "never"})
        applying.apply_due()
        StrayEvent.objects.update(
            due_at=timezone.now() - timedelta(hours=1),
            received_at=timezone.now() - timedelta(hours=applying.WAIT_HOURS),
        )

        applying.apply_due()

        assert StrayEvent.objects.get().due_at is None

    def test_what_is_not_understood_is_kept_as_it_was(self, sent: MadeRun) -> None:
        ring(sent, {"kind": "sang a song", "provider_id": "m1", "detail": "la\x00la"})

        applying.apply_due()

        stray = StrayEvent.objects.get()
        assert (stray.why, stray.due_at) == ("UNKNOWN", None)
        assert "la" in stray.event
        assert Delivery.objects.get(run_id=sent.run.pk, id=16).result is None

    def test_nobody_tells_of_anothers_messages(self, sent: MadeRun) -> None:
        stranger = make_run(count=1, channel="bell", config={"secret": "mallory's"})

        answer = ring(
            stranger,
            {"kind": "complaint", "run_id": sent.run.pk, "delivery_id": 16},
            {"kind": "complaint", "provider_id": "m2"},
            secret="mallory's",
        )
        applying.apply_due()

        assert answer.status_code == 204
        assert not Receipt.objects.exists()
        assert not Suppression.objects.exists()
        assert StrayEvent.objects.filter(sender=stranger.sender).count() == 2


class TestReplies:
    def test_an_answer_is_kept_once_and_counted_on_the_latest_message(self, sent: MadeRun) -> None:
        later = add_run(sent.workspace, sent.sender, count=4)
        Delivery.objects.filter(run_id=later.run.pk, id=16).update(stage=Stage.SENT, attempts=1)

        for _again in range(2):
            ring(sent, {"text": "Thanks!", "address": "person1@example.test", "event_id": "r1"})
            applying.apply_due()

        reply = Answer.objects.get()
        assert (reply.run_id, reply.delivery_id, reply.text) == (later.run.pk, 16, "Thanks!")
        assert Delivery.objects.get(run_id=later.run.pk, id=16).result == Result.REPLIED
        assert (step(later).replied, step(sent).replied) == (1, 0)
        assert not Suppression.objects.exists()

    def test_stop_is_a_wish_to_be_left_alone(self, sent: MadeRun) -> None:
        ring(sent, {"text": " Stop. ", "address": "person2@example.test"})

        applying.apply_due()

        found = Suppression.objects.get()
        assert (found.address, found.channel, found.reason) == (
            "person2@example.test", "bell", "UNSUBSCRIBED",
        )  # fmt: skip

    def test_a_long_answer_is_joined_whatever_the_order_of_its_parts(self, sent: MadeRun) -> None:
        address = "person3@example.test"
        last = {"text": "everybody.", "address": address, "part": [7, 3, 3]}
        for one in (last, {"text": "Greetings ", "address": address, "part": [7, 1, 3]}, last):
            ring(sent, one)
            applying.apply_due()
        assert not Answer.objects.exists()

        ring(sent, {"text": "to ", "address": address, "part": [7, 2, 3]})
        applying.apply_due()

        assert Answer.objects.get().text == "Greetings to everybody."
        assert not ReplyPart.objects.exists()

    def test_a_part_that_never_comes_is_marked_in_the_end(self, sent: MadeRun) -> None:
        ring(sent, {"text": "the end", "address": "person3@example.test", "part": [7, 2, 2]})
        applying.apply_due()
        ReplyPart.objects.update(received_at=timezone.now() - timedelta(minutes=11))

        applying.apply_due()

        assert Answer.objects.get().text == " […] the end"


def test_what_nobody_asks_for_any_more_is_forgotten(sent: MadeRun) -> None:
    ring(sent, {"kind": "sang a song", "provider_id": "m1"}, {"kind": "delivered", "provider_id": "never"})
    applying.apply_due()
    old = timezone.now() - timedelta(days=forgetting.STRAY_DAYS + 1)
    StrayEvent.objects.filter(why="UNKNOWN").update(received_at=old)
    ProviderMessage.objects.filter(provider_id="m1").update(at=old)

    assert forgetting.forget_old() == 2

    assert StrayEvent.objects.get().why == "UNMATCHED"
    assert ProviderMessage.objects.count() == 3
