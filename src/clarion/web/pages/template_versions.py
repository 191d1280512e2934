"""What a template said at each time, and the way back."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from clarion.campaigns.queries import using_template
from clarion.content import media, operations, queries
from clarion.content.errors import ContentInvalid, TemplateArchived, TemplateChanged, TrialFailed
from clarion.content.rendering import preview
from clarion.content.sources import each_language
from clarion.web import looks
from clarion.web.links import workspace_url
from clarion.web.pages.template_acting import base_of
from clarion.workspaces.actors import of_member
from clarion.workspaces.permissions import Permission

if TYPE_CHECKING:
    from clarion.content.models import Template, TemplateVersion
    from clarion.web.http import PageRequest

#: Campaigns that are named, the newest.
_MOST_CAMPAIGNS = 50
#: Lines of a difference that are shown.
_MOST_LINES = 400


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a difference: its mark ("+", "-", "@" or " ") and its text."""

    mark: str
    text: str


@require_safe
def version_list(request: PageRequest, workspace: str, id: UUID) -> HttpResponse:
    """Every version, newest first."""
    template = _template(request, id)
    versions = list(queries.versions_of(template))
    campaigns = using_template(request.member, template)[:_MOST_CAMPAIGNS]
    context = {"template": template, "versions": versions, "campaigns": campaigns}
    return render(request, "templates/versions.html", context)


@require_safe
@looks.with_pictures
def version(request: PageRequest, workspace: str, id: UUID, number: int) -> HttpResponse:
    """One version: how it looks, and what changed in it."""
    template = _template(request, id)
    shown = _version(template, number)
    before = queries.version_of(template, number - 1)
    context = {
        "template": template,
        "version": shown,
        "latest": queries.latest_version(template).number,
        "lines": _difference(before, shown)[:_MOST_LINES],
        "seen": _seen(template, shown),
        "frame_url": workspace_url(request, "template_version_frame", id=template.public_id, number=number),
        "may_edit": request.member.may(Permission.EDIT) and template.archived_at is None,
    }
    return render(request, "templates/version.html", context)


def _seen(template: Template, shown: TemplateVersion) -> looks.Seen | None:
    """Return how it looks for nobody in particular; None for a mail, which is shown in a frame."""
    if looks.shape_of(template.channel) == "mail":
        return None
    filled = preview(shown.content, template.channel, {})
    pictures = media.pictures_of(template.workspace, shown.source) if filled.file_name else {}
    return None if filled.problem else looks.seen(template.channel, filled, pictures=pictures)


@require_POST
def version_restore(request: PageRequest, workspace: str, id: UUID, number: int) -> HttpResponse:
    """Make an old version the newest again, as a new one."""
    template = _template(request, id)
    by = of_member(request.member)
    old = _version(template, number)
    try:
        saved = operations.save_version(template=template, by=by, source=old.source, base=base_of(request))
    except TemplateChanged:
        messages.warning(
            request,
            _(
                "Somebody else has saved the template meanwhile. Nothing is changed; look at the latest version first."
            ),
        )
        return HttpResponseRedirect(workspace_url(request, "template_versions", id=template.public_id))
    except (ContentInvalid, TemplateArchived, TrialFailed):
        messages.error(request, _("Version %(number)d cannot be used again.") % {"number": number})
    else:
        messages.success(
            request,
            _("Version %(new)d says what version %(old)d said.") % {"new": saved.number, "old": number},
        )
    return HttpResponseRedirect(workspace_url(request, "template", id=template.public_id))


def _template(request: PageRequest, id: UUID) -> Template:
    template = queries.template_for(request.member, id)
    if template is None:
        raise Http404
    return template


def _version(template: Template, number: int) -> TemplateVersion:
    found = queries.version_of(template, number)
    if found is None:
        raise Http404
    return found


def _difference(before: TemplateVersion | None, after: TemplateVersion) -> list[Line]:
    old = _text_of(before) if before else []
    lines = list(difflib.unified_diff(old, _text_of(after), lineterm="", n=2))[2:]
    return [Line(line[:1], line[1:] if line[:1] != "@" else line) for line in lines]


def _text_of(version: TemplateVersion) -> list[str]:
    """Return everything a version says, in every language, line by line."""
    lines: list[str] = []
    for tag, source in each_language(version.source):
        lines += [f"language: {tag}"] if tag else []
        lines += [f"{name}: {source[name]}" for name in ("mode", "subject", "preheader") if source.get(name)]
        lines += ["", *source.get("source", "").split("\n")]
        lines += ["", *source["text"].split("\n")] if source.get("text") else []
    lines += [f"default: {name} = {value}" for name, value in (version.source.get("defaults") or {}).items()]
    names = dict(version.media.values_list("key", "name"))
    return lines + [f"attachment: {names.get(key, key)}" for key in version.source.get("files") or ()]
