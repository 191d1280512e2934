"""Requests to a real receiver: verified, repeated, given up, replayed."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.test import override_settings

from clarion.lib.reach import PUBLIC
from clarion.webhooks import operations, queries
from clarion.webhooks.errors import EndpointInvalid
from clarion.webhooks.models import Batch, BatchStatus, Endpoint, EndpointStatus, Kind
from clarion.webhooks.publishing import publish
from clarion.workspaces.actors import of_member, operator
from clarion.workspaces.errors import NotAllowed
from clarion.workspaces.models import AuditEvent
from tests.factories import Cast
from tests.integration.webhooks.telling import HERE, endpoint, tell
from tests.receiver import Receiver, is_signed, receiving

pytestmark = pytest.mark.django_db


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as found, override_settings(CLARION_FETCH_ALLOW=HERE):
        yield found


def happened(cast: Cast, n: int = 1, name: str = "Spring") -> None:
    """Let a campaign of Acme change its state so often."""
    for number in range(n):
        publish(
            cast.workspace.pk, "campaign.state", key="campaign:x",
            data={"campaign": "x", "name": name, "to": f"state {number}"},
        )  # fmt: skip


def later(seconds: float) -> None:
    """Let so much time pass for every endpoint and batch."""
    past = timedelta(seconds=seconds)
    for row in Endpoint.objects.all():
        for name in ("next_at", "failing_since", "lease_until"):
            if getattr(row, name) is not None:
                setattr(row, name, getattr(row, name) - past)
        row.save()
    for batch in Batch.objects.all():
        for name in ("next_at", "first_tried_at"):
            if getattr(batch, name) is not None:
                setattr(batch, name, getattr(batch, name) - past)
        batch.save()


class TestARequest:
    def test_it_tells_many_events_at_once_in_their_order_with_a_signature_that_holds(
        self, cast: Cast, receiver: Receiver
    ) -> None:
        one, secret = endpoint(cast.alice, receiver.url, ["campaign"])
        happened(cast, 1_201)

        assert [answer.status for answer in tell()] == [204, 204, 204]

        assert [event["data"]["to"] for event in receiver.events] == [f"state {n}" for n in range(1_201)]
        assert len({event["id"] for event in receiver.events}) == 1_201
        orders = [event["order"] for event in receiver.events]
        assert orders == sorted(orders)
        assert all(is_signed(secret, headers, body) for headers, body in receiver.requests)
        assert not any(is_signed(secret, headers, body + b" ") for headers, body in receiver.requests)
        assert queries.log_page(one).rows[0].status == BatchStatus.DELIVERED
        assert tell() == []

    def test_it_is_not_larger_than_a_quarter_of_a_megabyte(self, cast: Cast, receiver: Receiver) -> None:
        endpoint(cast.alice, receiver.url, ["campaign"])
        happened(cast, 40, name="n" * 20_000)

        tell()

        assert len(receiver.events) == 40
        assert max(len(body) for _headers, body in receiver.requests) <= 256 * 1024 + 2

    def test_nobody_is_told_what_they_did_not_ask_for_nor_what_is_of_another_workspace(
        self, cast: Cast, receiver: Receiver
    ) -> None:
        endpoint(cast.alice, receiver.url, ["run"])
        endpoint(cast.mallory, receiver.url, list(Kind.values))
        happened(cast)

        assert tell() == []

    def test_a_replaced_secret_signs_beside_the_new_one_for_a_day(
        self, cast: Cast, receiver: Receiver
    ) -> None:
        one, old = endpoint(cast.alice, receiver.url, ["campaign"])
        new = operations.rotate_secret(by=of_member(cast.alice), endpoint=one)

        happened(cast)
        tell()
        Endpoint.objects.update(before_until=datetime(2020, 1, 1, tzinfo=UTC))
        happened(cast)
        tell()

        overlap, after = receiver.requests
        assert (is_signed(old, *overlap), is_signed(new, *overlap)) == (True, True)
        assert (is_signed(old, *after), is_signed(new, *after)) == (False, True)


class TestFailure:
    def test_it_is_tried_again_later_with_the_same_ids_and_all_wait_behind_it(
        self, cast: Cast, receiver: Receiver
    ) -> None:
        one, _secret = endpoint(cast.alice, receiver.url, ["campaign"])
        receiver.answering = lambda _events: (503, {"Retry-After": "120"})
        happened(cast)
        assert [answer.problem for answer in tell()] == ["status"]
        happened(cast)
        assert tell() == []
        one.refresh_from_db()
        assert one.failures == 1
        later(60)
        assert tell() == []  # it asked for two minutes

        receiver.answering = lambda _events: (200, {})
        later(120)
        tell()

        first, again, behind = receiver.requests
        assert first[1] == again[1] != behind[1]
        assert first[0]["webhook-id"] == again[0]["webhook-id"]
        one.refresh_from_db()
        assert (one.failures, one.failing_since, one.next_at) == (0, None, None)

    def test_a_request_that_is_refused_for_what_it_says_keeps_no_other_waiting(
        self, cast: Cast, receiver: Receiver
    ) -> None:
        one, _secret = endpoint(cast.alice, receiver.url, ["campaign"])
        receiver.answering = lambda events: (422 if events[0]["data"]["name"] == "bad" else 204, {})
        happened(cast, name="bad")
        tell()
        happened(cast, name="good")

        assert [answer.status for answer in tell()] == [204]
        assert [b.status for b in queries.log_page(one).rows] == [BatchStatus.DELIVERED, BatchStatus.WAITING]

    def test_after_a_day_it_is_given_up_and_the_endpoint_disabled_with_an_alert_until_a_person_acts(
        self, cast: Cast, receiver: Receiver
    ) -> None:
        one, _secret = endpoint(cast.alice, receiver.url, ["campaign"], description="Shop")
        receiver.answering = lambda _events: (500, {})
        happened(cast)
        tell()
        later(24 * 3600)
        tell()

        one.refresh_from_db()
        assert one.status == EndpointStatus.DISABLED
        assert "500" in one.status_reason
        assert AuditEvent.objects.filter(action="webhook.disable", object_name="Shop").count() == 1
        assert queries.disabled_in(cast.workspace, 5) == [one]
        happened(cast)
        assert tell() == []

        receiver.answering = lambda _events: (200, {})
        operations.switch_on(by=of_member(cast.alice), endpoint=one)
        assert [answer.problem for answer in tell()] == [""]  # what was noted meanwhile
        assert operations.replay_failed(by=of_member(cast.alice), endpoint=one) == 1
        tell()
        assert receiver.requests[0][1] == receiver.requests[-1][1]

    def test_a_receiver_that_is_gone_is_disabled_at_once(self, cast: Cast, receiver: Receiver) -> None:
        one, _secret = endpoint(cast.alice, receiver.url, ["campaign"])
        receiver.answering = lambda _events: (410, {})
        happened(cast)
        tell()

        one.refresh_from_db()
        assert one.status == EndpointStatus.DISABLED
        assert "410" in one.status_reason

    def test_it_is_not_led_elsewhere_and_not_into_the_network(self, cast: Cast, receiver: Receiver) -> None:
        with receiving() as inner:
            endpoint(cast.alice, receiver.url, ["campaign"])
            receiver.answering = lambda _events: (307, {"Location": inner.url})
            happened(cast)

            assert [answer.problem for answer in tell()] == ["redirect"]
            assert inner.requests == []
        later(60)
        assert [answer.problem for answer in tell(PUBLIC)] == ["address"]  # checked at each connection
        assert len(receiver.requests) == 1

    def test_nobody_listening_is_a_failure_like_others(self, cast: Cast, receiver: Receiver) -> None:
        endpoint(cast.alice, "http://127.0.0.1:1025/", ["campaign"])
        happened(cast)

        assert [answer.problem for answer in tell()] == ["connection"]

    def test_a_secret_that_cannot_be_opened_is_said_and_nothing_goes_unsigned(
        self, cast: Cast, receiver: Receiver
    ) -> None:
        endpoint(cast.alice, receiver.url, ["campaign"])
        happened(cast)
        with override_settings(SECRET_KEY="another", SECRET_KEY_FALLBACKS=[]):
            assert [answer.problem for answer in tell()] == ["secret"]
        assert receiver.requests == []


class TestWhoTalks:
    def test_an_endpoint_is_talked_to_by_one_process_until_its_lease_ends(
        self, cast: Cast, receiver: Receiver
    ) -> None:
        endpoint(cast.alice, receiver.url, ["campaign"])
        happened(cast)
        from clarion.runtime.telling import gather

        gather()
        mine = operations.take("mine")
        assert mine is not None
        assert operations.take("theirs") is None

        later(61)  # the process is gone, nothing was kept of its request
        theirs = operations.take("theirs")
        assert theirs is not None
        assert (theirs.id, theirs.body) == (mine.id, mine.body)
        assert operations.next_of(mine) is None
        operations.release(mine)
        assert Endpoint.objects.get().lease == "theirs"

    def test_what_comes_while_a_request_is_under_way_is_not_put_into_it(
        self, cast: Cast, receiver: Receiver
    ) -> None:
        from clarion.runtime.telling import gather

        endpoint(cast.alice, receiver.url, ["campaign"])
        happened(cast)
        gather()
        request = operations.take("mine")
        assert request is not None
        happened(cast)
        gather()

        assert sorted(Batch.objects.values_list("count", flat=True)) == [1, 1]


class TestSettingUp:
    @pytest.mark.parametrize(
        "url",
        ["ftp://x.example/", "http://user:pw@x.example/", "http://x.example:22/", "nonsense", "https://"],
    )
    def test_an_address_that_is_not_called_is_refused(self, cast: Cast, url: str) -> None:
        with pytest.raises(EndpointInvalid) as refusal:
            endpoint(cast.alice, url, ["campaign"])
        assert set(refusal.value.fields) == {"url"}

    def test_only_who_may_change_the_workspace_makes_one(self, cast: Cast) -> None:
        for member in (cast.bob, cast.vera):
            with pytest.raises(NotAllowed):
                endpoint(member, "https://x.example/", ["campaign"])

    def test_the_trail_tells_of_it_and_neither_secret_nor_path_is_in_it(self, cast: Cast) -> None:
        one, secret = endpoint(cast.alice, "https://x.example/token-in-path", ["campaign", "run"])
        operations.switch_off(by=of_member(cast.alice), endpoint=one)
        operations.switch_on(by=operator(cast.workspace), endpoint=one)
        operations.remove_endpoint(by=of_member(cast.alice), endpoint=one)

        told = list(AuditEvent.objects.filter(object_kind="webhook").order_by("number"))
        assert [event.action for event in told] == [
            "webhook.create", "webhook.off", "webhook.on", "webhook.remove",
        ]  # fmt: skip
        assert not any(
            hidden in str(event.changes) + event.object_name
            for event in told
            for hidden in (secret, "token-in-path")
        )

    def test_secrets_are_sealed_for_one_endpoint(self, cast: Cast) -> None:
        one, secret = endpoint(cast.alice, "https://x.example/", ["campaign"])
        other, _secret = endpoint(cast.alice, "https://y.example/", ["campaign"])
        assert secret.encode() not in bytes(one.sealed)

        from clarion.webhooks import secrets
        from clarion.webhooks.errors import SecretLost

        Endpoint.objects.filter(pk=other.pk).update(sealed=one.sealed)
        other.refresh_from_db()
        with pytest.raises(SecretLost):
            secrets.current(other)


def test_the_log_is_kept_for_days_and_not_for_ever(cast: Cast, receiver: Receiver) -> None:
    endpoint(cast.alice, receiver.url, ["campaign"])
    happened(cast)
    tell()
    receiver.answering = lambda _events: (500, {})
    happened(cast)
    tell()
    assert operations.forget_old() == 0

    now = datetime.now(UTC)
    with time_machine.travel(now + timedelta(days=4)):
        assert operations.forget_old() == 1  # what went well
    with time_machine.travel(now + timedelta(days=8)):
        assert operations.forget_old() == 1


def test_a_test_event_is_no_part_of_the_line(cast: Cast, receiver: Receiver) -> None:
    one, _secret = endpoint(cast.alice, receiver.url, ["campaign"])
    batch = operations.queue_test(by=of_member(cast.alice), endpoint=one)

    assert tell() == []
    assert operations.test_request(batch).url == receiver.url
    assert operations.replay(by=of_member(cast.alice), batch=batch) is False
