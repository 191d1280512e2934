"""The SMTP client against servers that behave and misbehave."""

import asyncio
import ssl
from base64 import b64encode
from datetime import UTC, datetime
from typing import Any

import pytest
import trustme

from clarion.channels.email.tests.making import make_message, make_transport
from clarion.channels.email.tests.server import DROP, EXTENSIONS, GOOD, HANG, Answer, Do, Server
from clarion.channels.testing import PATIENCE_SECONDS, HandOvers, until
from clarion.engine.outcomes import Accepted, Deferred, Outcome, Reason, Refused, Scope, Unknown

pytestmark = pytest.mark.anyio


async def send_to(
    answers: dict[str, Answer] | None = None,
    *,
    server: Server | None = None,
    address: str = "ana@example.test",
    **config: Any,
) -> tuple[Outcome, Server, HandOvers]:
    """Send one message to a server that answers like this."""
    server = server or Server(answers=answers or {})
    hand_over = HandOvers()
    async with server.running():
        transport = make_transport(server.port, **config)
        outcome = await asyncio.wait_for(
            transport.send(make_message(address=address), hand_over), PATIENCE_SECONDS
        )
        await transport.aclose()
    return outcome, server, hand_over


def without(*names: str) -> tuple[str, ...]:
    """Return the extensions of a good server without these."""
    return tuple(line for line in EXTENSIONS if line.split()[0] not in names)


class TestAcceptance:
    async def test_a_message_arrives_whole_and_its_queue_id_is_kept(self) -> None:
        outcome, server, _ = await send_to()

        assert outcome == Accepted(provider_id="4fXyz12345", code="250 2.0.0")
        (received,) = server.received
        assert received.sender == "shop@example.test"
        assert received.recipients == ["ana@example.test"]
        assert b"Subject: Hello Ana\r\n" in received.octets
        assert "BODY=8BITMIME" in received.mail_line
        assert f"SIZE={len(received.octets) + 3}" in received.mail_line

    async def test_connections_are_reused(self) -> None:
        async with Server().running() as server:
            transport = make_transport(server.port)
            for _ in range(5):
                assert isinstance(await transport.send(make_message(), HandOvers()), Accepted)
            await transport.aclose()

        assert server.connections == 1
        assert server.commands().count("EHLO") == 1
        assert server.commands()[-1] == "QUIT"

    async def test_no_more_connections_are_opened_than_configured(self) -> None:
        async with Server().running() as server:
            transport = make_transport(server.port, connections=3)
            outcomes = await asyncio.gather(*(transport.send(make_message(), HandOvers()) for _ in range(30)))
            await transport.aclose()

        assert all(isinstance(outcome, Accepted) for outcome in outcomes)
        assert server.connections == 3
        assert len(server.received) == 30

    async def test_a_connection_is_replaced_after_its_share_of_messages(self) -> None:
        async with Server().running() as server:
            transport = make_transport(server.port, connections=1, messages_per_connection=2)
            for _ in range(5):
                assert isinstance(await transport.send(make_message(), HandOvers()), Accepted)
            await transport.aclose()

        assert server.connections == 3

    async def test_an_idle_connection_is_closed_politely(self) -> None:
        async with Server().running() as server:
            transport = make_transport(server.port, idle_timeout=0.1)
            await transport.send(make_message(), HandOvers())
            await until(lambda: "QUIT" in server.commands())
            assert isinstance(await transport.send(make_message(), HandOvers()), Accepted)
            await transport.aclose()

        assert server.connections == 2

    async def test_a_connection_that_the_server_closed_while_idle_costs_nothing(self) -> None:
        server = Server()
        server.answers = {"MAIL": lambda _: DROP if server.commands().count("MAIL") == 2 else "250 2.1.0 Ok"}
        async with server.running():
            transport = make_transport(server.port)
            outcomes = [await transport.send(make_message(), HandOvers()) for _ in range(3)]
            await transport.aclose()

        assert all(isinstance(outcome, Accepted) for outcome in outcomes)
        assert server.connections == 2

    async def test_a_421_for_having_been_idle_costs_nothing(self) -> None:
        server = Server()
        server.answers = {
            "MAIL": lambda _: "421 4.4.2 idle" if server.commands().count("MAIL") == 2 else "250 2.1.0 Ok"
        }
        async with server.running():
            transport = make_transport(server.port)
            outcomes = [await transport.send(make_message(), HandOvers()) for _ in range(3)]
            await transport.aclose()

        assert all(isinstance(outcome, Accepted) for outcome in outcomes)

    @pytest.mark.parametrize(
        ("step", "kind"), [("DATA", Deferred), ("END", Unknown)], ids=["before", "after"]
    )
    async def test_closing_settles_a_message_under_way(self, step: str, kind: type) -> None:
        async with Server(answers={step: HANG}).running() as server:
            transport = make_transport(server.port)
            sending = asyncio.ensure_future(transport.send(make_message(), HandOvers()))
            await until(lambda: server.hangs_at == step)
            await transport.aclose()
            outcome = await asyncio.wait_for(sending, PATIENCE_SECONDS)

        assert isinstance(outcome, kind)


class TestExtensions:
    async def test_without_pipelining_each_command_waits_for_its_answer(self) -> None:
        outcome, server, _ = await send_to(server=Server(extensions=without("PIPELINING")))

        assert isinstance(outcome, Accepted)
        assert server.commands()[:4] == ["EHLO", "MAIL", "RCPT", "DATA"]

    async def test_without_pipelining_a_refused_recipient_ends_it_before_data(self) -> None:
        outcome, server, hand_over = await send_to(
            server=Server(extensions=without("PIPELINING"), answers={"RCPT": "550 5.1.1 unknown"})
        )

        assert isinstance(outcome, Refused)
        assert "DATA" not in server.commands()
        assert hand_over.count == 0

    async def test_without_8bitmime_the_message_goes_out_in_ascii(self) -> None:
        server = Server(extensions=without("8BITMIME", "SMTPUTF8"))
        async with server.running():
            transport = make_transport(server.port)
            message = make_message(name="Änne Größe 漢字")
            assert isinstance(await transport.send(message, HandOvers()), Accepted)
            await transport.aclose()

        (received,) = server.received
        assert received.octets.isascii()
        assert b"quoted-printable" in received.octets
        assert "BODY" not in received.mail_line

    async def test_without_ehlo_it_falls_back_to_helo(self) -> None:
        outcome, server, _ = await send_to({"EHLO": "502 5.5.1 not implemented"})

        assert isinstance(outcome, Accepted)
        assert server.commands()[:2] == ["EHLO", "HELO"]
        assert "SIZE" not in server.received[0].mail_line

    async def test_an_international_recipient_goes_where_smtputf8_is_known(self) -> None:
        outcome, server, _ = await send_to(address="änne@example.test")

        assert isinstance(outcome, Accepted)
        assert server.received[0].mail_line.endswith("SMTPUTF8")
        assert server.received[0].recipients == ["änne@example.test"]

    async def test_an_international_recipient_is_refused_where_smtputf8_is_not_known(self) -> None:
        outcome, server, hand_over = await send_to(
            server=Server(extensions=without("SMTPUTF8")), address="änne@example.test"
        )

        assert isinstance(outcome, Refused)
        assert (outcome.reason, outcome.scope) == (Reason.FEATURE_UNSUPPORTED, Scope.RECIPIENT)
        assert "MAIL" not in server.commands()
        assert hand_over.count == 0

    async def test_a_message_over_the_servers_size_is_not_tried(self) -> None:
        outcome, server, _ = await send_to(server=Server(extensions=("PIPELINING", "SIZE 500")))

        assert isinstance(outcome, Refused)
        assert (outcome.reason, outcome.scope) == (Reason.MESSAGE_TOO_LARGE, Scope.MESSAGE)
        assert "MAIL" not in server.commands()

    async def test_notifications_carry_our_id_when_asked_for(self) -> None:
        outcome, server, _ = await send_to(dsn=True)

        assert isinstance(outcome, Accepted)
        assert " RET=HDRS ENVID=7.42." in server.received[0].mail_line
        assert any(line.endswith("NOTIFY=FAILURE,DELAY") for _, line in server.lines)


class TestBrokenConversations:
    @pytest.mark.parametrize(
        ("answers", "reason", "scope"),
        [
            ({"GREETING": "421 4.3.2 closing"}, Reason.PROVIDER_DOWN, Scope.PROVIDER),
            ({"GREETING": DROP}, Reason.CONNECTION_FAILED, Scope.PROVIDER),
            ({"GREETING": Do(b"HTTP/1.1 400 Bad Request\r\n")}, Reason.PROTOCOL_ERROR, Scope.PROVIDER),
            ({"GREETING": Do(b"2" * 10_000)}, Reason.PROTOCOL_ERROR, Scope.PROVIDER),
            ({"GREETING": Do(b"220-more\r\n" * 10_000)}, Reason.PROTOCOL_ERROR, Scope.PROVIDER),
            ({"GREETING": Do(b"220-one\r\n250 two\r\n")}, Reason.PROTOCOL_ERROR, Scope.PROVIDER),
            ({"GREETING": Do(b"220 hello\r\n\x00\xff\x00\r\n")}, Reason.PROTOCOL_ERROR, Scope.PROVIDER),
            ({"EHLO": "421 4.7.0 too many connections"}, Reason.THROTTLED, Scope.PROVIDER),
            ({"EHLO": DROP}, Reason.CONNECTION_FAILED, Scope.PROVIDER),
            ({"MAIL": "421 4.3.2 shutting down"}, Reason.PROVIDER_DOWN, Scope.PROVIDER),
            ({"RCPT": "421 4.3.2 shutting down"}, Reason.PROVIDER_DOWN, Scope.PROVIDER),
            ({"MAIL": DROP}, Reason.CONNECTION_FAILED, Scope.MESSAGE),
            ({"RCPT": DROP}, Reason.CONNECTION_FAILED, Scope.MESSAGE),
            ({"DATA": DROP}, Reason.CONNECTION_FAILED, Scope.MESSAGE),
            ({"DATA": "451 4.3.0 later"}, Reason.PROVIDER_BUSY, Scope.MESSAGE),
            ({"DATA": "250 what?"}, Reason.PROTOCOL_ERROR, Scope.PROVIDER),
            ({"MAIL": "354 what?"}, Reason.PROTOCOL_ERROR, Scope.PROVIDER),
        ],
    )
    async def test_what_ends_before_the_body_is_deferred_and_not_handed_over(
        self, answers: dict[str, Answer], reason: Reason, scope: Scope
    ) -> None:
        outcome, server, hand_over = await send_to(answers)

        assert isinstance(outcome, Deferred)
        assert (outcome.reason, outcome.scope) == (reason, scope)
        assert hand_over.count == 0
        assert server.received == []

    async def test_a_451_after_the_final_dot_is_deferred(self) -> None:
        outcome, _, hand_over = await send_to({"END": "451 4.3.0 queue file write error"})

        assert isinstance(outcome, Deferred)
        assert (outcome.reason, outcome.scope) == (Reason.PROVIDER_BUSY, Scope.MESSAGE)
        assert hand_over.count == 1

    async def test_a_421_after_the_final_dot_is_deferred_and_ends_the_connection(self) -> None:
        async with Server(answers={"END": "421 4.3.2 going down"}).running() as server:
            transport = make_transport(server.port)
            outcome = await transport.send(make_message(), HandOvers())
            server.answers = {}
            after = await transport.send(make_message(), HandOvers())
            await transport.aclose()

        assert isinstance(outcome, Deferred)
        assert outcome.scope is Scope.PROVIDER
        assert isinstance(after, Accepted)
        assert server.connections == 2

    async def test_garbage_after_the_final_dot_leaves_the_message_unknown(self) -> None:
        outcome, _, _ = await send_to({"END": Do(b"ok, thanks\r\n")})

        assert outcome == Unknown(reason=Reason.PROTOCOL_ERROR, detail="the answer is not SMTP")

    async def test_an_acceptance_before_the_body_is_not_believed(self) -> None:
        outcome, _, _ = await send_to({"DATA": Do(b"354 go on\r\n250 2.0.0 Ok: queued as 4fXyz12345\r\n")})

        assert isinstance(outcome, Unknown)
        assert outcome.reason is Reason.PROTOCOL_ERROR

    async def test_a_refusal_before_the_end_of_the_body_is_believed_and_the_connection_dropped(self) -> None:
        async with Server(answers={"DATA": Do(b"354 go on\r\n552 5.3.4 too big\r\n")}).running() as server:
            transport = make_transport(server.port)
            outcome = await transport.send(make_message(), HandOvers())
            server.answers = {}
            after = await transport.send(make_message(), HandOvers())
            await transport.aclose()

        assert isinstance(outcome, Refused)
        assert outcome.reason is Reason.MESSAGE_TOO_LARGE
        assert isinstance(after, Accepted)
        assert server.connections == 2

    async def test_a_recipient_refused_in_a_pipeline_hands_nothing_over_even_if_data_is_answered_354(
        self,
    ) -> None:
        answers: dict[str, Answer] = {
            "RCPT": "550 5.1.1 unknown user",
            "DATA": "354 go on",
            "END": "554 5.5.1 nobody",
        }
        async with Server(answers=answers).running() as server:
            transport = make_transport(server.port, connections=1)
            hand_over = HandOvers()
            outcome = await transport.send(make_message(), hand_over)
            server.answers = {}
            after = await transport.send(make_message(), HandOvers())
            await transport.aclose()

        assert isinstance(outcome, Refused)
        assert (outcome.reason, outcome.scope) == (Reason.ADDRESS_UNKNOWN, Scope.RECIPIENT)
        assert hand_over.count == 0
        assert isinstance(after, Accepted)
        assert server.connections == 1
        assert "RSET" in server.commands()

    async def test_a_server_that_refuses_the_sender_and_takes_all_else_gets_nothing(self) -> None:
        outcome, server, hand_over = await send_to({"MAIL": Do(b"550 5.7.1 not from you\r\n")})

        assert isinstance(outcome, Refused)
        assert outcome.scope is Scope.SENDER
        assert (hand_over.count, server.received) == (0, [])

    async def test_a_connection_whose_reset_fails_is_not_used_again(self) -> None:
        answers: dict[str, Answer] = {
            "RCPT": lambda line: "550 5.1.1 unknown" if "nobody" in line else "250 2.1.5 Ok",
            "RSET": "500 no",
        }
        async with Server(answers=answers).running() as server:
            transport = make_transport(server.port, connections=1)
            await transport.send(make_message(address="nobody@example.test"), HandOvers())
            after = await transport.send(make_message(), HandOvers())
            await transport.aclose()

        assert isinstance(after, Accepted)
        assert server.connections == 2

    async def test_nobody_listening_is_the_providers_failure(self) -> None:
        async with Server().running() as server:
            port = server.port
        outcome = await make_transport(port).send(make_message(), HandOvers())

        assert isinstance(outcome, Deferred)
        assert (outcome.reason, outcome.scope) == (Reason.CONNECTION_FAILED, Scope.PROVIDER)

    async def test_a_host_that_does_not_exist_is_the_providers_failure(self) -> None:
        outcome = await make_transport(25, host="does-not-exist.invalid").send(make_message(), HandOvers())

        assert isinstance(outcome, Deferred)
        assert (outcome.reason, outcome.scope) == (Reason.CONNECTION_FAILED, Scope.PROVIDER)

    async def test_one_connection_too_many_makes_do_with_those_there_are(self) -> None:
        server = Server()
        server.answers = {
            "GREETING": lambda _: "220 hi" if server.connections <= 2 else "421 4.7.0 too many connections"
        }
        async with server.running():
            transport = make_transport(server.port, connections=5)
            outcomes = []
            for _ in range(4):
                outcomes += await asyncio.gather(
                    *(transport.send(make_message(), HandOvers()) for _ in range(5))
                )
            await transport.aclose()

        assert sum(isinstance(outcome, Accepted) for outcome in outcomes) >= 17
        assert all(isinstance(outcome, Accepted | Deferred) for outcome in outcomes)


class TestSlowness:
    @pytest.mark.parametrize(
        ("answers", "scope"),
        [
            ({"GREETING": HANG}, Scope.PROVIDER),
            ({"EHLO": Do(b"250-half", hangs=True)}, Scope.PROVIDER),
            ({"MAIL": HANG}, Scope.MESSAGE),
            ({"DATA": HANG}, Scope.MESSAGE),
        ],
        ids=["greeting", "half an answer", "MAIL", "DATA"],
    )
    async def test_silence_before_the_body_is_deferred(
        self, answers: dict[str, Answer], scope: Scope
    ) -> None:
        outcome, _, hand_over = await send_to(answers, command_timeout=0.6)

        assert isinstance(outcome, Deferred)
        assert (outcome.reason, outcome.scope) == (Reason.TIMED_OUT, scope)
        assert hand_over.count == 0

    async def test_silence_after_the_final_dot_leaves_the_message_unknown(self) -> None:
        outcome, _, _ = await send_to({"END": HANG}, data_timeout=0.2)

        assert outcome == Unknown(reason=Reason.TIMED_OUT, detail="no answer in time")

    async def test_a_slow_server_is_waited_for(self) -> None:
        late: dict[str, Answer] = {
            step: Do(f"{GOOD[step]}\r\n".encode(), after=0.25)
            for step in ("GREETING", "MAIL", "RCPT", "DATA")
        }
        async with Server(answers=late, extensions=without("PIPELINING")).running() as server:
            # Each answer has so long, and all together take as long.
            transport = make_transport(server.port, command_timeout=1.0)
            outcome = await transport.send(make_message(), HandOvers())
            await transport.aclose()

        assert isinstance(outcome, Accepted)

    async def test_a_large_body_whose_end_was_never_written_is_certainly_not_taken(self) -> None:
        server = Server(reads_at_most=300_000)
        async with server.running():
            transport = make_transport(server.port, data_timeout=0.5)
            hand_over = HandOvers()
            file = {"filename": "big.bin", "content_b64": b64encode(bytes(6_900_000)).decode()}
            message = make_message(attachments=[file])
            outcome = await asyncio.wait_for(transport.send(message, hand_over), PATIENCE_SECONDS)
            await transport.aclose()

        assert isinstance(outcome, Deferred)
        assert outcome.reason is Reason.TIMED_OUT
        assert hand_over.count == 1

    async def test_a_large_body_arrives_whole(self) -> None:
        async with Server().running() as server:
            transport = make_transport(server.port)
            text = "".join(f".line {number} of the long text\n" for number in range(50_000))
            outcome = await asyncio.wait_for(
                transport.send(make_message(text=text, html=""), HandOvers()), PATIENCE_SECONDS
            )
            await transport.aclose()

        assert isinstance(outcome, Accepted)
        assert server.received[0].octets.endswith(text.replace("\n", "\r\n").encode())


class TestEncryption:
    @pytest.fixture
    def authority(self) -> trustme.CA:
        return trustme.CA()

    @pytest.fixture
    def ca_file(self, authority: trustme.CA, tmp_path: Any) -> str:
        path = tmp_path / "ca.pem"
        authority.cert_pem.write_to_path(path)
        return str(path)

    def serving(self, authority: trustme.CA, *names: str, **options: Any) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert(*names, **options).configure_cert(context)
        return context

    @pytest.mark.parametrize("is_wrapped", [False, True], ids=["STARTTLS", "TLS"])
    async def test_an_encrypted_connection_carries_credentials_and_message(
        self, authority: trustme.CA, ca_file: str, is_wrapped: bool
    ) -> None:
        offers = EXTENSIONS if is_wrapped else (*EXTENSIONS, "STARTTLS")
        server = Server(
            extensions=(*offers, "AUTH PLAIN"),
            tls=self.serving(authority, "127.0.0.1"),
            is_wrapped=is_wrapped,
        )
        outcome, _, _ = await send_to(
            server=server,
            security="tls" if is_wrapped else "starttls",
            ca_file=ca_file,
            username="shop",
            password="secret",
        )

        assert isinstance(outcome, Accepted)
        assert server.commands().count("EHLO") == (1 if is_wrapped else 2)

    @pytest.mark.parametrize("is_wrapped", [False, True], ids=["STARTTLS", "TLS"])
    @pytest.mark.parametrize("fault", ["other host", "expired", "unknown authority"])
    async def test_a_certificate_that_does_not_verify_is_refused(
        self, authority: trustme.CA, ca_file: str, is_wrapped: bool, fault: str
    ) -> None:
        names = ("mail.example.test",) if fault == "other host" else ("127.0.0.1",)
        options = {"not_after": datetime(2020, 1, 1, tzinfo=UTC)} if fault == "expired" else {}
        issuer = trustme.CA() if fault == "unknown authority" else authority
        server = Server(
            extensions=(*EXTENSIONS, "STARTTLS"),
            tls=self.serving(issuer, *names, **options),
            is_wrapped=is_wrapped,
        )
        outcome, _, hand_over = await send_to(
            server=server, security="tls" if is_wrapped else "starttls", ca_file=ca_file
        )

        assert isinstance(outcome, Deferred)
        assert (outcome.reason, outcome.scope) == (Reason.TLS_FAILED, Scope.PROVIDER)
        assert outcome.detail
        assert (hand_over.count, server.received) == (0, [])

    async def test_verification_can_be_switched_off(self, authority: trustme.CA) -> None:
        server = Server(
            extensions=(*EXTENSIONS, "STARTTLS"), tls=self.serving(authority, "mail.example.test")
        )
        outcome, _, _ = await send_to(server=server, security="starttls", verify_certificate=False)

        assert isinstance(outcome, Accepted)

    @pytest.mark.parametrize(
        "answers",
        [
            {"STARTTLS": "454 4.7.0 TLS not available"},
            {"STARTTLS": Do(b"220 go\r\n", drops=True)},
            {"STARTTLS": Do(b"220 go\r\n", hangs=True)},
        ],
        ids=["refused", "dropped", "silent"],
    )
    async def test_a_failed_starttls_never_goes_on_in_clear(self, answers: dict[str, Answer]) -> None:
        server = Server(answers=answers, extensions=(*EXTENSIONS, "STARTTLS"))
        outcome, _, _ = await send_to(server=server, security="starttls", connect_timeout=0.6)

        assert isinstance(outcome, Deferred)
        assert (outcome.reason, outcome.scope) == (Reason.TLS_FAILED, Scope.PROVIDER)
        assert "MAIL" not in server.commands()

    async def test_a_server_without_starttls_never_gets_a_message_in_clear(self) -> None:
        outcome, server, _ = await send_to(security="starttls")

        assert isinstance(outcome, Deferred)
        assert outcome.reason is Reason.TLS_FAILED
        assert "MAIL" not in server.commands()

    async def test_answers_injected_in_clear_after_starttls_are_not_believed(
        self, authority: trustme.CA, ca_file: str
    ) -> None:
        server = Server(
            answers={"STARTTLS": Do(b"220 go\r\n250-evil\r\n250 AUTH PLAIN\r\n", hangs=True)},
            extensions=(*EXTENSIONS, "STARTTLS"),
            tls=self.serving(authority, "127.0.0.1"),
        )
        outcome, _, _ = await send_to(
            server=server, security="starttls", ca_file=ca_file, username="shop", password="secret"
        )

        assert isinstance(outcome, Deferred)
        assert outcome.reason is Reason.TLS_FAILED
        assert server.commands() == ["EHLO", "STARTTLS"]


class TestSigningIn:
    @pytest.mark.parametrize(
        ("offer", "auth", "answers", "lines"),
        [
            ("AUTH LOGIN PLAIN", "auto", {}, ["AUTH PLAIN AHNob3AAc2VjcmV0"]),
            (
                "AUTH LOGIN",
                "auto",
                {"AUTH": lambda line: "235 ok" if line == "c2VjcmV0" else "334 VXNlcm5hbWU6"},
                ["AUTH LOGIN", "c2hvcA==", "c2VjcmV0"],
            ),
            (
                "AUTH PLAIN XOAUTH2",
                "xoauth2",
                {},
                ["AUTH XOAUTH2 dXNlcj1zaG9wAWF1dGg9QmVhcmVyIHNlY3JldAEB"],
            ),
            ("AUTH=LOGIN PLAIN", "auto", {}, ["AUTH PLAIN AHNob3AAc2VjcmV0"]),
        ],
        ids=["PLAIN", "LOGIN", "XOAUTH2", "old spelling"],
    )
    async def test_it_signs_in_as_the_server_offers(
        self, offer: str, auth: str, answers: dict[str, Answer], lines: list[str]
    ) -> None:
        server = Server(answers=answers, extensions=(*EXTENSIONS, offer))
        outcome, _, _ = await send_to(server=server, username="shop", password="secret", auth=auth)

        assert isinstance(outcome, Accepted)
        assert [line for _, line in server.lines][1 : 1 + len(lines)] == lines

    async def test_a_long_token_waits_for_the_servers_go_ahead(self) -> None:
        server = Server(
            answers={"AUTH": lambda line: "334 " if line == "AUTH XOAUTH2" else "235 ok"},
            extensions=(*EXTENSIONS, "AUTH XOAUTH2"),
        )
        outcome, _, _ = await send_to(server=server, username="shop", password="t" * 2000, auth="xoauth2")

        assert isinstance(outcome, Accepted)

    @pytest.mark.parametrize(
        ("offer", "answers"),
        [
            ("AUTH PLAIN", {"AUTH": "535 5.7.8 bad credentials"}),
            ("AUTH PLAIN", {"AUTH": "534 5.7.9 mechanism too weak"}),
            ("AUTH LOGIN", {"AUTH": lambda line: "334 x" if line == "AUTH LOGIN" else "535 5.7.8 no"}),
            (
                "AUTH XOAUTH2",
                {"AUTH": lambda line: "535 5.7.8 no" if line == "=" else "334 eyJzdGF0dXMiOiI0MDEifQ=="},
            ),
            ("AUTH GSSAPI CRAM-MD5", {}),
            ("AUTH PLAIN", {"AUTH": "504 5.5.4 unrecognised"}),
        ],
        ids=["PLAIN", "too weak", "LOGIN", "XOAUTH2", "nothing in common", "not after all"],
    )
    async def test_refused_credentials_are_the_senders_fault(
        self, offer: str, answers: dict[str, Answer]
    ) -> None:
        server = Server(answers=answers, extensions=(*EXTENSIONS, offer))
        outcome, _, hand_over = await send_to(server=server, username="shop", password="secret")

        assert isinstance(outcome, Refused)
        assert (outcome.reason, outcome.scope) == (Reason.CREDENTIALS_REFUSED, Scope.SENDER)
        assert hand_over.count == 0
        assert "secret" not in repr(outcome)

    async def test_a_server_that_cannot_check_just_now_is_the_providers_failure(self) -> None:
        server = Server(
            answers={"AUTH": "454 4.7.0 temporary authentication failure"},
            extensions=(*EXTENSIONS, "AUTH PLAIN"),
        )
        outcome, _, _ = await send_to(server=server, username="shop", password="secret")

        assert isinstance(outcome, Deferred)
        assert outcome.scope is Scope.PROVIDER
