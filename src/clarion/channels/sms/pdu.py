"""SMPP 3.4 and 5.0 on the wire: PDUs as octets, and octets as PDUs, with a limit on everything.

Only what a sending client needs is spelled out; any other PDU keeps its body as octets.
"""

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import IntEnum

#: Octets of the longest PDU taken: a deliver_sm with the largest message_payload (64 kB) and then some.
MAX_PDU = 70_000
#: Optional parameters read of one PDU.
MAX_TLVS = 64

HEADER = struct.Struct(">IIII")
_TLV = struct.Struct(">HH")


class Command(IntEnum):
    """Values of command_id (SMPP 3.4, 5.1.2.1). A response has the highest bit."""

    GENERIC_NACK = 0x80000000
    BIND_RECEIVER = 0x00000001
    BIND_RECEIVER_RESP = 0x80000001
    BIND_TRANSMITTER = 0x00000002
    BIND_TRANSMITTER_RESP = 0x80000002
    SUBMIT_SM = 0x00000004
    SUBMIT_SM_RESP = 0x80000004
    DELIVER_SM = 0x00000005
    DELIVER_SM_RESP = 0x80000005
    UNBIND = 0x00000006
    UNBIND_RESP = 0x80000006
    BIND_TRANSCEIVER = 0x00000009
    BIND_TRANSCEIVER_RESP = 0x80000009
    OUTBIND = 0x0000000B
    ENQUIRE_LINK = 0x00000015
    ENQUIRE_LINK_RESP = 0x80000015
    ALERT_NOTIFICATION = 0x00000102
    DATA_SM = 0x00000103
    DATA_SM_RESP = 0x80000103


RESPONSE = 0x80000000


class Tlv(IntEnum):
    """Tags of optional parameters that are used here (5.3.2)."""

    SAR_MSG_REF_NUM = 0x020C
    SAR_TOTAL_SEGMENTS = 0x020E
    SAR_SEGMENT_SEQNUM = 0x020F
    ADDITIONAL_STATUS_INFO_TEXT = 0x001D
    RECEIPTED_MESSAGE_ID = 0x001E
    MESSAGE_PAYLOAD = 0x0424
    NETWORK_ERROR_CODE = 0x0423
    CONGESTION_STATE = 0x0428
    MESSAGE_STATE = 0x0427
    SC_INTERFACE_VERSION = 0x0210


class NotSmpp(Exception):
    """What came in is not the protocol, so nothing after it can be understood."""


class BodyInvalid(Exception):
    """The body of one PDU cannot be read. The next PDU can."""


@dataclass(frozen=True, slots=True)
class Pdu:
    """One PDU: its header, and its body as octets."""

    command: int
    status: int
    sequence: int
    body: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShortMessage:
    """The fields of submit_sm and deliver_sm, which are alike (4.4.1, 4.6.1)."""

    service_type: bytes = b""
    source_ton: int = 0
    source_npi: int = 0
    source: bytes = b""
    dest_ton: int = 0
    dest_npi: int = 0
    dest: bytes = b""
    esm_class: int = 0
    protocol_id: int = 0
    priority: int = 0
    schedule: bytes = b""
    validity: bytes = b""
    registered_delivery: int = 0
    replace_if_present: int = 0
    data_coding: int = 0
    default_message: int = 0
    text: bytes = b""
    tlvs: Mapping[int, bytes] = field(default_factory=dict)


class Reader:
    """Cuts a stream of octets into PDUs. Keeps at most one PDU's worth."""

    def __init__(self, *, limit: int = MAX_PDU) -> None:
        self._limit = limit
        self._rest = b""

    def feed(self, data: bytes) -> Iterator[Pdu]:
        """Yield each PDU that is complete now. Raises NotSmpp; nothing may be fed after that."""
        buffer = self._rest + data if self._rest else data
        at, end = 0, len(buffer)
        unpack = HEADER.unpack_from
        while end - at >= 16:
            length, command, status, sequence = unpack(buffer, at)
            if not 16 <= length <= self._limit:
                raise NotSmpp(f"a PDU of {length} octets")
            if end - at < length:
                break
            yield Pdu(command, status, sequence, buffer[at + 16 : at + length])
            at += length
        self._rest = buffer[at:]


def packed(command: int, sequence: int, body: bytes = b"", *, status: int = 0) -> bytes:
    """Return a whole PDU."""
    return HEADER.pack(16 + len(body), command, status, sequence) + body


def tlv(tag: int, value: bytes) -> bytes:
    """Return an optional parameter."""
    return _TLV.pack(tag, len(value)) + value


def bind_body(*, system_id: bytes, password: bytes, system_type: bytes, version: int = 0x34) -> bytes:
    """Return the body of any of the three binds (4.1.1). Raises ValueError for a field that is too long."""
    fields = _text(system_id, 16) + _text(password, 9) + _text(system_type, 13)
    # The address range is for receivers of one number among many; an empty one lets the provider decide.
    return fields + bytes((version, 0, 0)) + b"\0"


def short_message_body(message: ShortMessage) -> bytes:
    """Return the body of submit_sm or deliver_sm. Raises ValueError for a field that is too long."""
    if len(message.text) > 254:
        raise ValueError("short_message holds at most 254 octets")
    return b"".join(
        (
            _text(message.service_type, 6),
            bytes((message.source_ton, message.source_npi)),
            _text(message.source, 21),
            bytes((message.dest_ton, message.dest_npi)),
            _text(message.dest, 21),
            bytes((message.esm_class, message.protocol_id, message.priority)),
            _text(message.schedule, 17),
            _text(message.validity, 17),
            bytes((message.registered_delivery, message.replace_if_present, message.data_coding)),
            bytes((message.default_message, len(message.text))),
            message.text,
            *(tlv(tag, value) for tag, value in message.tlvs.items()),
        )
    )


def read_short_message(body: bytes) -> ShortMessage:
    """Read the body of submit_sm or deliver_sm. Raises BodyInvalid."""
    cursor = _Cursor(body)
    fields = {
        "service_type": cursor.text(6), "source_ton": cursor.octet(), "source_npi": cursor.octet(),
        "source": cursor.text(21), "dest_ton": cursor.octet(), "dest_npi": cursor.octet(), "dest": cursor.text(21),
        "esm_class": cursor.octet(), "protocol_id": cursor.octet(), "priority": cursor.octet(),
        "schedule": cursor.text(17), "validity": cursor.text(17), "registered_delivery": cursor.octet(),
        "replace_if_present": cursor.octet(), "data_coding": cursor.octet(), "default_message": cursor.octet(),
    }  # fmt: skip
    text = cursor.octets(cursor.octet())
    return ShortMessage(**fields, text=text, tlvs=cursor.tlvs())  # type: ignore[arg-type]


def read_data_sm(body: bytes) -> ShortMessage:
    """Read the body of data_sm (4.7.1), whose text is in message_payload alone. Raises BodyInvalid."""
    cursor = _Cursor(body)
    return ShortMessage(
        service_type=cursor.text(6), source_ton=cursor.octet(), source_npi=cursor.octet(), source=cursor.text(65),
        dest_ton=cursor.octet(), dest_npi=cursor.octet(), dest=cursor.text(65), esm_class=cursor.octet(),
        registered_delivery=cursor.octet(), data_coding=cursor.octet(), tlvs=cursor.tlvs(),
    )  # fmt: skip


def read_id(body: bytes) -> str:
    """Return the message_id or system_id with which a response's body begins; empty when there is none.

    A provider that forgets the closing NUL is understood. Octets that are not ASCII become "?".
    """
    return body[:65].partition(b"\0")[0].decode("ascii", "replace").replace("\ufffd", "?")


def read_congestion(body: bytes) -> int:
    """Return the congestion_state of a response, 0 to 100 (SMPP 5.0, 4.8.4.18); 0 where there is none to be read."""
    found = _options_after_id(body).get(Tlv.CONGESTION_STATE, b"")
    return found[0] if len(found) == 1 else 0


def read_status_text(body: bytes) -> str:
    """Return how a response explains its status (additional_status_info_text, SMPP 5.0, 4.8.4.1); else nothing.

    At most 200 characters; what cannot be printed is left out.
    """
    found = _options_after_id(body).get(Tlv.ADDITIONAL_STATUS_INFO_TEXT, b"")
    words = found.partition(b"\0")[0].decode("latin-1")
    return "".join(one for one in words if one.isprintable())[:200].strip()


def _options_after_id(body: bytes) -> Mapping[int, bytes]:
    _, _, rest = body[:1000].partition(b"\0")
    try:
        return _Cursor(rest).tlvs()
    except BodyInvalid:
        return {}


def read_bind_resp(body: bytes) -> tuple[str, Mapping[int, bytes]]:
    """Return (system_id, optional parameters) of a response to a bind. What cannot be read is left out."""
    name, _, rest = body[:200].partition(b"\0")
    try:
        return read_id(name), _Cursor(rest).tlvs()
    except BodyInvalid:
        return read_id(name), {}


def read_bind(body: bytes) -> tuple[bytes, bytes, bytes, int]:
    """Return (system_id, password, system_type, interface_version) of a bind. Raises BodyInvalid."""
    cursor = _Cursor(body)
    return cursor.text(16), cursor.text(9), cursor.text(13), cursor.octet()


class _Cursor:
    """Reads field after field of one body."""

    def __init__(self, body: bytes) -> None:
        self._body, self._at = body, 0

    def octet(self) -> int:
        if self._at >= len(self._body):
            raise BodyInvalid("the body ends early")
        self._at += 1
        return self._body[self._at - 1]

    def text(self, most: int) -> bytes:
        """A C-octet string of at most `most` octets, its closing NUL included."""
        end = self._body.find(b"\0", self._at, self._at + most)
        if end < 0:
            raise BodyInvalid("a string does not end")
        text = self._body[self._at : end]
        self._at = end + 1
        return text

    def octets(self, count: int) -> bytes:
        found = self._body[self._at : self._at + count]
        if len(found) != count:
            raise BodyInvalid("the body ends early")
        self._at += count
        return found

    def tlvs(self) -> dict[int, bytes]:
        found: dict[int, bytes] = {}
        while self._at < len(self._body):
            if len(found) >= MAX_TLVS:
                raise BodyInvalid("too many optional parameters")
            tag, length = _TLV.unpack(self.octets(4))
            found[tag] = self.octets(length)
        return found


def _text(value: bytes, most: int) -> bytes:
    if len(value) >= most or b"\0" in value:
        raise ValueError(f"a field of at most {most - 1} octets is too long or holds a NUL")
    return value + b"\0"
