"""What Viber adds to the contract."""

import pytest

from clarion.channels.http import HttpReply
from clarion.channels.testing import HandOvers
from clarion.channels.viber import CHANNEL
from clarion.channels.viber.replies import REFUSALS, outcome_of
from clarion.channels.viber.tests import server
from clarion.channels.viber.tests.making import given, make_message, make_transport
from clarion.engine.outcomes import REASONS, Deferred, Outcome, Reason, Refused, Scope, Unknown

pytestmark = pytest.mark.anyio


async def outcomes(*digits: str) -> list[Outcome]:
    async with server.Viber().running() as far:
        transport = make_transport(far.url)
        found = [await transport.send(make_message(one), HandOvers()) for one in digits]
        await transport.aclose()
        return found


async def test_a_refusal_names_whose_fault_it_is() -> None:
    nobody, blocked = await outcomes(server.NOBODY, server.BLOCKED)

    assert isinstance(nobody, Refused)
    assert (nobody.reason, nobody.scope, nobody.code) == (Reason.ADDRESS_UNKNOWN, Scope.RECIPIENT, "9")
    assert isinstance(blocked, Refused)
    assert (blocked.reason, blocked.detail) == (Reason.RECIPIENT_BLOCKED, "SRVC_USER_BLOCKED")


async def test_an_ill_viber_is_the_providers_and_one_that_waited_in_vain_leaves_it_unknown() -> None:
    ill, waited, nonsense, gateway = await outcomes(server.ILL, server.WAITS, server.NONSENSE, server.GATEWAY)

    assert isinstance(ill, Deferred)
    assert ill.scope is Scope.PROVIDER
    assert [type(one) for one in (waited, nonsense, gateway)] == [Unknown, Unknown, Unknown]


@pytest.mark.parametrize("status", sorted(REFUSALS))
def test_every_known_status_is_refused_with_a_sentence_and_its_name(status: int) -> None:
    outcome = outcome_of(HttpReply(status=200, body=b'{"status": %d}' % status))

    assert isinstance(outcome, Refused)
    assert REASONS[outcome.reason].sentence
    assert outcome.detail.startswith("SRVC_")
    assert outcome.code == str(status)


def test_a_status_that_is_not_known_is_the_messages_and_keeps_its_words() -> None:
    outcome = outcome_of(HttpReply(status=200, body=b'{"status": 99, "status_message": "sings"}'))

    assert isinstance(outcome, Refused)
    assert (outcome.reason, outcome.scope, outcome.detail) == (Reason.REJECTED, Scope.MESSAGE, "sings")


async def test_a_check_tells_a_service_that_is_known_from_one_that_is_not_and_sends_nothing() -> None:
    async with server.Viber().running() as far:
        good = await CHANNEL.check_credentials(given(base_url=far.url))
        other = await CHANNEL.check_credentials(given(base_url=far.url, service_id=1))
        stranger = await CHANNEL.check_credentials(given(base_url=far.url, token="another"))

    assert good.ok
    assert not other.ok
    assert not stranger.ok
    assert "SRVC_BAD_SERVICE_ID" in other.problem
    assert far.taken == []
