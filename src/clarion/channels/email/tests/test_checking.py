"""Trying a sender's settings tells a person what was seen, step by step."""

import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import trustme

from clarion.channels.email import CHANNEL
from clarion.channels.email.tests.server import EXTENSIONS, Server

pytestmark = pytest.mark.anyio


def make_config(server: Server, **changes: Any) -> dict[str, Any]:
    fields = {
        "host": "127.0.0.1",
        "port": server.port,
        "security": "none",
        "from_address": "shop@example.test",
    }
    return CHANNEL.check_config({**fields, **changes})


async def test_each_step_is_told_and_nothing_is_sent() -> None:
    async with Server(extensions=(*EXTENSIONS, "AUTH PLAIN")).running() as server:
        result = await CHANNEL.check_credentials(make_config(server, username="shop", password="secret"))

    assert result.ok
    assert [step for step, _ in result.lines] == ["resolve", "connect", "EHLO", "AUTH PLAIN"]
    assert "secret" not in repr(result)
    assert "MAIL" not in server.commands()


async def test_refused_credentials_are_told_with_the_servers_words() -> None:
    server = Server(answers={"AUTH": "535 5.7.8 wrong password"}, extensions=(*EXTENSIONS, "AUTH PLAIN"))
    async with server.running():
        result = await CHANNEL.check_credentials(make_config(server, username="shop", password="secret"))

    assert not result.ok
    assert "wrong password" in result.problem


async def test_a_host_that_is_not_known_is_told() -> None:
    result = await CHANNEL.check_credentials(make_config(Server(port=25), host="does-not-exist.invalid"))

    assert not result.ok
    assert "does-not-exist.invalid" in result.problem


async def test_a_certificate_about_to_expire_is_told(tmp_path: Path) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    soon = datetime.now(UTC) + timedelta(days=3, hours=1)
    authority.issue_cert("127.0.0.1", not_after=soon).configure_cert(context)
    async with Server(tls=context, is_wrapped=True).running() as server:
        config = make_config(server, security="tls", ca_file=str(tmp_path / "ca.pem"))
        result = await CHANNEL.check_credentials(config)

    assert result.ok
    steps = dict(result.lines)
    assert steps["TLS"].startswith("TLSv1.3, certificate valid until ")
    assert steps["certificate"].endswith("in 3 days")
