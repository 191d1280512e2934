"""The waterfalls of a run: of its people, and of several channels of the messages by each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from clarion.campaigns import cascade
from clarion.deliveries.states import Skip
from clarion.deliveries.unreached import REASONS, Missed, unreached

if TYPE_CHECKING:
    from collections.abc import Sequence

    from clarion.deliveries.models import Run
    from clarion.deliveries.progress import Overview
    from clarion.web.campaign_page import CampaignPage


@dataclass(frozen=True, slots=True, kw_only=True)
class Fall:
    """A line of a waterfall: how many were left out for one reason."""

    label: str
    count: int
    #: Where its piece of the bar begins and how wide it is, in per cent of everybody.
    x: float
    width: float
    #: Where its people are; empty where they are not listed.
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelFalls:
    """How many of those who get the campaign one channel has had a message for, and why not all."""

    channel: str
    sender: str
    role: str
    people: int
    falls: Sequence[Fall]
    made: int
    made_share: float


def of_people(page: CampaignPage, run: Run) -> list[Fall]:
    """Return the steps of the people's, which come to all who were skipped: only reasons that somebody had."""
    join = f"{page.urls['recipients']}?{{}}{page.run_suffix}"
    lines = [
        (str(skip.label), run.waterfall.get(skip.name.lower(), 0), join.format(f"skip={skip.name.lower()}"))
        for skip in Skip
    ]
    later = run.skipped - sum(count for _label, count, _url in lines)
    return _falls(run.total, [*lines, (_("Skipped later"), later, join.format("status=skipped"))])


def of_channels(page: CampaignPage, seen: Overview) -> list[ChannelFalls]:
    """Return each channel's of a cascade; nothing of other runs."""
    if page.run is None or not page.run.is_cascade:
        return []
    counts = unreached(page.run, {one.step: one.left_out for one in seen.channels})
    join = f"{page.urls['recipients']}?missed={{}}{page.run_suffix}"
    made = []
    for one in seen.channels:
        known = [Missed(one.step, why) for why in REASONS] + [Missed(one.step)]
        lines = [
            (
                str(missed.why.label) if missed.why is not None else _("Not reached"),
                counts.get(missed, 0),
                join.format(missed.word),
            )
            for missed in known
        ]
        rest = max(0, seen.targets - one.left_out - one.made)
        lines.append((_("Not needed by now"), rest, ""))
        made.append(
            ChannelFalls(
                channel=one.channel,
                sender=one.sender,
                role=cascade.role(one.tier),
                people=seen.targets,
                falls=_falls(seen.targets, lines),
                made=one.made,
                made_share=round(100 * one.made / seen.targets, 2) if seen.targets else 0.0,
            )
        )
    return made


def _falls(people: int, lines: Sequence[tuple[str, int, str]]) -> list[Fall]:
    total, left = people or 1, people
    made = []
    for label, count, url in lines:
        if count > 0:
            left -= count
            x, width = max(0.0, round(100 * left / total, 2)), round(100 * count / total, 2)
            made.append(Fall(label=label, count=count, x=x, width=width, url=url))
    return made
