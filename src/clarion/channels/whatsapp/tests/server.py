"""A gateway of the tests' own that speaks as WAHA, Evolution API and Green-API do, worded after their documentation.

It behaves as the last two digits of the number ask.
"""

import asyncio
import base64
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from clarion.channels.testing_server import LocalServer

KEY = "k3y-s3cret-of-the-contract"
SESSION = {"waha": "default", "evolution": "shop", "greenapi": "1101000001"}

THROTTLED, NOBODY, DROPS, HANGS, UNLINKS, ILL, WAITS, NONSENSE = (f"9{n}" for n in range(8))
#: A picture of one point.
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
)
GROUP = "120363043211234567@g.us"
PEOPLE = ["491511234501", "491511234500", "491511234502"]

_LINKED = {"waha": "WORKING", "evolution": "open", "greenapi": "authorized"}
_UNLINKED = {"waha": "SCAN_QR_CODE", "evolution": "close", "greenapi": "notAuthorized"}


@dataclass
class Gateway(LocalServer):
    """Listens on a port of its own while `running`. `taken` are (path, body) of each message."""

    protocol: str = "waha"
    key: str = KEY
    is_linked: bool = True
    #: What it says of the session instead, such as a state that passes.
    word: str = ""
    has_check: bool = True
    #: Who is in the group; numbers, or addresses that hide them.
    people: list[str] = field(default_factory=lambda: list(PEOPLE))
    taken: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    #: Every request: (method, what it is about).
    asked: list[str] = field(default_factory=list)

    async def serve(self, request: web.BaseRequest) -> web.StreamResponse:
        path = request.path
        body = await request.json() if request.method == "POST" else dict(request.query)
        if not self._may(request):
            return _error(401, "Unauthorized")
        if self.protocol == "greenapi":
            path = path.removeprefix(f"/waInstance{SESSION['greenapi']}").removesuffix(f"/{self.key}")
        path = path.removesuffix(f"/{SESSION['evolution']}") if self.protocol == "evolution" else path
        self.asked.append(path)
        for part, answer in (
            ("check-exists", self._check), ("whatsappNumbers", self._check), ("checkWhatsapp", self._check),
            ("Typing", self._typing), ("participants", self._members), ("getGroupData", self._members),
            ("roups", self._groups), ("getContacts", self._groups), ("connectionState", self._state),
            ("getStateInstance", self._state), ("/api/sessions", self._state), ("/qr", self._code),
            ("/connect", self._code),
        ):  # fmt: skip
            if part in path:
                return answer(body)
        return await self._send(request, path, body)

    def _may(self, request: web.BaseRequest) -> bool:
        if self.protocol == "greenapi":
            return request.path.endswith(f"/{self.key}")
        return request.headers.get({"waha": "X-Api-Key", "evolution": "apikey"}[self.protocol]) == self.key

    def _state(self, body: Any) -> web.Response:
        word = self.word or (_LINKED if self.is_linked else _UNLINKED)[self.protocol]
        told: dict[str, Any] = {
            "waha": {"name": "default", "status": word, "me": {"id": "491700000000@c.us"}},
            "evolution": {"instance": {"instanceName": "shop", "state": word}},
            "greenapi": {"stateInstance": word},
        }
        return web.json_response(told[self.protocol])

    def _code(self, body: Any) -> web.Response:
        data = base64.b64encode(PNG).decode()
        if self.is_linked:
            return web.json_response(
                {"type": "alreadyLogged", "message": "instance account already authorized"}
            )
        told = {
            "waha": {"mimetype": "image/png", "data": data},
            "evolution": {"code": "2@x", "base64": f"data:image/png;base64,{data}"},
            "greenapi": {"type": "qrCode", "message": data},
        }
        return web.json_response(told[self.protocol])

    def _check(self, body: Any) -> web.Response:
        if not self.has_check:
            return _error(404, "Cannot GET")
        digits = str(body.get("phone") or body.get("phoneNumber") or body.get("numbers", [""])[0])
        exists = not digits.endswith(NOBODY)
        told: dict[str, Any] = {
            "waha": {"numberExists": exists, "chatId": f"{digits}@c.us"},
            "evolution": [{"jid": f"{digits}@s.whatsapp.net", "exists": exists, "number": digits}],
            "greenapi": {"existsWhatsapp": exists},
        }
        return web.json_response(told[self.protocol])

    def _typing(self, body: Any) -> web.Response:
        return web.json_response({"result": True})

    def _groups(self, body: Any) -> web.Response:
        told: dict[str, Any] = {
            "waha": [
                {"id": {"_serialized": GROUP}, "name": "Regulars"},
                {"id": "4917-160@g.us", "subject": "Choir", "size": 12},
            ],
            "evolution": [
                {"id": GROUP, "subject": "Regulars"}, {"id": "4917-160@g.us", "subject": "Choir", "size": 12},
            ],
            "greenapi": [
                {"id": GROUP, "name": "Regulars", "type": "group"},
                {"id": "4917-160@g.us", "name": "Choir", "type": "group"},
                {"id": "491700000009@c.us", "name": "Ada", "type": "user"},
            ],
        }  # fmt: skip
        return web.json_response(told[self.protocol])

    def _members(self, body: Any) -> web.Response:
        suffix = "@s.whatsapp.net" if self.protocol == "evolution" else "@c.us"
        ids = [one if "@" in one else f"{one}{suffix}" for one in self.people]
        if self.protocol == "waha":
            return web.json_response(
                [{"id": f"{n}@lid", "pn": one, "role": "admin" if n == 0 else "participant"}
                 if "@lid" not in one else {"id": one, "role": "participant"} for n, one in enumerate(ids)]
            )  # fmt: skip
        if self.protocol == "evolution":
            told: list[Any] = [{"id": one, "admin": "admin" if n == 0 else None} for n, one in enumerate(ids)]
        else:
            told = [{"id": one, "isAdmin": n == 0, "isSuperAdmin": False} for n, one in enumerate(ids)]
        return web.json_response({"groupId": GROUP, "participants": told})

    async def _send(self, request: web.BaseRequest, path: str, body: dict[str, Any]) -> web.StreamResponse:
        chat = str(body.get("chatId") or body.get("number") or "").partition("@")[0]
        match chat[-2:]:
            case "90":
                return _error(429, "Too Many Requests", self.too_fast())
            case "94":
                self.is_linked = False
                return self._broken()
            case "95":
                return _error(503, "Service Unavailable")
            case "96":
                return _error(500, "Timed Out")
            case "97":
                return web.Response(text="<html>hello</html>")
            case "91":
                told = {"message": [{"jid": f"{chat}@s.whatsapp.net", "exists": False, "number": chat}]}
                return web.json_response(
                    {"status": 400, "error": "Bad Request", "response": told}, status=400
                )
        self.taken.append((path, body))
        if chat.endswith(DROPS):
            assert request.transport
            request.transport.abort()
        if chat.endswith(HANGS):
            await asyncio.sleep(30)
        return web.json_response(self._sent(chat), status=201 if self.protocol != "greenapi" else 200)

    def _sent(self, chat: str) -> dict[str, Any]:
        own = f"3EB0{len(self.taken):08}"
        told: dict[str, dict[str, Any]] = {
            "waha": {"id": f"true_{chat}@c.us_{own}", "timestamp": 1_780_000_000},
            "evolution": {"key": {"remoteJid": f"{chat}@s.whatsapp.net", "fromMe": True, "id": own}},
            "greenapi": {"idMessage": own},
        }
        return told[self.protocol]

    def _broken(self) -> web.Response:
        if self.protocol == "waha":
            words = "Session status is not as expected. Try again later or restart the session"
            return web.json_response(
                {"error": words, "session": "default", "status": "SCAN_QR_CODE", "expected": ["WORKING"]}, status=422
            )  # fmt: skip
        return _error(500, "Error: Connection Closed")


def _error(status: int, words: str, headers: dict[str, str] | None = None) -> web.Response:
    return web.json_response({"statusCode": status, "message": words}, status=status, headers=headers)
