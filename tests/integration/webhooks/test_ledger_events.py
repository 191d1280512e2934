"""What the ledger holds is told: each message once it is over, again when it was sent again, to whoever may know."""

import io
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import jsonschema_rs
import pytest
from django.test import override_settings

from clarion.audience import importing
from clarion.audience import operations as audience
from clarion.audience.models import Suppression
from clarion.campaigns import operations as campaigns
from clarion.campaigns.states import Status
from clarion.channels.events import ReceiptEvent, ReceiptKind
from clarion.deliveries import optout, receipts, retrying, unknowns
from clarion.deliveries.answers import answer_received
from clarion.deliveries.models import Run, RunStep
from clarion.deliveries.operations import finish_run
from clarion.deliveries.states import Stage
from clarion.deliveries.telling import feeding
from clarion.webhooks import events, operations
from clarion.webhooks.models import Batch, Endpoint, EndpointStatus, Feed, Kind, Notice, Straggler
from clarion.workspaces import operations as workspaces
from clarion.workspaces.actors import of_member, operator
from clarion.workspaces.models import PiiPolicy
from clarion.workspaces.permissions import Role
from tests import ledgers
from tests.factories import Cast
from tests.integration.webhooks.telling import HERE, endpoint, tell
from tests.receiver import Receiver, receiving

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as found, override_settings(CLARION_FETCH_ALLOW=HERE):
        yield found


def made_run(cast: Cast, **people: int) -> Run:
    """Return a run of Acme of which everybody was claimed once."""
    status = Status.COMPLETED if people.pop("finished", False) else Status.SENDING
    campaign = ledgers.make_campaign(cast.alice, status=status)
    run = ledgers.make_run(campaign, finished=status is Status.COMPLETED, **people)
    RunStep.objects.filter(run=run).update(cursor=run.total)
    return run


def told(receiver: Receiver) -> list[tuple[str, int]]:
    """Return what was told of whom."""
    return [(one["type"].partition(".")[2], one["data"]["recipient"]) for one in receiver.events]


def over(run: Run, *people: int, stage: Stage = Stage.SENT) -> None:
    """Let these people's messages end, as the engine does."""
    ids = [one * 16 for one in people]
    ledgers.change(
        "delivery", run, f"id in ({', '.join(map(str, ids))})", stage=stage, attempts=2, ended_at=NOON
    )


def look_again() -> None:
    """Let the time of the next look come."""
    Straggler.objects.update(look_at=NOON)


class TestDeliveries:
    def test_each_is_told_once_when_it_is_over(self, cast: Cast, receiver: Receiver) -> None:
        endpoint(cast.alice, receiver.url, ["delivery"])
        run = made_run(cast, skipped=1, sent=2, failed=1, unknown=1, waiting=1, in_flight=1)
        tell()
        assert told(receiver) == [("sent", 2), ("sent", 3), ("failed", 4), ("unknown", 5)]

        look_again()
        assert tell() == []
        over(run, 7)
        look_again()
        tell()
        over(run, 6, stage=Stage.CANCELLED)
        look_again()
        tell()

        assert told(receiver)[4:] == [("sent", 7)]
        assert not Straggler.objects.exists()
        first = receiver.events[2]
        assert (first["data"]["reason"], first["data"]["code"]) == ("address_unknown", "550 5.1.1")
        assert first["key"] == f"delivery:{run.pk}:4:0"

    def test_who_was_not_claimed_yet_is_read_later(self, cast: Cast, receiver: Receiver) -> None:
        endpoint(cast.alice, receiver.url, ["delivery"])
        run = made_run(cast, sent=4)
        RunStep.objects.filter(run=run).update(cursor=2)
        tell()
        RunStep.objects.filter(run=run).update(cursor=4)
        tell()

        assert told(receiver) == [("sent", n) for n in range(1, 5)]
        assert [len(body) > 2 for _headers, body in receiver.requests] == [True, True]

    def test_what_failed_is_told_again_when_it_was_sent_again(self, cast: Cast, receiver: Receiver) -> None:
        endpoint(cast.alice, receiver.url, ["delivery"])
        run = made_run(cast, finished=True, sent=2, failed=2)
        tell()
        assert not Feed.objects.get().is_open

        retrying.retry_failed(campaign=run.campaign, by=of_member(cast.alice))
        tell()
        over(run, 3, 4)
        look_again()
        tell()

        assert told(receiver) == [
            ("sent", 1),
            ("sent", 2),
            ("failed", 3),
            ("failed", 4),
            ("sent", 3),
            ("sent", 4),
        ]
        assert len({one["id"] for one in receiver.events}) == 6

    def test_what_a_person_settles_is_told_with_the_moment_of_it(
        self, cast: Cast, receiver: Receiver
    ) -> None:
        endpoint(cast.alice, receiver.url, ["delivery"])
        run = made_run(cast, finished=True, unknown=1)
        tell()
        unknowns.settle_unknown(run, by=of_member(cast.alice), choice=unknowns.Choice.SENT)
        tell()

        before, after = receiver.events
        assert (before["type"], after["type"]) == ("delivery.unknown", "delivery.sent")
        assert before["order"] < after["order"]

    def test_a_run_under_way_is_told_from_where_it_is(self, cast: Cast, receiver: Receiver) -> None:
        run = made_run(cast, sent=4)
        RunStep.objects.filter(run=run).update(cursor=3)
        Run.objects.filter(pk=run.pk).update(created_at=NOON - timedelta(days=1))
        endpoint(cast.alice, receiver.url, ["delivery"])
        tell()
        RunStep.objects.filter(run=run).update(cursor=4)
        tell()

        assert told(receiver) == [("sent", 4)]

    def test_a_death_in_the_midst_loses_nothing_and_tells_nothing_twice(
        self, cast: Cast, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        endpoint(cast.alice, receiver.url, ["delivery"])
        made_run(cast, sent=3, pending=1)
        with monkeypatch.context() as broken:
            broken.setattr(Straggler.objects, "create", _die)
            with pytest.raises(KeyboardInterrupt):
                feeding.feed_due(seconds=10)
        assert not Batch.objects.exists()

        tell()

        assert told(receiver) == [("sent", 1), ("sent", 2), ("sent", 3)]

    def test_the_ledger_keeps_what_a_slow_endpoint_has_no_room_for(
        self, cast: Cast, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(feeding, "MOST_WAITING", 1)
        monkeypatch.setattr(feeding, "CHUNK", 2)
        endpoint(cast.alice, receiver.url, ["delivery"])
        made_run(cast, sent=5)
        assert feeding.feed_due(seconds=10) is False
        assert [one.count for one in Batch.objects.all()] == [2]

        while tell():
            pass

        assert told(receiver) == [("sent", n) for n in range(1, 6)]

    def test_one_that_does_not_ask_costs_nothing(self, cast: Cast, receiver: Receiver) -> None:
        endpoint(cast.alice, receiver.url, ["campaign"])
        made_run(cast, sent=3)
        tell()

        assert not Feed.objects.exists()
        assert receiver.requests == []

    def test_one_that_was_disabled_goes_on_where_it_was_and_one_that_was_off_does_not(
        self, cast: Cast, receiver: Receiver
    ) -> None:
        one, _secret = endpoint(cast.alice, receiver.url, ["delivery"])
        run = made_run(cast, sent=3)
        RunStep.objects.filter(run=run).update(cursor=1)
        tell()
        Endpoint.objects.update(status=EndpointStatus.DISABLED, status_reason="It was ill.")
        RunStep.objects.filter(run=run).update(cursor=2)
        assert tell() == []
        one.refresh_from_db()
        operations.switch_on(by=of_member(cast.alice), endpoint=one)
        tell()
        operations.switch_off(by=of_member(cast.alice), endpoint=one)
        RunStep.objects.filter(run=run).update(cursor=3)
        operations.switch_on(by=of_member(cast.alice), endpoint=one)
        tell()

        assert told(receiver) == [("sent", 1), ("sent", 2)]


def _die(**_facts: Any) -> None:
    raise KeyboardInterrupt


def receipt(run: Run, person: int, kind: ReceiptKind) -> ReceiptEvent:
    return ReceiptEvent(kind=kind, run_id=run.pk, delivery_id=person * 16, occurred_at=NOON)


class TestOthers:
    def test_receipts_are_told_once_however_often_they_come(self, cast: Cast, receiver: Receiver) -> None:
        endpoint(cast.alice, receiver.url, ["receipt"])
        run = made_run(cast, sent=3)
        said = [receipt(run, 1, ReceiptKind.DELIVERED), receipt(run, 2, ReceiptKind.BOUNCED_HARD)]
        receipts.apply(said)
        receipts.apply(said)
        assert Notice.objects.count() == 1
        optout.note(run.pk, 48)
        tell()

        assert told(receiver) == [("delivered", 1), ("bounced", 2), ("unsubscribed", 3)]

    def test_where_nobody_asks_nothing_is_noted(self, cast: Cast) -> None:
        run = made_run(cast, sent=2, unknown=1)
        receipts.apply([receipt(run, 1, ReceiptKind.BOUNCED_HARD)])
        campaigns.pause(campaign=run.campaign, by=of_member(cast.alice))

        assert not Notice.objects.exists()

    def test_suppressions_of_every_origin_are_told_and_that_they_ended(
        self, cast: Cast, receiver: Receiver
    ) -> None:
        by = of_member(cast.alice)
        audience.add_suppression(by=by, channel="email", address="before@shop.example")
        endpoint(cast.alice, receiver.url, ["suppression"], with_addresses=True)
        tell()
        audience.add_suppression(by=by, channel="email", address="one@shop.example")
        rows = io.BytesIO(b"email\ntwo@shop.example\nthree@shop.example\n")
        importing.run_import(audience.suppress_file(by=by, file=rows, file_name="x.csv", channel="email"))
        tell()
        one = Suppression.objects.get(address="one@shop.example")
        audience.unsuppress(by=by, suppression=one)
        tell()

        assert [(e["type"], e["data"]["address"]) for e in receiver.events] == [
            ("suppression.added", "one@shop.example"),
            ("suppression.added", "two@shop.example"),
            ("suppression.added", "three@shop.example"),
            ("suppression.removed", "one@shop.example"),
        ]

    def test_every_type_of_event_is_as_its_schema_says(self, cast: Cast, receiver: Receiver) -> None:
        endpoint(cast.alice, receiver.url, list(Kind.values), with_addresses=True)
        tell()
        run = made_run(cast, sent=2, failed=1, unknown=1)
        campaigns.pause(campaign=run.campaign, by=of_member(cast.alice))
        campaigns.continue_(campaign=run.campaign, by=of_member(cast.alice))
        receipts.apply([receipt(run, 1, kind) for kind in (ReceiptKind.DELIVERED, ReceiptKind.CLICKED)])
        sender = run.campaign.steps.get().sender
        assert sender is not None
        answer_received(
            channel="email", sender=sender, from_address="person0000002@example.test", text="STOP"
        )
        finish_run(run.pk)
        tell()

        types = set(receiver.types)
        assert types >= {
            "campaign.state", "run.ended", "delivery.sent", "delivery.failed", "delivery.unknown",
            "receipt.delivered", "receipt.clicked", "receipt.replied", "receipt.unsubscribed", "reply.received",
        }  # fmt: skip
        for one in receiver.events:
            jsonschema_rs.validate(events.schema(one["type"]), one)
        (reply,) = [one["data"] for one in receiver.events if one["type"] == "reply.received"]
        assert (reply["text"], reply["recipient"], reply["meaning"]) == ("STOP", 2, "stop")

    def test_examples_are_as_the_schemas_say(self) -> None:
        for name in events.TYPES:
            jsonschema_rs.validate(events.schema(name), events.example(name))


class TestPersonalData:
    def secretive(self, receiver: Receiver) -> bool:
        return all(b"person0000001" not in body for _headers, body in receiver.requests)

    def test_it_is_told_only_where_somebody_who_may_see_it_vouches(
        self, cast: Cast, receiver: Receiver
    ) -> None:
        endpoint(cast.alice, receiver.url, ["delivery"])
        made_run(cast, sent=1)
        tell()
        assert self.secretive(receiver)

        Endpoint.objects.all().delete()
        endpoint(cast.alice, receiver.url, ["delivery"], with_addresses=True)
        Endpoint.objects.update(since=NOON)
        tell()
        assert receiver.events[-1]["data"]["address"] == "person0000001@example.test"
        assert "person0000001" not in Batch.objects.get().body  # nor in the log

    @pytest.mark.parametrize("how", ["role", "suspended", "policy"])
    def test_it_ends_with_the_right_of_whoever_vouched(
        self, cast: Cast, receiver: Receiver, how: str
    ) -> None:
        dora = workspaces.add_member(
            workspace=cast.workspace, user=ledgers.make_member(cast.elsewhere, "dora", Role.VIEWER).user,
            role=Role.ADMIN,
        )  # fmt: skip
        endpoint(dora, receiver.url, ["delivery"], with_addresses=True)
        made_run(cast, sent=1)
        if how == "role":
            type(dora).objects.filter(pk=dora.pk).update(role=Role.VIEWER)
        elif how == "suspended":
            type(dora).objects.filter(pk=dora.pk).update(suspended_at=NOON)
        else:
            type(cast.workspace).objects.filter(pk=cast.workspace.pk).update(pii_policy=PiiPolicy.ON_REQUEST)
        tell()

        assert told(receiver) == [("sent", 1)]
        assert self.secretive(receiver)

    def test_the_operator_may_vouch_too(self, cast: Cast, receiver: Receiver) -> None:
        operations.create_endpoint(
            by=operator(cast.workspace), url=receiver.url, kinds=["delivery"], with_addresses=True
        )
        made_run(cast, sent=1)
        tell()

        assert not self.secretive(receiver)
