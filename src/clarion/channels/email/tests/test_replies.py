"""What each SMTP answer means, and how answers are read."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clarion.channels.email.errors import NotAReply
from clarion.channels.email.reader import MAX_LINE, MAX_REPLY, ReplyReader
from clarion.channels.email.replies import Reply, Step, outcome, queue_id
from clarion.engine.outcomes import Accepted, Deferred, Reason, Refused, Scope

R, S = Reason, Scope


def read(step: Step, line: str) -> object:
    return outcome(step, Reply(int(line[:3]), (line[4:],)))


class TestRefusals:
    @pytest.mark.parametrize(
        ("step", "line", "reason", "scope"),
        [
            (
                Step.RCPT,
                "550 5.1.1 <a@b.test>: Recipient address rejected: User unknown",
                R.ADDRESS_UNKNOWN,
                S.RECIPIENT,
            ),
            (Step.RCPT, "550 no such user here", R.ADDRESS_UNKNOWN, S.RECIPIENT),
            (Step.RCPT, "550 Mailbox not found", R.ADDRESS_UNKNOWN, S.RECIPIENT),
            (Step.RCPT, "550 Requested action not taken", R.RECIPIENT_REFUSED, S.RECIPIENT),
            (Step.RCPT, "550 5.1.2 domain does not exist", R.DOMAIN_UNKNOWN, S.RECIPIENT),
            (Step.RCPT, "556 5.1.10 Recipient address has null MX", R.DOMAIN_UNKNOWN, S.RECIPIENT),
            (Step.RCPT, "553 5.1.3 bad address syntax", R.ADDRESS_INVALID, S.RECIPIENT),
            (Step.RCPT, "552 5.2.2 mailbox full", R.MAILBOX_FULL, S.RECIPIENT),
            (Step.RCPT, "550 over quota", R.MAILBOX_FULL, S.RECIPIENT),
            (Step.RCPT, "550 5.2.1 mailbox disabled", R.MAILBOX_UNAVAILABLE, S.RECIPIENT),
            (Step.RCPT, "554 5.7.1 <a@b.test>: Relay access denied", R.SENDER_REFUSED, S.SENDER),
            (Step.RCPT, "550 5.7.1 not allowed to write to this list", R.RECIPIENT_REFUSED, S.RECIPIENT),
            (Step.RCPT, "530 5.7.0 Authentication required", R.RECIPIENT_REFUSED, S.RECIPIENT),
            (Step.MAIL, "530 Authentication required", R.CREDENTIALS_REFUSED, S.SENDER),
            (Step.MAIL, "550 5.1.8 sender's domain is bad", R.SENDER_REFUSED, S.SENDER),
            (Step.MAIL, "553 5.7.1 Sender address rejected: not owned by user", R.SENDER_REFUSED, S.SENDER),
            (Step.MAIL, "550 5.1.1 unknown", R.SENDER_REFUSED, S.SENDER),
            (Step.MAIL, "552 5.3.4 message too big", R.MESSAGE_TOO_LARGE, S.MESSAGE),
            (Step.END, "552 5.3.4 message too big", R.MESSAGE_TOO_LARGE, S.MESSAGE),
            (Step.END, "552 too big", R.MESSAGE_TOO_LARGE, S.MESSAGE),
            (Step.END, "554 5.7.1 looks like spam", R.CONTENT_REFUSED, S.MESSAGE),
            (Step.END, "550 5.7.26 unauthenticated mail is not accepted", R.SENDER_REFUSED, S.SENDER),
            (Step.END, "550 5.6.0 bad MIME", R.FEATURE_UNSUPPORTED, S.MESSAGE),
            (Step.END, "554 transaction failed", R.CONTENT_REFUSED, S.MESSAGE),
            (Step.END, "550 5.1.1 unknown after all", R.ADDRESS_UNKNOWN, S.RECIPIENT),
            (Step.END, "500 what?", R.PROTOCOL_ERROR, S.MESSAGE),
            (Step.AUTH, "535 5.7.8 bad", R.CREDENTIALS_REFUSED, S.SENDER),
            (Step.GREETING, "554 5.7.1 your address is on a block list", R.SENDER_BLOCKED, S.SENDER),
        ],
    )
    def test_says_whose_fault_it_is(self, step: Step, line: str, reason: Reason, scope: Scope) -> None:
        found = read(step, line)

        assert isinstance(found, Refused)
        assert (found.reason, found.scope) == (reason, scope)

    @pytest.mark.parametrize("step", list(Step))
    @pytest.mark.parametrize("code", range(500, 560))
    def test_never_blames_the_provider_for_good(self, step: Step, code: int) -> None:
        found = read(step, f"{code} 5.0.0 no")

        assert isinstance(found, Deferred) or (
            isinstance(found, Refused) and found.scope is not Scope.PROVIDER
        )


class TestDeferrals:
    @pytest.mark.parametrize(
        ("step", "line", "reason", "scope", "after"),
        [
            (
                Step.RCPT,
                "450 4.2.0 greylisted, try again in 5 minutes",
                R.MAILBOX_UNAVAILABLE,
                S.MESSAGE,
                300,
            ),
            (
                Step.RCPT,
                "451 4.7.1 Greylisting in action, come back in 60 seconds",
                R.PROVIDER_BUSY,
                S.MESSAGE,
                60,
            ),
            (Step.RCPT, "452 4.2.2 mailbox full", R.MAILBOX_FULL, S.MESSAGE, None),
            (Step.RCPT, "452 4.5.3 too many recipients", R.THROTTLED, S.SENDER, 30),
            (Step.RCPT, "450 4.7.28 unusual rate of mail", R.THROTTLED, S.SENDER, 30),
            (Step.MAIL, "451 4.3.2 not accepting now", R.PROVIDER_BUSY, S.PROVIDER, None),
            (Step.MAIL, "452 4.3.1 no space", R.PROVIDER_BUSY, S.PROVIDER, None),
            (Step.END, "451 4.3.0 queue file write error", R.PROVIDER_BUSY, S.MESSAGE, None),
            (Step.END, "452 4.3.1 no space", R.PROVIDER_BUSY, S.PROVIDER, None),
            (Step.MAIL, "421 4.3.2 closing", R.PROVIDER_DOWN, S.PROVIDER, None),
            (Step.MAIL, "421 4.7.0 too many messages, try again after 120 s", R.THROTTLED, S.PROVIDER, 120),
            (Step.AUTH, "454 4.7.0 temporary failure", R.PROVIDER_BUSY, S.PROVIDER, None),
            (Step.GREETING, "554 no service here", R.PROVIDER_DOWN, S.PROVIDER, None),
            (Step.END, "550 5.7.28 mail flood", R.THROTTLED, S.SENDER, None),
        ],
    )
    def test_says_what_has_to_wait_and_for_how_long(
        self, step: Step, line: str, reason: Reason, scope: Scope, after: float | None
    ) -> None:
        found = read(step, line)

        assert isinstance(found, Deferred)
        assert (found.reason, found.scope, found.after) == (reason, scope, after)


class TestWords:
    def test_addresses_are_taken_out_of_what_is_kept(self) -> None:
        found = read(Step.RCPT, "550 5.1.1 <ana@example.test>: ana@example.test is unknown")

        assert isinstance(found, Refused)
        assert found.code == "550 5.1.1"
        assert found.detail == "5.1.1 <address>: <address> is unknown"

    def test_long_answers_are_cut(self) -> None:
        found = read(Step.END, "554 " + "x\x07" * 1000)

        assert isinstance(found, Refused)
        assert len(found.detail) == 200
        assert found.detail.isprintable()

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("2.0.0 Ok: queued as 4fXyz12345", "4fXyz12345"),
            ("OK id=1rBcDe-000123-Ab", "1rBcDe-000123-Ab"),
            ("2.6.0 <m@x> [InternalId=12345, Hostname=H] Queued mail for delivery", "12345"),
            ("2.0.0 3AL8h0Qv012345 Message accepted for delivery", "3AL8h0Qv012345"),
            ("Ok 0102018c8a5b1234-abcdef01-0000", "0102018c8a5b1234-abcdef01-0000"),
            ("2.0.0 OK  1700000000 a1b2c3-20020a05 - gsmtp", "a1b2c3-20020a05"),
            ("2.0.0 Ok", ""),
            ("thanks", ""),
        ],
    )
    def test_the_queue_id_is_found_where_the_form_is_known(self, text: str, expected: str) -> None:
        assert queue_id(text) == expected
        assert outcome(Step.END, Reply(250, (text,))) == Accepted(
            provider_id=expected, code="250 " + text[:5] if text[0] == "2" else "250"
        )


class TestReader:
    @given(cuts=st.lists(st.integers(0, 70), max_size=10))
    def test_answers_are_the_same_however_they_are_cut(self, cuts: list[int]) -> None:
        octets = b"250-mx.example.test\r\n250-SIZE 10\r\n250 PIPELINING\r\n354 go\r\n250\r\n"
        reader = ReplyReader()

        places = [0, *sorted(cuts), len(octets)]
        replies = [
            reply for start, end in itertools.pairwise(places) for reply in reader.feed(octets[start:end])
        ]

        assert replies == [
            Reply(250, ("mx.example.test", "SIZE 10", "PIPELINING")),
            Reply(354, ("go",)),
            Reply(250, ("",)),
        ]
        assert reader.is_empty

    @pytest.mark.parametrize(
        "octets",
        [
            b"hello\r\n",
            b"199 x\r\n",
            b"600 x\r\n",
            b"25\r\n",
            b"250_x\r\n",
            b"250-a\r\n251 b\r\n",
            b"250 " + b"x" * MAX_LINE + b"\r\n",
            b"x" * (MAX_LINE + 1),
            b"250-aaaaaaaa\r\n" * (MAX_REPLY // 10),
            b"\r\n",
        ],
    )
    def test_what_is_no_answer_is_refused(self, octets: bytes) -> None:
        with pytest.raises(NotAReply):
            ReplyReader().feed(octets)

    @given(octets=st.binary(max_size=300))
    def test_any_octets_are_read_or_refused(self, octets: bytes) -> None:
        reader = ReplyReader()
        try:
            replies = reader.feed(octets)
        except NotAReply:
            return
        assert all(200 <= reply.code < 600 for reply in replies)
