"""The campaign's own fields: what may be said in them, and how a change is told to the audit trail."""

from datetime import datetime
from typing import Any, TypedDict
from zoneinfo import available_timezones

from django.utils.translation import gettext as _

from clarion.campaigns.errors import CampaignInvalid
from clarion.campaigns.models import Launch

NAME_LENGTH = 160
TAG_LENGTH = 40
TAGS_MAX = 3
NOTES_LENGTH = 10_000
#: Seconds.
DELAY_MAX = 3600.0
#: Messages a second.
RATE_MAX = 100_000.0


class Settings(TypedDict, total=False):
    """Fields that `operations.create_campaign` takes beside the name."""

    notes: str
    tags: list[str]
    launch: str
    starts_at: datetime | None
    zone: str
    delay_min: float
    delay_max: float
    rate_limit: float | None
    weight: int


class Changes(Settings, total=False):
    """Fields that `operations.update_campaign` takes."""

    name: str


#: Fields that may also be changed while the campaign is paused.
TIMING = frozenset({"starts_at", "zone", "delay_min", "delay_max", "rate_limit", "weight"})


def cleaned(changes: Changes, *, delay_min: float = 0, delay_max: float = 0) -> dict[str, Any]:
    """Return the changes in their stored form. Raises CampaignInvalid, with a sentence for each bad field.

    `delay_min` and `delay_max` are what holds for a bound that is not among the changes.
    """
    values: dict[str, Any] = dict(changes)
    problems: dict[str, str] = {}
    for name in ("name", "notes"):
        if name in values:
            values[name] = values[name].replace("\x00", "").strip()
    if "name" in values:
        values["name"] = " ".join(values["name"].split())
    if "tags" in values:
        values["tags"] = list(dict.fromkeys(tag.strip() for tag in values["tags"] if tag.strip()))
    for name, sentence in _text_problems(values):
        problems[name] = sentence
    for name, sentence in _timing_problems(values, delay_min=delay_min, delay_max=delay_max):
        problems.setdefault(name, sentence)
    if problems:
        raise CampaignInvalid(list(problems.values()), fields=problems)
    return values


def _text_problems(values: dict[str, Any]) -> list[tuple[str, str]]:
    found = []
    if "name" in values and not values["name"]:
        found.append(("name", _("Give the campaign a name.")))
    if len(values.get("name", "")) > NAME_LENGTH:
        found.append(("name", _("A name has at most %(n)d characters.") % {"n": NAME_LENGTH}))
    if len(values.get("notes", "")) > NOTES_LENGTH:
        found.append(("notes", _("Notes have at most %(n)d characters.") % {"n": NOTES_LENGTH}))
    tags = values.get("tags", [])
    if len(tags) > TAGS_MAX:
        found.append(("tags", _("A campaign has at most %(n)d tags.") % {"n": TAGS_MAX}))
    if any(len(tag) > TAG_LENGTH for tag in tags):
        found.append(("tags", _("A tag has at most %(n)d characters.") % {"n": TAG_LENGTH}))
    return found


def _timing_problems(values: dict[str, Any], *, delay_min: float, delay_max: float) -> list[tuple[str, str]]:
    found = []
    if "launch" in values and values["launch"] not in Launch.values:
        found.append(("launch", _("Choose when it is to start.")))
    starts_at = values.get("starts_at")
    if starts_at is not None and starts_at.tzinfo is None:
        found.append(("starts_at", _("The start time needs a time zone.")))
    if "zone" in values and values["zone"] not in available_timezones():
        found.append(("zone", _("There is no such time zone.")))
    low, high = values.get("delay_min", delay_min), values.get("delay_max", delay_max)
    for name, value in (("delay_min", low), ("delay_max", high)):
        if not 0 <= value <= DELAY_MAX:  # also refuses NaN
            found.append((name, _("A delay is between 0 and 3600 seconds.")))
    if low > high:
        found.append(("delay_max", _("The longest delay is shorter than the shortest.")))
    rate = values.get("rate_limit")
    if rate is not None and not 0 < rate <= RATE_MAX:
        found.append(("rate_limit", _("A speed limit is more than 0 and at most 100,000 a second.")))
    if not 1 <= values.get("weight", 1) <= 100:
        found.append(("weight", _("A weight is between 1 and 100.")))
    return found


def told(value: Any) -> Any:
    """Return the value as the audit trail keeps it: a JSON type."""
    return value.isoformat() if isinstance(value, datetime) else value
