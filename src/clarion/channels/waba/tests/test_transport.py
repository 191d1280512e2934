"""What WhatsApp adds to the contract."""

from typing import Any

import pytest

from clarion.channels.base import SyncFailed
from clarion.channels.testing import HandOvers
from clarion.channels.waba import CHANNEL
from clarion.channels.waba.pacing import PAIR_SECONDS, REMEMBERED, Pacing
from clarion.channels.waba.tests import server
from clarion.channels.waba.tests.making import NUMBER, make_message, make_settings, make_transport
from clarion.engine.messages import Message
from clarion.engine.outcomes import Accepted, Deferred, Outcome, Reason, Refused, Scope, Unknown

pytestmark = pytest.mark.anyio


async def outcomes(*messages: Message) -> tuple[list[Outcome], server.Server]:
    async with server.Server().running() as far:
        transport = make_transport(far.port)
        found = [await transport.send(message, HandOvers()) for message in messages]
        await transport.aclose()
        return found, far


def ending(end: int | str, **changes: Any) -> Message:
    """Return a message to a number for which the server behaves so; each attempt is to another one."""
    return make_message(f"+49{changes.get('attempt', 1)}5{end:>06}", **changes)


async def test_a_message_names_its_template_its_values_and_our_own_ids() -> None:
    variables = {"first_name": "Ada\nAugusta", "city": "  Leipzig  ", "order": "42/7"}
    (outcome,), far = await outcomes(make_message(NUMBER, variables))

    assert isinstance(outcome, Accepted)
    assert (outcome.provider_id, outcome.code) == ("wamid.HBgL0000000001", "accepted")
    (body,) = far.taken
    assert (body["to"], body["biz_opaque_callback_data"]) == (NUMBER, "3.48")
    assert body["template"]["language"] == {"policy": "deterministic", "code": "en_US"}
    assert body["template"]["components"] == [
        {"type": "header", "parameters": [{"type": "text", "text": "42/7"}]},
        {
            "type": "body",
            "parameters": [{"type": "text", "text": "Ada Augusta"}, {"type": "text", "text": "Leipzig"}],
        },
        {
            "type": "button", "sub_type": "url", "index": "0", "parameters": [{"type": "text", "text": "42/7"}],
        },
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("code", "reason", "scope", "least"),
    [
        (130429, Reason.THROTTLED, Scope.SENDER, 1.0),
        (80007, Reason.THROTTLED, Scope.SENDER, 60.0),
        (131056, Reason.THROTTLED, Scope.MESSAGE, PAIR_SECONDS),
        (131048, Reason.QUOTA_EXCEEDED, Scope.SENDER, 3600.0),
        (131016, Reason.PROVIDER_DOWN, Scope.PROVIDER, None),
        (131000, Reason.PROVIDER_BUSY, Scope.MESSAGE, None),
    ],
)
async def test_what_is_too_fast_or_down_is_tried_again_later(
    code: int, reason: Reason, scope: Scope, least: float | None
) -> None:
    (outcome,), far = await outcomes(ending(code))

    assert isinstance(outcome, Deferred)
    assert (outcome.reason, outcome.scope, outcome.code) == (reason, scope, str(code))
    assert outcome.after is None if least is None else (outcome.after or 0) >= least
    assert far.taken == []


async def test_whoever_gets_too_much_marketing_is_tried_again_after_ever_longer_times() -> None:
    found, far = await outcomes(*(ending(131049, attempt=attempt) for attempt in (1, 2, 3, 4, 5, 6)))

    hours = [one.after / 3600 for one in found if isinstance(one, Deferred) and one.after]
    assert hours == [6, 12, 24, 48, 96, 96]
    assert {one.scope for one in found if isinstance(one, Deferred)} == {Scope.MESSAGE}
    assert far.taken == []


@pytest.mark.parametrize(
    ("code", "reason", "scope"),
    [
        (131026, Reason.RECIPIENT_REFUSED, Scope.RECIPIENT),
        (131047, Reason.RECIPIENT_REFUSED, Scope.RECIPIENT),
        (131050, Reason.RECIPIENT_BLOCKED, Scope.RECIPIENT),
        (130472, Reason.RECIPIENT_REFUSED, Scope.RECIPIENT),
        (368, Reason.SENDER_BLOCKED, Scope.SENDER),
        (131031, Reason.SENDER_BLOCKED, Scope.SENDER),
        (131042, Reason.SENDER_BLOCKED, Scope.SENDER),
        (133010, Reason.SENDER_UNUSABLE, Scope.SENDER),
        (132005, Reason.MESSAGE_TOO_LARGE, Scope.MESSAGE),
        (132000, Reason.TEMPLATE_UNUSABLE, Scope.CAMPAIGN),
        (132001, Reason.TEMPLATE_UNUSABLE, Scope.CAMPAIGN),
        (132015, Reason.TEMPLATE_UNUSABLE, Scope.CAMPAIGN),
        (132016, Reason.TEMPLATE_UNUSABLE, Scope.CAMPAIGN),
    ],
)
async def test_a_refusal_names_whose_fault_it_is(code: int, reason: Reason, scope: Scope) -> None:
    (outcome,), far = await outcomes(ending(f"{code:06}"))

    assert isinstance(outcome, Refused)
    assert (outcome.reason, outcome.scope, outcome.code) == (reason, scope, str(code))
    assert outcome.detail == server.ERRORS[code][1]
    assert far.taken == []


async def test_a_gateway_that_gives_up_leaves_it_unknown_and_a_strange_yes_is_a_yes() -> None:
    (gateway, nonsense), _ = await outcomes(ending(server.GATEWAY), ending(server.NONSENSE))

    assert isinstance(gateway, Unknown)
    assert isinstance(nonsense, Accepted)


async def test_one_person_gets_a_message_every_six_seconds_and_others_do_not_wait() -> None:
    (first, again, other), far = await outcomes(
        make_message(NUMBER), make_message(NUMBER), make_message("+4915112345679")
    )

    assert isinstance(first, Accepted)
    assert isinstance(again, Deferred)
    assert again.scope is Scope.MESSAGE
    assert isinstance(other, Accepted)
    assert len(far.taken) == 2


async def test_whoever_was_refused_does_not_wait_for_the_next_message() -> None:
    async with server.Server(everybody=132015).running() as far:
        transport = make_transport(far.port)
        refused = await transport.send(make_message(), HandOvers())
        far.everybody = 0
        taken = await transport.send(make_message(), HandOvers())
        await transport.aclose()

    assert isinstance(refused, Refused)
    assert isinstance(taken, Accepted)


async def test_pacing_forgets_the_oldest() -> None:
    pacing = Pacing()
    for n in range(REMEMBERED + 1):
        pacing.note(str(n), float(n))

    assert pacing.wait("0", 1.0) == 0
    assert pacing.wait("1", 3.0) == PAIR_SECONDS - 2.0


async def test_a_check_says_which_number_it_is_and_what_it_may_send() -> None:
    async with server.Server().running() as far:
        good = await CHANNEL.check_credentials(make_settings(api_url=far.url))
        bad = await CHANNEL.check_credentials(make_settings(api_url=far.url, access_token="other-token"))

    assert good.ok
    assert ("Number", "+1 555-0100") in good.lines
    assert ("People a day", "2,000") in good.lines
    assert not bad.ok
    assert "190" in bad.problem
    assert "other-token" not in bad.problem
    assert far.taken == []


async def test_all_templates_are_listed_page_by_page_with_what_is_said_of_them() -> None:
    templates = [server.template(f"t{n}") for n in range(5)]
    templates[1] |= {"status": "REJECTED", "rejected_reason": "INVALID_FORMAT", "quality_score": None}
    templates[2] |= {"components": [{"type": "BODY", "text": "x"}, {"type": "CAROUSEL", "cards": []}]}
    async with server.Server(templates=templates, page=2, tier="TIER_UNLIMITED").running() as far:
        account = await CHANNEL.account(make_settings(api_url=far.url))

    assert [one.name for one in account.templates] == ["t0", "t1", "t2", "t3", "t4"]
    first, rejected, carousel, *_ = account.templates
    assert (first.status, first.category, first.quality, first.problem) == (
        "APPROVED",
        "UTILITY",
        "GREEN",
        "",
    )
    assert (rejected.status, rejected.note, rejected.quality) == ("REJECTED", "INVALID_FORMAT", "")
    assert "carousel" in carousel.problem
    assert (account.per_day, account.quality) == (0, "GREEN")


async def test_an_account_that_cannot_be_asked_says_why_without_its_token() -> None:
    async with server.Server(token="another").running() as far:
        with pytest.raises(SyncFailed) as refusal:
            await CHANNEL.account(make_settings(api_url=far.url))

    assert "190" in str(refusal.value)
    assert server.TOKEN not in str(refusal.value)
