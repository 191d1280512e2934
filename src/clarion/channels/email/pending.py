"""A message that waits for a connection, or for its turn on one."""

import asyncio
from collections.abc import Callable

from clarion.channels.email.abilities import Abilities
from clarion.channels.email.mail import Mail
from clarion.engine.outcomes import Outcome, Reason, Refused, Scope


class Pending:
    """A message, and who waits for its outcome; None wakes whoever waits to look for a connection again."""

    __slots__ = ("hand_over", "lines", "mail", "waiter", "wire")

    def __init__(
        self, mail: Mail, hand_over: Callable[[], None], waiter: "asyncio.Future[Outcome | None]"
    ) -> None:
        self.mail, self.hand_over, self.waiter = mail, hand_over, waiter
        #: The lines of its envelope, DATA being the last, and all that follows them.
        self.lines: list[bytes] = []
        self.wire = b""

    def prepare(self, abilities: Abilities, *, dsn: bool) -> bool:
        """Write it down for a server of these abilities; return False if they do not suffice, and say so."""
        mail = self.mail
        if mail.needs_utf8 and not (abilities.utf8 and abilities.eight_bit):
            scope = Scope.MESSAGE if mail.recipient.isascii() else Scope.RECIPIENT
            self._refuse(Reason.FEATURE_UNSUPPORTED, scope, "no SMTPUTF8")
            return False
        self.wire = mail.wire(eight_bit=abilities.eight_bit)
        size = len(self.wire)
        if 0 < abilities.size < size:
            detail = f"the server takes {abilities.size} octets, the message has {size}"
            self._refuse(Reason.MESSAGE_TOO_LARGE, Scope.MESSAGE, detail)
            return False
        self.lines = [*abilities.envelope(mail, size, dsn=dsn), b"DATA\r\n"]
        return True

    def _refuse(self, reason: Reason, scope: Scope, detail: str) -> None:
        self.waiter.set_result(Refused(reason=reason, scope=scope, detail=detail))
