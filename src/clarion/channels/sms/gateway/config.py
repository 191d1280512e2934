"""The settings of a gateway: how a message is asked for, what a good answer is, and what its callbacks say.

Values of fields, and the address, may hold {to}, {number} (without the plus), {from}, {text}, {id} (ours),
{callback} (where the gateway tells of the message later), {coding} (0 for the GSM alphabet, 2 for UCS-2), {user} and
{password}.
"""

import re
from collections.abc import Mapping
from typing import Any

from clarion.channels.events import ReceiptKind
from clarion.channels.sms.web import Reader
from clarion.lib.sentences import said

SECRETS = frozenset({"password", "callback_secret"})
METHODS = ("GET", "POST", "PUT")
FORMATS = ("query", "form", "json")
PLACES = frozenset({"to", "number", "from", "text", "id", "coding", "callback", "user", "password"})
#: Lines of each list, and characters of a line.
MAX_LINES = 40
MAX_LINE = 500

_PLACE = re.compile(r"\{([a-z]*)\}")
_HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,80}", re.ASCII)
_ID_FROM = re.compile(r"(json:[A-Za-z0-9_.-]{1,100}|after:.{1,100})?")
_NAME = re.compile(r"[A-Za-z0-9_.\[\]-]{1,80}", re.ASCII)

#: What Kannel's sendsms takes, and what its delivery reports say (its user guide, 6.8 and 6.9): the defaults.
KANNEL_FIELDS = """username={user}
password={password}
from={from}
to={number}
text={text}
charset=UTF-8
coding={coding}
dlr-mask=19
dlr-url={callback}&status=%d&gateway_id=%I"""
KANNEL_STATES = "1=delivered\n2=bounced_soft\n16=bounced_soft\n4=\n8="


def check(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings cleaned and complete. Raises ConfigInvalid."""
    reader = Reader(config)
    cleaned: dict[str, Any] = {
        "protocol": "http",
        "url": reader.url("url"),
        "method": reader.choice("method", tuple(one.lower() for one in METHODS), "get").upper(),
        "format": reader.choice("format", FORMATS, "query"),
        "parameters": _lines(reader, "parameters", KANNEL_FIELDS),
        "headers": _lines(reader, "headers", ""),
        "username": reader.visible("username", 200),
        "password": reader.visible("password", 200),
        "basic_login": reader.flag("basic_login"),
        "source": reader.visible("source", 40),
        "success_contains": reader.visible("success_contains", 200),
        "refused_login": reader.visible("refused_login", 200),
        "refused_recipient": reader.visible("refused_recipient", 200),
        "too_fast": reader.visible("too_fast", 200),
        "id_from": reader.visible("id_from", 110),
        "callback_secret": reader.visible("callback_secret", 200),
        "callback_status": reader.visible("callback_status", 80) or "status",
        "callback_id": reader.visible("callback_id", 80) or "gateway_id",
        "callback_states": _lines(reader, "callback_states", KANNEL_STATES),
        "incoming_from": reader.visible("incoming_from", 80) or "from",
        "incoming_text": reader.visible("incoming_text", 80) or "text",
        **reader.common(),
    }
    _check_places(cleaned, reader.problems)
    _check_names(cleaned, reader.problems)
    if cleaned["receipts"] != "none" and not cleaned["callback_secret"]:
        reader.problems.setdefault(
            "callback_secret", said("Think up a long secret: calls without it are not the gateway's.")
        )
    reader.finish()
    return cleaned


def tells_arrival(config: Mapping[str, Any]) -> bool:
    """Tell whether its callbacks can say of a message of ours that it arrived: by a word for it, and an id."""
    arrived = {ReceiptKind.DELIVERED.value, ReceiptKind.READ.value}
    words = {meaning.strip() for _, meaning in pairs(str(config.get("callback_states", "")))}
    told = str(config.get("url", "")) + str(config.get("parameters", ""))
    return bool(words & arrived) and ("{callback}" in told or bool(config.get("id_from")))


def pairs(lines: str) -> list[tuple[str, str]]:
    """Return `name=value` lines as pairs."""
    return [(name.strip(), value) for name, _, value in (line.partition("=") for line in lines.splitlines())]


def filled(template: str, values: Mapping[str, str]) -> str:
    """Return the template with what stands for each place; what is no place stays."""
    return _PLACE.sub(lambda found: values.get(found[1], found[0]), template)


def _lines(reader: Reader, name: str, default: str) -> str:
    text = reader.text(name, limit=MAX_LINES * MAX_LINE).replace("\r\n", "\n") or default
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    if len(lines) > MAX_LINES or any(len(line) > MAX_LINE or "=" not in line for line in lines):
        reader.problems[name] = said("Write at most %(limit)s lines of name=value.", limit=MAX_LINES)
        return ""
    if not all(line.isprintable() for line in lines):
        reader.problems[name] = said("Only visible characters are allowed.")
        return ""
    return "\n".join(lines)


def _check_places(cleaned: Mapping[str, Any], problems: dict[str, str]) -> None:
    for name in ("url", "parameters", "headers"):
        # JSON-like braces in a field's value are no places; a word in braces that is none is a mistake.
        wrong = [one for one in _PLACE.findall(cleaned[name]) if one and one not in PLACES]
        if wrong:
            problems.setdefault(
                name,
                said(
                    "There is no {%(place)s}; there are %(choices)s.",
                    place=wrong[0],
                    choices=", ".join(sorted(PLACES)),
                ),
            )
    told = cleaned["url"] + cleaned["parameters"]
    if not problems and ("{text}" not in told or not ("{to}" in told or "{number}" in told)):
        problems["parameters"] = said("The gateway must be told {text} and {to}, or {number}.")


def _check_names(cleaned: Mapping[str, Any], problems: dict[str, str]) -> None:
    if not all(_HEADER.fullmatch(name) for name, _ in pairs(cleaned["headers"])):
        problems.setdefault("headers", said("A header's name has letters, digits and hyphens."))
    if not all(_NAME.fullmatch(name) for name, _ in pairs(cleaned["parameters"])):
        problems.setdefault("parameters", said("A field's name has letters, digits, dots and hyphens."))
    if not _ID_FROM.fullmatch(cleaned["id_from"]):
        problems.setdefault(
            "id_from", said("Write json: and a path such as message.id, or after: and some text.")
        )
    kinds = {"", *(kind.value for kind in ReceiptKind)}
    if not all(kind.strip() in kinds for _, kind in pairs(cleaned["callback_states"])):
        known = ", ".join(sorted(kinds - {""}))
        problems.setdefault(
            "callback_states", said("After = stands nothing, or one of: %(known)s.", known=known)
        )
