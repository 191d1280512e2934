"""Promises of the table of statuses."""

import pytest

from clarion.channels.sms import replies
from clarion.engine.outcomes import Accepted, Deferred, Reason, Refused, Scope


@pytest.mark.parametrize("status", [*replies.NAMES, 0x400, 0xFFFFFFFF])
def test_every_status_becomes_an_outcome_with_its_code_and_none_is_unknown(status: int) -> None:
    outcome = replies.of_submit(status, "42")

    assert isinstance(outcome, Accepted) == (status == 0)
    assert isinstance(outcome, Accepted | Deferred | Refused)
    assert outcome.code.startswith("0x")
    assert len(outcome.code) <= 20
    if not isinstance(outcome, Accepted):
        assert outcome.scope is not Scope.PROVIDER or isinstance(outcome, Deferred)


@pytest.mark.parametrize(
    ("status", "reason", "scope"),
    [
        (0x0B, Reason.ADDRESS_INVALID, Scope.RECIPIENT),
        (0x0A, Reason.SENDER_REFUSED, Scope.SENDER),
        (0x01, Reason.MESSAGE_TOO_LARGE, Scope.MESSAGE),
        (0xFE, Reason.RECIPIENT_REFUSED, Scope.RECIPIENT),
        (0x400, Reason.REJECTED, Scope.MESSAGE),
        (0x58, Reason.THROTTLED, Scope.PROVIDER),
        (0x14, Reason.PROVIDER_BUSY, Scope.MESSAGE),
        (0x08, Reason.PROVIDER_DOWN, Scope.MESSAGE),
        (0x100, Reason.SENDER_UNUSABLE, Scope.SENDER),
        (0x101, Reason.SENDER_UNUSABLE, Scope.SENDER),
        (0x102, Reason.PROVIDER_DOWN, Scope.MESSAGE),
        (0x103, Reason.SENDER_UNUSABLE, Scope.SENDER),
        (0x104, Reason.FEATURE_UNSUPPORTED, Scope.MESSAGE),
        (0x10D, Reason.REJECTED, Scope.MESSAGE),
    ],
)
def test_whose_fault_it_is(status: int, reason: Reason, scope: Scope) -> None:
    outcome = replies.of_submit(status, "")

    assert isinstance(outcome, Deferred | Refused)
    assert (outcome.reason, outcome.scope) == (reason, scope)


@pytest.mark.parametrize("status", [status for status in replies.NAMES if status])
def test_a_refused_bind_stops_the_sender_only_where_trying_again_would_not_help(status: int) -> None:
    outcome = replies.of_bind(status)

    assert isinstance(outcome, Refused) == (status in (0x0D, 0x0E, 0x0F, 0x53, 0x101))
    assert outcome.scope is (Scope.SENDER if isinstance(outcome, Refused) else Scope.PROVIDER)
