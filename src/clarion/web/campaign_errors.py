"""Errors of a campaign as its page shows them: of messages by reason and code, and of the campaign itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from clarion.campaigns.states import PauseCause, Status
from clarion.deliveries import trail
from clarion.web.parts import Tab
from clarion.web.templatetags.ui import grouped

if TYPE_CHECKING:
    from clarion.campaigns.models import Campaign
    from clarion.deliveries.queries import ProblemCode, ProblemGroup
    from clarion.deliveries.trail import StateChange
    from clarion.web.campaign_page import CampaignPage

#: Pauses that something went wrong for.
_TROUBLES = {PauseCause.ERRORS, PauseCause.SENDER, PauseCause.BALANCE, PauseCause.LIMIT}


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownCode:
    """A provider's code with the link to the people it concerns."""

    code: ProblemCode
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownGroup:
    """A reason with its codes and the link to everybody it concerns."""

    group: ProblemGroup
    stage: str
    count: str
    url: str
    codes: Sequence[ShownCode]


def jobs(campaign: Campaign) -> list[StateChange]:
    """Return when and why the campaign itself failed or was paused by trouble, newest first."""
    return [
        change
        for change in trail.state_history(campaign)
        if change.status == Status.FAILED
        or (change.status == Status.PAUSED and change.pause_cause in _TROUBLES)
    ]


def shown(page: CampaignPage, groups: Sequence[ProblemGroup]) -> list[ShownGroup]:
    """Return the groups with links to their recipients."""
    made = []
    for group in groups:
        stage = group.stage.name.lower()
        made.append(
            ShownGroup(
                group=group,
                stage="deferred" if group.was_put_off else stage,
                count=_count(group),
                url=_url(page, status=stage, reason=group.reason.code),
                codes=[
                    ShownCode(
                        code=code,
                        url=_url(page, status=stage, reason=group.reason.code, code=code.code or "-"),
                    )
                    for code in group.codes
                ],
            )
        )
    return made


def kinds(
    page: CampaignPage, kind: str, jobs_: Sequence[StateChange], groups: Sequence[ProblemGroup]
) -> list[Tab]:
    """Return the choice between errors of messages and of the campaign itself."""
    lost = sum(group.count for group in groups if not group.was_put_off)
    base = page.urls["errors"]
    run = page.run_suffix
    return [
        Tab(label=_("Messages"), url=f"{base}?type=messages{run}", current=kind == "messages", count=lost),
        Tab(label=_("Campaign"), url=f"{base}?type=job{run}", current=kind == "job", count=len(jobs_)),
    ]


def _count(group: ProblemGroup) -> str:
    n = {"n": grouped(group.count)}
    if group.was_put_off:
        return ngettext("put off %(n)s time", "put off %(n)s times", group.count) % n
    return ngettext("%(n)s message", "%(n)s messages", group.count) % n


def _url(page: CampaignPage, **filters: object) -> str:
    query = urlencode(filters) + page.run_suffix
    return f"{page.urls['recipients']}?{query}"
