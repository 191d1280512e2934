"""The workspace's audit log: who did what, narrowed and paged, as a file, and whether its chain is whole."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from clarion.audience.csvfile import safe_cell
from clarion.campaigns import queries as campaigns
from clarion.web import audit_filters, audit_words, campaign_trail
from clarion.web.csv_answers import csv_answer
from clarion.web.keyset import keys_of
from clarion.web.links import changed_query, workspace_url
from clarion.web.parts import Action
from clarion.web.templatetags.ui import grouped
from clarion.workspaces import operations, tasks, trail
from clarion.workspaces.actors import of_member

if TYPE_CHECKING:
    from clarion.web.http import PageRequest
    from clarion.workspaces.models import AuditCheck, Membership
    from clarion.workspaces.trail import Event

#: A check is not begun again sooner.
CHECK_PAUSE = timedelta(minutes=1)
#: A longer chain is gone through by a background job: about a second of work.
CHECKED_AT_ONCE = 30_000
_HEADER = [
    "number", "at", "actor", "via", "address", "action", "kind", "object_id", "object_name", "reason", "changes",
]  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """An event in words. `url` leads to what it happened to; empty when there is no page of it any more."""

    event: Event
    title: str
    kind: str
    icon: str
    via: str
    url: str
    changes: list[tuple[str, str, str]]


@require_safe
def audit(request: PageRequest, workspace: str) -> HttpResponse:
    """The log, newest first, or only its results when the filters ask."""
    people = trail.people_for(request.member)
    asked = audit_filters.read(request, people)
    filters = asked.filters
    page = trail.events_for(request.member, filters, **keys_of(request))
    context = {
        "rows": _shown(request, page.rows),
        "asked": asked,
        "people": audit_filters.people_options(people, filters.who),
        "kinds": audit_filters.kind_options(filters.kind),
        "actions": audit_filters.action_options(filters.kind, filters.action),
        "chips": audit_filters.chips(request, asked, people),
        "here": workspace_url(request, "audit"),
        "newer_url": changed_query(request, before=page.newer, after="") if page.newer else "",
        "older_url": changed_query(request, after=page.older, before="") if page.older else "",
        "position": _position(page.rows),
        "csv_url": workspace_url(request, "audit_csv")
        + changed_query(request, before="", after="").removeprefix(request.path),
        **_chain(request),
    }
    is_fragment = (
        request.htmx and request.htmx.target == "results" and not request.htmx.history_restore_request
    )
    return render(request, "audit.html#results" if is_fragment else "audit.html", context)


@require_safe
def audit_csv(request: PageRequest, workspace: str) -> HttpResponseBase:
    """Everything that fits the filters, oldest first."""
    asked = audit_filters.read(request, trail.people_for(request.member))
    if request.method == "GET":
        operations.record_audit_download(by=of_member(request.member))
    rows = trail.all_events_for(request.member, asked.filters)
    return csv_answer(_lines(rows), name=f"audit-{request.workspace.slug}.csv")


@require_POST
def audit_check(request: PageRequest, workspace: str) -> HttpResponse:
    """Go through the chain now, unless that was just done."""
    check = trail.check_for(request.member)
    if check is not None and check.checked_at > timezone.now() - CHECK_PAUSE:
        messages.info(request, _("It was checked less than a minute ago."))
    elif _is_long(request.member, check):
        tasks.check_audit.configure(lock=f"audit-{request.workspace.pk}").defer(
            workspace_id=request.workspace.pk
        )
        messages.success(request, _("The trail is being checked; the answer appears here."))
    else:
        check = operations.check_audit(workspace=request.workspace)
        if check.broken_number is None:
            messages.success(request, _("Every event is as it was recorded."))
        else:
            messages.error(request, _("The trail was altered."))
    return HttpResponseRedirect(workspace_url(request, "audit"))


def _is_long(member: Membership, check: AuditCheck | None) -> bool:
    newest = trail.events_for(member, trail.Filters(), limit=1).rows
    return bool(newest) and newest[0].number > CHECKED_AT_ONCE


def _chain(request: PageRequest) -> dict[str, object]:
    """Return what is known of the chain, and the button that checks it."""
    check = trail.check_for(request.member)
    return {
        "check": check,
        "check_action": Action(
            label=_("Check now"),
            icon="shield-check",
            url=workspace_url(request, "audit_check"),
            method="post",
        ),
    }


def _shown(request: PageRequest, events: Sequence[Event]) -> list[Shown]:
    ids = {event.object_id for event in events if event.kind == "campaign"}
    there = {str(one) for one in campaigns.existing_ids_for(request.member, ids)}
    return [
        Shown(
            event=event,
            title=audit_words.title_of(event.action),
            kind=audit_words.label_of(event.kind),
            icon=audit_words.icon_of(event.kind),
            via=campaign_trail.door(event.via),
            url=workspace_url(request, "campaigns:trail", id=event.object_id)
            if event.object_id in there
            else "",
            changes=campaign_trail.told(event.changes),
        )
        for event in events
    ]


def _position(events: Sequence[Event]) -> str:
    if not events:
        return ""
    numbers = {"first": grouped(events[0].number), "last": grouped(events[-1].number)}
    return _("Numbers %(first)s to %(last)s") % numbers


def _lines(events: Iterator[Event]) -> Iterator[list[str]]:
    yield _HEADER
    for event in events:
        changes = json.dumps(event.changes, ensure_ascii=False, sort_keys=True) if event.changes else ""
        cells = [
            event.actor, event.via, event.address, event.action, event.kind, event.object_id, event.object_name,
        ]  # fmt: skip
        at = event.at.isoformat(timespec="microseconds")
        yield [str(event.number), at, *map(safe_cell, [*cells, event.reason, changes])]
