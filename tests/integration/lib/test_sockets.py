"""Clients that speak other protocols than HTTP are kept from a cloud's own services just as those are."""

import asyncio
import socket
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import pytest

from clarion.channels.email import CHANNEL as EMAIL
from clarion.channels.email.tests.making import make_config as mail_config
from clarion.channels.email.transport import Transport as MailTransport
from clarion.channels.sms import CHANNEL as SMS
from clarion.channels.sms.tests.making import make_config as sms_config
from clarion.channels.sms.tests.making import make_message, make_transport
from clarion.engine.messages import Message
from clarion.engine.outcomes import Deferred, Reason
from clarion.engine.ports import Transport
from clarion.lib import reach

pytestmark = pytest.mark.anyio


def mail(host: str) -> Transport:
    return MailTransport(mail_config(host=host))


def sms(host: str) -> Transport:
    return make_transport(2775, host=host, security="tls")


def answered_by(*addresses: str) -> Callable[..., list[Any]]:
    """Return a `getaddrinfo` that answers every name like that."""

    def looked_up(_host: str, port: Any, *_: Any, **__: Any) -> list[Any]:
        return [
            (socket.AF_INET6, socket.SOCK_STREAM, 6, "", (address, port, 0, 0)) if ":" in address
            else (socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))
            for address in addresses
        ]  # fmt: skip

    return looked_up


@pytest.mark.parametrize("make", [mail, sms])
@pytest.mark.parametrize("address", ["169.254.169.254", "::ffff:a9fe:a9fe", "fd00:ec2::254"])
async def test_a_clouds_own_service_is_never_called_whatever_name_leads_there(
    make: Callable[[str], Transport], address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    message: Message = make_message()
    for host in (address, "provider.example"):
        transport = make(host)
        with monkeypatch.context() as patch:
            patch.setattr(socket, "getaddrinfo", answered_by(address))
            outcome = await transport.send(message, lambda: pytest.fail("handed over"))
        await transport.aclose()

        assert isinstance(outcome, Deferred)
        assert (outcome.reason, outcome.detail) == (Reason.CONNECTION_FAILED, "this address is never called")


async def test_the_check_of_a_sender_says_so_too() -> None:
    for channel, config in ((EMAIL, mail_config), (SMS, sms_config)):
        settings = {**asdict(config()), "host": "169.254.169.254"}

        result = await channel.check_credentials(settings)

        assert not result.ok
        assert "this address is never called" in result.problem


async def test_a_name_with_several_addresses_is_reached_by_the_first_that_answers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    monkeypatch.setattr(socket, "getaddrinfo", answered_by("169.254.169.254", "127.0.0.2", "127.0.0.1"))

    opened = await reach.connected_socket("provider.example", port)

    assert opened.getpeername() == ("127.0.0.1", port)
    opened.close()
    server.close()
    await server.wait_closed()
