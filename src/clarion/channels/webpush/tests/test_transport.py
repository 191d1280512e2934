"""What a browser gets, and what the answers of push services mean."""

from typing import Any

import pytest

from clarion.channels.http import HttpReply
from clarion.channels.testing import HandOvers
from clarion.channels.webpush.replies import outcome_of
from clarion.channels.webpush.tests.making import PUBLIC, make_message, make_transport
from clarion.channels.webpush.tests.server import Server
from clarion.engine.outcomes import Accepted, Deferred, Outcome, Reason, Refused, Scope, Unknown

pytestmark = pytest.mark.anyio


async def outcome(what: str, **fields: Any) -> tuple[Outcome, Server]:
    async with Server(PUBLIC).running() as far:
        transport = make_transport()
        found = await transport.send(make_message(far.address(what), **fields), HandOvers())
        await transport.aclose()
        return found, far


async def test_a_browser_reads_what_was_written_and_the_service_how_to_treat_it() -> None:
    taken, far = await outcome(
        "takes", variables={"name": "Zoë <b>"}, subject="Hi {{ name }}", link="https://shop.example/{{ name|length }}",
        topic="sale", urgency="high", ttl=60, sticky=True,
    )  # fmt: skip
    ((headers, note),) = far.taken

    assert isinstance(taken, Accepted)
    assert taken.provider_id == "1"
    assert (headers["TTL"], headers["Urgency"], headers["Topic"]) == ("60", "high", "sale")
    assert headers["Content-Encoding"] == "aes128gcm"
    seen = note.pop("seen")
    assert note == {
        "v": 1, "title": "Hi Zoë <b>", "body": "There", "link": "https://shop.example/7", "tag": "sale", "sticky": True,
    }  # fmt: skip
    assert seen.startswith("https://clarion.example/push/seen/1.7.")


@pytest.mark.parametrize("what", ["404", "410"])
async def test_a_subscription_that_is_over_is_the_recipients_and_will_be_suppressed(what: str) -> None:
    refused, _ = await outcome(what)

    assert isinstance(refused, Refused)
    assert (refused.scope, refused.reason) == (Scope.RECIPIENT, Reason.ADDRESS_EXPIRED)


async def test_a_browser_of_another_key_pair_does_not_stop_the_sender() -> None:
    refused, _ = await outcome("other-key")

    assert isinstance(refused, Refused)
    assert refused.scope is Scope.RECIPIENT


async def test_one_throttled_browser_waits_as_long_as_told_and_no_other() -> None:
    deferred, _ = await outcome("429")

    assert isinstance(deferred, Deferred)
    assert (deferred.reason, deferred.scope, deferred.after) == (Reason.THROTTLED, Scope.MESSAGE, 7.0)


async def test_one_service_that_cannot_be_reached_does_not_stop_the_others() -> None:
    async with Server(PUBLIC).running() as far:
        address = far.address()
    transport = make_transport()

    deferred = await transport.send(make_message(address), HandOvers())
    await transport.aclose()

    assert isinstance(deferred, Deferred)
    assert (deferred.reason, deferred.scope) == (Reason.CONNECTION_FAILED, Scope.MESSAGE)


@pytest.mark.parametrize(
    ("status", "kind", "reason"),
    [
        (202, Accepted, None), (413, Refused, Reason.MESSAGE_TOO_LARGE), (400, Refused, Reason.MESSAGE_REFUSED),
        (401, Refused, Reason.CREDENTIALS_REFUSED), (503, Deferred, Reason.PROVIDER_DOWN),
        (502, Unknown, Reason.CONNECTION_LOST), (504, Unknown, Reason.CONNECTION_LOST),
    ],
)  # fmt: skip
def test_each_status_has_its_meaning(status: int, kind: type, reason: Reason | None) -> None:
    found = outcome_of(HttpReply(status=status, body=b"words"))

    assert type(found) is kind
    assert getattr(found, "reason", None) == reason
