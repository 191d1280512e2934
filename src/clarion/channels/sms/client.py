"""Opening a session: TCP, TLS where it is wanted, and the bind."""

import asyncio
import os
import socket
import ssl
from collections.abc import Callable
from typing import Any

from clarion.channels.sms import pdu
from clarion.channels.sms.config import VERSIONS, Config
from clarion.channels.sms.errors import SessionUnusable, put_off
from clarion.channels.sms.pdu import Command
from clarion.channels.sms.protocol import TIMED_OUT, OnDeliver, Session
from clarion.channels.sms.replies import OK, of_bind
from clarion.engine.outcomes import Reason
from clarion.lib.reach import NeverCalled, connected_socket

BINDS = {
    "transmitter": Command.BIND_TRANSMITTER,
    "receiver": Command.BIND_RECEIVER,
    "transceiver": Command.BIND_TRANSCEIVER,
}

Note = Callable[[str, str], None]


def _quiet(step: str, words: str) -> None:
    """Hear about a step and do nothing."""


async def open_session(
    config: Config,
    context: ssl.SSLContext | None,
    note: Note = _quiet,
    *,
    bind: str = "",
    on_deliver: OnDeliver | None = None,
) -> Session:
    """Return a session that is bound, as the config says or as `bind`. Raises SessionUnusable.

    `context` is needed for TLS. `note` hears (step, what was seen) as far as it goes.
    """
    session = await _connect(config, context, note, on_deliver)
    try:
        await _bind(session, config, bind or config.bind, note)
    except BaseException:
        session.abort()
        raise
    return session


async def _connect(
    config: Config, context: ssl.SSLContext | None, note: Note, on_deliver: OnDeliver | None
) -> Session:
    loop = asyncio.get_running_loop()
    options: dict[str, Any] = {}
    if context is not None:
        options = {
            "ssl": context,
            "server_hostname": config.host,
            "ssl_handshake_timeout": config.connect_timeout,
        }
    try:
        async with asyncio.timeout(config.connect_timeout):
            opened = await connected_socket(config.host, config.port)
            transport, session = await loop.create_connection(
                lambda: Session(
                    window=config.window,
                    response_timeout=config.response_timeout,
                    enquire_seconds=config.enquire_seconds,
                    on_deliver=on_deliver,
                ),
                sock=opened,
                **options,
            )
    except ssl.SSLError as error:
        words = getattr(error, "verify_message", "") or error.reason or "the handshake failed"
        put_off(Reason.TLS_FAILED, str(words))
    except TimeoutError:
        put_off(Reason.CONNECTION_FAILED, "no connection in time")
    except socket.gaierror:
        put_off(Reason.CONNECTION_FAILED, "the host name is not known")
    except NeverCalled as error:
        put_off(Reason.CONNECTION_FAILED, str(error.strerror))
    except OSError as error:
        words = os.strerror(error.errno) if error.errno else type(error).__name__
        put_off(Reason.CONNECTION_FAILED, words)
    peer = transport.get_extra_info("peername")
    note("connect", f"{peer[0]} port {peer[1]}" if peer else "connected")
    if context is not None:
        note("TLS", _seen_tls(transport))
    return session


async def _bind(session: Session, config: Config, bind: str, note: Note) -> None:
    body = pdu.bind_body(
        system_id=config.system_id.encode(),
        password=config.password.encode(),
        system_type=config.system_type.encode(),
        version=VERSIONS[config.version],
    )
    status, answer = await session.request(BINDS[bind], body)
    if status == TIMED_OUT:
        put_off(Reason.TIMED_OUT, "no answer to the bind")
    if status < 0:
        is_garbage = "not SMPP" in session.obituary
        reason = Reason.PROTOCOL_ERROR if is_garbage else Reason.CONNECTION_FAILED
        put_off(reason, session.obituary)
    if status != OK:
        raise SessionUnusable(of_bind(status))
    name, options = pdu.read_bind_resp(answer)
    words = f"bound as {bind}"
    if name:
        words += f" to {name}"
    note("bind", words)
    note("version", _seen_version(options.get(pdu.Tlv.SC_INTERFACE_VERSION, b""), config.version))


def _seen_version(told: bytes, asked: str) -> str:
    """Say which SMPP is spoken: the lower of what was asked for and what the provider has (SMPP 5.0, 4.8.4.51)."""
    if len(told) != 1:
        return f"SMPP {asked} asked for; the provider does not tell its own"
    words = f"SMPP {told[0] >> 4}.{told[0] & 15}"
    if told[0] < VERSIONS[asked]:
        return f"{words}, though {asked} was asked for: what {asked} adds may be missing"
    return f"SMPP {asked}" + (
        f"; the provider has {words.removeprefix('SMPP ')}" if words[5:] != asked else ""
    )


def _seen_tls(transport: asyncio.BaseTransport) -> str:
    tls = transport.get_extra_info("ssl_object")
    if tls is None:
        return "encrypted"
    certificate = tls.getpeercert()
    if not certificate:
        return f"{tls.version()}, certificate not verified"
    return f"{tls.version()}, certificate valid until {certificate.get('notAfter', '?')}"
