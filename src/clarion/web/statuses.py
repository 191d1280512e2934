"""How every state is shown: one word, one icon or mark, one tone. Colour never stands alone."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from clarion.deliveries.states import Result, Stage

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

    Text = str | _StrPromise


@dataclass(frozen=True, slots=True)
class Look:
    """`tone` names a pair of colours in tokens.css; `mark` the colour of dots and bars."""

    label: Text
    icon: str = ""
    tone: str = "grey"
    mark: str = "idle"


#: Campaigns and runs. The stylesheet moves the icons of working states; final ones stand still.
CAMPAIGN: dict[str, Look] = {
    "draft": Look(_("Draft"), "circle-dashed", "grey"),
    "in_review": Look(_("In review"), "shield-question-mark", "purple", "odd"),
    "ready": Look(pgettext_lazy("campaign", "Ready"), "circle-play", "teal", "ok"),
    "scheduled": Look(_("Scheduled"), "calendar-clock", "blue"),
    "building": Look(_("Building"), "loader", "cyan"),
    "sending": Look(_("Sending"), "send", "green", "ok"),
    "paused": Look(pgettext_lazy("campaign", "Paused"), "pause", "amber", "warn"),
    "stopped": Look(_("Stopped"), "square", "pink", "bad"),
    "completed": Look(_("Completed"), "check", "slate", "ok"),
    "cancelled": Look(pgettext_lazy("campaign", "Cancelled"), "ban", "mute"),
    "failed": Look(pgettext_lazy("campaign", "Failed"), "triangle-alert", "red", "bad"),
    "expired": Look(pgettext_lazy("campaign", "Expired"), "timer-off", "orange", "warn"),
}

#: People of a run and their single messages.
RECIPIENT: dict[str, Look] = {
    "pending": Look(_("Pending"), "hourglass", "grey", "idle"),
    "in_flight": Look(_("In flight"), "send", "blue", "idle"),
    "sent": Look(_("Sent"), "check", "green", "ok"),
    "partly": Look(_("Partly sent"), "split", "amber", "warn"),
    "failed": Look(_("Failed"), "circle-x", "red", "bad"),
    "skipped": Look(_("Skipped"), "skip-forward", "slate", "idle"),
    "unknown": Look(_("Unknown"), "circle-question-mark", "purple", "odd"),
    "cancelled": Look(_("Cancelled"), "ban", "mute", "idle"),
    "expired": Look(_("Expired"), "timer-off", "orange", "warn"),
    "deferred": Look(_("Waiting to retry"), "rotate-ccw", "amber", "warn"),
    "accepted": Look(_("Accepted"), "check", "green", "ok"),
}

#: What the carrier said later, and what the person did.
RESULT: dict[str, Look] = {
    "delivered": Look(_("Delivered"), "check-check", "green", "ok"),
    "taken": Look(_("Passed on"), "check", "grey", "idle"),
    "delayed": Look(_("Delayed"), "clock", "amber", "warn"),
    "undelivered": Look(_("Not delivered"), "circle-x", "red", "bad"),
    "failed": Look(_("Failed"), "circle-x", "red", "bad"),
    "bounced": Look(_("Bounced"), "undo-2", "red", "bad"),
    "soft_bounced": Look(_("Bounced for now"), "rotate-ccw", "amber", "warn"),
    "complained": Look(_("Complained"), "flag", "red", "bad"),
    "rejected": Look(_("Rejected"), "ban", "red", "bad"),
    "expired": Look(_("Expired"), "timer-off", "orange", "warn"),
    "read": Look(pgettext_lazy("message was read", "Read"), "eye", "blue", "ok"),
    "opened": Look(pgettext_lazy("message was opened", "Opened"), "mail-open", "blue", "ok"),
    "clicked": Look(_("Clicked"), "mouse-pointer-click", "iris", "ok"),
    "replied": Look(_("Replied"), "reply", "teal", "ok"),
    "unsubscribed": Look(_("Unsubscribed"), "user-x", "orange", "warn"),
    "answered": Look(_("Answered"), "phone-call", "green", "ok"),
    "machine": Look(_("Answering machine"), "audio-lines", "slate", "idle"),
    "busy": Look(_("Busy"), "phone", "amber", "warn"),
    "no_answer": Look(_("No answer"), "phone", "amber", "warn"),
    "no_receipt": Look(_("No receipt yet"), "clock", "grey", "idle"),
    "unknown": Look(_("Unknown"), "circle-question-mark", "purple", "odd"),
}

#: Things that are worked on in the background or switched on and off: imports, exports, senders, templates.
THING: dict[str, Look] = {
    "queued": Look(_("Queued"), "clock", "grey"),
    "waiting": Look(_("Waiting"), "clock", "grey"),
    "mapping": Look(_("Waiting for the columns"), "list-checks", "purple", "odd"),
    "reading": Look(_("Reading"), "loader", "cyan"),
    "ready": Look(_("Ready"), "circle-check", "green", "ok"),
    "cancelled": Look(_("Cancelled"), "ban", "mute"),
    "running": Look(_("Running"), "loader", "cyan"),
    "done": Look(_("Done"), "check", "green", "ok"),
    "failed": Look(_("Failed"), "triangle-alert", "red", "bad"),
    "expired": Look(_("Expired"), "timer-off", "orange", "warn"),
    "active": Look(_("Active"), "circle-check", "green", "ok"),
    "inactive": Look(_("Inactive"), "circle", "grey"),
    "paused": Look(_("Paused"), "pause", "amber", "warn"),
    "low": Look(_("Low"), "wallet", "amber", "warn"),
    "halted": Look(_("Halted"), "octagon-x", "red", "bad"),
    "missed": Look(_("Missed"), "calendar-clock", "orange", "warn"),
    "blocked": Look(_("Blocked"), "octagon-x", "red", "bad"),
    "disabled": Look(_("Disabled"), "power", "mute"),
    "draft": Look(_("Draft"), "circle-dashed", "grey"),
    "pending_approval": Look(_("Waiting for approval"), "hourglass", "purple", "odd"),
    "approved": Look(_("Approved"), "badge-check", "green", "ok"),
    "rejected": Look(_("Rejected"), "ban", "red", "bad"),
    "archived": Look(_("Archived"), "archive", "mute"),
    "given": Look(_("Given"), "circle-check", "green", "ok"),
    "withdrawn": Look(_("Withdrawn"), "ban", "red", "bad"),
    "not_said": Look(_("Not said"), "circle", "grey"),
    "undoing": Look(_("Being taken back"), "loader", "cyan"),
    "undone": Look(_("Taken back"), "undo-2", "mute"),
    "do_not_contact": Look(_("Do not contact"), "shield-off", "red", "bad"),
    "revoked": Look(_("Revoked"), "ban", "mute"),
}

KINDS: dict[str, dict[str, Look]] = {
    "campaign": CAMPAIGN,
    "recipient": RECIPIENT,
    "result": RESULT,
    "thing": THING,
}

#: How channels look. `label` is a proper name where the channel has one.
CHANNELS: dict[str, Look] = {
    "email": Look(_("Email"), "mail", "pink"),
    "sms": Look(_("SMS"), "message-square-text", "blue"),
    "voice": Look(_("Voice"), "audio-lines", "purple"),
    "waba": Look(_("WhatsApp Business"), "message-circle", "green"),
    "whatsapp": Look("WhatsApp", "message-circle", "green"),
    "telegram": Look("Telegram", "send", "sky"),
    "viber": Look("Viber", "phone-call", "iris"),
    "webpush": Look(_("Web push"), "bell-ring", "amber"),
    "sandbox": Look(_("Sandbox"), "flask-conical", "slate"),
}


#: Kinds that the big tables keep as small numbers.
_NUMBERED: dict[str, type[Stage] | type[Result]] = {"recipient": Stage, "result": Result}


def key_of(status: object, *, kind: str = "campaign") -> str:
    """The key of `KINDS[kind]` for a state as models hold it: an enum member, its value, or the key itself.

    Raises ValueError for a number that is no state of that kind.
    """
    if isinstance(status, Enum):
        return status.name.lower()
    if isinstance(status, int):
        return _NUMBERED[kind](status).name.lower()
    return str(status).lower()


def look(status: str, *, kind: str = "campaign") -> Look:
    """How `status` of `kind` (a key of KINDS) is shown; one nobody described shows its own word in grey."""
    found = KINDS[kind].get(status)
    return found if found is not None else Look(status.replace("_", " ").capitalize(), "circle", "grey")


def channel_look(key: str) -> Look:
    """How the channel `key` is shown; an unknown one by its key, in grey."""
    return CHANNELS.get(key) or Look(key, "radio-tower", "grey")
