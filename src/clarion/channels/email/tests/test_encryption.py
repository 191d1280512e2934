"""The SMTP client's connections: never in clear where they must not be, and signed in."""

import ssl
from datetime import UTC, datetime
from typing import Any

import pytest
import trustme

from clarion.channels.email.tests.sending import send_to
from clarion.channels.email.tests.server import EXTENSIONS, Answer, Do, Server
from clarion.engine.outcomes import Accepted, Deferred, Reason, Refused, Scope

pytestmark = pytest.mark.anyio


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
