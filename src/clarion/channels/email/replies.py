"""SMTP replies and what each means for us: RFC 5321 4.2, RFC 2034 and RFC 3463 (enhanced codes).

One table decides. The basic code says whether something is refused for now (4xx) or for good (5xx); an
enhanced code, where there is one, says what; without one the step and a few well-known words do.
"""

import re
from enum import IntEnum
from typing import NamedTuple

from clarion.engine.outcomes import Accepted, Deferred, Outcome, Reason, Refused, Scope

#: Characters of the server's words that are kept.
MAX_DETAIL = 200

#: Seconds to leave a server alone that says we are too fast and not for how long.
THROTTLED_SECONDS = 30.0


class Step(IntEnum):
    """Where in the conversation a reply came."""

    GREETING = 0
    HELLO = 1
    AUTH = 2
    MAIL = 3
    RCPT = 4
    DATA = 5
    #: After the final dot.
    END = 6


class Reply(NamedTuple):
    """A whole reply. `lines` are the texts after the code, decoded leniently."""

    code: int
    lines: tuple[str, ...]

    @property
    def text(self) -> str:
        """All lines as one."""
        return " ".join(line.strip() for line in self.lines)


_ENHANCED = re.compile(r"([245])\.(\d{1,3})\.(\d{1,3})(?!\S)")
_MAIL_ADDRESS = re.compile(r"<?[^\s<>,;:()\"']+@[^\s<>,;:()\"']+>?")
_WAIT = re.compile(
    r"(?:in|after|for|retry)\D{0,20}?(\d{1,5})\s*(s|sec|second|m|min|minute)s?\b", re.IGNORECASE
)

_FAST = re.compile(
    r"throttl|too (?:many|fast|much)|rate.?limit|\brate\b.*exceed|slow down|flood", re.IGNORECASE
)
_GREY = re.compile(r"gr[ae]y.?list", re.IGNORECASE)
_NOBODY = re.compile(
    r"(?:user|recipient|mailbox|address|account)\b.{0,60}\b(?:unknown|not found|not exist|n't exist|invalid)|"
    r"(?:unknown|no such|invalid) (?:local )?(?:user|recipient|mailbox|address|account)",
    re.IGNORECASE,
)
_FULL = re.compile(r"full|quota|storage", re.IGNORECASE)
_RELAY = re.compile(r"relay", re.IGNORECASE)
_BLOCKED = re.compile(r"block|black.?list|banned|denied|reputation|\bRBL\b|spamhaus", re.IGNORECASE)
_SPAM = re.compile(r"spam|content|virus|policy|phish", re.IGNORECASE)

R, S = Reason, Scope
#: (subject, detail) of an enhanced code -> (reason, scope), whatever the step, for 5xx.
REFUSALS: dict[tuple[int, int], tuple[Reason, Scope]] = {
    (1, 0): (R.RECIPIENT_REFUSED, S.RECIPIENT),
    (1, 1): (R.ADDRESS_UNKNOWN, S.RECIPIENT),
    (1, 2): (R.DOMAIN_UNKNOWN, S.RECIPIENT),
    (1, 3): (R.ADDRESS_INVALID, S.RECIPIENT),
    (1, 4): (R.RECIPIENT_REFUSED, S.RECIPIENT),
    (1, 6): (R.ADDRESS_UNKNOWN, S.RECIPIENT),
    (1, 7): (R.SENDER_REFUSED, S.SENDER),
    (1, 8): (R.SENDER_REFUSED, S.SENDER),
    (1, 10): (R.DOMAIN_UNKNOWN, S.RECIPIENT),
    (2, 0): (R.MAILBOX_UNAVAILABLE, S.RECIPIENT),
    (2, 1): (R.MAILBOX_UNAVAILABLE, S.RECIPIENT),
    (2, 2): (R.MAILBOX_FULL, S.RECIPIENT),
    (2, 3): (R.MESSAGE_TOO_LARGE, S.MESSAGE),
    (2, 4): (R.RECIPIENT_REFUSED, S.RECIPIENT),
    (3, 4): (R.MESSAGE_TOO_LARGE, S.MESSAGE),
    (4, 4): (R.DOMAIN_UNKNOWN, S.RECIPIENT),
    (4, 6): (R.RECIPIENT_REFUSED, S.RECIPIENT),
    (6, 7): (R.FEATURE_UNSUPPORTED, S.RECIPIENT),
    (7, 8): (R.CREDENTIALS_REFUSED, S.SENDER),
    (7, 9): (R.CREDENTIALS_REFUSED, S.SENDER),
    (7, 11): (R.CREDENTIALS_REFUSED, S.SENDER),
    (7, 13): (R.SENDER_BLOCKED, S.SENDER),
    (7, 14): (R.CREDENTIALS_REFUSED, S.SENDER),
    (7, 20): (R.SENDER_REFUSED, S.SENDER),
    (7, 21): (R.SENDER_REFUSED, S.SENDER),
    (7, 22): (R.SENDER_REFUSED, S.SENDER),
    (7, 23): (R.SENDER_REFUSED, S.SENDER),
    (7, 24): (R.SENDER_REFUSED, S.SENDER),
    (7, 25): (R.SENDER_REFUSED, S.SENDER),
    (7, 26): (R.SENDER_REFUSED, S.SENDER),
    (7, 27): (R.SENDER_REFUSED, S.SENDER),
}

#: (step, basic code) -> (reason, scope), for 5xx without a telling enhanced code.
BASIC: dict[tuple[Step, int], tuple[Reason, Scope]] = {
    (Step.MAIL, 530): (R.CREDENTIALS_REFUSED, S.SENDER),
    (Step.MAIL, 535): (R.CREDENTIALS_REFUSED, S.SENDER),
    (Step.MAIL, 538): (R.CREDENTIALS_REFUSED, S.SENDER),
    (Step.MAIL, 550): (R.SENDER_REFUSED, S.SENDER),
    (Step.MAIL, 552): (R.MESSAGE_TOO_LARGE, S.MESSAGE),
    (Step.MAIL, 553): (R.SENDER_REFUSED, S.SENDER),
    (Step.MAIL, 554): (R.SENDER_REFUSED, S.SENDER),
    (Step.MAIL, 555): (R.FEATURE_UNSUPPORTED, S.MESSAGE),
    (Step.RCPT, 530): (R.CREDENTIALS_REFUSED, S.SENDER),
    (Step.RCPT, 550): (R.RECIPIENT_REFUSED, S.RECIPIENT),
    (Step.RCPT, 551): (R.ADDRESS_UNKNOWN, S.RECIPIENT),
    (Step.RCPT, 552): (R.MAILBOX_FULL, S.RECIPIENT),
    (Step.RCPT, 553): (R.ADDRESS_INVALID, S.RECIPIENT),
    (Step.RCPT, 554): (R.RECIPIENT_REFUSED, S.RECIPIENT),
    (Step.RCPT, 556): (R.DOMAIN_UNKNOWN, S.RECIPIENT),
    (Step.END, 552): (R.MESSAGE_TOO_LARGE, S.MESSAGE),
    (Step.END, 554): (R.CONTENT_REFUSED, S.MESSAGE),
}


def outcome(step: Step, reply: Reply) -> Outcome:
    """Return what a reply means that is not the hoped-for one; after the final dot, what any means."""
    if step is Step.END and 200 <= reply.code < 300:
        return Accepted(provider_id=queue_id(reply.text), code=code_of(reply))
    if 400 <= reply.code < 500:
        return _deferred(step, reply)
    if 500 <= reply.code < 600:
        return _refused(step, reply)
    return Deferred(
        reason=Reason.PROTOCOL_ERROR, scope=Scope.PROVIDER, code=code_of(reply), detail=detail_of(reply)
    )


def accepted(text: str) -> Accepted:
    """Return what a 250 after the final dot means, from its only line."""
    enhanced = _ENHANCED.match(text)
    return Accepted(provider_id=queue_id(text), code=f"250 {enhanced[0]}" if enhanced else "250")


def code_of(reply: Reply) -> str:
    """Return the code as it is kept: "550 5.1.1", or "550" where there is no enhanced one."""
    enhanced = _ENHANCED.match(reply.lines[0].lstrip()) if reply.lines else None
    return f"{reply.code} {enhanced[0]}" if enhanced else str(reply.code)


def detail_of(reply: Reply) -> str:
    """Return the server's words on one line, shortened, with every mail address taken out."""
    words = _MAIL_ADDRESS.sub("<address>", reply.text)
    return "".join(c if c.isprintable() else " " for c in words)[:MAX_DETAIL]


def queue_id(text: str) -> str:
    """Return the server's own id of an accepted message; empty where the form is not known."""
    found = _QUEUE_ID.search(text)
    return found[found.lastindex or 0] if found else ""


_QUEUE_ID = re.compile(
    r"queued as ([A-Za-z0-9][\w.-]*)"  # Postfix
    r"|\bid=([\w-]+)"  # Exim
    r"|InternalId=(\d+)"  # Exchange
    r"|2\.0\.0 ([\w-]{8,}) Message accepted for delivery"  # sendmail
    r"|^(?:2\.\d\.\d )?(?:Ok|Message accepted) ([0-9a-f]{16,}[\w-]*)$"  # a bare id, as hosted relays do
    r"|^(?:2\.0\.0 )?OK +\d+ ([\w.-]+) - gsmtp",
    re.IGNORECASE,
)


def _enhanced(reply: Reply) -> tuple[int, int] | None:
    found = _ENHANCED.match(reply.lines[0].lstrip()) if reply.lines else None
    return (int(found[2]), int(found[3])) if found else None


def _refused(step: Step, reply: Reply) -> Outcome:
    code, detail, words = code_of(reply), detail_of(reply), reply.text
    enhanced = _enhanced(reply)
    if step <= Step.HELLO:
        if _BLOCKED.search(words):
            return Refused(reason=Reason.SENDER_BLOCKED, scope=Scope.SENDER, code=code, detail=detail)
        return Deferred(reason=Reason.PROVIDER_DOWN, scope=Scope.PROVIDER, code=code, detail=detail)
    if step is Step.AUTH:
        return Refused(reason=Reason.CREDENTIALS_REFUSED, scope=Scope.SENDER, code=code, detail=detail)
    if enhanced in ((5, 3), (7, 28)) or (reply.code == 550 and _FAST.search(words)):
        return Deferred(
            reason=Reason.THROTTLED, scope=Scope.SENDER, after=_wait(words), code=code, detail=detail
        )
    reason, scope = _whose_fault(step, reply.code, enhanced, words)
    return Refused(reason=reason, scope=scope, code=code, detail=detail)


def _whose_fault(step: Step, code: int, enhanced: tuple[int, int] | None, words: str) -> tuple[Reason, Scope]:
    if step in (Step.MAIL, Step.RCPT) and _RELAY.search(words):
        return Reason.SENDER_REFUSED, Scope.SENDER
    if enhanced in REFUSALS:
        reason, scope = REFUSALS[enhanced]
        # 5.1.1 to MAIL is about the return path, not about anyone we write to.
        if scope is Scope.RECIPIENT and step is Step.MAIL:
            return Reason.SENDER_REFUSED, Scope.SENDER
        return reason, scope
    if enhanced and enhanced[0] == 6:
        return Reason.FEATURE_UNSUPPORTED, Scope.MESSAGE
    if enhanced and enhanced[0] == 7:
        return {
            Step.MAIL: (Reason.SENDER_REFUSED, Scope.SENDER),
            Step.RCPT: (Reason.RECIPIENT_REFUSED, Scope.RECIPIENT),
        }.get(step, (Reason.CONTENT_REFUSED, Scope.MESSAGE))
    if step is Step.RCPT and _NOBODY.search(words):
        return Reason.ADDRESS_UNKNOWN, Scope.RECIPIENT
    if step is Step.RCPT and code == 550 and _FULL.search(words):
        return Reason.MAILBOX_FULL, Scope.RECIPIENT
    if 500 <= code <= 504:
        return Reason.PROTOCOL_ERROR, Scope.MESSAGE
    if step is Step.END and _SPAM.search(words):
        return Reason.CONTENT_REFUSED, Scope.MESSAGE
    return BASIC.get((step, code), (Reason.MESSAGE_REFUSED, Scope.MESSAGE))


def _deferred(step: Step, reply: Reply) -> Deferred:
    code, detail, words = code_of(reply), detail_of(reply), reply.text
    enhanced = _enhanced(reply)
    after = _wait(words)
    is_fast = enhanced in ((5, 3), (7, 28)) or (bool(_FAST.search(words)) and not _GREY.search(words))
    if is_fast:
        # Before there is a message, or when the server hangs up, it is the connection that is too much.
        scope = Scope.PROVIDER if reply.code == 421 or step < Step.MAIL else Scope.SENDER
        return Deferred(
            reason=Reason.THROTTLED, scope=scope, after=after or THROTTLED_SECONDS, code=code, detail=detail
        )
    if reply.code == 421 or step < Step.MAIL:
        reason = Reason.PROVIDER_DOWN if reply.code == 421 else Reason.PROVIDER_BUSY
        return Deferred(reason=reason, scope=Scope.PROVIDER, after=after, code=code, detail=detail)
    scope = Scope.MESSAGE
    if enhanced == (2, 2):
        reason = Reason.MAILBOX_FULL
    elif enhanced and enhanced[0] in (1, 2):
        reason = Reason.MAILBOX_UNAVAILABLE
    else:
        reason = Reason.PROVIDER_BUSY
        # A full disk or a closed queue is everybody's. Any other 4xx may be about this message alone, and
        # counting it as the provider's would let one message hold up all others for ever.
        if enhanced in ((3, 1), (3, 2)) or step is Step.MAIL:
            scope = Scope.PROVIDER
    return Deferred(reason=reason, scope=scope, after=after, code=code, detail=detail)


def _wait(words: str) -> float | None:
    """Return the seconds that the server asks for, as greylisting does; None if it does not say."""
    found = _WAIT.search(words)
    if not found:
        return None
    return float(found[1]) * (60 if found[2].lower().startswith("m") else 1)
