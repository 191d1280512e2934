"""One SMS as the transport gets it, and how a text becomes the bodies of its submit_sm."""

import re
from dataclasses import dataclass

from clarion.channels.sms import pdu
from clarion.channels.sms.config import RECEIPTS, Config
from clarion.channels.sms.encoding import split
from clarion.channels.sms.pdu import Tlv

_NUMBER = re.compile(r"\+[1-9]\d{4,17}", re.ASCII)
#: esm_class: the text begins with a user data header.
HAS_HEADER = 0x40
#: The user data header of a part with an 8-bit reference (3GPP TS 23.040 9.2.3.24.1): its length, its kind.
_HEADER = b"\x05\x00\x03"


class TooLong(ValueError):
    """The text takes more parts than are allowed: a sentence with both numbers."""


@dataclass(frozen=True, slots=True)
class Sms:
    """The bodies of the submit_sm PDUs, one a part. `parts` is what the provider counts."""

    bodies: tuple[bytes, ...]
    parts: int


class Builder:
    """Builds messages for one sender: what is alike for all of them is put together once."""

    def __init__(self, config: Config) -> None:
        ton, npi, source = config.source_address()
        self._head = (
            config.service_type.encode() + b"\0" + bytes((ton, npi)) + source + b"\0"
            + bytes((config.dest_ton, config.dest_npi))
        )  # fmt: skip
        # protocol_id and priority; schedule; registered_delivery; replace_if_present.
        before = b"\0\0" + b"\0" + config.validity() + b"\0"
        #: Of a first part, and of a later one: a receipt is asked for once, for the part whose id is kept.
        self._middle = before + bytes((RECEIPTS[config.receipts], 0))
        self._later = before + b"\0\0"
        self._way = config.long_messages
        self._most = config.max_parts

    def build(self, *, address: str, text: str, reference: int) -> Sms:
        """Return the message to a number in E.164 with its plus. Raises TooLong, and ValueError for a bad text.

        `reference` joins the parts: the same for the same message, and another for the recipient's next one.
        """
        if not _NUMBER.fullmatch(address):
            raise ValueError("The address is not a phone number.")
        alphabet, parts = split(text)
        if len(parts) > self._most:
            raise TooLong(f"The text takes {len(parts)} messages; at most {self._most} are allowed.")
        before = self._head + address[1:].encode("ascii") + b"\0"
        coding = bytes((alphabet.data_coding, 0))
        if len(parts) == 1:
            return Sms((self._body(before, 0, coding, parts[0]),), 1)
        if self._way == "payload":
            whole = pdu.tlv(Tlv.MESSAGE_PAYLOAD, b"".join(parts))
            return Sms((self._body(before, 0, coding, b"") + whole,), len(parts))
        if self._way == "sar":
            joins = pdu.tlv(Tlv.SAR_MSG_REF_NUM, (reference & 0xFFFF).to_bytes(2)) + pdu.tlv(
                Tlv.SAR_TOTAL_SEGMENTS, bytes((len(parts),))
            )
            bodies = [
                self._body(before, 0, coding, part, number)
                + joins
                + pdu.tlv(Tlv.SAR_SEGMENT_SEQNUM, bytes((number,)))
                for number, part in enumerate(parts, start=1)
            ]
        else:
            header = _HEADER + bytes((reference & 0xFF, len(parts)))
            bodies = [
                self._body(before, HAS_HEADER, coding, header + bytes((number,)) + part, number)
                for number, part in enumerate(parts, start=1)
            ]
        return Sms(tuple(bodies), len(parts))

    def _body(self, before: bytes, esm_class: int, coding: bytes, text: bytes, number: int = 1) -> bytes:
        middle = self._middle if number == 1 else self._later
        return b"".join((before, bytes((esm_class,)), middle, coding, bytes((len(text),)), text))
