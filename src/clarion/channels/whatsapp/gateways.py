"""What every gateway is to the transport and the parser: requests as values, and what their answers mean."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

from clarion.channels.base import HookItem
from clarion.channels.events import ReceiptEvent, ReceiptKind, Reply
from clarion.channels.http import HttpReply, outcome_of_status
from clarion.channels.linked import Group, LinkState
from clarion.channels.whatsapp.payload import Post
from clarion.engine.outcomes import Deferred, Reason, Refused, Scope, Unknown

#: Suffixes of addresses: people by their number, groups, and people who hide their number.
PEOPLE = ("@c.us", "@s.whatsapp.net")
GROUP = "@g.us"
HIDDEN = "@lid"
#: A time in milliseconds is larger than any in seconds that we shall see.
_MILLISECONDS = 100_000_000_000
_WAITED = re.compile(r"time[d]?[ -]?out", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """One request to a gateway."""

    method: str
    path: str
    query: Sequence[tuple[str, str]] = ()
    json: Any = None
    headers: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Participant:
    """Somebody in a group as a gateway tells it: an address of WhatsApp's, perhaps one that hides the number."""

    address: str
    is_admin: bool = False


class Gateway(Protocol):
    """One kind of gateway, for one session. Does no input or output; its repr shows no secret."""

    def headers(self) -> dict[str, str]:
        """Return what goes with every request, the key among it."""

    def send(self, post: Post, *, typing: float) -> Ask:
        """Return the request that sends the message, “typing…” shown for so many seconds where it does that."""

    def typing(self, post: Post, *, is_on: bool) -> Ask | None:
        """Return the request that shows or ends “typing…”; None where `send` does it."""

    def check(self, digits: str) -> Ask:
        """Return the request that tells whether a number has WhatsApp."""

    def has_whatsapp(self, told: Any) -> bool | None:
        """Return what the answer to `check` says; None when that cannot be read."""

    def sent_id(self, told: Any) -> str:
        """Return the message's id from the answer to `send`, as receipts call it; empty when it is not there."""

    def refusal(self, reply: HttpReply) -> Deferred | Refused | Unknown | None:
        """Return what an unsuccessful answer says in the gateway's own words; None for its status alone."""

    def state(self) -> Ask:
        """Return the request that tells how the session stands."""

    def state_of(self, told: Any) -> LinkState:
        """Return what the answer to `state` says."""

    def code(self) -> Ask:
        """Return the request for the code to scan."""

    def code_of(self, reply: HttpReply) -> bytes:
        """Return the picture from the answer to `code`; empty when there is none. Raises ValueError."""

    def groups(self) -> Ask:
        """Return the request for the groups."""

    def groups_of(self, told: Any) -> list[Group]:
        """Return the groups from the answer to `groups`."""

    def members(self, group: str) -> Ask:
        """Return the request for who is in a group."""

    def members_of(self, told: Any) -> list[Participant]:
        """Return who is in it from the answer to `members`."""

    def events(self, told: Mapping[str, Any]) -> list[HookItem]:
        """Return what a call of the gateway's tells. Raises HookUnreadable."""


def words_of(reply: HttpReply) -> str:
    """Return the beginning of an answer, on one line."""
    return " ".join(reply.text()[:400].split())[:200]


def refused(reason: Reason, scope: Scope, reply: HttpReply) -> Refused:
    """Return a refusal with the answer's words."""
    return Refused(reason=reason, scope=scope, code=f"HTTP {reply.status}", detail=words_of(reply))


def unlinked(word: str, *, code: str = "") -> Refused:
    """Return the refusal of a sender whose phone is not linked."""
    detail = f"The phone is not linked ({word})." if word else "The phone is not linked."
    return Refused(reason=Reason.SENDER_UNLINKED, scope=Scope.SENDER, code=code, detail=detail[:200])


def outcome_of(gateway: Gateway, reply: HttpReply) -> Deferred | Refused | Unknown:
    """Return what an unsuccessful answer says."""
    found = gateway.refusal(reply)
    if found is None and reply.status >= 500 and _WAITED.search(reply.text()[:400]):
        # The gateway handed it to WhatsApp and heard nothing: it may have gone.
        return Unknown(reason=Reason.TIMED_OUT, code=f"HTTP {reply.status}", detail=words_of(reply))
    return found or outcome_of_status(reply, detail=words_of(reply))


def number_of(address: str) -> str:
    """Return the number of a person's address, with its plus; empty for a group and for who hides it."""
    text = address.strip()
    for suffix in PEOPLE:
        text = text.removesuffix(suffix)
    # A linked device has its own number behind a colon: 4915112345670:12@s.whatsapp.net.
    digits = text.partition(":")[0].removeprefix("+")
    return f"+{digits}" if digits.isascii() and digits.isdecimal() and 5 <= len(digits) <= 18 else ""


def bare_id(message_id: str) -> str:
    """Return the part of a message's id that is the same in answers and receipts, whatever is written around it.

    Some engines say "true_4915112345670@c.us_3EB0…", others 3EB0… alone, and the address may change its form meanwhile.
    """
    pieces = message_id.split("_")
    return (pieces[2] if len(pieces) > 2 and pieces[0] in ("true", "false") else message_id)[:120]


def moment(value: Any) -> datetime | None:
    """Return the time that seconds or milliseconds since 1970 mean; None for anything else."""
    try:
        number = float(value)
        return datetime.fromtimestamp(number / 1000 if number > _MILLISECONDS else number, UTC)
    except (TypeError, ValueError, OverflowError, OSError):
        return None


def receipt(
    kind: ReceiptKind, *, message_id: str, status: str, address: str = "", at: Any = None, detail: str = "",
    raw: Mapping[str, Any] | None = None,
) -> ReceiptEvent:  # fmt: skip
    """Return a receipt in our shape."""
    own = bare_id(message_id)
    return ReceiptEvent(
        kind=kind, provider_id=own, address=number_of(address), code=status[:20], detail=detail[:200],
        occurred_at=moment(at), event_id=f"{own}/{status}"[:64] if len(own) + len(status) < 64 else "",
        raw=raw or {"status": status[:200]},
    )  # fmt: skip


def reply(*, message_id: str, address: str, text: str, at: Any = None) -> HookItem | None:
    """Return an answer in our shape; from whoever hides the number an unknown event, and nothing from a group."""
    if address.endswith(GROUP) or not text.strip():
        return None
    number = number_of(address)
    if not number:
        return receipt(ReceiptKind.UNKNOWN, message_id=message_id, status="from a hidden number", at=at)
    own = bare_id(message_id)
    return Reply(address=number, text=text[:4000], occurred_at=moment(at), event_id=own[:64])


def at_path(told: Any, *path: str | int) -> Any:
    """Return what lies there in an object; None when it is not there."""
    for step in path:
        try:
            told = told[step]
        except (KeyError, IndexError, TypeError):
            return None
    return told


def text_at(told: Any, *path: str | int) -> str:
    """Return the text or number that lies there; empty for anything else."""
    found = at_path(told, *path)
    return str(found) if isinstance(found, str | int) and not isinstance(found, bool) else ""
