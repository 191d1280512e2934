"""The history of one-offs: the newest first, and what became of each."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext_lazy
from django.views.decorators.http import require_safe

from clarion.campaigns import queries
from clarion.campaigns.operations import one_off
from clarion.campaigns.states import LIVE
from clarion.channels import registry
from clarion.deliveries import details, explain, one_offs
from clarion.web import campaign_actions, campaign_page, reveal, statuses
from clarion.web.audience_forms import channel_choices
from clarion.web.keyset import keys_of, page_links
from clarion.web.links import changed_query, workspace_url
from clarion.web.parts import Action, Chip, Column, FilterGroup, Option
from clarion.web.person_page import person_parts
from clarion.workspaces.permissions import Permission

if TYPE_CHECKING:
    from clarion.campaigns.models import Campaign
    from clarion.deliveries.one_offs import OneOff, Wanted
    from clarion.web.http import PageRequest

#: Letters from which on is searched.
SEARCH_FROM = 3
#: The one recipient of a one-off's run.
ONLY = 1

COLUMNS = [
    Column(label=pgettext_lazy("recipient", "To")),
    Column(label=gettext_lazy("Status")),
    Column(label=gettext_lazy("Channel")),
    Column(label=gettext_lazy("Sent by")),
    Column(label=gettext_lazy("When")),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A one-off of the table."""

    one: OneOff
    url: str
    #: Of which kind the state is: of a campaign before its outcome, of a recipient then.
    is_outcome: bool


@require_safe
def history(request: PageRequest, workspace: str) -> HttpResponse:
    """The list, or only its results when the filters ask."""
    wanted = _wanted(request)
    page, found = one_offs.one_offs_page(request.member, wanted=wanted, **keys_of(request))
    context = {
        "rows": [_row(request, one) for one in found],
        "columns": COLUMNS,
        "noun": ngettext("message on this page", "messages on this page", len(found)),
        "groups": _groups(wanted),
        "chips": _chips(request, wanted),
        "words": request.GET.get("q", "").strip(),
        "is_narrowed": wanted.is_narrowed,
        "clear_url": workspace_url(request, "history"),
        "write": _write(request),
        **page_links(request, page),
    }
    is_part = request.htmx and request.htmx.target == "results" and not request.htmx.history_restore_request
    return render(request, "history/list.html#results" if is_part else "history/list.html", context)


@require_safe
def one(request: PageRequest, workspace: str, id: UUID) -> HttpResponse:
    """What became of a one-off: every attempt and receipt, what was said, and what may be done now."""
    seen = reveal.take(request, f"recipient {id}  {ONLY}")
    found = queries.oneoff_for(request.member, id)
    if found is None:
        raise Http404
    (row,) = one_offs.rows_of([found])
    here = workspace_url(request, "history_one", id=id)
    context = {
        "campaign": found,
        "title": one_off.label(found.public_id),
        "row": _row(request, row),
        "step": found.steps.all()[0],
        "actions": campaign_actions.one_off_buttons(request, found),
        "is_live": found.status in LIVE,
        "here": here,
        "why": explain.explain(found, row.run).causes if found.status in LIVE else (),
        **(_person(request, found, row, seen) or {}),
    }
    is_part = request.htmx and request.htmx.target == "one-off"
    return render(request, "history/one.html#live" if is_part else "history/one.html", context)


def _person(request: PageRequest, found: Campaign, row: OneOff, seen: str) -> dict[str, object] | None:
    """Return the parts of the one person; None before they were put together."""
    whole = details.delivery_details(row.run, ONLY) if row.run is not None else None
    if whole is None:
        return None
    page = replace(campaign_page.load(request, found.public_id, "recipients", campaign=found), tab="")
    names = {"id": found.public_id, "number": ONLY}
    return person_parts(
        request, page, whole, seen,
        message_url=lambda step: workspace_url(request, "campaigns:message", step=step, **names),
        reveal_url=workspace_url(request, "campaigns:reveal", **names),
    )  # fmt: skip


def _row(request: PageRequest, found: OneOff) -> Row:
    return Row(
        one=found,
        url=workspace_url(request, "history_one", id=found.campaign.public_id),
        is_outcome=found.state in one_offs.OUTCOMES,
    )


def _wanted(request: PageRequest) -> Wanted:
    words = request.GET.get("q", "").strip().replace("\x00", "")
    channel, state = request.GET.get("channel", ""), request.GET.get("state", "")
    return one_offs.Wanted(
        search=words if len(words) >= SEARCH_FROM else "",
        is_whole=not request.member.may(Permission.VIEW_PII),
        channel=channel if channel in registry.CHANNELS else "",
        state=state if state in one_offs.STATES else "",
    )


def _choices() -> dict[str, tuple[str, dict[str, str]]]:
    """Return the filters: name → (label, {value: label})."""
    states = {
        state: str(statuses.look(state, kind="recipient" if state in one_offs.OUTCOMES else "campaign").label)
        for state in one_offs.STATES
    }
    return {"state": (_("Status"), states), "channel": (_("Channel"), dict(channel_choices()))}


def _groups(wanted: Wanted) -> list[FilterGroup]:
    active = {"state": wanted.state, "channel": wanted.channel}
    return [
        FilterGroup(
            name=name, label=label, kind="radio",
            options=[
                Option(value="", label=_("All"), checked=not active[name]),
                *(Option(value=value, label=word, checked=active[name] == value) for value, word in values.items()),
            ],
        )
        for name, (label, values) in _choices().items()
    ]  # fmt: skip


def _chips(request: PageRequest, wanted: Wanted) -> list[Chip]:
    active = {"state": wanted.state, "channel": wanted.channel}
    return [
        Chip(
            label=values[active[name]], name=name, value=active[name],
            url=changed_query(request, **{name: "", "after": "", "before": ""}),
        )
        for name, (_label, values) in _choices().items()
        if active[name]
    ]  # fmt: skip


def _write(request: PageRequest) -> list[Action]:
    """Return the button that leads to writing one; none for whoever may not."""
    if not request.member.may(Permission.EDIT):
        return []
    return [
        Action(label=_("Write a message"), icon="send", style="primary", url=workspace_url(request, "send"))
    ]
