"""What an SMPP provider brings: delivery receipts in both forms (SMPP 3.4, 4.6.1 and appendix B), and answers.

Pure functions from the body of one deliver_sm or data_sm to an event. The state is kept as the standard names it,
apart from what it means to us.
"""

import re
from typing import Any

from clarion.channels.events import Part, ReceiptEvent, ReceiptKind, Reply
from clarion.channels.sms import pdu
from clarion.channels.sms.config import Config
from clarion.channels.sms.encoding import Alphabet, joined
from clarion.channels.sms.pdu import Command, ShortMessage, Tlv
from clarion.lib import phones

#: message_state (5.2.28, and 0 and 9 of SMPP 5.0) → how the text form calls it.
STATES = {
    0: "SCHEDULED", 1: "ENROUTE", 2: "DELIVRD", 3: "EXPIRED", 4: "DELETED", 5: "UNDELIV", 6: "ACCEPTD", 7: "UNKNOWN",
    8: "REJECTD", 9: "SKIPPED",
}  # fmt: skip

#: State → what it means. UNDELIV says nothing of the number's future, so no address is given up for it.
KINDS = {
    "SCHEDULED": ReceiptKind.DELAYED,
    "ENROUTE": ReceiptKind.DELAYED,
    "BUFFRED": ReceiptKind.DELAYED,
    # By the standard somebody at the provider has read it; in practice it is on its way.
    "ACCEPTD": ReceiptKind.DELAYED,
    "DELIVRD": ReceiptKind.DELIVERED,
    "EXPIRED": ReceiptKind.BOUNCED_SOFT,
    "DELETED": ReceiptKind.BOUNCED_SOFT,
    "UNDELIV": ReceiptKind.BOUNCED_SOFT,
    "REJECTD": ReceiptKind.BOUNCED_SOFT,
    "SKIPPED": ReceiptKind.BOUNCED_SOFT,
    "FAILED": ReceiptKind.BOUNCED_SOFT,
    "UNKNOWN": ReceiptKind.UNKNOWN,
}

#: Other ways in which centres write them.
_SYNONYMS = {
    "DELIVERED": "DELIVRD", "DELIVERD": "DELIVRD", "UNDELIVERABLE": "UNDELIV", "UNDELIVERED": "UNDELIV",
    "REJECTED": "REJECTD", "REJECTE": "REJECTD", "ACCEPTED": "ACCEPTD", "BUFFERED": "BUFFRED", "EN_ROUTE": "ENROUTE",
    "UNKNOWN": "UNKNOWN", "EXPIRED": "EXPIRED", "DELETED": "DELETED",
}  # fmt: skip

#: Bits 2 to 5 of esm_class: what kind of message it is (5.2.12).
_TYPE = 0x3C
_RECEIPTS = frozenset({0x04, 0x20})
_HAS_HEADER = 0x40
#: Most that is read of a receipt's text, in octets.
_MAX_TEXT = 1000
_FIELD = re.compile(r"\b(id|sub|dlvrd|submit date|done date|stat|err|text)\s*:\s*", re.IGNORECASE)
#: How most centres write them all, read in one go.
_USUAL = re.compile(
    r"id:([^\s:]+) sub:([^\s:]*) dlvrd:([^\s:]*) submit date:([^\s:]*) done date:([^\s:]*) stat:([^\s:]*)"
    r" err:([^\s:]*)(?: text:(.*))?",
    re.IGNORECASE | re.DOTALL,
)
_NAMES = ("id", "sub", "dlvrd", "submit date", "done date", "stat", "err")
_CONTROLS = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_NOT_ID = re.compile(r"[^\x21-\x7e]")
_DIGITS = re.compile(r"\d{1,60}", re.ASCII)
_HEX = re.compile(r"[0-9A-Fa-f]{1,60}", re.ASCII)

Incoming = ReceiptEvent | Reply


def read(command: Command, body: bytes, config: Config) -> Incoming:
    """Return what a deliver_sm or data_sm tells. Raises BodyInvalid."""
    message = pdu.read_data_sm(body) if command == Command.DATA_SM else pdu.read_short_message(body)
    text = message.text or message.tlvs.get(Tlv.MESSAGE_PAYLOAD, b"")
    fields = fields_of(text[:_MAX_TEXT]) if _may_be_receipt(message, text) else {}
    is_receipt = (message.esm_class & _TYPE) in _RECEIPTS or Tlv.RECEIPTED_MESSAGE_ID in message.tlvs
    if is_receipt or ("id" in fields and "stat" in fields):
        return _receipt(message, fields, config)
    return _reply(message, text, config)


def fields_of(text: bytes) -> dict[str, str]:
    """Return the fields of a receipt's text (appendix B) by their names in lower case; those that are there.

    Centres leave fields out, change their order and write their names in any case; what follows `text:` is the
    message's own beginning and may look like fields.
    """
    words = text.decode("latin-1")
    usual = _USUAL.fullmatch(words)
    if usual is not None:
        *values, beginning = usual.groups()
        told = dict(zip(_NAMES, values, strict=True))
        return told if beginning is None else {**told, "text": beginning.strip()}
    found: dict[str, str] = {}
    marks = list(_FIELD.finditer(words))
    for index, mark in enumerate(marks):
        name = mark[1].lower()
        end = marks[index + 1].start() if index + 1 < len(marks) and name != "text" else len(words)
        found.setdefault(name, words[mark.end() : end].strip())
        if name == "text":
            break
    return found


def given_id(provider_id: str, config: Config) -> str:
    """Return the id of an accepted message in the form by which receipts are matched; see `message_ids`."""
    if config.message_ids == "answer_hex" and _HEX.fullmatch(provider_id):
        return str(int(provider_id, 16))
    if config.message_ids == "receipt_hex" and _DIGITS.fullmatch(provider_id):
        return str(int(provider_id))
    return provider_id


def receipt_id(told: str, config: Config) -> str:
    """Return the id that a receipt tells in the form of `given_id`."""
    if config.message_ids == "answer_hex" and _DIGITS.fullmatch(told):
        return str(int(told))
    if config.message_ids == "receipt_hex" and _HEX.fullmatch(told):
        return str(int(told, 16))
    return told


def _may_be_receipt(message: ShortMessage, text: bytes) -> bool:
    """Tell whether to look for a receipt's fields: some centres forget to mark their receipts as such."""
    return bool(message.esm_class & _TYPE) or (
        b":" in text and message.data_coding != Alphabet.UCS2.data_coding
    )


def _receipt(message: ShortMessage, fields: dict[str, str], config: Config) -> ReceiptEvent:
    tlv_id = message.tlvs.get(Tlv.RECEIPTED_MESSAGE_ID, b"").partition(b"\0")[0].decode("latin-1")
    tlv_state = message.tlvs.get(Tlv.MESSAGE_STATE, b"")
    state = STATES.get(tlv_state[0], str(tlv_state[0])) if tlv_state else ""
    if not state:
        told = fields.get("stat", "").upper().replace(" ", "")
        state = _SYNONYMS.get(told, told)[:9]
    error = fields.get("err", "")
    network = message.tlvs.get(Tlv.NETWORK_ERROR_CODE, b"")
    if len(network) == 3 and not error:
        error = str(int.from_bytes(network[1:]))
    done = fields.get("done date", "")
    raw: dict[str, Any] = {"state": state, **{n: v for n, v in fields.items() if n not in ("id", "text")}}
    return ReceiptEvent(
        kind=KINDS.get(state, ReceiptKind.UNKNOWN),
        provider_id=receipt_id(_NOT_ID.sub("", tlv_id or fields.get("id", ""))[:64], config),
        address=_number(message.source, message.source_ton),
        code=(f"{state} {error}" if error.strip("0 ") else state)[:20],
        # The dates have no zone, so they tell receipts apart but not when it was.
        event_id=f"{state}/{error}/{done}"[:64],
        raw=raw,
    )


def _reply(message: ShortMessage, text: bytes, config: Config) -> Reply:
    part = None
    if message.esm_class & _HAS_HEADER and text:
        part, text = _without_header(text)
    tlvs = message.tlvs
    if part is None and Tlv.SAR_TOTAL_SEGMENTS in tlvs:
        part = _part(
            int.from_bytes(tlvs.get(Tlv.SAR_MSG_REF_NUM, b"")[:2]),
            int.from_bytes(tlvs.get(Tlv.SAR_SEGMENT_SEQNUM, b"")[:1]),
            int.from_bytes(tlvs[Tlv.SAR_TOTAL_SEGMENTS][:1]),
        )
    return Reply(
        address=_number(message.source, message.source_ton),
        text=decoded(text, message.data_coding),
        to=message.dest.decode("latin-1"),
        part=part,
        raw={"data_coding": message.data_coding},
    )


def decoded(text: bytes, data_coding: int) -> str:
    """Return the words of an answer (5.2.19); octets that are none become a replacement character."""
    if data_coding == Alphabet.UCS2.data_coding:
        words = text[: len(text) // 2 * 2].decode("utf-16-be", "replace")
    elif data_coding == 0x03:
        words = text.decode("latin-1")
    elif data_coding in (0x02, 0x04):
        words = text.hex()
    else:
        try:
            # Some centres say ASCII (1) and mean GSM: octets that no text in ASCII has give them away.
            is_gsm = data_coding == 0 or bool(_CONTROLS.search(text))
            words = joined(Alphabet.GSM, [text]) if is_gsm else text.decode("ascii")
        except ValueError:
            # The centre's own default alphabet, which most of those that are not GSM have as this.
            words = text.decode("latin-1")
    return words.replace("\x00", "")


def _without_header(text: bytes) -> tuple[Part | None, bytes]:
    """Cut the user data header off (3GPP TS 23.040 9.2.3.24); return the part that it says, and the text."""
    length = text[0]
    header, rest = text[1 : 1 + length], text[1 + length :]
    part, at = None, 0
    while at + 2 <= len(header):
        kind, size = header[at], header[at + 1]
        value = header[at + 2 : at + 2 + size]
        if kind == 0x00 and len(value) == 3:
            part = _part(value[0], value[2], value[1])
        elif kind == 0x08 and len(value) == 4:
            part = _part(int.from_bytes(value[:2]), value[3], value[2])
        at += 2 + size
    return part, rest


def _part(reference: int, number: int, count: int) -> Part | None:
    return (
        Part(reference=reference, number=number, count=count) if 1 <= number <= count and count > 1 else None
    )


def _number(address: bytes, ton: int) -> str:
    """Return the number in E.164 with its plus where it is one, else as it came: a short code or a name."""
    words = address.decode("latin-1").strip()
    digits = words.lstrip("+")
    if digits.isascii() and digits.isdigit() and (ton == 1 or words.startswith("+") or len(digits) > 8):
        try:
            return phones.e164(f"+{digits}")
        except ValueError:
            return words
    return words
