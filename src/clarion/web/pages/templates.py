"""The list of templates, the editor, and what is done to a template."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_safe

from clarion.channels import registry
from clarion.content import language_names, operations, queries
from clarion.content.errors import ContentInvalid, NameTaken, TemplateArchived, TemplateChanged, TrialFailed
from clarion.content.models import Approval
from clarion.web import block_kinds
from clarion.web import template_starters as starters
from clarion.web.links import changed_query, workspace_url
from clarion.web.looks import with_pictures
from clarion.web.message_fields import HINT, attachable
from clarion.web.pages.template_acting import actions_of, base_of, language_tabs, language_url
from clarion.web.parts import Action, Chip, Column, FilterGroup, Option
from clarion.web.statuses import channel_look
from clarion.web.template_forms import (
    TemplateForm,
    initial_of,
    insertable,
    people,
    source_of,
    whole_source_of,
)
from clarion.workspaces.actors import of_member
from clarion.workspaces.errors import NameInvalid
from clarion.workspaces.names import MAX_NAME
from clarion.workspaces.permissions import Permission

if TYPE_CHECKING:
    from clarion.content.models import Template, TemplateVersion
    from clarion.web.http import PageRequest

PAGE_SIZE = 50
#: A search of fewer characters is none.
_SEARCH_FROM = 3

COLUMNS = [
    Column(label=gettext_lazy("Template"), sort="name"),
    Column(label=gettext_lazy("Channel")),
    Column(label=gettext_lazy("Version"), sort="version", style="table__end"),
    Column(label=gettext_lazy("Used by"), sort="used", style="table__end"),
    Column(label=gettext_lazy("Updated"), sort="updated"),
]


@require_safe
def template_list(request: PageRequest, workspace: str) -> HttpResponse:
    """The list, or only its results when the filters ask."""
    archived = request.GET.get("archived") == "1"
    words = request.GET.get("q", "").strip()
    chosen = [name for name in request.GET.getlist("channel") if name in registry.CHANNELS]
    sort = request.GET.get("sort", "-updated")
    found = queries.templates_for(
        request.member,
        search=words if len(words) >= _SEARCH_FROM else "",
        channels=chosen,
        archived=archived,
        sort=sort,
    )
    page = Paginator(found, PAGE_SIZE).get_page(request.GET.get("page"))
    clear_url = workspace_url(request, "templates") + ("?archived=1" if archived else "")
    count = page.paginator.count
    context = {
        "rows": [_row(request, template) for template in page],
        "count": count,
        "noun": ngettext("template", "templates", count),
        "columns": COLUMNS,
        "sort": sort,
        "chips": _chips(request, chosen),
        "clear_url": clear_url,
        "archived": archived,
        "is_narrowed": bool(chosen or len(words) >= _SEARCH_FROM),
        "words": words,
        "hidden": {"archived": "1"} if archived else {},
        "previous_url": changed_query(request, page=page.previous_page_number())
        if page.has_previous()
        else "",
        "next_url": changed_query(request, page=page.next_page_number()) if page.has_next() else "",
        "pager_text": _("%(first)d–%(last)d of %(count)d")
        % {"first": page.start_index(), "last": page.end_index(), "count": count},
        "may_edit": request.member.may(Permission.EDIT),
        "first_actions": [
            Action(
                label=_("New template"),
                url=workspace_url(request, "template_new"),
                icon="plus",
                style="primary",
            )
        ]
        if request.member.may(Permission.EDIT)
        else [],
        "groups": [_channel_filter(chosen)],
    }
    is_fragment = (
        request.htmx and request.htmx.target == "results" and not request.htmx.history_restore_request
    )
    return render(request, "templates/list.html#results" if is_fragment else "templates/list.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@with_pictures
def template_new(request: PageRequest, workspace: str) -> HttpResponse:
    """Write a new template."""
    asked = (request.POST if request.method == "POST" else request.GET).get("channel", "")
    channel = asked if asked in registry.CHANNELS else "email"
    look, files = starters.look(channel), attachable(request.member)
    if request.method != "POST":
        mode, source = next(iter(starters.starters(channel).items()))
        name = request.GET.get("name", "")[:MAX_NAME]
        initial = {"channel": channel, "mode": mode, "source": source, "name": name}
        return _editor(request, None, TemplateForm(initial=initial, is_new=True, look=look, files=files))
    form = TemplateForm(request.POST, is_new=True, look=look, files=files)
    if form.is_valid():
        data = form.cleaned_data
        try:
            template = operations.create_template(
                by=of_member(request.member),
                channel=data["channel"],
                name=data["name"],
                source=whole_source_of(data),
            )
        except (ContentInvalid, NameInvalid, NameTaken, TrialFailed) as error:
            _explain(form, error)
        else:
            messages.success(request, _("The template is saved."))
            return HttpResponseRedirect(workspace_url(request, "template", id=template.public_id))
    return _editor(request, None, form)


@require_http_methods(["GET", "HEAD", "POST"])
@with_pictures
def template_edit(request: PageRequest, workspace: str, id: UUID) -> HttpResponse:
    """The editor; saving adds a version when something changed."""
    template = _template(request, id)
    version = queries.latest_version(template)
    look = starters.look(template.channel)
    files = attachable(request.member, version.source.get("files") or ())
    edited = _edited(request, version)
    if request.method != "POST":
        initial = {**initial_of(version.source, edited), "name": template.name, "channel": template.channel}
        return _editor(request, template, TemplateForm(initial=initial, is_new=False, look=look, files=files))
    by = of_member(request.member)
    initial = {"channel": template.channel}
    form = TemplateForm(request.POST, initial=initial, is_new=False, look=look, files=files)
    if form.is_valid():
        data = form.cleaned_data
        try:
            source = source_of(data) if edited else whole_source_of(data)
            saved = operations.save_version(
                template=template, by=by, source=source, language=edited, base=base_of(request)
            )
            renamed = template
            # Whoever left the name as it was does not take another's new one back.
            if data["name"] != request.POST.get("was_called"):
                renamed = operations.rename_template(template=template, by=by, name=data["name"])
        except TemplateChanged as error:
            _explain(form, error)
            return _editor(request, template, form, is_agreed=True)
        except (ContentInvalid, NameInvalid, NameTaken, TemplateArchived, TrialFailed) as error:
            _explain(form, error)
        else:
            _tell(
                request, saved.number if saved.number != version.number else 0, renamed.name != template.name
            )
            return HttpResponseRedirect(language_url(request, template, edited))
    return _editor(request, template, form)


def _edited(request: PageRequest, version: TemplateVersion) -> str:
    """Return of which language the message is edited; "" for the first one.

    What was written in a language that somebody has taken out meanwhile is no text of another one.
    """
    if request.method == "POST":
        return request.POST.get("edited", "")
    asked = request.GET.get("language", "")
    return asked if asked in (version.source.get("languages") or {}) else ""


def _template(request: PageRequest, id: UUID) -> Template:
    template = queries.template_for(request.member, id)
    if template is None:
        raise Http404
    return template


def _row(request: PageRequest, template: Any) -> dict[str, Any]:
    needs_approval = starters.look(template.channel).needs_approval
    return {
        "template": template,
        "languages": [template.own_language, *(template.other_languages or ())]
        if template.own_language
        else [],
        "approval": Approval(template.approval).label if needs_approval else "",
        "url": workspace_url(request, "template", id=template.public_id),
        "actions": actions_of(request, template, used_by=template.used_by_count, with_open=True),
        "menu_id": f"menu-{template.public_id}",
        "menu_label": _("Actions for %(name)s") % {"name": template.name},
    }


def _channel_filter(chosen: list[str]) -> FilterGroup:
    options = [
        Option(value=one.name, label=channel_look(one.name).label, checked=one.name in chosen)
        for one in registry.all_channels()
    ]
    return FilterGroup(name="channel", label=_("Channel"), options=options)


def _chips(request: PageRequest, chosen: list[str]) -> list[Chip]:
    return [
        Chip(
            label=channel_look(name).label,
            url=changed_query(
                request, channel=[other for other in chosen if other != name] or None, page=None
            ),
            name="channel",
            value=name,
        )
        for name in chosen
    ]


def _editor(
    request: PageRequest, template: Template | None, form: TemplateForm, *, is_agreed: bool = False
) -> HttpResponse:
    """Show the editor. `is_agreed` when whoever saves again has been told what was saved meanwhile."""
    may_edit = request.member.may(Permission.EDIT) and (template is None or template.archived_at is None)
    if not may_edit:
        for field in form.fields.values():
            field.disabled = True
    version = queries.latest_version(template) if template else None
    used_by = queries.campaigns_using(template) if template else 0
    edited = _edited(request, version) if version else ""
    asked = template.channel if template else str(form["channel"].value())
    channel = asked if asked in registry.CHANNELS else "email"
    context = {
        "template": template,
        "version": version,
        "form": form,
        "hint": HINT,
        "starters": json.dumps(starters.starters(channel)) if may_edit else "",
        "is_new": template is None,
        "look": form.look,
        "edited": edited,
        "base": (version.number if is_agreed or not form.is_bound else base_of(request)) if version else None,
        "tabs": language_tabs(request, template, version, edited) if template and version else [],
        "common_languages": language_names.common(),
        **block_kinds.editor("blocks" in form.look.modes),
        "approval": Approval(version.approval).label if version and form.look.needs_approval else "",
        "may_edit": may_edit,
        "was_called": form.data.get("was_called", "") if form.is_bound else template.name if template else "",
        "used_by": used_by,
        "people": people(request.member),
        "fields": insertable(request.member),
        "actions": actions_of(request, template, used_by=used_by, with_open=False) if template else [],
        "frame_url": workspace_url(
            request, "template_version_frame", id=template.public_id, number=version.number
        )
        + (f"?language={edited}" if edited else "")
        if template and version and not form.is_bound
        else "",
    }
    return render(
        request, "templates/edit.html", context, status=422 if form.is_bound and form.errors else 200
    )


def _explain(form: TemplateForm, error: Exception) -> None:
    """Show at its field why an operation refused."""
    if isinstance(error, ContentInvalid):
        form.add_problems(error.problems)
    elif isinstance(error, NameTaken):
        form.add_error("name", _("Another template has this name."))
    elif isinstance(error, NameInvalid):
        form.add_error("name", _("Give it a name of at most 120 characters."))
    elif isinstance(error, TemplateArchived):
        form.add_error(None, _("The template is in the archive; restore it first."))
    elif isinstance(error, TemplateChanged):
        sentence = _("Somebody else has changed this text meanwhile; their version is among the versions.")
        if error.is_gone:
            sentence = _("Somebody else has taken this language out of the template meanwhile.")
        form.add_error(None, sentence)
        form.add_error(
            None, _("Nothing is saved yet, and what you wrote is below. Save again to keep yours.")
        )
    else:
        form.add_error(None, _("The template could not be tried just now. Save again in a moment."))


def _tell(request: PageRequest, new_version: int, was_renamed: bool) -> None:
    if new_version:
        messages.success(request, _("Version %(number)d is saved.") % {"number": new_version})
    elif was_renamed:
        messages.success(request, _("The template is renamed."))
    else:
        messages.info(request, _("Nothing has changed, so no version was added."))
