"""The templates that a sender's provider keeps and approves: listed, refreshed, and taken into the library."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST, require_safe

from clarion.campaigns import templates_there
from clarion.channels.base import Approves, SyncFailed
from clarion.content import operations as content
from clarion.content.errors import ContentInvalid, NameTaken, TrialFailed
from clarion.deliveries import provider_notices
from clarion.lib import languages
from clarion.senders.errors import SecretsLost
from clarion.senders.provided import queries
from clarion.web.links import workspace_url
from clarion.web.parts import Column
from clarion.web.sender_page import sender_of
from clarion.workspaces.actors import of_member
from clarion.workspaces.names import MAX_NAME
from clarion.workspaces.permissions import Permission

if TYPE_CHECKING:
    from clarion.content.models import Template
    from clarion.senders.models import ProviderTemplate, Sender
    from clarion.web.http import PageRequest

#: Templates on the page; an account has at most 6,000.
_SHOWN = 500
#: Names that are tried for a template of the library.
_NAMES = 50

COLUMNS = [
    Column(label=gettext_lazy("Template")),
    Column(label=gettext_lazy("Status")),
    Column(label=gettext_lazy("Category")),
    Column(label=gettext_lazy("Quality")),
    Column(label=gettext_lazy("Use")),
]
_QUALITIES = {"GREEN": "green", "YELLOW": "amber", "RED": "red"}


@require_safe
def sender_templates(request: PageRequest, workspace: str, id: UUID) -> HttpResponse:
    """The list, with what the provider says of each."""
    sender, channel = _approving(request, id)
    words = request.GET.get("q", "").strip()
    found = queries.templates_of(sender)
    if words:
        found = found.filter(name__icontains=words)
    count = found.count()
    may_edit = request.member.may(Permission.EDIT)
    context = {
        "sender": sender,
        "rows": [_row(row, channel, may_edit) for row in found[:_SHOWN]],
        "count": count,
        "noun": ngettext("template", "templates", count),
        "is_cut": count > _SHOWN,
        "columns": COLUMNS,
        "words": words,
        "state": queries.state_of(sender),
        "may_refresh": request.member.may(Permission.MANAGE_SENDERS),
        "may_edit": may_edit,
    }
    return render(request, "senders/templates.html", context)


@require_POST
def sender_templates_refresh(request: PageRequest, workspace: str, id: UUID) -> HttpResponse:
    """Ask the provider for all it has."""
    sender, _channel = _approving(request, id)
    try:
        done = provider_notices.refresh(sender=sender, by=of_member(request.member))
    except SyncFailed as failure:
        messages.error(request, _("The provider did not list its templates: %(why)s") % {"why": failure})
    except SecretsLost:
        messages.error(request, _("The sender's credentials cannot be opened; type them in again."))
    else:
        told = ngettext("%(n)d template is there.", "%(n)d templates are there.", done.count)
        messages.success(request, told % {"n": done.count})
    return HttpResponseRedirect(workspace_url(request, "sender_templates", id=sender.public_id))


@require_POST
def sender_template_use(request: PageRequest, workspace: str, id: UUID) -> HttpResponse:
    """Take a template into the library, in all its languages, for its values to be filled in."""
    sender, channel = _approving(request, id)
    rows = list(queries.templates_of(sender).filter(name=request.POST.get("name", ""), problem=""))
    rows = [row for row in rows if row.status in channel.sendable] or rows
    if not rows:
        raise Http404
    try:
        template = _taken(request, rows, channel)
    except (ContentInvalid, NameTaken, TrialFailed) as error:
        sentence = error.problems[0].sentence if isinstance(error, ContentInvalid) else ""
        messages.error(request, _("It could not be taken into the library. %(why)s") % {"why": sentence})
        return HttpResponseRedirect(workspace_url(request, "sender_templates", id=sender.public_id))
    templates_there.note_approvals(request.workspace, sender.channel)
    messages.success(
        request, _("It is in the library now. Say what fills its values in, then choose it in a campaign.")
    )
    return HttpResponseRedirect(workspace_url(request, "template", id=template.public_id))


def _approving(request: PageRequest, id: UUID) -> tuple[Sender, Approves]:
    sender = sender_of(request, id)
    channel = queries.approving(sender.channel)
    if channel is None:
        raise Http404
    return sender, channel


def _row(row: ProviderTemplate, channel: Approves, may_edit: bool) -> dict[str, Any]:
    tone = "green" if row.status in channel.sendable else "red" if row.status in channel.stopped else "amber"
    return {
        "one": row,
        "tone": tone,
        "status": row.status.replace("_", " ").capitalize(),
        "category": row.category.replace("_", " ").capitalize(),
        "quality": row.quality.capitalize() if row.quality in _QUALITIES else "",
        "quality_tone": _QUALITIES.get(row.quality, "grey"),
        "body": str(row.shape.get("body", ""))[:300],
        "may_use": may_edit and not row.problem and row.status not in channel.stopped,
    }


def _taken(request: PageRequest, rows: list[ProviderTemplate], channel: Approves) -> Template:
    """Return a template of the library that says in each language what the provider's does. Raises NameTaken."""
    by_tag: dict[str, dict[str, Any]] = {}
    for row in rows:
        by_tag.setdefault(languages.clean(row.language.replace("_", "-")), channel.new_source(row.shape))
    (own, source), *others = by_tag.items()
    whole = {**source, "language": own, "languages": dict(others)}
    name = rows[0].name[: MAX_NAME - 8]
    for number in range(1, _NAMES):
        try:
            return content.create_template(
                by=of_member(request.member), channel=rows[0].sender.channel,
                name=name if number == 1 else f"{name} ({number})", source=whole,
            )  # fmt: skip
        except NameTaken:
            continue
    raise NameTaken
