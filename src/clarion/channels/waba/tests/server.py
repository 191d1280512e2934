"""A Graph API that behaves as the last digits of the recipient's number ask, with errors worded as Meta words them."""

import asyncio
import json
import re
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from clarion.channels.testing_server import LocalServer, routed

TOKEN = "EAAG-s3cret-of-the-contract"
APP_SECRET = "app-s3cret-0123456789"
VERIFY_TOKEN = "verify-s3cret-word"
NUMBER_ID, ACCOUNT_ID = "106540352242922", "102290129340398"

#: The last six digits of a number → what happens, beside the codes of errors.
DROPS, HANGS, GATEWAY, NONSENSE = "900001", "900002", "900003", "900004"
#: Code → (HTTP status, words).
ERRORS: dict[int, tuple[int, str]] = {
    4: (400, "Application request limit reached"),
    33: (400, "Parameter value is not valid"),
    80007: (400, "Rate limit issues"),
    368: (403, "Temporarily blocked for policies violations"),
    130429: (429, "Rate limit hit"),
    130472: (400, "User's number is part of an experiment"),
    131000: (500, "Something went wrong"),
    131016: (500, "Service unavailable"),
    131026: (400, "Message undeliverable"),
    131031: (403, "Account has been locked"),
    131042: (400, "Business eligibility payment issue"),
    131047: (400, "Re-engagement message"),
    131048: (400, "Spam rate limit hit"),
    131049: (400, "This message was not delivered to maintain healthy ecosystem engagement."),
    131050: (400, "User has stopped marketing messages"),
    131056: (400, "(Business Account, Consumer Account) pair rate limit hit"),
    132000: (400, "Number of parameters does not match the expected number of params"),
    132001: (404, "Template name does not exist in the translation"),
    132005: (400, "Translated text too long"),
    132015: (400, "Template is paused"),
    132016: (400, "Template is disabled"),
    132069: (400, "Flow is throttled"),
    133010: (400, "Phone number not registered"),
}


def template(name: str = "order_shipped", language: str = "en_US", **changes: Any) -> dict[str, Any]:
    """Return a template as the Graph API lists it."""
    return {
        "id": str(594425479261596 + len(name) + len(language)), "name": name, "language": language,
        "status": "APPROVED", "category": "UTILITY", "parameter_format": "POSITIONAL",
        "quality_score": {"score": "GREEN"}, "rejected_reason": "NONE",
        "components": [
            {"type": "HEADER", "format": "TEXT", "text": "Order {{1}}"},
            {
                "type": "BODY", "text": "Hi {{1}}, your order is on its way to {{2}}.",
                "example": {"body_text": [["Ada", "Leipzig"]]},
            },
            {"type": "FOOTER", "text": "Reply STOP to hear no more."},
            {
                "type": "BUTTONS", "buttons": [
                    {"type": "URL", "text": "Follow it", "url": "https://shop.example/o/{{1}}"},
                    {"type": "QUICK_REPLY", "text": "Stop"},
                ],
            },
        ],
    } | changes  # fmt: skip


@dataclass
class Server(LocalServer):
    """What it has taken: the body of each message."""

    token: str = TOKEN
    taken: list[dict[str, Any]] = field(default_factory=list)
    asked: int = 0
    templates: list[dict[str, Any]] = field(default_factory=lambda: [template()])
    tier: str = "TIER_2K"
    page: int = 100
    #: An error with which every message is answered, as if its template had gone bad.
    everybody: int = 0

    def runner(self) -> web.AppRunner:
        app = web.Application()
        app.router.add_post(f"/v24.0/{NUMBER_ID}/messages", self._message)
        app.router.add_get(f"/v24.0/{NUMBER_ID}", self._number)
        app.router.add_get(f"/v24.0/{ACCOUNT_ID}/message_templates", self._templates)
        return routed(app)

    def _refusal(self, request: web.Request) -> web.Response | None:
        self.asked += 1
        if request.headers.get("Authorization") == f"Bearer {self.token}":
            return None
        return error(401, 190, "Error validating access token: Session has expired", kind="OAuthException")

    async def _number(self, request: web.Request) -> web.StreamResponse:
        return self._refusal(request) or web.json_response(
            {
                "display_phone_number": "+1 555-0100", "verified_name": "Shop", "quality_rating": "GREEN",
                "status": "CONNECTED", "throughput": {"level": "STANDARD"}, "id": NUMBER_ID,
                "whatsapp_business_manager_messaging_limit": self.tier,
            }
        )  # fmt: skip

    async def _templates(self, request: web.Request) -> web.StreamResponse:
        refusal = self._refusal(request)
        if refusal is not None:
            return refusal
        first = int(request.query.get("after", "0"))
        rows = self.templates[first : first + self.page]
        paging: dict[str, Any] = {"cursors": {"before": str(first), "after": str(first + len(rows))}}
        if first + len(rows) < len(self.templates):
            paging["next"] = f"{self.url}/next?access_token={TOKEN}&after={first + len(rows)}"
        return web.json_response({"data": rows, "paging": paging})

    async def _message(self, request: web.Request) -> web.StreamResponse:
        body = json.loads(await request.read())
        refusal = self._refusal(request)
        if refusal is not None:
            return refusal
        end = body["to"][-6:]
        code = self.everybody or int(end)
        if code in ERRORS:
            answer = error(ERRORS[code][0], code, ERRORS[code][1])
            answer.headers.update(self.too_fast() if answer.status == 429 else {})
            return answer
        if end == GATEWAY:
            return web.Response(status=502, text="<html>502 Bad Gateway</html>")
        if flaw := _flaw(body, self.templates):
            return error(400, flaw[0], flaw[1])
        self.taken.append(body)
        if end == DROPS:
            assert request.transport
            request.transport.abort()
        if end == HANGS:
            await asyncio.sleep(30)
        if end == NONSENSE:
            return web.Response(text="hello")
        message = {"id": f"wamid.HBgL{len(self.taken):010}", "message_status": "accepted"}
        contact = {"input": body["to"], "wa_id": body["to"].removeprefix("+")}
        told = {"messaging_product": "whatsapp", "contacts": [contact], "messages": [message]}
        return web.json_response(told)


def error(status: int, code: int, words: str, *, kind: str = "OAuthException") -> web.Response:
    """Return an error as the Graph API has it."""
    told = {
        "message": f"(#{code}) {words}", "type": kind, "code": code, "fbtrace_id": "AbCdEf",
        "error_data": {"messaging_product": "whatsapp", "details": words},
    }  # fmt: skip
    return web.json_response({"error": told}, status=status)


def _flaw(body: dict[str, Any], templates: list[dict[str, Any]]) -> tuple[int, str] | None:
    """Return what is wrong with a message beside the templates there are: as strict as the service itself."""
    wanted = (body["template"]["name"], body["template"]["language"]["code"])
    found = next((one for one in templates if (one["name"], one["language"]) == wanted), None)
    if found is None or found["status"] != "APPROVED":
        return (132001, ERRORS[132001][1])
    text = next(one["text"] for one in found["components"] if one["type"] == "BODY")
    places = len(re.findall(r"\{\{\w+\}\}", text))
    given: list[dict[str, str]] = next(
        (one["parameters"] for one in body["template"].get("components", ()) if one["type"] == "body"), []
    )
    if len(given) != places:
        return (132000, ERRORS[132000][1])
    if any("\n" in one["text"] or "    " in one["text"] or not one["text"] for one in given):
        return (132018, "The parameters of the template have line breaks or too many spaces")
    return None
