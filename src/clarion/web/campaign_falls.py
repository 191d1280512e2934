"""The waterfalls of a run: of its people, and of several channels of the messages by each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from clarion.campaigns import cascade
from clarion.deliveries.states import Skip
from clarion.deliveries.unreached import REASONS, Missed, Part, unreached
from clarion.deliveries.wanted import NOT_SKIPPED

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
    #: Where its people are.
    url: str
    #: Nothing went wrong with them: another channel was enough.
    is_quiet: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelFalls:
    """How many of those for whom a cascade began one channel has a message for, and why not all.

    The steps and the messages come to the people.
    """

    channel: str
    sender: str
    role: str
    people: int
    people_url: str
    falls: Sequence[Fall]
    messages: int
    messages_url: str
    messages_share: float


def of_people(page: CampaignPage, run: Run) -> list[Fall]:
    """Return the steps of the people's, which come to all who were skipped: only reasons that somebody had."""
    join = f"{page.urls['recipients']}?{{}}{page.run_suffix}"
    lines = [
        (str(skip.label), run.waterfall.get(skip.name.lower(), 0), join.format(f"skip={skip.name.lower()}"))
        for skip in Skip
    ]
    later = run.skipped - sum(count for _label, count, _url in lines)
    # Of runs of before, whose waterfalls do not tell why.
    return _falls(run.total, [*lines, (_("Skipped later"), later, join.format("status=skipped"))])


def targets_url(page: CampaignPage) -> str:
    """Return where everybody is whom a run is for."""
    return f"{page.urls['recipients']}?skip={NOT_SKIPPED}{page.run_suffix}"


def of_channels(page: CampaignPage, seen: Overview) -> list[ChannelFalls]:
    """Return each channel's of a cascade; nothing of other runs."""
    if page.run is None or not page.run.is_cascade:
        return []
    counts = unreached(page.run, {one.step: one.left_out for one in seen.channels})
    # Everybody for whom it began has a message of each first channel, or what stands in its place.
    people = max((one.made + one.left_out for one in seen.channels if not one.tier), default=0)
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
        for part, count in (
            (Part.CALLED_OFF, one.dropped),
            (Part.NOT_NEEDED, max(0, people - one.left_out - one.made)),
        ):
            lines.append((str(part.label), count, join.format(Missed(one.step, part).word)))
        messages = one.made - one.dropped
        made.append(
            ChannelFalls(
                channel=one.channel,
                sender=one.sender,
                role=cascade.role(one.tier),
                people=people,
                people_url=join.format(Missed(one.step, Part.PEOPLE).word),
                falls=_falls(people, lines, quiet=str(Part.NOT_NEEDED.label)),
                messages=messages,
                messages_url=join.format(Missed(one.step, Part.MESSAGES).word),
                messages_share=round(100 * messages / people, 2) if people else 0.0,
            )
        )
    return made


def _falls(people: int, lines: Sequence[tuple[str, int, str]], *, quiet: str = "") -> list[Fall]:
    total, left = people or 1, people
    made = []
    for label, count, url in lines:
        if count > 0:
            left -= count
            x, width = max(0.0, round(100 * left / total, 2)), round(100 * count / total, 2)
            made.append(Fall(label=label, count=count, x=x, width=width, url=url, is_quiet=label == quiet))
    return made
