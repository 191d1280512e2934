"""Viber's business messages as the tests need them: it behaves as the last two digits of the number ask."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from clarion.channels.testing_server import LocalServer

TOKEN = "t0ken-s3cret-of-the-contract"
SERVICE = 4711

THROTTLED, NOBODY, DROPS, HANGS, BLOCKED, ILL, WAITS, NONSENSE, GATEWAY = (f"9{n}" for n in range(9))
#: Last two digits → the status that it answers with.
_STATUSES = {NOBODY: 9, BLOCKED: 8, ILL: 1, WAITS: 7}


@dataclass
class Viber(LocalServer):
    """Listens on a port of its own while `running`. `taken` are the bodies of messages."""

    token: str = TOKEN
    taken: list[dict[str, Any]] = field(default_factory=list)

    async def serve(self, request: web.BaseRequest) -> web.StreamResponse:
        body = await request.json()
        if request.headers.get("X-Viber-Auth-Token") != self.token:
            return web.json_response({"seq": body.get("seq"), "status": 401})
        if body.get("service_id") != SERVICE:
            return web.json_response({"seq": body.get("seq"), "status": 2})
        last = str(body.get("dest", ""))[-2:]
        if not last:
            return web.json_response({"seq": body.get("seq"), "status": 6})
        if last == THROTTLED:
            return web.json_response({}, status=429, headers=self.too_fast())
        if last == GATEWAY:
            return web.Response(status=502, text="<html>Bad Gateway</html>")
        if last == NONSENSE:
            return web.Response(text="hello")
        if last in _STATUSES:
            return web.json_response({"seq": body["seq"], "status": _STATUSES[last]})
        self.taken.append(body)
        if last == DROPS:
            assert request.transport
            request.transport.abort()
        if last == HANGS:
            await asyncio.sleep(30)
        token = f"4912661846655{len(self.taken):06}"
        return web.json_response({"seq": body["seq"], "status": 0, "message_token": token})
