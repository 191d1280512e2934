"""A provider of calls on the web for the tests: it behaves as the last digit of the number asks."""

import asyncio
import base64
import contextlib
import hmac
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from aiohttp import web

from clarion.channels.base import HookRequest
from clarion.channels.voice.twilio import config
from clarion.channels.voice.twilio.transport import Transport

SID, TOKEN = "AC00000000000000000000000000000001", "s3cret-of-the-contract"
HOOK = "https://clarion.example/hooks/0f0f0f0f-0000-4000-8000-000000000000/"

#: Last digit → how the call ends: status, seconds, who answered.
ENDS: dict[str, tuple[str, str | None, str | None]] = {
    "0": ("completed", "12", "human"), "3": ("busy", None, None), "4": ("no-answer", None, None),
    "5": ("failed", None, None), "6": ("completed", "9", "machine_end_beep"), "7": ("completed", "2", None),
}  # fmt: skip
HANGS, DROPS, THROTTLED, NO_NUMBER = "1", "2", "8", "9"


@dataclass
class Provider:
    """Listens on a port of its own while `running`. A call ends at the second look at it."""

    token: str = TOKEN
    taken: list[dict[str, str]] = field(default_factory=list)
    looks: dict[str, int] = field(default_factory=dict)
    #: Calls that stay in the provider's queue until they are taken back.
    is_full: bool = False
    canceled: list[str] = field(default_factory=list)
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator["Provider"]:
        runner = web.ServerRunner(web.Server(self._serve, access_log=None), shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        self.port = runner.addresses[0][1]
        try:
            yield self
        finally:
            await runner.cleanup()

    async def _serve(self, request: web.BaseRequest) -> web.StreamResponse:
        login = base64.b64encode(f"{SID}:{self.token}".encode()).decode()
        if request.headers.get("Authorization") != f"Basic {login}":
            return _error(401, 20003, "Authenticate")
        path = request.path.removesuffix(".json").split("/")
        if path[-1] == SID:
            return web.json_response({"status": "active"})
        fields = dict(parse_qsl((await request.read()).decode(), keep_blank_values=True))
        if path[-1] == "Calls":
            return await self._call(request, fields)
        if fields.get("Status") == "canceled":
            self.canceled.append(path[-1])
        return web.json_response(self._told(path[-1]))

    async def _call(self, request: web.BaseRequest, fields: dict[str, str]) -> web.StreamResponse:
        match fields["To"][-1]:
            case "8":
                return _error(429, 20429, "Too Many Requests", {"Retry-After": "7"})
            case "9":
                return _error(400, 21211, "Invalid 'To' Phone Number")
        self.taken.append(fields)
        if fields["To"].endswith(HANGS):
            await asyncio.sleep(30)
        if fields["To"].endswith(DROPS):
            assert request.transport is not None
            request.transport.abort()
        return web.json_response({"sid": f"CA{len(self.taken) - 1:032}", "status": "queued"}, status=201)

    def _told(self, sid: str) -> dict[str, Any]:
        self.looks[sid] = self.looks.get(sid, 0) + 1
        status, seconds, answered_by = ENDS[self.taken[int(sid[2:])]["To"][-1]]
        if sid in self.canceled:
            status, seconds, answered_by = "canceled", None, None
        elif self.is_full:
            status = "queued"
        elif self.looks[sid] < 2:
            status = "in-progress" if status == "completed" else "ringing"
        is_over = status not in ("queued", "ringing", "in-progress")
        return {
            "sid": sid, "status": status, "duration": seconds if is_over else None,
            "answered_by": answered_by if is_over else None,
        }  # fmt: skip


def _error(status: int, code: int, words: str, headers: dict[str, str] | None = None) -> web.Response:
    return web.json_response(
        {"code": code, "message": words, "status": status}, status=status, headers=headers
    )


def make_config(url: str = "https://api.example", **changes: Any) -> dict[str, Any]:
    """Return checked settings with short times, as a transport and a parser get them."""
    given = {
        "base_url": url, "account_sid": SID, "auth_token": TOKEN, "caller_id": "+493012345", "connections": 5,
        "ring_seconds": 5, "max_seconds": 30, "connect_timeout": 30, "response_timeout": 30,
    }  # fmt: skip
    return config.check(given | changes) | {"hook_url": HOOK}


def make_transport(url: str, **changes: Any) -> Transport:
    """Return a transport to a provider on this machine that looks at calls often."""
    return Transport(make_config(url, **changes), look_seconds=0.01)


def signed(url: str, fields: dict[str, str], *, token: str = TOKEN) -> HookRequest:
    """Return the provider's request of an address below ours."""
    message = url + "".join(name + value for name, value in sorted(fields.items()))
    digest = hmac.new(token.encode(), message.encode(), "sha1").digest()
    return HookRequest(
        method="POST", path=urlsplit(url).path.rpartition("/")[2], url=url, query=urlsplit(url).query,
        headers={"x-twilio-signature": base64.b64encode(digest).decode()}, body=urlencode(fields).encode(),
    )  # fmt: skip
