"""What a server offers in answer to EHLO, and the envelope commands that make use of it."""

from dataclasses import dataclass, field

from clarion.channels.email.mail import Mail
from clarion.channels.email.replies import Reply


@dataclass(slots=True)
class Abilities:
    """The service extensions we know (RFC 5321 2.2.1). Without EHLO there are none."""

    pipelining: bool = False
    eight_bit: bool = False
    utf8: bool = False
    dsn: bool = False
    starttls: bool = False
    says_size: bool = False
    #: Octets the server takes; 0 if it does not say.
    size: int = 0
    auth: frozenset[str] = field(default_factory=frozenset)

    @classmethod
    def of(cls, reply: Reply) -> "Abilities":
        """Read the reply to EHLO; its first line is the server's name."""
        words = [line.upper().split() for line in reply.lines[1:] if line.strip()]
        offers = {line[0]: line[1:] for line in words}
        mechanisms: set[str] = set()
        for line in words:
            if line[0] == "AUTH":
                mechanisms.update(line[1:])
            elif line[0].startswith("AUTH="):  # a spelling from before RFC 2554
                mechanisms.update((line[0][5:], *line[1:]))
        size = offers.get("SIZE") or [""]
        return cls(
            pipelining="PIPELINING" in offers,
            eight_bit="8BITMIME" in offers,
            utf8="SMTPUTF8" in offers,
            dsn="DSN" in offers,
            starttls="STARTTLS" in offers,
            says_size="SIZE" in offers,
            size=int(size[0]) if size[0].isascii() and size[0].isdigit() and len(size[0]) <= 20 else 0,
            auth=frozenset(mechanisms),
        )

    def envelope(self, mail: Mail, octets: int, *, dsn: bool) -> tuple[bytes, bytes]:
        """Return the MAIL and RCPT lines for a message of so many octets (RFC 1870, 6152, 6531, 3461)."""
        first = b"MAIL FROM:<" + mail.sender + b">"
        second = b"RCPT TO:<" + mail.recipient + b">"
        if self.says_size:
            first += b" SIZE=%d" % octets
        if self.eight_bit:
            first += b" BODY=8BITMIME"
        if mail.needs_utf8:
            first += b" SMTPUTF8"
        if dsn and self.dsn:
            first += b" RET=HDRS ENVID=" + mail.envelope_id.encode()
            second += b" NOTIFY=FAILURE,DELAY"
        return first + b"\r\n", second + b"\r\n"
