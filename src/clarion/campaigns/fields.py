"""The campaign's own fields: what may be said in them, and how a change is told to the audit trail."""

from datetime import date, datetime
from typing import Any, TypedDict

from django.utils.translation import gettext as _

from clarion.campaigns import timing
from clarion.campaigns.errors import CampaignInvalid
from clarion.campaigns.models import RECEIPT_WAIT_MOST, Campaign
from clarion.campaigns.timing import DELAY_MAX as DELAY_MAX
from clarion.campaigns.timing import TIMING as TIMING
from clarion.workspaces import spelling

NAME_LENGTH = 160
TAG_LENGTH = 40
TAGS_MAX = 3
NOTES_LENGTH = 10_000


class Settings(TypedDict, total=False):
    """Fields that `operations.create_campaign` takes beside the name."""

    notes: str
    tags: list[str]
    launch: str
    auto_start: bool
    starts_at: datetime | None
    ends_at: datetime | None
    zone: str
    repeat_every: int
    repeat_unit: str
    repeat_count: int | None
    repeat_until: date | None
    only_new: bool
    windows: list[dict[str, Any]]
    window_zone: str
    window_is_recipients: bool
    missed_policy: str
    missed_hours: int
    error_percent: int | None
    receipt_wait: int | None
    delay_min: float
    delay_max: float
    rate_limit: float | None
    weight: int
    track_links: bool | None
    track_opens: bool | None


class Changes(Settings, total=False):
    """Fields that `operations.update_campaign` takes."""

    name: str


def cleaned(changes: Changes, *, standing: Campaign | None = None) -> dict[str, Any]:
    """Return the changes in their stored form. Raises CampaignInvalid, with a sentence for each bad field.

    `standing` is the campaign as it is without them; a new one without it.
    """
    values = timing.completed(changes)
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
    for name, sentence in timing.problems(values, standing or Campaign()):
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
    wait = values.get("receipt_wait")
    if wait is not None and not 1 <= wait <= RECEIPT_WAIT_MOST:
        sentence = _("Wait from 1 to %(n)s minutes for a receipt.") % {
            "n": spelling.number(RECEIPT_WAIT_MOST)
        }
        found.append(("receipt_wait", sentence))
    if any(len(tag) > TAG_LENGTH for tag in tags):
        found.append(("tags", _("A tag has at most %(n)d characters.") % {"n": TAG_LENGTH}))
    return found


def told(value: Any) -> Any:
    """Return the value as the audit trail keeps it: a JSON type."""
    return value.isoformat() if isinstance(value, date) else value
