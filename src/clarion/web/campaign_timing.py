"""What the compose page reads back of a campaign's timing: coming dates, sending hours, the share of each day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from clarion.campaigns import recurrence, spread, windows
from clarion.campaigns.models import Launch
from clarion.campaigns.states import Status
from clarion.web import timing_form, timing_words
from clarion.web.templatetags.ui import grouped

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

    from clarion.campaigns.models import Campaign

#: Coming dates that are named.
NAMED = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class LaunchChoice:
    """A way to start, as a card to choose."""

    value: str
    label: str
    icon: str
    note: str | _StrPromise


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadBack:
    """The timing as it is saved, in words."""

    launch: str
    hours: str
    #: A recurring one's coming dates, and whether there are more.
    dates: Sequence[str] = field(default_factory=list)
    has_more: bool = False
    #: Of a spread: how many a day, and on which days.
    shares: Sequence[tuple[str, str]] = field(default_factory=list)
    shares_rest: str = ""
    shares_note: str = ""
    #: Of a triggered one: how a person is pushed.
    push_command: str = ""


_LOOKS = {
    Launch.NOW: ("zap", gettext_lazy("when you press Start")),
    Launch.MANUAL: ("mouse-pointer-click", gettext_lazy("when somebody starts it")),
    Launch.SCHEDULE: ("calendar-clock", gettext_lazy("once, by itself")),
    Launch.RECURRING: ("repeat", gettext_lazy("again and again")),
    Launch.SPREAD: ("calendar-days", gettext_lazy("a share each day")),
    Launch.TRIGGER: ("radio-tower", gettext_lazy("whoever is pushed")),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class TimingShown:
    """What the timing part of the form shows: all of it for a draft, what may still change for a paused one."""

    has_start: bool
    has_end: bool
    has_repeat: bool
    has_auto_start: bool
    words: ReadBack


def shown(campaign: Campaign, people: int | None) -> TimingShown:
    """Return which fields there are, and the saved timing in words."""
    is_paused = campaign.status == Status.PAUSED
    is_begun = is_paused and campaign.paused_from != Status.SCHEDULED
    launch = Launch(campaign.launch)
    return TimingShown(
        has_start=not is_paused
        or (launch in timing_form.STARTING and (launch == Launch.RECURRING or not is_begun)),
        has_end=not is_paused or launch in timing_form.ENDING,
        has_repeat=not is_paused or launch == Launch.RECURRING,
        has_auto_start=not is_paused and campaign.workspace.moderation,
        words=read_back(campaign, people),
    )


def launch_choices() -> list[LaunchChoice]:
    """Return the ways to start, in order."""
    return [
        LaunchChoice(value=one.value, label=str(one.label), icon=icon, note=note)
        for one, (icon, note) in _LOOKS.items()
    ]


def read_back(campaign: Campaign, people: int | None) -> ReadBack:
    """Return the campaign's timing in words; `people` is how many will get it, None while that is not known."""
    hours = timing_words.hours_of(campaign)
    launch = timing_words.launch(campaign)
    if campaign.launch == Launch.RECURRING:
        rule = recurrence.rule_of(campaign)
        found = _coming(rule)
        return ReadBack(
            launch=launch,
            hours=hours,
            dates=[timing_words.short_moment(at, campaign.zone) for at in found[:NAMED]],
            has_more=len(found) > NAMED,
        )
    if campaign.launch == Launch.SPREAD:
        return _spread(campaign, launch, hours, people)
    if campaign.launch == Launch.TRIGGER:
        return ReadBack(launch=launch, hours=hours, push_command=_push_command(campaign))
    return ReadBack(launch=launch, hours=hours)


def _push_command(campaign: Campaign) -> str:
    return f"clarion campaign push {str(campaign.public_id)[:8]} --key ORDER-1001 --address ada@example.com"


def _coming(rule: recurrence.Rule | None) -> list[datetime]:
    if rule is None:
        return []
    found = recurrence.between(rule, timezone.now(), datetime.max.replace(tzinfo=UTC), NAMED + 1)
    return [at for _n, at in found]


def _spread(campaign: Campaign, launch: str, hours: str, people: int | None) -> ReadBack:
    """Return a spread's days with the share of each."""
    if campaign.starts_at is None or campaign.ends_at is None:
        return ReadBack(launch=launch, hours=hours)
    days = spread.days(
        windows.parse(campaign.windows),
        hours_zone=campaign.window_zone or campaign.zone,
        zone=campaign.zone,
        first=max(campaign.starts_at, timezone.now()),
        last=campaign.ends_at,
    )
    if not days:
        return ReadBack(
            launch=launch,
            hours=hours,
            shares_note=_("It is open on none of these days: nobody would get it."),
        )
    left, shares = people or 0, []
    for n, day in enumerate(days[: NAMED + 1]):
        share = spread.share(left, len(days) - n)
        left -= share
        shares.append((timing_words.day(day), grouped(share) if people is not None else "—"))
    rest = len(days) - NAMED
    note = ngettext("%(n)d day on which it sends.", "%(n)d days on which it sends.", len(days)) % {
        "n": len(days)
    }
    return ReadBack(
        launch=launch,
        hours=hours,
        shares=shares if rest == 1 else shares[:NAMED],
        shares_rest=""
        if rest <= 1
        else ngettext("and %(n)d more day", "and %(n)d more days", rest) % {"n": rest},
        shares_note=note,
    )
