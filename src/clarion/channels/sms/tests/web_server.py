"""A provider on the web for the tests: it behaves as the last digit of the number, or the test, asks."""

import asyncio
import base64
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from aiohttp import web

from clarion.channels.testing_server import LocalServer

SID, TOKEN = "AC00000000000000000000000000000001", "s3cret-of-the-contract"


@dataclass
class Provider(LocalServer):
    """Listens on a port of its own while `running`."""

    token: str = TOKEN
    taken: list[dict[str, str]] = field(default_factory=list)
    is_kannel: bool = False

    async def serve(self, request: web.BaseRequest) -> web.StreamResponse:
        words = (
            request.rel_url.raw_query_string if request.method == "GET" else (await request.read()).decode()
        )
        fields = dict(parse_qsl(words, keep_blank_values=True))
        if self.is_kannel:
            return await self._kannel(request, fields)
        login = base64.b64encode(f"{SID}:{self.token}".encode()).decode()
        if request.headers.get("Authorization") != f"Basic {login}":
            return _error(401, 20003, "Authenticate")
        if request.method == "GET":
            return web.json_response({"status": "active"})
        match fields["To"][-1]:
            case "8":
                return _error(429, 20429, "Too Many Requests", self.too_fast())
            case "9":
                return _error(400, 21211, "Invalid 'To' Phone Number")
            case "7":
                return _error(400, 21610, "Attempt to send to unsubscribed recipient")
        await self._take(request, fields, fields["To"])
        return web.json_response({"sid": f"SM{len(self.taken):032}", "status": "queued"}, status=201)

    async def _kannel(self, request: web.BaseRequest, fields: dict[str, str]) -> web.StreamResponse:
        if fields.get("password") != self.token:
            return web.Response(status=403, text="Authorization failed for sendsms")
        if fields["to"].endswith("8"):
            return web.Response(status=429, text="Too fast", headers=self.too_fast())
        if fields["to"].endswith("9"):
            return web.Response(status=400, text="Bad number")
        await self._take(request, fields, fields["to"])
        return web.Response(status=202, text=f"0: Accepted for delivery: id {len(self.taken)}")

    async def _take(self, request: web.BaseRequest, fields: dict[str, str], to: str) -> None:
        self.taken.append(fields)
        if to.endswith("1"):
            await asyncio.sleep(30)
        if to.endswith("2"):
            assert request.transport is not None
            request.transport.abort()


def _error(status: int, code: int, words: str, headers: dict[str, str] | None = None) -> web.Response:
    told = {"code": code, "message": words, "status": status}
    return web.json_response(told, status=status, headers=headers)
