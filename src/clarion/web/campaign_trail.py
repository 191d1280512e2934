"""Events of a campaign's trail in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import TextChoices
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from clarion.campaigns.models import Launch, MissedPolicy, RepeatUnit
from clarion.campaigns.states import PauseCause, Status
from clarion.web import timing_words, trail_fields
from clarion.web.templatetags.ui import grouped
from clarion.workspaces import spelling

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.utils.functional import _StrPromise

    from clarion.deliveries.trail import Entry

_ACTIONS: dict[str, _StrPromise] = {
    "create": gettext_lazy("Created"),
    "update": gettext_lazy("Changed"),
    "set_source": gettext_lazy("Audience chosen"),
    "set_message": gettext_lazy("Message changed"),
    "test": gettext_lazy("Test sent"),
    "submit": gettext_lazy("Submitted for review"),
    "withdraw": gettext_lazy("Submission taken back"),
    "approve": gettext_lazy("Approved"),
    "release": gettext_lazy("The rest released"),
    "void": gettext_lazy("Approval voided"),
    "note": gettext_lazy("Note"),
    "links_off": gettext_lazy("Links switched off"),
    "links_on": gettext_lazy("Links switched on"),
    "reject": gettext_lazy("Rejected"),
    "schedule": gettext_lazy("Scheduled"),
    "reschedule": gettext_lazy("Moved to another time"),
    "start": gettext_lazy("Started"),
    "missed": gettext_lazy("Start missed: a person is asked"),
    "pass_over": gettext_lazy("Missed runs passed over"),
    "put_off": gettext_lazy("Missed start put off"),
    "repeat": gettext_lazy("Waits for its next run"),
    "built": gettext_lazy("Recipients ready"),
    "pause": pgettext_lazy("campaign", "Paused"),
    "continue": gettext_lazy("Continued"),
    "change_speed": gettext_lazy("Speed changed"),
    "settle_unknown": gettext_lazy("Unknown messages settled"),
    "stop": gettext_lazy("Stopped"),
    "cancel": pgettext_lazy("campaign", "Cancelled"),
    "complete": gettext_lazy("Completed"),
    "fail": pgettext_lazy("campaign", "Failed"),
    "expire": pgettext_lazy("campaign", "Expired"),
    "edit": gettext_lazy("Opened for changes"),
    "duplicate": gettext_lazy("Copied"),
    "archive": gettext_lazy("Archived"),
    "read_source": gettext_lazy("Live source read"),
    "restore": gettext_lazy("Restored"),
    "ignore_caps": gettext_lazy("Frequency caps ignored, or held to again"),
    "delete": gettext_lazy("Deleted"),
    "export": gettext_lazy("Export asked for"),
    "export_done": gettext_lazy("Export made"),
    "export_failed": gettext_lazy("Export failed"),
    "export_download": gettext_lazy("Export downloaded"),
    "export_delete": gettext_lazy("Export deleted"),
    "export_expire": gettext_lazy("Export expired"),
    "export_file": gettext_lazy("Exported to a file"),
    "list_people": gettext_lazy("List made of its people"),
    "suppress_people": gettext_lazy("Suppression of its people asked for"),
    "people_suppressed": gettext_lazy("Addresses of its people suppressed"),
    "add_channel": gettext_lazy("Channel added"),
    "arrange_channels": gettext_lazy("Channels arranged"),
    "remove_channel": gettext_lazy("Channel removed"),
    "hold": gettext_lazy("Kept paused"),
    "refresh": gettext_lazy("Targets refreshed"),
    "retry": gettext_lazy("Failed messages sent again"),
    "retry_failed": gettext_lazy("Failed messages sent again"),
    "purge": gettext_lazy("Removed for good"),
    "revealed": gettext_lazy("A recipient's data shown"),
}
_MARKS = {
    "fail": "bad", "cancel": "idle", "reject": "bad", "pause": "warn", "stop": "warn", "expire": "warn",
    "complete": "ok", "start": "ok", "continue": "ok", "approve": "ok", "export_failed": "bad",
    "release": "ok", "void": "bad", "missed": "bad", "put_off": "warn",
}  # fmt: skip
_VIA = {
    "web": gettext_lazy("web"),
    "cli": gettext_lazy("command line"),
    "api": gettext_lazy("API"),
    "system": gettext_lazy("by itself"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownEntry:
    """An event: its name, its dot's colour, and the changes as (field, old, new) texts."""

    entry: Entry
    title: str
    mark: str
    via: str
    changes: list[tuple[str, str, str]]


def shown(entry: Entry) -> ShownEntry:
    """Return the event in words."""
    return ShownEntry(
        entry=entry,
        title=title_of(entry.action),
        mark=_MARKS.get(entry.action.partition(".")[2], ""),
        via=door(entry.via),
        changes=told(entry.changes),
    )


def door(via: str) -> str:
    """Return through which door somebody came, in words."""
    return str(_VIA.get(via, via))


def told(changes: Mapping[str, tuple[Any, Any]]) -> list[tuple[str, str, str]]:
    """Return changes as (field, old, new) in words."""
    return [
        (trail_fields.label_of(name), _value(name, old), _value(name, new))
        for name, (old, new) in changes.items()
    ]


def verbs() -> dict[str, str]:
    """Return what can have happened to a campaign, by the verb of the event."""
    return {verb: str(title) for verb, title in _ACTIONS.items()}


def title_of(action: str) -> str:
    """Return what an event of a campaign is called: "Paused" for "campaign.pause"."""
    verb = action.partition(".")[2]
    title = _ACTIONS.get(verb)
    return str(title) if title else verb.replace("_", " ").capitalize()


_CHOICES: dict[str, type[TextChoices]] = {
    "launch": Launch, "repeat_unit": RepeatUnit, "missed_policy": MissedPolicy,
}  # fmt: skip


def _value(name: str, value: Any) -> str:
    """Return a value of the trail as a person reads it; nothing is a dash."""
    if value is None or value == "" or value == []:
        return "—"
    if name == "status" and value in Status.values:
        return str(Status(value).label)
    if name in _CHOICES and value in _CHOICES[name].values:
        return str(_CHOICES[name](value).label)
    if name == "windows" and isinstance(value, list):
        return timing_words.hours(value, "").strip()
    if name == "pause_cause" and value in PauseCause.values:
        return str(PauseCause(value).label)
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, (int, float)):
        return grouped(value)
    if isinstance(value, list):
        return ", ".join(str(one) for one in value)
    if isinstance(value, str) and name.endswith("_at"):
        moment = parse_datetime(value)
        if moment is not None and timezone.is_aware(moment):
            local = timezone.localtime(moment)
            return f"{spelling.day(local)}{spelling.comma()}{local:%H:%M:%S}"
    return str(value)
