"""The preview beside the editor: what is wrong, and the message as a document."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from clarion.channels import registry
from clarion.content import media, queries
from clarion.content.compiling import Compiled, compile_source
from clarion.content.errors import ContentInvalid
from clarion.content.rendering import Preview, preview
from clarion.web.looks import seen, shape_of
from clarion.web.mail_frame import document, framed, note
from clarion.web.template_forms import source_of, variables_as

if TYPE_CHECKING:
    from clarion.web.http import PageRequest


@require_POST
def template_check(request: PageRequest, workspace: str) -> HttpResponse:
    """What is wrong with the message as it stands in the editor, and what it lacks; a fragment."""
    shown, problems, compiled = _shown(request)
    pictures = media.pictures_of(request.member.workspace, _files(request)) if shown else {}
    context = {
        "problems": problems,
        "preview": shown,
        "variables": compiled.variables if compiled else [],
        "octets": len(shown.html.encode()) if shown else 0,
        # Gmail shows so much of a mail.
        "is_clipped": bool(shown and len(shown.html.encode()) > 102_000),
        "as_somebody": bool(request.POST.get("as")),
        "seen": seen(_channel(request), shown, pictures=pictures) if shown else None,
    }
    return render(request, "templates/_check.html", context)


@require_POST
@framed
def template_frame(request: PageRequest, workspace: str) -> HttpResponse:
    """The message as it stands in the editor, as a document for the preview's frame."""
    shown, problems, _compiled = _shown(request)
    if shown is None:
        first = problems[0]
        return note(
            _("Line %(line)d: %(text)s") % {"line": first.line, "text": first.sentence}
            if first.line
            else first.sentence
        )
    return _framed(request.POST, shown)


@require_GET
@framed
def version_frame(request: PageRequest, workspace: str, id: UUID, number: int) -> HttpResponse:
    """A saved version as a document for a frame."""
    template = queries.template_for(request.member, id)
    version = queries.version_of(template, number) if template else None
    if template is None or version is None:
        raise Http404
    variables = variables_as(request.member, request.GET.get("as", ""))
    if tag := request.GET.get("language"):
        variables["language"] = tag
    return _framed(request.GET, preview(version.content, template.channel, variables))


def _shown(request: PageRequest) -> tuple[Preview | None, list[Any], Compiled | None]:
    """Return the preview of what is in the editor, or the problems with it."""
    channel = _channel(request)
    tag = str(request.POST.get("edited") or request.POST.get("language") or "")
    source = {**source_of(request.POST), "language": tag, "defaults": _defaults(request.POST)}
    # A subject is wanted for saving; one can look at the message before.
    source["subject"] = source["subject"].strip() or "…"
    try:
        # Whether a mail can be sent does not hang on its files, and they may be large.
        ticked = _files(request) if shape_of(channel) != "mail" else {}
        files = media.attachments_of(request.member.workspace, ticked)
        compiled = compile_source(channel, source, with_trial=False, files=files)
    except ContentInvalid as error:
        return None, error.problems, None
    # Whoever it is, what is being written is shown, not another language of the template.
    variables = variables_as(request.member, request.POST.get("as", ""))
    return preview(compiled.content, channel, variables), [], compiled


def _files(request: PageRequest) -> dict[str, list[str]]:
    """Return the keys of the library's files that are ticked, as a source has them."""
    return {"files": request.POST.getlist("attached")}


def _channel(request: PageRequest) -> str:
    channel = str(request.POST.get("channel", "email"))
    if channel not in registry.CHANNELS:
        raise Http404
    return channel


def _defaults(data: Any) -> dict[str, str]:
    """Return the defaults as far as they are written by now."""
    lines = [line.partition("=") for line in str(data.get("defaults") or "").splitlines()]
    return {name.strip(): value.strip() for name, sign, value in lines if sign and name.strip()}


def _framed(data: Any, shown: Preview) -> HttpResponse:
    return document(shown, as_text=data.get("view") == "text", dark=data.get("dark") == "1")
