"""A push service that reads what it is sent as a browser would, and behaves as the end of the endpoint asks."""

import asyncio
import time
from dataclasses import dataclass, field
from typing import Any

import orjson
from aiohttp import web

from clarion.channels.testing_server import LocalServer, routed
from clarion.channels.webpush import vapid
from clarion.channels.webpush.encryption import decrypt, own_key
from clarion.channels.webpush.tests.tokens import verified

BROWSER, AUTH = own_key(), b"\x07" * 16


@dataclass
class Server(LocalServer):
    """What it has taken: (headers, note) of each message."""

    public_key: str
    taken: list[tuple[dict[str, str], dict[str, Any]]] = field(default_factory=list)

    def runner(self) -> web.AppRunner:
        app = web.Application()
        app.router.add_post("/{what}", self._answer)
        return routed(app)

    def address(self, what: str = "takes") -> str:
        """Return a subscription whose messages are treated so."""
        endpoint = f"http://127.0.0.1:{self.port}/{what}"
        return f"{endpoint} {vapid.encode(BROWSER.public)} {vapid.encode(AUTH)}"

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        claims = verified(request.headers["Authorization"], self.public_key)
        if claims is None:
            return web.Response(status=403, text="invalid JWT provided")
        assert claims["aud"] == f"http://127.0.0.1:{self.port}"
        assert time.time() < float(str(claims["exp"])) <= time.time() + 24 * 3600
        what = request.match_info["what"]
        if what in ("404", "410", "413", "500", "400"):
            return web.Response(status=int(what), text="told so")
        if what == "429":
            return web.Response(status=429, headers=self.too_fast())
        if what == "other-key":
            words = (
                "the VAPID credentials in the authorization header do not correspond to the credentials used"
            )
            return web.Response(status=403, text=words)
        note = orjson.loads(decrypt(body, BROWSER.private, AUTH))
        self.taken.append((dict(request.headers), note))
        if what == "drops":
            assert request.transport
            request.transport.abort()
        if what == "hangs":
            await asyncio.sleep(30)
        return web.Response(status=201, headers={"Location": f"/message/{len(self.taken)}"})
