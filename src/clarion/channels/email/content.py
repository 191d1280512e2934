"""What a mail says: the fields of its content, checked before a campaign may use them."""

import re
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from typing import Any

from clarion.channels.base import ConfigInvalid
from clarion.channels.email import addresses, headers
from clarion.channels.email.html_text import text_of
from clarion.lib import templating
from clarion.lib.sentences import said, told

#: Octets of all attachments of one message together, before base64. Many servers stop at 10 MB in all.
MAX_ATTACHED = 7_000_000

#: Longest file name, in characters.
MAX_FILENAME = 150

#: Fields that are templates, with what a person calls them.
TEMPLATES = {
    "subject": "subject",
    "to_name": "recipient's name",
    "html": "HTML",
    "text": "text",
    "preheader": "preheader",
}

_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,60}/[a-z0-9][a-z0-9!#$&^_.+-]{0,80}")
_CID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+-]{0,100}")
_BODY = re.compile(r"<body\b[^<>]*>", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A file that goes with the message. With `cid` it is shown inside the HTML as `cid:…`."""

    filename: str
    content_type: str
    octets: bytes
    cid: str = ""


def check(content: Mapping[str, Any]) -> dict[str, Any]:
    """Return the content cleaned and complete. Raises ConfigInvalid with a sentence for each bad field."""
    problems: dict[str, str] = {}
    cleaned: dict[str, Any] = {}
    for name, label in TEMPLATES.items():
        cleaned[name] = _template(content, name, label, problems)
    if not cleaned["subject"].strip() and "subject" not in problems:
        problems["subject"] = said("A mail needs a subject.")
    if not (cleaned["html"].strip() or cleaned["text"].strip()) and not problems.keys() & {"html", "text"}:
        problems["html"] = said("A mail needs a text: HTML, plain text or both.")
    for name in ("from_address", "reply_to"):
        cleaned[name] = _address(content, name, problems)
    cleaned["from_name"] = headers.clean(str(content.get("from_name") or ""))
    cleaned["attachments"] = _attachments(content.get("attachments") or [], problems)
    if not problems:
        _check_made_text(cleaned, problems)
    if problems:
        raise ConfigInvalid(problems)
    return cleaned


def parts_of(content: Mapping[str, Any]) -> dict[str, templating.Part]:
    """Return the templates of a checked content: subject, to_name, text and, if there is any, html."""
    html = content["html"]
    text = content["text"] if content["text"].strip() or not html.strip() else text_of(html)
    parts = {
        "subject": templating.Part("subject", content["subject"]),
        "to_name": templating.Part("recipient's name", content["to_name"]),
        "text": templating.Part("text", text),
    }
    if html.strip():
        parts["html"] = templating.Part("HTML", with_preheader(html, content["preheader"]), is_html=True)
    return parts


def attachments_of(content: Mapping[str, Any]) -> list[Attachment]:
    """Return the files of a checked content."""
    return [
        Attachment(
            filename=entry["filename"],
            content_type=entry["content_type"],
            octets=b64decode(entry["content_b64"]),
            cid=entry["cid"],
        )
        for entry in content["attachments"]
    ]


def with_preheader(html: str, preheader: str) -> str:
    """Put the preview text, unseen in the mail itself, at the beginning of the body."""
    if not preheader.strip():
        return html
    words = "".join(piece if is_tag else escape(piece) for piece, is_tag in templating.split(preheader))
    # No style sheet: mail readers drop those, and an attribute is what they all honour.
    hidden = f'<div style="display:none;max-height:0;overflow:hidden;mso-hide:all">{words}</div>'
    body = _BODY.search(html)
    at = body.end() if body else 0
    return html[:at] + hidden + html[at:]


def _template(content: Mapping[str, Any], name: str, label: str, problems: dict[str, str]) -> str:
    value = content.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        problems[name] = said("This must be text.")
        return ""
    value = value.removeprefix("\ufeff")
    try:
        templating.check(templating.Part(label, value, is_html=name in ("html", "preheader")))
    except templating.TemplateInvalid as error:
        problems[name] = told(error)
    return value


def _address(content: Mapping[str, Any], name: str, problems: dict[str, str]) -> str:
    value = str(content.get(name) or "").strip()
    if not value:
        return ""
    try:
        return addresses.normalise(value)
    except ValueError as error:
        problems[name] = told(error)
        return ""


def _attachments(entries: Any, problems: dict[str, str]) -> list[dict[str, str]]:
    cleaned: list[dict[str, str]] = []
    total = 0
    for number, entry in enumerate(entries, start=1):
        try:
            one, size = _attachment(entry)
        except ValueError as error:
            problems["attachments"] = said(
                "Attachment %(number)s: %(problem)s", number=number, problem=told(error)
            )
            return []
        cleaned.append(one)
        total += size
    if total > MAX_ATTACHED:
        problems["attachments"] = said(
            "The attachments are larger than %(limit)s MB together.", limit=MAX_ATTACHED // 1000000
        )
    return cleaned


def _attachment(entry: Any) -> tuple[dict[str, str], int]:
    """Check one file. Raises ValueError with a sentence."""
    if not isinstance(entry, Mapping):
        raise ValueError(said("this is not a file."))
    filename = headers.clean(str(entry.get("filename") or "")).replace("\\", "/").rpartition("/")[2]
    content_type = str(entry.get("content_type") or "application/octet-stream").strip().lower()
    cid = str(entry.get("cid") or "").strip().strip("<>")
    if not filename or len(filename) > MAX_FILENAME:
        raise ValueError(said("it needs a file name of at most %(limit)s characters.", limit=MAX_FILENAME))
    if not _TYPE.fullmatch(content_type) or content_type.startswith(("multipart/", "message/")):
        raise ValueError(said("“%(type)s” is not a type a file can have.", type=content_type[:60]))
    if cid and not _CID.fullmatch(cid):
        raise ValueError(said("its content id may hold letters, digits and . _ @ + - only."))
    try:
        octets = b64decode(str(entry.get("content_b64") or ""), validate=True)
    except (Base64Error, ValueError):
        raise ValueError(said("its content is not base64.")) from None
    one = {
        "filename": filename,
        "content_type": content_type,
        "cid": cid,
        "content_b64": b64encode(octets).decode(),
    }
    return one, len(octets)


def _check_made_text(cleaned: Mapping[str, Any], problems: dict[str, str]) -> None:
    """The text made from the HTML must be a template too, and the preheader must fit into the HTML's."""
    try:
        for part in parts_of(cleaned).values():
            templating.check(part)
    except templating.TemplateInvalid:
        problems["text"] = said("No plain text can be made from this HTML: write one.")
