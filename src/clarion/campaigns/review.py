"""What a moderator approves of a campaign: its content, whom it is for and who it is from, as people compare it.

A snapshot is plain JSON. What is only a name for something else (a template's, a sender's) is kept under "label" and
what was merely seen (how many people, how many warnings) under "seen"; neither counts. Everything else does: the
digest covers exactly what `differences` compares.
"""

import hashlib
from collections.abc import Iterable, Mapping
from difflib import SequenceMatcher
from typing import Any, NamedTuple

import orjson
from django.db.models import prefetch_related_objects
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clarion.audience.models import LiveSheet, Source, SourceKind
from clarion.campaigns import cascade, preflight
from clarion.campaigns.models import Campaign, Step
from clarion.content.language_names import name_of
from clarion.content.sources import MODE_NAMES
from clarion.senders.models import Sender

#: Keys of a snapshot that do not count.
_UNCOUNTED = frozenset({"label", "seen"})
#: Settings of a sender that say how fast and how patiently it works, not who writes and by which server.
_TUNING = frozenset(
    {
        "connections", "messages_per_connection", "connect_timeout", "command_timeout", "data_timeout",
        "idle_timeout",
    }
)  # fmt: skip
#: Texts with more lines, or longer ones, are not compared line by line.
LINES_MAX = 4_000
#: Lines around a changed one that are shown with it, and how many lines a difference shows at most.
CONTEXT = 2
SHOWN_MAX = 400
#: A line is shown up to so many characters.
LINE_LENGTH = 500


class Line(NamedTuple):
    """A line of a compared text: `kind` is "same", "added", "removed" or "gap" (lines left out)."""

    kind: str
    text: str


class Difference(NamedTuple):
    """One field that differs. `lines` is filled for texts of several lines, which are compared line by line."""

    field: str
    label: str
    before: str
    after: str
    lines: list[Line]


class Told(NamedTuple):
    """One field of a snapshot in words."""

    field: str
    label: str
    value: str


def snapshot(campaign: Campaign) -> dict[str, Any]:
    """Return what is submitted, as it is now."""
    prefetch_related_objects([campaign], "steps__sender", "steps__template_version__template")
    steps = sorted(campaign.steps.all(), key=lambda step: step.position)
    return {
        "messages": {str(step.position): _message(step) for step in steps},
        "audience": _audience(campaign.source)
        | {"only_new": campaign.only_new, "ignores_caps": campaign.ignores_caps},
        **({"cascade": {"receipt_wait": campaign.receipt_wait}} if campaign.receipt_wait is not None else {}),
    }


def digest(taken: Mapping[str, Any]) -> str:
    """Return the SHA-256, in hex, of what counts of a snapshot."""
    return hashlib.sha256(orjson.dumps(_leaves(taken), option=orjson.OPT_SORT_KEYS)).hexdigest()


def digest_of(campaign: Campaign) -> str:
    """Return the digest of the campaign as the database has it now, whatever the object remembers."""
    return digest(snapshot(Campaign.objects.select_related("source").get(pk=campaign.pk)))


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Difference]:
    """Return field by field what differs between two snapshots; empty exactly when their digests are the same."""
    old, new = _leaves(before), _leaves(after)
    many = max(len(before.get("messages", {})), len(after.get("messages", {}))) > 1
    fields = [*new, *(field for field in old if field not in new)]
    found = [
        Difference(
            field=field,
            label=_label(field, has_many=many),
            before=_words(field, old.get(field), before),
            after=_words(field, new.get(field), after),
            lines=_compared(old.get(field), new.get(field)),
        )
        for field in fields
        if old.get(field, _ABSENT) != new.get(field, _ABSENT)
    ]
    return _without_echoes(found)


def told(taken: Mapping[str, Any]) -> list[Told]:
    """Return the snapshot field by field in words; texts of several lines and empty fields are left out."""
    many = len(taken.get("messages", {})) > 1
    return [
        Told(field, _label(field, has_many=many), _words(field, value, taken))
        for field, value in _leaves(taken).items()
        if not _is_text(value) and not field.endswith((".compiled", ".tier", "audience.id"))
    ]


def sentence(found: Iterable[Difference]) -> str:
    """Return what changed in one sentence, such as "Changed since the approval: Subject, From address."."""
    names = ", ".join(dict.fromkeys(difference.label for difference in found))
    return _("Changed since the approval: %(fields)s.") % {"fields": names}


_ABSENT = object()
_EMPTY: tuple[Any, ...] = (None, "", False, [])


def _message(step: Step) -> dict[str, Any]:
    version = step.template_version
    content, _variables = preflight.content_of(step)
    return {
        "tier": step.tier,
        "channel": step.channel,
        "template": {
            "id": str(version.template.public_id),
            "version": version.number,
            "label": version.template.name,
        }
        if version is not None
        else None,
        "text": dict(version.source if version is not None else step.body_source),
        # What is sent: the same source may compile to something else one day.
        "compiled": hashlib.sha256(orjson.dumps(content, option=orjson.OPT_SORT_KEYS)).hexdigest(),
        "sender": _sender(step.sender) if step.sender is not None else None,
    }


def _sender(sender: Sender) -> dict[str, Any]:
    return {
        "id": str(sender.public_id),
        "label": sender.name,
        "settings": {name: value for name, value in sender.config.items() if name not in _TUNING},
    }


def _audience(source: Source | None) -> dict[str, Any]:
    """Return the definition. A list counts by its name and id: who is on it changes every day."""
    if source is None:
        return {"kind": ""}
    found: dict[str, Any] = {"kind": source.kind}
    if source.kind == SourceKind.UPLOAD:
        table = source.table
        found |= {
            "id": str(table.public_id),
            "file": table.name or table.file_name,
            "rows": table.row_count,
            "address": table.dialect.get("address", ""),
            "columns": list(table.dialect.get("variables", ())),
        }
    if source.kind == SourceKind.INPUT:
        found["id"] = str(source.public_id)  # its one row never changes, and is nobody's to keep here
    if source.sheet is not None and source.kind == SourceKind.SHEET:
        found["sheet"] = _of_sheet(source.sheet)
    if source.fixed_at is not None:
        found["fixed"] = [str(source.public_id), source.fixed_at.isoformat(timespec="minutes")]
    if source.kind == SourceKind.LISTS:
        found["lists"] = _named(source.lists)
    if source.kind == SourceKind.SEGMENTS:
        found["segments"] = _ruled(source.segments)
    # A source without exclusions reads as before there were any.
    if without := _named(source.excluded_lists):
        found["excluded_lists"] = without
    if ruled := _ruled(source.excluded_segments):
        found["excluded_segments"] = ruled
    return found


def _of_sheet(sheet: LiveSheet) -> dict[str, Any]:
    """Return where the rows come from, which is approved, and not the rows, which change by themselves."""
    place = hashlib.sha256(f"{sheet.url}{sheet.path}{sheet.overrides.get('sheet', '')}".encode()).hexdigest()
    return {
        "id": str(sheet.public_id),
        "label": sheet.name,
        "place": place[:16],
        "address": sheet.overrides.get("address", ""),
    }


def _named(lists: Any) -> list[list[str]]:
    return [[str(id_), name] for id_, name in lists.order_by("name", "pk").values_list("public_id", "name")]


def _ruled(segments: Any) -> list[list[str]]:
    """Return the segments with their rules: an approval holds for these rules alone."""
    return [
        [str(one.public_id), one.name, orjson.dumps(one.rule, option=orjson.OPT_SORT_KEYS).decode()]
        for one in segments.order_by("name", "pk")
    ]


def _leaves(value: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Return {dotted path: value} of what counts, in order; a list is a value, and what is empty is left out.

    So a setting that did not exist yet when the sender was made is the same as one that is empty.
    """
    found: dict[str, Any] = {}
    for key, one in value.items():
        if key in _UNCOUNTED:
            continue
        path = f"{prefix}{key}"
        if isinstance(one, Mapping):
            found |= _leaves(one, f"{path}.")
        elif one not in _EMPTY:
            found[path] = one
    return found


def _without_echoes(found: list[Difference]) -> list[Difference]:
    """Leave out what only repeats another difference of the same message: another template has another text."""
    of_text = {one.field.split(".")[1] for one in found if ".text." in one.field or ".template." in one.field}
    shown = [
        one
        for one in found
        if not (one.field.endswith(".compiled") and one.field.split(".")[1] in of_text)
        and not (one.field.endswith(".template") and f"{one.field}.id" in {other.field for other in found})
        and not (one.field.endswith(".sender") and f"{one.field}.id" in {other.field for other in found})
    ]
    return shown or found


_LABELS = {
    "subject": gettext_lazy("Subject"),
    "preheader": gettext_lazy("Preview text"),
    "mode": gettext_lazy("Written as"),
    "source": gettext_lazy("Message"),
    "text": gettext_lazy("Text part"),
    "compiled": gettext_lazy("Message as it is sent"),
    "channel": gettext_lazy("Channel"),
    "tier": gettext_lazy("Place in the cascade"),
    "template": gettext_lazy("Template"),
    "template.id": gettext_lazy("Template"),
    "template.version": gettext_lazy("Version of the template"),
    "sender": gettext_lazy("Sender"),
    "sender.id": gettext_lazy("Sender"),
    "from_address": gettext_lazy("From address"),
    "from_name": gettext_lazy("From name"),
    "reply_to": gettext_lazy("Reply to"),
    "return_path": gettext_lazy("Return path"),
    "host": gettext_lazy("Mail server"),
    "port": gettext_lazy("Port"),
    "security": gettext_lazy("Encryption"),
    "username": gettext_lazy("User name"),
    "verp": gettext_lazy("A return path of its own for each message"),
    "verp_domain": gettext_lazy("Domain of the return paths"),
    "dkim_domain": gettext_lazy("Signing domain"),
    "list_id": gettext_lazy("List-Id"),
    "kind": gettext_lazy("Audience"),
    "id": gettext_lazy("File"),
    "file": gettext_lazy("File name"),
    "rows": gettext_lazy("Rows of the file"),
    "address": gettext_lazy("Column with the address"),
    "columns": gettext_lazy("Columns of the file"),
    "lists": gettext_lazy("Lists"),
    "sheet": gettext_lazy("Live source"),
    "place": gettext_lazy("Place of the live source"),
    "fixed": gettext_lazy("People fixed"),
    "only_new": gettext_lazy("Only people who are new since the last run"),
    "ignores_caps": gettext_lazy("Ignores frequency caps"),
}


def _label(field: str, *, has_many: bool) -> str:
    parts = field.split(".")
    label = _LABELS.get(".".join(parts[-2:])) or _LABELS.get(parts[-1])
    words = str(label) if label else parts[-1].replace("_", " ").capitalize()
    if "languages" in parts[:-2]:
        words = f"{name_of(parts[parts.index('languages') + 1])}: {words}"
    if has_many and parts[0] == "messages":
        return _("Message %(n)d: %(field)s") % {"n": int(parts[1]) + 1, "field": words}
    return words


def _words(field: str, value: Any, taken: Mapping[str, Any]) -> str:
    """Return a value as a person reads it; things with an id by their name."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    parts = field.split(".")
    if parts[-1] == "kind":
        return str(SourceKind(value).label) if value in SourceKind.values else str(value)
    if parts[-1] == "channel":
        return cascade.label(str(value))
    if parts[-1] in _NAMES:
        return str(_NAMES[parts[-1]].get(value, value))
    if parts[-1] in ("lists", "segments", "excluded_lists", "excluded_segments"):
        return ", ".join(one[1] for one in value)
    if parts[-2:] in (["template", "id"], ["sender", "id"]):
        return str(taken["messages"][parts[1]][parts[-2]].get("label") or value)
    if parts[-1] in ("compiled", "id"):
        return str(value)[:8]
    if isinstance(value, list):
        return ", ".join(str(one) for one in value)
    return str(value)


#: What people call the values of fields that have a closed list of them.
_NAMES: dict[str, Mapping[str, object]] = {
    "mode": MODE_NAMES,
    "security": {
        "starttls": gettext_lazy("STARTTLS"),
        "tls": gettext_lazy("TLS from the first byte"),
        "none": gettext_lazy("None"),
    },
}


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and ("\n" in value or len(value) > 200)


def _compared(before: Any, after: Any) -> list[Line]:
    """Return the lines that differ, with what stands around them; empty when there is nothing to compare by lines."""
    if not (_is_text(before) or _is_text(after)):
        return []
    old, new = str(before or "").splitlines(), str(after or "").splitlines()
    if len(old) > LINES_MAX or len(new) > LINES_MAX:
        return [Line("gap", _("The text is too long to be compared line by line."))]
    lines: list[Line] = []
    groups = SequenceMatcher(None, old, new, autojunk=True).get_grouped_opcodes(CONTEXT)
    for number, group in enumerate(groups):
        if number or group[0][1] > 0:
            lines.append(Line("gap", "…"))
        for tag, i1, i2, j1, j2 in group:
            if tag == "equal":
                lines += [Line("same", text[:LINE_LENGTH]) for text in old[i1:i2]]
            else:
                lines += [Line("removed", text[:LINE_LENGTH]) for text in old[i1:i2]]
                lines += [Line("added", text[:LINE_LENGTH]) for text in new[j1:j2]]
    if len(lines) > SHOWN_MAX:
        rest = len(lines) - SHOWN_MAX
        return [*lines[:SHOWN_MAX], Line("gap", _("… and %(n)d lines more") % {"n": rest})]
    return lines
