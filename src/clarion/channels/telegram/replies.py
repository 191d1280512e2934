"""What an answer of the Bot API means for the message and for the bot (https://core.telegram.org/bots/api#making-requests).

An answer is JSON: {"ok": true, "result": …}, or {"ok": false, "error_code": …, "description": …, "parameters": …}.
The codes are HTTP's; what a 400 or 403 is about stands only in its words.
"""

from typing import Any

import orjson

from clarion.engine.outcomes import Accepted, Deferred, Outcome, Reason, Refused, Scope, Unknown

#: Seconds to hold the bot back when Telegram says that it is too fast and not for how long.
THROTTLED_SECONDS = 5.0
#: Longest that is waited because Telegram says so, in seconds; it has been seen to ask for hours.
MOST_SECONDS = 24 * 3600.0

#: (a piece of the description in lower case, reason, scope), the first that fits decides.
WORDS: tuple[tuple[str, Reason, Scope], ...] = (
    ("bot was blocked", Reason.RECIPIENT_BLOCKED, Scope.RECIPIENT),
    ("bot was kicked", Reason.RECIPIENT_BLOCKED, Scope.RECIPIENT),
    ("bot is not a member", Reason.RECIPIENT_BLOCKED, Scope.RECIPIENT),
    ("user is deactivated", Reason.ADDRESS_UNKNOWN, Scope.RECIPIENT),
    ("chat not found", Reason.ADDRESS_UNKNOWN, Scope.RECIPIENT),
    ("user not found", Reason.ADDRESS_UNKNOWN, Scope.RECIPIENT),
    ("peer_id_invalid", Reason.ADDRESS_UNKNOWN, Scope.RECIPIENT),
    ("upgraded to a supergroup", Reason.ADDRESS_UNKNOWN, Scope.RECIPIENT),
    ("group chat was deleted", Reason.ADDRESS_UNKNOWN, Scope.RECIPIENT),
    ("chat_id is empty", Reason.ADDRESS_INVALID, Scope.RECIPIENT),
    ("can't initiate conversation", Reason.RECIPIENT_REFUSED, Scope.RECIPIENT),
    ("can't send messages to bots", Reason.RECIPIENT_REFUSED, Scope.RECIPIENT),
    ("not enough rights", Reason.RECIPIENT_REFUSED, Scope.RECIPIENT),
    ("have no rights", Reason.RECIPIENT_REFUSED, Scope.RECIPIENT),
    ("need administrator rights", Reason.RECIPIENT_REFUSED, Scope.RECIPIENT),
    ("chat_write_forbidden", Reason.RECIPIENT_REFUSED, Scope.RECIPIENT),
    ("chat_restricted", Reason.RECIPIENT_REFUSED, Scope.RECIPIENT),
    ("topic_closed", Reason.RECIPIENT_REFUSED, Scope.RECIPIENT),
    ("too long", Reason.MESSAGE_TOO_LARGE, Scope.MESSAGE),
    ("too big", Reason.MESSAGE_TOO_LARGE, Scope.MESSAGE),
    ("too large", Reason.MESSAGE_TOO_LARGE, Scope.MESSAGE),
    ("can't parse", Reason.CONTENT_REFUSED, Scope.MESSAGE),
    ("text is empty", Reason.CONTENT_REFUSED, Scope.MESSAGE),
    ("text must be non-empty", Reason.CONTENT_REFUSED, Scope.MESSAGE),
    ("button_", Reason.CONTENT_REFUSED, Scope.MESSAGE),
    ("url host is empty", Reason.CONTENT_REFUSED, Scope.MESSAGE),
    ("wrong http url", Reason.CONTENT_REFUSED, Scope.MESSAGE),
    ("wrong file identifier", Reason.CONTENT_REFUSED, Scope.MESSAGE),
    ("wrong type of the web page", Reason.CONTENT_REFUSED, Scope.MESSAGE),
    ("failed to get http url content", Reason.CONTENT_REFUSED, Scope.MESSAGE),
    ("webpage_", Reason.CONTENT_REFUSED, Scope.MESSAGE),
    ("image_process_failed", Reason.CONTENT_REFUSED, Scope.MESSAGE),
)


def outcome_of(status: int, octets: bytes) -> Outcome:
    """Return what an answer to one of the send methods says. `status` is HTTP's."""
    said = read(octets)
    code = f"{said.get('error_code') or status}"[:20]
    detail = str(said.get("description") or "")[:200]
    if said.get("ok") is True:
        result = said.get("result")
        message_id = result.get("message_id") if isinstance(result, dict) else None
        return Accepted(provider_id=str(message_id or ""), code="200")
    number = said.get("error_code") if said else status
    if number == 429:
        return Deferred(
            reason=Reason.THROTTLED, scope=Scope.SENDER, after=_retry_after(said), code=code, detail=detail
        )
    if number in (401, 404):
        # An unknown token is answered with 401; a malformed one with 404, as there is no such path.
        return Refused(reason=Reason.CREDENTIALS_REFUSED, scope=Scope.SENDER, code=code, detail=detail)
    if number in (400, 403):
        return _refused(number, code, detail)
    if number == 413:
        return Refused(reason=Reason.MESSAGE_TOO_LARGE, scope=Scope.MESSAGE, code=code, detail=detail)
    if number in (502, 504):
        return Unknown(reason=Reason.CONNECTION_LOST, code=code, detail=detail or "a gateway gave up")
    if isinstance(number, int) and number >= 500:
        return Deferred(reason=Reason.PROVIDER_DOWN, scope=Scope.PROVIDER, code=code, detail=detail)
    if status < 300:
        # It may have been taken; whoever answered did not say so in the language of the Bot API.
        return Unknown(reason=Reason.PROTOCOL_ERROR, code=code)
    return Refused(reason=Reason.REJECTED, scope=Scope.MESSAGE, code=code, detail=detail)


def file_id_of(octets: bytes) -> str:
    """Return what Telegram knows the sent photo (its largest size) or document by; "" where it does not say so."""
    result = read(octets).get("result")
    sent = result if isinstance(result, dict) else {}
    photo = sent.get("photo")
    file = photo[-1] if isinstance(photo, list) and photo else sent.get("document")
    known = file.get("file_id") if isinstance(file, dict) else None
    return known[:300] if isinstance(known, str) else ""


def is_lost_file(outcome: Outcome) -> bool:
    """Whether Telegram says that it does not know a file by the name that it gave."""
    words = outcome.detail.lower() if isinstance(outcome, Refused) else ""
    return "file identifier" in words or "file_id" in words or "file reference" in words


def read(octets: bytes) -> dict[str, Any]:
    """Return an answer as a dict; an empty one for anything that is none."""
    try:
        said = orjson.loads(octets)
    except orjson.JSONDecodeError:
        return {}
    return said if isinstance(said, dict) else {}


def _refused(number: int, code: str, detail: str) -> Refused:
    words = detail.lower()
    for piece, reason, scope in WORDS:
        if piece in words:
            return Refused(reason=reason, scope=scope, code=code, detail=detail)
    if number == 403:
        return Refused(reason=Reason.RECIPIENT_REFUSED, scope=Scope.RECIPIENT, code=code, detail=detail)
    return Refused(reason=Reason.MESSAGE_REFUSED, scope=Scope.MESSAGE, code=code, detail=detail)


def _retry_after(said: dict[str, Any]) -> float:
    parameters = said.get("parameters")
    seconds = parameters.get("retry_after") if isinstance(parameters, dict) else None
    if isinstance(seconds, int | float) and not isinstance(seconds, bool) and seconds >= 0:
        return min(float(seconds), MOST_SECONDS)
    return THROTTLED_SECONDS
