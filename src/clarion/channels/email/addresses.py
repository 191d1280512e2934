"""Mail addresses: the one form in which they are stored, and what goes on the wire."""

import re

from email_validator import EmailNotValidError, validate_email

from clarion.lib.sentences import said

#: RFC 5321 4.5.3.1 allows 64 octets, `@`, 255 octets; a path in angle brackets at most 256 together.
MAX_OCTETS = 254
MAX_LOCAL_OCTETS = 64

#: The ordinary case, recognised without help: dot-atom at a dotted ASCII domain.
_ORDINARY = re.compile(
    r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?"
)


def normalise(address: str) -> str:
    """Return the address in lower case, with an ASCII domain (IDNA). Raises ValueError with a sentence.

    Only the local part may hold other than ASCII characters. Lower case is a decision: hardly any server
    tells `Ana@` from `ana@`, while lists are full of both for one person.
    """
    plain = address.strip().lower()
    if len(plain) <= MAX_OCTETS and plain.find("@") <= MAX_LOCAL_OCTETS and _ORDINARY.fullmatch(plain):
        return plain
    try:
        # `test_environment` lets the reserved domain `test` pass; nothing is looked up.
        found = validate_email(plain, check_deliverability=False, test_environment=True)
    except EmailNotValidError as error:
        raise ValueError(str(error)) from None
    if len(found.local_part.encode()) > MAX_LOCAL_OCTETS:
        raise ValueError(said("The part before the @-sign is too long."))
    return f"{found.local_part}@{found.ascii_domain}".lower()


def domain_of(address: str) -> str:
    """Return what stands after the last `@`."""
    return address.rpartition("@")[2]


def on_the_wire(address: str) -> bytes:
    """Return the address for an SMTP command, without angle brackets; UTF-8 if it is not ASCII.

    Raises ValueError for an address that could end the command or is longer than a path may be.
    """
    raw = address.encode()
    if not address or "@" not in address or len(raw) > MAX_OCTETS or not _SAFE.fullmatch(address):
        raise ValueError("The address is not a valid one.")
    return raw


#: Nothing that could leave the angle brackets or the line, or mean something in a header's list of addresses.
_SAFE = re.compile(r"[^\x00-\x20\x7f-\x9f<>()\[\]\\,;:\"\u2028\u2029]+")
