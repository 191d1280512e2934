"""One mail for one recipient, put together when a connection asks for it."""

from collections.abc import Sequence

from clarion.channels.email import dkim
from clarion.channels.email.bodies import MAX_LINE, TextPart
from clarion.channels.email.mime import Frame

_EIGHT_BIT = b"8bit\r\n\r\n"
_QUOTED = b"quoted-printable\r\n\r\n"
#: RFC 5321 4.1.1.4: ends the message. The body before it ends with CRLF.
_END = b".\r\n"


class Plan:
    """What all recipients of a step share: header fields and body, with holes for what is theirs."""

    def __init__(
        self,
        *,
        frame: Frame,
        personal: Sequence[str],
        constant: Sequence[tuple[str, bytes]],
        signer: dkim.Signer | None,
    ) -> None:
        """`personal` names the fields whose values each mail brings; `constant` are (name, value) for all."""
        self.frame = frame
        self.signer = signer
        self.texts = [segment for segment in frame.segments if isinstance(segment, TextPart)]
        constant = [*constant, ("MIME-Version", b"1.0"), ("Content-Type", frame.content_type)]
        self._names = [name.lower() for name in personal]
        self._signed = [(name.lower(), value) for name, value in constant]
        self._head = b"".join(name.encode() + b": %b\r\n" for name in personal) + b"".join(
            name.encode() + b": " + value.replace(b"%", b"%%") + b"\r\n" for name, value in constant
        )
        #: Constant octets at even places, values at odd ones.
        self._pieces = self._merged()
        self._longest = max(part.longest for part in self.texts)
        #: Some line of the constants may begin with a dot, at the latest when a hole before it is empty.
        self._has_dots = any(piece.startswith(b".") or b"\n." in piece for piece in self._pieces)

    def head(self, personal: tuple[bytes, ...], encoding: bytes) -> bytes:
        """Return the header with its final empty line."""
        if self.frame.is_single:
            return self._head % personal + b"Content-Transfer-Encoding: " + encoding + b"\r\n\r\n"
        return self._head % personal + b"\r\n"

    def signature(self, personal: tuple[bytes, ...], encoding: bytes, body: bytes, moment: int) -> bytes:
        """Return the DKIM-Signature fields; empty without a signer."""
        if self.signer is None:
            return b""
        fields = [*zip(self._names, personal, strict=True), *self._signed]
        if self.frame.is_single:
            fields.append(("content-transfer-encoding", encoding))
        return self.signer.sign(fields, body, now=moment)

    def _merged(self) -> list[bytes]:
        """Lay out the 8bit body so that the values of all holes, in order, are the odd elements."""
        pieces = [b""]
        for segment in self.frame.segments:
            if isinstance(segment, bytes):
                pieces[-1] += segment
                continue
            if not self.frame.is_single:
                pieces[-1] += _EIGHT_BIT
            pieces[-1] += segment.raw[0]
            for constant in segment.raw[1:]:
                pieces += [b"", constant]
        if self.frame.is_single and not pieces[-1].endswith(b"\r\n"):
            pieces[-1] += b"\r\n"
        return pieces

    def body(self, values: Sequence[bytes], *, eight_bit: bool) -> tuple[bytes, bytes, bool]:
        """Return the body without dot-stuffing, the encoding of a message of one part, and whether

        some line may begin with a dot.
        """
        joined = b"\n".join(values)
        if eight_bit and self._longest + len(joined) <= MAX_LINE:
            # The values are short and the body is long: looking for dots in them alone is what costs little.
            may_stuff = self._has_dots or joined.startswith(b".") or b"\n." in joined
            if not values:
                return self._pieces[0], b"8bit", may_stuff
            pieces = self._pieces.copy()
            pieces[1::2] = values
            return b"".join(pieces), b"8bit", may_stuff
        return *self._body_by_part(values, eight_bit=eight_bit), True

    def _body_by_part(self, values: Sequence[bytes], *, eight_bit: bool) -> tuple[bytes, bytes]:
        pieces: list[bytes] = []
        encoding = b"8bit"
        at = 0
        for segment in self.frame.segments:
            if isinstance(segment, bytes):
                pieces.append(segment)
                continue
            own = values[at : at + len(segment.raw) - 1]
            at += len(own)
            as_is = eight_bit and segment.fits(own)
            if not self.frame.is_single:
                pieces.append(_EIGHT_BIT if as_is else _QUOTED)
            elif not as_is:
                encoding = b"quoted-printable"
            pieces.append(segment.join(own) if as_is else segment.join_quoted(own))
        body = b"".join(pieces)
        return body if body.endswith(b"\r\n") else body + b"\r\n", encoding


class Mail:
    """What the composer gives to the SMTP client."""

    __slots__ = (
        "_moment",
        "_personal",
        "_plan",
        "_values",
        "envelope_id",
        "needs_utf8",
        "recipient",
        "sender",
    )

    def __init__(
        self,
        *,
        sender: bytes,
        recipient: bytes,
        needs_utf8: bool,
        envelope_id: str,
        plan: Plan,
        personal: tuple[bytes, ...],
        values: Sequence[bytes],
        moment: int,
    ) -> None:
        """`personal` and `values` fill the holes of the plan's header and body; `moment` is Unix time."""
        #: Envelope addresses without angle brackets.
        self.sender = sender
        self.recipient = recipient
        #: An address has characters outside ASCII: the server must know SMTPUTF8 (RFC 6531).
        self.needs_utf8 = needs_utf8
        #: Our own name for the message: its Message-ID and return path carry it.
        self.envelope_id = envelope_id
        self._plan = plan
        self._personal = personal
        self._values = values
        self._moment = moment

    def __repr__(self) -> str:
        return f"Mail({self.envelope_id})"

    def wire(self, *, eight_bit: bool = True) -> bytes:
        """Return what follows DATA: header, body with dots stuffed, final dot.

        Without `eight_bit` every text body is in quoted-printable.
        """
        plan = self._plan
        body, encoding, may_stuff = plan.body(self._values, eight_bit=eight_bit)
        head = plan.head(self._personal, encoding)
        if plan.signer is not None:
            head = plan.signature(self._personal, encoding, body, self._moment) + head
        if may_stuff and (b"\n." in body or body.startswith(b".")):
            body = (b"\r\n" + body).replace(b"\r\n.", b"\r\n..")[2:]
        return head + body + _END
