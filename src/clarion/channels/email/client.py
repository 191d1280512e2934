"""Opening a connection: TCP, TLS, EHLO and signing in (RFC 5321, 3207, 4954)."""

import asyncio
import os
import socket
import ssl
from base64 import b64encode
from collections.abc import Callable
from typing import Any

from clarion.channels.email.abilities import Abilities
from clarion.channels.email.config import Config
from clarion.channels.email.errors import refuse
from clarion.channels.email.protocol import Connection
from clarion.channels.email.replies import Reply, Step, code_of, detail_of, outcome
from clarion.engine.outcomes import Deferred, Reason, Refused, Scope
from clarion.lib.reach import connected_socket

#: RFC 4954 4: a longer initial response has to wait for the server's 334. Octets.
MAX_INITIAL = 480

Note = Callable[[str, str], None]


def _quiet(step: str, words: str) -> None:
    """Hear about a step and do nothing."""


async def open_connection(config: Config, context: ssl.SSLContext | None, note: Note = _quiet) -> Connection:
    """Return a connection that is ready for its first message. Raises ConnectionUnusable.

    `context` is needed for TLS and STARTTLS. `note` hears (step, what was seen) as far as it goes.
    """
    connection = await _connect(config, context, note)
    try:
        await _greet(connection, config, note)
        if config.security == "starttls":
            await _encrypt(connection, config, context, note)
            await _hello(connection, config, note)
        if config.authenticates:
            await _sign_in(connection, config, note)
    except BaseException:
        connection.abort()
        raise
    return connection


async def _connect(config: Config, context: ssl.SSLContext | None, note: Note) -> Connection:
    loop = asyncio.get_running_loop()
    options: dict[str, Any] = {}
    if config.security == "tls":
        options = {
            "ssl": context,
            "server_hostname": config.host,
            "ssl_handshake_timeout": config.connect_timeout,
        }
    try:
        async with asyncio.timeout(config.connect_timeout):
            opened = await connected_socket(config.host, config.port)
            transport, connection = await loop.create_connection(
                lambda: Connection(
                    command_timeout=config.command_timeout,
                    data_timeout=config.data_timeout,
                    idle_timeout=config.idle_timeout,
                    dsn=config.dsn,
                ),
                sock=opened,
                **options,
            )
    except ssl.SSLError as error:
        refuse(_tls_failed(error))
    except ConnectionError as error:
        refuse(_unreachable(os.strerror(error.errno) if error.errno else type(error).__name__))
    except TimeoutError:
        refuse(_unreachable("no connection in time"))
    except socket.gaierror:
        refuse(_unreachable("the host name is not known"))
    except OSError as error:
        refuse(_unreachable(error.strerror or type(error).__name__))
    peer = transport.get_extra_info("peername")
    note("connect", f"{peer[0]} port {peer[1]}" if peer else "connected")
    if config.security == "tls":
        note("TLS", _seen_tls(transport))
    return connection


async def _greet(connection: Connection, config: Config, note: Note) -> None:
    greeting = await connection.command()
    if greeting.code != 220:
        _refuse(Step.GREETING, greeting)
    await _hello(connection, config, note)


async def _hello(connection: Connection, config: Config, note: Note) -> None:
    name = (config.helo_name or _own_name(connection)).encode("ascii", "replace")
    reply = await connection.command(b"EHLO " + name)
    if reply.code == 250:
        connection.abilities = Abilities.of(reply)
        note("EHLO", ", ".join(line.strip() for line in reply.lines[1:])[:300] or "no extensions")
        return
    if reply.code == 421 or reply.code < 500:
        _refuse(Step.HELLO, reply)
    reply = await connection.command(b"HELO " + name)
    if reply.code != 250:
        _refuse(Step.HELLO, reply)
    connection.abilities = Abilities()
    note("HELO", "the server knows no extensions")


async def _encrypt(
    connection: Connection, config: Config, context: ssl.SSLContext | None, note: Note
) -> None:
    if not connection.abilities.starttls:
        refuse(
            Deferred(
                reason=Reason.TLS_FAILED, scope=Scope.PROVIDER, detail="the server does not offer STARTTLS"
            )
        )
    reply = await connection.command(b"STARTTLS", seal=True)
    if reply.code != 220:
        refuse(
            Deferred(
                reason=Reason.TLS_FAILED, scope=Scope.PROVIDER, code=code_of(reply), detail=detail_of(reply)
            )
        )
    loop = asyncio.get_running_loop()
    plain = connection.transport
    if connection.is_dead or context is None or plain is None:
        refuse(
            Deferred(reason=Reason.TLS_FAILED, scope=Scope.PROVIDER, detail="text in clear after STARTTLS")
        )
    try:
        transport = await loop.start_tls(
            plain,
            connection,
            context,
            server_hostname=config.host,
            ssl_handshake_timeout=config.connect_timeout,
        )
    except (ssl.SSLError, OSError) as error:
        refuse(_tls_failed(error))
    if transport is None:
        refuse(
            Deferred(reason=Reason.TLS_FAILED, scope=Scope.PROVIDER, detail="the handshake was broken off")
        )
    # RFC 3207 4.2: what the server said before is worth nothing now.
    connection.abilities = Abilities()
    connection.attach(transport)
    note("STARTTLS", _seen_tls(transport))


async def _sign_in(connection: Connection, config: Config, note: Note) -> None:
    mechanism = choose_mechanism(config.auth, connection.abilities.auth)
    if mechanism is None:
        offered = ", ".join(sorted(connection.abilities.auth)) or "none"
        refuse(
            Refused(
                reason=Reason.CREDENTIALS_REFUSED,
                scope=Scope.SENDER,
                detail=f"no way of signing in that both sides know; the server offers: {offered}"[:200],
            )
        )
    user, password = config.username.encode(), config.password.encode()
    if mechanism == "LOGIN":
        reply = await connection.command(b"AUTH LOGIN")
        for answer in (user, password):
            if reply.code == 334:
                reply = await connection.command(b64encode(answer))
    elif mechanism == "XOAUTH2":
        reply = await _initial(connection, b"XOAUTH2", b"user=%b\1auth=Bearer %b\1\1" % (user, password))
        if reply.code == 334:  # an error report, which wants an empty answer before the refusal
            reply = await connection.command(b"=")
    else:
        reply = await _initial(connection, b"PLAIN", b"\0%b\0%b" % (user, password))
    if reply.code != 235:
        _refuse(Step.AUTH, reply)
    note(f"AUTH {mechanism}", "signed in")


async def _initial(connection: Connection, mechanism: bytes, response: bytes) -> Reply:
    encoded = b64encode(response)
    if len(encoded) <= MAX_INITIAL:
        return await connection.command(b"AUTH " + mechanism + b" " + encoded)
    reply = await connection.command(b"AUTH " + mechanism)
    return await connection.command(encoded) if reply.code == 334 else reply


def choose_mechanism(wanted: str, offered: frozenset[str]) -> str | None:
    """Return the SASL mechanism to use; None if the server offers none that will do.

    All three show the password to the server, so PLAIN comes first for being the simplest. An access token is
    tried only if the server takes nothing else.
    """
    if wanted != "auto":
        return wanted.upper() if wanted.upper() in offered else None
    return next((name for name in ("PLAIN", "LOGIN", "XOAUTH2") if name in offered), None)


def _refuse(step: Step, reply: Reply) -> None:
    found = outcome(step, reply)
    if not isinstance(found, Deferred | Refused):
        found = Deferred(reason=Reason.PROTOCOL_ERROR, scope=Scope.PROVIDER, code=code_of(reply))
    refuse(found)


def _tls_failed(error: OSError) -> Deferred:
    words = getattr(error, "verify_message", "") or getattr(error, "reason", "") or "the handshake failed"
    return Deferred(reason=Reason.TLS_FAILED, scope=Scope.PROVIDER, detail=str(words)[:200])


def _unreachable(words: str) -> Deferred:
    return Deferred(reason=Reason.CONNECTION_FAILED, scope=Scope.PROVIDER, detail=words[:200])


def _own_name(connection: Connection) -> str:
    """RFC 5321 4.1.1.1: our host name if it is a full one, else the address in brackets."""
    name = socket.gethostname()
    if "." in name and name.isascii():
        return name
    own = connection.transport.get_extra_info("sockname") if connection.transport else None
    address = own[0] if own else "127.0.0.1"
    return f"[IPv6:{address}]" if ":" in address else f"[{address}]"


def _seen_tls(transport: asyncio.BaseTransport) -> str:
    tls = transport.get_extra_info("ssl_object")
    if tls is None:
        return "encrypted"
    certificate = tls.getpeercert()
    if not certificate:
        return f"{tls.version()}, certificate not verified"
    return f"{tls.version()}, certificate valid until {certificate.get('notAfter', '?')}"
