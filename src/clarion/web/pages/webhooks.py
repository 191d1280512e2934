"""Webhooks: what there are, a new one, one of them with its log, and one request of that."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_safe

from clarion.web.access import require
from clarion.web.links import workspace_url
from clarion.web.parts import Action, Column
from clarion.web.webhook_page import STATES, WebhookForm, batch_of, endpoint_of, row_of, webhook_page
from clarion.webhooks import operations, queries
from clarion.webhooks.errors import EndpointInvalid
from clarion.webhooks.models import BatchStatus, EndpointStatus, Kind
from clarion.workspaces.actors import of_member
from clarion.workspaces.errors import NotAllowed
from clarion.workspaces.permissions import Permission

if TYPE_CHECKING:
    from clarion.web.http import PageRequest
    from clarion.webhooks.models import Endpoint

COLUMNS = [
    Column(label=gettext_lazy("Webhook")),
    Column(label=gettext_lazy("Status")),
    Column(label=gettext_lazy("Told of")),
    Column(label=gettext_lazy("Waiting"), style="table__end"),
    Column(label=gettext_lazy("Failed"), style="table__end"),
    Column(label=gettext_lazy("Last told")),
]
#: Events of a request that its page shows.
_SHOWN = 50


@require_safe
def webhook_list(request: PageRequest, workspace: str) -> HttpResponse:
    """All webhooks of the workspace."""
    require(request, Permission.MANAGE_MEMBERS)
    rows = [
        {
            "one": one,
            "state": STATES[EndpointStatus(one.status)],
            "kinds": _kinds(one),
            "url": workspace_url(request, "webhook", id=one.public_id),
        }
        for one in queries.endpoints_for(request.member)
    ]
    new = Action(
        label=_("New webhook"), icon="plus", style="primary", url=workspace_url(request, "webhook_new")
    )
    context = {
        "rows": rows,
        "noun": ngettext("webhook", "webhooks", len(rows)),
        "columns": COLUMNS,
        "first_actions": [new],
    }
    return render(request, "webhooks/list.html", context)


def _kinds(endpoint: Endpoint) -> list[str]:
    return [str(Kind(one).label).partition(":")[0] for one in endpoint.kinds]


@require_http_methods(["GET", "HEAD", "POST"])
def webhook_new(request: PageRequest, workspace: str) -> HttpResponse:
    """The form for another one; its secret is shown once, on its page."""
    require(request, Permission.MANAGE_MEMBERS)
    initial = {"kinds": [Kind.CAMPAIGN, Kind.RUN]}
    form = WebhookForm(
        request.POST if request.method == "POST" else None, member=request.member, initial=initial
    )
    if request.method == "POST" and form.is_valid():
        try:
            endpoint, secret = operations.create_endpoint(by=of_member(request.member), **form.said())
        except EndpointInvalid as refusal:
            _refuse(form, refusal)
        except NotAllowed as refusal:
            form.add_error(None, str(refusal))
        else:
            return webhook_page(request, endpoint_of(request, endpoint.public_id), secret=secret, is_new=True)
    return render(request, "webhooks/new.html", {"form": form}, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def webhook_detail(request: PageRequest, workspace: str, id: UUID) -> HttpResponse:
    """One webhook: its state, settings, secret and log."""
    endpoint = endpoint_of(request, id)
    if request.method != "POST":
        return webhook_page(request, endpoint)
    form = WebhookForm(request.POST, member=request.member)
    if form.is_valid():
        try:
            operations.change_endpoint(by=of_member(request.member), endpoint=endpoint, **form.said())
        except EndpointInvalid as refusal:
            _refuse(form, refusal)
        except NotAllowed as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("The webhook is saved."))
            return HttpResponseRedirect(workspace_url(request, "webhook", id=endpoint.public_id))
    return webhook_page(request, endpoint, form=form, status=422)


def _refuse(form: WebhookForm, refusal: EndpointInvalid) -> None:
    for name, sentence in refusal.fields.items():
        form.add_error(name if name in form.fields else None, sentence)


@require_safe
def webhook_request(request: PageRequest, workspace: str, id: UUID, request_id: UUID) -> HttpResponse:
    """One request: what it told, and what came of each try. In the drawer, or as a page."""
    endpoint = endpoint_of(request, id)
    batch = batch_of(request, endpoint, request_id)
    replay = None
    if batch.status != BatchStatus.WAITING and not batch.is_test:
        url = workspace_url(request, "webhook_replay", id=endpoint.public_id, request_id=batch.public_id)
        replay = Action(label=_("Tell it again"), icon="rotate-ccw", method="post", url=url)
    told = queries.events_of(batch, _SHOWN)
    context = {
        "endpoint": endpoint,
        "row": row_of(request, endpoint, batch),
        "tries": [_try(one) for one in reversed(batch.tries)],
        "events": [(one["type"], json.dumps(one, indent=2, ensure_ascii=False)) for one in told],
        "more": batch.count - len(told),
        "replay": replay,
    }
    is_drawer = request.htmx and request.htmx.target == "drawer-body"
    return render(request, "webhooks/request.html#facts" if is_drawer else "webhooks/request.html", context)


def _try(one: dict[str, Any]) -> dict[str, Any]:
    return one | {
        "moment": datetime.fromisoformat(one["at"]),
        "words": queries.problem_in_words(one["problem"]),
    }
