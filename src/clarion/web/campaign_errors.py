"""Errors of a campaign as its page shows them: of messages by reason and code, and of the job of sending them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from clarion.channels import registry
from clarion.deliveries import queries, reasons
from clarion.deliveries.retrying import RETRYABLE
from clarion.deliveries.states import Stage
from clarion.web.durations import in_words
from clarion.web.links import workspace_url
from clarion.web.parts import Action, Tab
from clarion.web.templatetags.ui import grouped
from clarion.workspaces.permissions import Permission

if TYPE_CHECKING:
    from clarion.deliveries.models import Outage
    from clarion.deliveries.queries import ProblemCode, ProblemGroup
    from clarion.deliveries.troubles import Counts
    from clarion.web.campaign_page import CampaignPage
    from clarion.web.http import PageRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownCode:
    """A provider's code with the link to the people it concerns."""

    code: ProblemCode
    url: str
    #: Where the provider explains the code; "" where it does not.
    doc: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownGroup:
    """A reason with its codes, the link to everybody it concerns, and the one to send to them again."""

    group: ProblemGroup
    stage: str
    count: str
    url: str
    codes: Sequence[ShownCode]
    #: Whose word `stage` is.
    kind: str = "recipient"
    #: None where nothing failed for good, or the member may not.
    retry: Action | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownOutage:
    """An outage in words."""

    outage: Outage
    sentence: str
    span: str
    url: str


def shown(request: PageRequest, page: CampaignPage, groups: Sequence[ProblemGroup]) -> list[ShownGroup]:
    """Return the groups with links to their recipients."""
    made = []
    docs = _docs(page, groups)
    for group in groups:
        stage = group.stage.name.lower()
        if group.came_back:
            made.append(_returned(page, group, docs))
            continue
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
                        doc=docs.get((code.step, code.code), ""),
                    )
                    for code in group.codes
                ],
                retry=_retry(request, page, group),
            )
        )
    return made


def _docs(page: CampaignPage, groups: Sequence[ProblemGroup]) -> dict[tuple[int, str], str]:
    """Return where providers explain codes: (step, code) → address, by the channel of the step."""
    if page.run is None or not groups:
        return {}
    channels = {one.step: one.channel for one in queries.steps_of(page.run)}
    codes = {(code.step, code.code) for group in groups for code in group.codes if code.code}
    return {
        (step, code): registry.get(channels[step]).code_url(code)
        for step, code in codes
        if channels.get(step) in registry.CHANNELS
    }


def _returned(page: CampaignPage, group: ProblemGroup, docs: Mapping[tuple[int, str], str]) -> ShownGroup:
    """Return messages that were taken and came back: they are found by the result, and their codes are receipts'."""
    url = _url(page, result="bounced")
    codes = [ShownCode(code=code, url=url, doc=docs.get((code.step, code.code), "")) for code in group.codes]
    return ShownGroup(group=group, stage="bounced", kind="result", count=_count(group), url=url, codes=codes)


def outages(request: PageRequest, found: Sequence[Outage]) -> list[ShownOutage]:
    """Return the outages with how long they lasted."""
    return [
        ShownOutage(
            outage=one,
            sentence=reasons.sentence_of(one.reason),
            span=in_words(one.last_at - one.began_at),
            url=workspace_url(request, "sender", id=one.sender.public_id),
        )
        for one in found
    ]


def kinds(page: CampaignPage, kind: str, counts: Counts) -> list[Tab]:
    """Return the choice between errors of messages and of the job."""
    base = page.urls["errors"]
    run = page.run_suffix
    return [
        Tab(
            label=_("Messages"),
            url=f"{base}?type=messages{run}",
            current=kind == "messages",
            count=counts.messages,
        ),
        Tab(label=_("Job"), url=f"{base}?type=job{run}", current=kind == "job", count=counts.job),
    ]


def _count(group: ProblemGroup) -> str:
    n = {"n": grouped(group.count)}
    if group.was_put_off:
        return ngettext("put off %(n)s time", "put off %(n)s times", group.count) % n
    return ngettext("%(n)s message", "%(n)s messages", group.count) % n


def _url(page: CampaignPage, **filters: object) -> str:
    query = urlencode(filters) + page.run_suffix
    return f"{page.urls['recipients']}?{query}"


def _retry(request: PageRequest, page: CampaignPage, group: ProblemGroup) -> Action | None:
    """Return the button that sends these again; None when that is not to be had."""
    is_had = page.is_latest_run and page.campaign.status in RETRYABLE and page.campaign.archived_at is None
    if group.stage is not Stage.FAILED or not is_had or not request.member.may(Permission.LAUNCH):
        return None
    return Action(
        label=_("Retry these"),
        icon="rotate-ccw",
        url=workspace_url(request, "campaigns:retry", id=page.campaign.public_id),
        method="post",
        fields={"reason": str(group.reason.code)},
    )
