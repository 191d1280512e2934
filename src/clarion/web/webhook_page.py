"""The page of one webhook, as it is opened and as what is done to it leads back to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from clarion.web.links import changed_query, workspace_url
from clarion.web.parts import Action, Column, Confirm
from clarion.webhooks import operations, queries
from clarion.webhooks.models import Addresses, BatchStatus, Endpoint, EndpointStatus, Kind
from clarion.workspaces.models import PiiPolicy
from clarion.workspaces.permissions import Permission

if TYPE_CHECKING:
    from uuid import UUID

    from clarion.web.http import PageRequest
    from clarion.webhooks.models import Batch
    from clarion.workspaces.models import Membership

#: How states are shown: keys of `statuses.THING`.
STATES = {EndpointStatus.ON: "active", EndpointStatus.OFF: "inactive", EndpointStatus.DISABLED: "disabled"}
BATCH_STATES = {BatchStatus.WAITING: "waiting", BatchStatus.DELIVERED: "done", BatchStatus.FAILED: "failed"}

LOG_COLUMNS = [
    Column(label=gettext_lazy("Request")),
    Column(label=gettext_lazy("Status")),
    Column(label=gettext_lazy("Answer")),
    Column(label=gettext_lazy("Tries"), style="table__end"),
    Column(label=gettext_lazy("Made")),
]


class WebhookForm(forms.Form):
    """What an endpoint is told, and where."""

    url = forms.CharField(
        label=gettext_lazy("Address"),
        max_length=2000,
        help_text=gettext_lazy("Where events are posted to, such as https://shop.example/clarion."),
        widget=forms.URLInput(attrs={"autocomplete": "off"}),
    )
    description = forms.CharField(
        label=gettext_lazy("Description"),
        required=False,
        max_length=200,
        help_text=gettext_lazy("Of the program that is told."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    kinds = forms.MultipleChoiceField(
        label=gettext_lazy("It is told of"), choices=Kind.choices, widget=forms.CheckboxSelectMultiple
    )
    with_addresses = forms.BooleanField(
        label=gettext_lazy("With addresses"),
        required=False,
        help_text=gettext_lazy(
            "Addresses, and the texts of answers, as long as you may see them yourself. Otherwise people are numbers."
        ),
    )

    def __init__(self, *args: Any, member: Membership, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        is_shown = member.workspace.pii_policy == PiiPolicy.SHOWN and member.may(Permission.VIEW_PII)
        if not is_shown:
            del self.fields["with_addresses"]

    def said(self) -> dict[str, Any]:
        """Return what the operations are told."""
        return {"with_addresses": False} | self.cleaned_data


def form_of(request: PageRequest, endpoint: Endpoint) -> WebhookForm:
    """Return the form as the endpoint is."""
    return WebhookForm(
        member=request.member,
        initial={
            "url": endpoint.url, "description": endpoint.description, "kinds": endpoint.kinds,
            "with_addresses": endpoint.addresses != Addresses.NONE,
        },
    )  # fmt: skip


def endpoint_of(request: PageRequest, id: UUID) -> Endpoint:
    """Return the member's endpoint. Raises Http404."""
    found = queries.endpoint_for(request.member, id)
    if found is None:
        raise Http404
    return found


def batch_of(request: PageRequest, endpoint: Endpoint, id: UUID) -> Batch:
    """Return a request to the endpoint. Raises Http404."""
    found = queries.batch_of(endpoint, id)
    if found is None:
        raise Http404
    return found


def webhook_page(request: PageRequest, endpoint: Endpoint, *, status: int = 200, **more: Any) -> HttpResponse:
    """Render the endpoint's page; `more` adds to, or replaces, what it shows."""
    asked = request.GET.get("status", "").upper()
    after = request.GET.get("after", "")
    page = queries.log_page(
        endpoint,
        status=asked if asked in BatchStatus.values else "",
        after=int(after) if after.isascii() and after.isdigit() and len(after) < 19 else None,
    )
    context = {
        "endpoint": endpoint,
        "state": STATES[EndpointStatus(endpoint.status)],
        "form": form_of(request, endpoint),
        "rows": [row_of(request, endpoint, one) for one in page.rows],
        "columns": LOG_COLUMNS,
        "asked": asked,
        "failed_url": changed_query(request, status="failed", after=None),
        "all_url": changed_query(request, status=None, after=None),
        "older_url": changed_query(request, after=page.older) if page.older else "",
        "newest_url": changed_query(request, after=None) if after else "",
        "actions": _actions(request, endpoint),
        "replay_failed": _replay_failed(request, endpoint),
        "rotate": _rotate(request, endpoint),
        "overlap_hours": operations.OVERLAP_HOURS,
    }
    response = render(request, "webhooks/detail.html", context | more, status=status)
    response["Cache-Control"] = "no-store"
    return response


def row_of(request: PageRequest, endpoint: Endpoint, one: Batch) -> dict[str, Any]:
    """Return a request as a row of the log."""
    last = one.tries[-1] if one.tries else {}
    return {
        "one": one,
        "state": BATCH_STATES[BatchStatus(one.status)],
        "url": workspace_url(request, "webhook_request", id=endpoint.public_id, request_id=one.public_id),
        "noun": ngettext("%(n)s event", "%(n)s events", one.count) % {"n": one.count},
        "status": last.get("status"),
        "problem": queries.problem_in_words(last.get("problem", "")),
        "ms": last.get("ms"),
    }


def remove_question(endpoint: Endpoint) -> Confirm:
    """Return what is asked before an endpoint is removed."""
    return Confirm(
        title=_("Remove “%(name)s”?") % {"name": str(endpoint)},
        text=_("It is told nothing more, and its log goes with it. This cannot be taken back."),
        label=_("Remove"),
    )


def rotate_question() -> Confirm:
    """Return what is asked before a secret is replaced."""
    return Confirm(
        title=_("Make a new secret?"),
        text=_("For %(n)d hours both the new and the old one sign; then the old one does not any more.")
        % {"n": operations.OVERLAP_HOURS},
        label=_("Make a new secret"),
        danger=False,
    )


def _actions(request: PageRequest, endpoint: Endpoint) -> list[Action]:
    id = endpoint.public_id
    if endpoint.status == EndpointStatus.ON:
        switch = Action(
            label=_("Switch off"),
            icon="power",
            method="post",
            url=workspace_url(request, "webhook_off", id=id),
        )
    else:
        switch = Action(
            label=_("Switch on"), icon="power", method="post", style="primary",
            url=workspace_url(request, "webhook_on", id=id),
        )  # fmt: skip
    remove = Action(
        label=_("Remove"), icon="trash-2", method="post", style="danger",
        url=workspace_url(request, "webhook_remove", id=id), confirm=remove_question(endpoint),
    )  # fmt: skip
    return [switch, remove]


def _replay_failed(request: PageRequest, endpoint: Endpoint) -> Action | None:
    count = getattr(endpoint, "failed", 0)
    if not count:
        return None
    label = ngettext("Tell %(n)s failed request again", "Tell %(n)s failed requests again", count) % {
        "n": count
    }
    url = workspace_url(request, "webhook_replay_failed", id=endpoint.public_id)
    return Action(label=label, icon="rotate-ccw", method="post", url=url)


def _rotate(request: PageRequest, endpoint: Endpoint) -> Action:
    return Action(
        label=_("Make a new secret"), icon="key-round", method="post", confirm=rotate_question(),
        url=workspace_url(request, "webhook_rotate", id=endpoint.public_id),
    )  # fmt: skip
