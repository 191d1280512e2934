"""What WhatsApp adds to the contract."""

import itertools
from typing import Any

import pytest

from clarion.channels.testing import HandOvers
from clarion.channels.whatsapp import CHANNEL
from clarion.channels.whatsapp.pacing import Pacing
from clarion.channels.whatsapp.tests import server
from clarion.channels.whatsapp.tests.making import given, make_message, make_transport
from clarion.engine.outcomes import Accepted, Deferred, Outcome, Reason, Refused, Scope, Unknown

pytestmark = pytest.mark.anyio
PROTOCOLS = ["waha", "evolution", "greenapi"]


async def outcomes(
    *digits: str, gateway: server.Gateway | None = None, **changes: Any
) -> tuple[list[Outcome], server.Gateway]:
    far = gateway or server.Gateway()
    async with far.running():
        transport = make_transport(far.url, far.protocol, **changes)
        found = [await transport.send(make_message(one), HandOvers()) for one in digits]
        await transport.aclose()
        return found, far


@pytest.mark.parametrize("protocol", PROTOCOLS)
async def test_a_message_is_known_by_the_id_that_receipts_name(protocol: str) -> None:
    (outcome,), far = await outcomes("00", gateway=server.Gateway(protocol=protocol))

    assert isinstance(outcome, Accepted)
    assert outcome.provider_id == "3EB000000001"
    assert len(far.taken) == 1


@pytest.mark.parametrize("protocol", PROTOCOLS)
async def test_who_has_no_whatsapp_gets_nothing(protocol: str) -> None:
    (nobody,), far = await outcomes(server.NOBODY, gateway=server.Gateway(protocol=protocol))

    assert isinstance(nobody, Refused)
    assert (nobody.reason, nobody.scope) == (Reason.ADDRESS_UNKNOWN, Scope.RECIPIENT)
    assert far.taken == []


async def test_a_gateway_without_the_number_check_is_asked_for_it_once() -> None:
    found, far = await outcomes("00", "01", gateway=server.Gateway(has_check=False))

    assert [type(one) for one in found] == [Accepted, Accepted]
    assert far.asked.count("/api/contacts/check-exists") == 1


async def test_evolutions_own_check_tells_the_same() -> None:
    far = server.Gateway(protocol="evolution")

    (nobody,), far = await outcomes(server.NOBODY, gateway=far, check_number=False)

    assert isinstance(nobody, Refused)
    assert (nobody.reason, nobody.scope) == (Reason.ADDRESS_UNKNOWN, Scope.RECIPIENT)


@pytest.mark.parametrize("protocol", PROTOCOLS)
async def test_nothing_is_handed_over_while_no_phone_is_linked(protocol: str) -> None:
    (refused,), far = await outcomes("00", gateway=server.Gateway(protocol=protocol, is_linked=False))

    assert isinstance(refused, Refused)
    assert (refused.reason, refused.scope) == (Reason.SENDER_UNLINKED, Scope.SENDER)
    assert far.taken == []


@pytest.mark.parametrize("protocol", ["waha", "evolution"])
async def test_a_phone_that_is_unlinked_meanwhile_stops_the_sender(protocol: str) -> None:
    found, far = await outcomes("00", server.UNLINKS, "00", gateway=server.Gateway(protocol=protocol))

    assert isinstance(found[0], Accepted)
    assert [(one.reason, one.scope) for one in found[1:] if isinstance(one, Refused)] == [
        (Reason.SENDER_UNLINKED, Scope.SENDER)
    ] * 2
    assert len(far.taken) == 1


async def test_an_ill_gateway_is_the_providers_fault_and_one_that_waited_in_vain_leaves_it_unknown() -> None:
    (ill, waited, nonsense), _ = await outcomes(server.ILL, server.WAITS, server.NONSENSE)

    assert isinstance(ill, Deferred)
    assert ill.scope is Scope.PROVIDER
    assert isinstance(waited, Unknown)
    assert isinstance(nonsense, Unknown)


async def test_the_session_is_not_asked_for_at_every_message() -> None:
    _, far = await outcomes("00", "01", "02")

    assert far.asked.count("/api/sessions/default") == 1


async def test_typing_is_shown_before_the_message_where_the_gateway_wants_it_said() -> None:
    _, far = await outcomes("00", typing_seconds=0.01)

    assert far.asked[-3:] == ["/api/startTyping", "/api/stopTyping", "/api/sendText"]


def test_pauses_are_random_within_their_range_and_typing_is_shorter_before_short_texts() -> None:
    pacing = Pacing(shortest=3, longest=8, typing=10)

    waits = [pacing.take(0.0) for _ in range(50)]

    gaps = [later - earlier for earlier, later in itertools.pairwise(waits)]
    assert waits[0] == 0
    assert all(3 <= gap <= 8 for gap in gaps)
    assert len(set(gaps)) > 10
    assert pacing.take(10_000.0) == 0
    assert pacing.typing("Hi") == 1.0
    assert pacing.typing("x" * 60) == 5.0
    assert pacing.typing("x" * 600) == 10.0
    assert Pacing(shortest=0, longest=0, typing=0).typing("x") == 0


@pytest.mark.parametrize("protocol", PROTOCOLS)
async def test_the_state_the_code_and_the_groups_are_told(protocol: str) -> None:
    async with server.Gateway(protocol=protocol, is_linked=False).running() as far:
        config = given(protocol, base_url=far.url)
        state = await CHANNEL.link_state(config)
        code = await CHANNEL.link_code(config)
        check = await CHANNEL.check_credentials(config)
        far.is_linked = True
        linked = await CHANNEL.link_state(config)
        groups = await CHANNEL.groups(config)
        far.people += ["9876543210@lid"]
        members = await CHANNEL.members(config, server.GROUP)

    assert (state.is_linked, state.needs_scan) == (False, True)
    assert linked.is_linked
    assert code == server.PNG
    assert not check.ok
    assert [group.name for group in groups] == ["Choir", "Regulars"]
    assert groups[1].id == server.GROUP
    assert CHANNEL.is_group(server.GROUP)
    assert [one.address for one in members.found] == ["+491511234500", "+491511234501", "+491511234502"]
    assert [one.is_admin for one in members.found] == [False, True, False]
    assert members.hidden == 1


async def test_a_gateway_that_refuses_the_key_says_so_without_showing_it() -> None:
    async with server.Gateway(key="another").running() as far:
        state = await CHANNEL.link_state(given(base_url=far.url))
        check = await CHANNEL.check_credentials(given(base_url=far.url))

    assert "HTTP 401" in state.problem
    assert not check.ok
    assert server.KEY not in repr(check) + repr(state)
