"""Reading what comes back by mail: delivery status notifications (RFC 3464) and complaints (RFC 5965).

Pure functions from the octets of one returned mail to events. The delivery is found by our own token: in the
address to which the bounce came (VERP), in the Original-Envelope-Id, or in the Message-ID of the returned
header; each is verified, so a forged bounce says nothing.
"""

import email
import email.policy
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from email.message import EmailMessage, Message
from email.utils import parsedate_to_datetime
from hashlib import blake2b
from typing import Any

from clarion.channels.email.composer import BOUNCE, VERP_LOCAL
from clarion.channels.events import ReceiptEvent, ReceiptKind
from clarion.lib import tokens

#: Octets of a returned mail that are looked at. The report stands first; the returned message may be huge.
MAX_OCTETS = 1_000_000
#: Recipients in one report that are looked at.
MAX_RECIPIENTS = 100
MAX_DETAIL = 200

#: Action of a report (RFC 3464 2.3.3) -> what it means, but `failed`, which the status decides.
ACTIONS = {
    "delayed": ReceiptKind.DELAYED,
    "delivered": ReceiptKind.DELIVERED,
    "relayed": ReceiptKind.DELIVERED,
    "expanded": ReceiptKind.DELIVERED,
}

#: (subject, detail) of a 5.x.y status that is no reason to give an address up: a full mailbox, a message too
#: large, a fault on the way or in the message, a policy.
SOFT_SUBJECTS = frozenset({3, 4, 5, 6, 7})
SOFT_STATUSES = frozenset({(2, 2), (2, 3), (2, 4)})

_STATUS = re.compile(r"([245])\.(\d{1,3})\.(\d{1,3})")
_TOKEN = re.compile(r"(\d{1,20}(?:\.\d{1,20})+\.[0-9a-f]{20})", re.IGNORECASE)
_VERP = re.compile(rf"{VERP_LOCAL}\+([0-9a-f.]{{10,100}})@", re.IGNORECASE)


def parse(octets: bytes, *, key: bytes, envelope_to: str = "") -> list[ReceiptEvent]:
    """Return the events of one mail that came back; an empty list if it is no report that we know.

    `key` is the secret from which the tokens were made, `envelope_to` the address it was delivered to.
    """
    message = email.message_from_bytes(octets[:MAX_OCTETS], policy=_POLICY)
    report = str(message.get_param("report-type") or "").lower()
    if message.get_content_type() != "multipart/report" or not message.is_multipart():
        return []
    parts = [part for part in message.iter_parts() if isinstance(part, EmailMessage)]
    ids = _find_ids(message, parts, key=key, envelope_to=envelope_to)
    if report == "delivery-status":
        return list(_delivery_events(message, parts, ids))
    if report == "feedback-report":
        return list(_complaints(message, parts, ids))
    return []


#: Lenient on purpose: half of what comes back is malformed somewhere.
_POLICY = email.policy.default.clone(raise_on_defect=False)

Ids = tuple[int, int] | None


def _delivery_events(message: EmailMessage, parts: list[EmailMessage], ids: Ids) -> Iterator[ReceiptEvent]:
    for part in parts:
        if part.get_content_type() not in ("message/delivery-status", "message/global-delivery-status"):
            continue
        groups = _groups(part)
        for group in groups[1 : MAX_RECIPIENTS + 1]:
            address = _typed(group.get("original-recipient") or group.get("final-recipient", ""))
            action = group.get("action", "").split(" ")[0].lower()
            status = _STATUS.search(group.get("status", ""))
            diagnostic = _typed(group.get("diagnostic-code", ""))
            yield _event(
                message,
                ids,
                kind=kind_of(action, status[0] if status else ""),
                address=address,
                code=status[0] if status else "",
                detail=diagnostic,
                raw={"action": action, "reporting_mta": groups[0].get("reporting-mta", ""), **_kept(group)},
            )


def kind_of(action: str, status: str) -> ReceiptKind:
    """Return what an action and a status (such as "5.1.1") mean together."""
    if action != "failed":
        return ACTIONS.get(action, ReceiptKind.UNKNOWN)
    found = _STATUS.search(status)
    if found is None:
        return ReceiptKind.BOUNCED_SOFT
    subject, detail = int(found[2]), int(found[3])
    # 5.4.4 (no route) and 5.1.x say that there is nobody; other faults on the way pass.
    if (subject, detail) == (4, 4) and found[1] == "5":
        return ReceiptKind.BOUNCED_HARD
    if found[1] != "5" or subject in SOFT_SUBJECTS or (subject, detail) in SOFT_STATUSES:
        return ReceiptKind.BOUNCED_SOFT
    return ReceiptKind.BOUNCED_HARD


def _complaints(message: EmailMessage, parts: list[EmailMessage], ids: Ids) -> Iterator[ReceiptEvent]:
    for part in parts:
        if part.get_content_type() != "message/feedback-report":
            continue
        fields = next(iter(_groups(part)), {})
        kind = fields.get("feedback-type", "").strip().lower()
        # "not-spam" and whatever may come are kept, and do nothing.
        is_complaint = kind in ("abuse", "fraud", "virus")
        opted_out = kind in ("opt-out", "opt-out-list")
        yield _event(
            message,
            ids,
            kind=(
                ReceiptKind.COMPLAINT
                if is_complaint
                else ReceiptKind.UNSUBSCRIBED
                if opted_out
                else ReceiptKind.UNKNOWN
            ),
            address=fields.get("original-rcpt-to", "").strip(" <>"),
            code=kind,
            detail="",
            raw=_kept(fields),
        )


def _event(
    message: EmailMessage,
    ids: Ids,
    *,
    kind: ReceiptKind,
    address: str,
    code: str,
    detail: str,
    raw: dict[str, Any],
) -> ReceiptEvent:
    own_id = str(message.get("message-id") or "").strip()
    seed = f"{own_id}\n{address}\n{kind}\n{code}"
    return ReceiptEvent(
        kind=kind,
        run_id=ids[0] if ids else None,
        delivery_id=ids[1] if ids else None,
        address=address[:320],
        code=code[:40],
        detail=" ".join(detail.split())[:MAX_DETAIL],
        occurred_at=_moment(message),
        event_id=blake2b(seed.encode("utf-8", "replace"), digest_size=12).hexdigest() if own_id else "",
        raw=raw,
    )


def _find_ids(message: EmailMessage, parts: list[EmailMessage], *, key: bytes, envelope_to: str) -> Ids:
    for candidate in _candidates(message, parts, envelope_to):
        numbers = tokens.read(BOUNCE, key, candidate)
        if numbers is not None and len(numbers) == 2:
            return numbers[0], numbers[1]
    return None


def _candidates(message: EmailMessage, parts: list[EmailMessage], envelope_to: str) -> Iterator[str]:
    """Yield whatever looks like a token of ours, the most reliable place first."""
    targets = [envelope_to]
    targets += [
        str(value) for name in ("delivered-to", "x-original-to", "to") for value in message.get_all(name, [])
    ]
    for target in targets:
        yield from _VERP.findall(target[:1000])
    for part in parts:
        kind = part.get_content_type()
        if kind in ("message/delivery-status", "message/global-delivery-status", "message/feedback-report"):
            for group in _groups(part)[:1]:
                yield from _TOKEN.findall(group.get("original-envelope-id", "")[:200])
                yield from _VERP.findall(group.get("original-mail-from", "")[:1000])
        elif kind in ("message/rfc822", "text/rfc822-headers", "message/global", "message/global-headers"):
            yield from _TOKEN.findall(_returned_message_id(part)[:300])


def _returned_message_id(part: EmailMessage) -> str:
    """Return the Message-ID of the message that the report gives back, whole or its header alone."""
    payload = part.get_payload()
    if isinstance(payload, list) and payload and isinstance(payload[0], Message):
        return str(payload[0].get("message-id") or "")
    decoded = part.get_payload(decode=True)
    if not isinstance(decoded, bytes):
        return ""
    return str(email.message_from_bytes(decoded, policy=_POLICY).get("message-id") or "")


def _groups(part: EmailMessage) -> list[dict[str, str]]:
    """Return the field groups of a report's machine-readable part: the message's, then one a recipient."""
    payload = part.get_payload()
    if isinstance(payload, list):
        blocks = [block for block in payload if isinstance(block, Message)]
        if len(blocks) == 1 and not blocks[0].items():
            return _groups_of_text(str(blocks[0].get_payload()))
        return [
            {name.lower(): str(value) for name, value in block.items()} for block in blocks if block.items()
        ]
    decoded = part.get_payload(decode=True)
    return _groups_of_text(decoded.decode("utf-8", "replace") if isinstance(decoded, bytes) else str(payload))


def _groups_of_text(text: str) -> list[dict[str, str]]:
    blocks = re.split(r"\r?\n[ \t]*\r?\n", text.strip())
    parsed = [email.message_from_string(block, policy=_POLICY) for block in blocks[: MAX_RECIPIENTS + 1]]
    return [{name.lower(): str(value) for name, value in block.items()} for block in parsed if block.items()]


def _typed(value: str) -> str:
    """Return what follows the type: `rfc822; ana@example.test` is `ana@example.test`."""
    return value.partition(";")[2].strip() if ";" in value else value.strip()


def _kept(group: dict[str, str]) -> dict[str, str]:
    """Return the fields that are kept for a person to look at, cut."""
    names = (
        "status",
        "remote-mta",
        "diagnostic-code",
        "will-retry-until",
        "feedback-type",
        "user-agent",
        "source-ip",
    )
    return {name.replace("-", "_"): group[name][:MAX_DETAIL] for name in names if name in group}


def _moment(message: EmailMessage) -> datetime | None:
    try:
        moment = parsedate_to_datetime(str(message["date"]))
    except (TypeError, ValueError):
        return None
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
