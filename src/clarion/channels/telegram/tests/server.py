"""A Bot API that behaves as the chat's number asks, with answers worded as Telegram words them."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from clarion.channels.testing_server import LocalServer, routed

TOKEN = "123456789:AAF-s3cret-of-the-contract"

THROTTLED, BLOCKED, UNKNOWN_CHAT, DROPS, HANGS, BAD_MARKUP, ILL, GATEWAY, NONSENSE = range(9001, 9010)

_REFUSALS: dict[int, tuple[int, str, dict[str, Any]]] = {
    BLOCKED: (403, "Forbidden: bot was blocked by the user", {}),
    UNKNOWN_CHAT: (400, "Bad Request: chat not found", {}),
    BAD_MARKUP: (400, 'Bad Request: can\'t parse entities: Unsupported start tag "div" at byte offset 0', {}),
    ILL: (500, "Internal Server Error: restart", {}),
}


@dataclass
class Server(LocalServer):
    """What it has taken: (method, body) of each message."""

    token: str = TOKEN
    taken: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    asked: int = 0
    #: What getUpdates gives until it is confirmed.
    updates: list[dict[str, Any]] = field(default_factory=list)
    last_update: int = 0
    #: What setWebhook was told, and why the latest call failed.
    webhook: dict[str, Any] = field(default_factory=dict)
    failure: str = ""
    #: What uploaded files are known by.
    files: list[str] = field(default_factory=list)

    def happens(self, **facts: Any) -> None:
        """Let something happen at the bot."""
        self.last_update += 1
        self.updates.append({"update_id": self.last_update, **facts})

    def runner(self) -> web.AppRunner:
        app = web.Application()
        app.router.add_post("/bot{token}/{method}", self._answer)
        return routed(app)

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        body = await self._read(request)
        self.asked += 1
        if request.match_info["token"] != self.token:
            return _said(401, "Unauthorized")
        method = request.match_info["method"]
        if method == "getMe":
            return _ok({"id": 123456789, "is_bot": True, "first_name": "Shop", "username": "my_shop_bot"})
        if method == "setWebhook":
            self.webhook = body
            return _ok(True)
        if method == "deleteWebhook":
            self.webhook = {}
            return _ok(True)
        if method == "getWebhookInfo":
            told = {"url": self.webhook.get("url", ""), "pending_update_count": len(self.updates)}
            return _ok(told | ({"last_error_message": self.failure} if self.failure else {}))
        if method == "getUpdates" and self.webhook:
            return _said(409, "Conflict: can't use getUpdates method while webhook is active")
        if method == "getUpdates":
            self.updates = [one for one in self.updates if one["update_id"] >= body.get("offset", 0)]
            return _ok(self.updates[: body.get("limit", 100)])
        chat = body["chat_id"]
        if chat == THROTTLED:
            seconds = {"retry_after": int(self.retry_after)} if self.retry_after else {}
            return _said(429, "Too Many Requests", seconds)
        if chat in _REFUSALS:
            status, words, parameters = _REFUSALS[chat]
            return _said(status, words, parameters)
        if chat == GATEWAY:
            return web.Response(status=502, text="<html>502 Bad Gateway</html>")
        if chat == NONSENSE:
            return web.Response(text="hello")
        media = {"sendPhoto": "photo", "sendDocument": "document"}.get(method, "")
        known = str(body.get(media, ""))
        if known.startswith("known-") and known not in self.files:
            return _said(400, "Bad Request: wrong file identifier/HTTP URL specified")
        self.taken.append((method, body))
        if chat == DROPS:
            assert request.transport
            request.transport.abort()
        if chat == HANGS:
            await asyncio.sleep(30)
        return _ok(
            {"message_id": len(self.taken), "chat": {"id": chat}, "date": 1, **self._shown(media, body)}
        )

    async def _read(self, request: web.Request) -> dict[str, Any]:
        if request.content_type != "multipart/form-data":
            found: dict[str, Any] = await request.json()
            return found
        form = await request.post()
        body: dict[str, Any] = {}
        for name, value in form.items():
            if isinstance(value, web.FileField):
                body[name] = (value.filename, value.content_type, value.file.read())
            else:
                assert isinstance(value, str)
                body[name] = int(value) if name == "chat_id" else value
        return body

    def _shown(self, media: str, body: dict[str, Any]) -> dict[str, Any]:
        """Return what is told of a file: by what it is known from now on."""
        if not isinstance(body.get(media), tuple):
            return {}
        self.files.append(f"known-{len(self.files) + 1}")
        file = {"file_id": self.files[-1]}
        return {media: [{"file_id": "small"}, file] if media == "photo" else file}


def _ok(result: Any) -> web.Response:
    return web.json_response({"ok": True, "result": result})


def _said(status: int, words: str, parameters: dict[str, Any] | None = None) -> web.Response:
    body = {"ok": False, "error_code": status, "description": words, "parameters": parameters or {}}
    return web.json_response(body, status=status)
