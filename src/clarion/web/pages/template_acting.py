"""What is done to a template as a whole, and to its languages."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from clarion.content import operations, queries
from clarion.content.errors import (
    ContentInvalid,
    NameTaken,
    TemplateArchived,
    TemplateChanged,
    TemplateInUse,
    TrialFailed,
)
from clarion.content.language_names import name_of
from clarion.web.confirm import confirm_page, is_confirmed
from clarion.web.links import workspace_url
from clarion.web.parts import Action, Confirm, Tab
from clarion.workspaces.actors import of_member
from clarion.workspaces.permissions import Permission

if TYPE_CHECKING:
    from clarion.content.models import Template, TemplateVersion
    from clarion.web.http import PageRequest


@require_POST
def template_duplicate(request: PageRequest, workspace: str, id: UUID) -> HttpResponse:
    """Copy the latest version and open the copy."""
    template = _template(request, id)
    copy = operations.duplicate_template(template=template, by=of_member(request.member))
    messages.success(request, _("“%(name)s” is a copy; change it as you like.") % {"name": copy.name})
    return HttpResponseRedirect(workspace_url(request, "template", id=copy.public_id))


@require_POST
def template_archive(request: PageRequest, workspace: str, id: UUID) -> HttpResponse:
    """Put the template away."""
    template = _template(request, id)
    if not is_confirmed(request):
        back = workspace_url(request, "template", id=template.public_id)
        return confirm_page(
            request, _archive_question(template, queries.campaigns_using(template)), back=back
        )
    operations.archive_template(template=template, by=of_member(request.member))
    messages.success(request, _("“%(name)s” is in the archive.") % {"name": template.name})
    return HttpResponseRedirect(workspace_url(request, "templates"))


@require_POST
def template_restore(request: PageRequest, workspace: str, id: UUID) -> HttpResponse:
    """Bring the template back."""
    template = _template(request, id)
    try:
        operations.restore_template(template=template, by=of_member(request.member))
    except NameTaken:
        messages.error(
            request,
            _("Another template is called “%(name)s” now. Rename that one first.") % {"name": template.name},
        )
    else:
        messages.success(request, _("“%(name)s” is back.") % {"name": template.name})
    return HttpResponseRedirect(workspace_url(request, "template", id=template.public_id))


@require_POST
def template_delete(request: PageRequest, workspace: str, id: UUID) -> HttpResponse:
    """Delete a template that no campaign uses."""
    template = _template(request, id)
    back = workspace_url(request, "template", id=template.public_id)
    if not is_confirmed(request):
        return confirm_page(request, _delete_question(template), back=back)
    try:
        operations.delete_template(template=template, by=of_member(request.member))
    except TemplateInUse as used:
        sentence = ngettext(
            "%(count)d campaign needs it, so it cannot be deleted. Archive it instead.",
            "%(count)d campaigns need it, so it cannot be deleted. Archive it instead.",
            used.count,
        )
        messages.error(request, sentence % {"count": used.count})
        return HttpResponseRedirect(back)
    messages.success(request, _("“%(name)s” is deleted.") % {"name": template.name})
    return HttpResponseRedirect(workspace_url(request, "templates"))


@require_POST
def language_add(request: PageRequest, workspace: str, id: UUID) -> HttpResponse:
    """Begin a language with what the first one says, and open it."""
    template = _template(request, id)
    tag, first = request.POST.get("tag", "").strip(), request.POST.get("first", "").strip()
    try:
        version = operations.add_language(
            template=template, by=of_member(request.member), language=tag, first=first
        )
    except (ContentInvalid, TemplateArchived, TrialFailed) as error:
        sentence = (
            error.problems[0].sentence if isinstance(error, ContentInvalid) else _("That did not work.")
        )
        messages.error(request, sentence)
        return HttpResponseRedirect(language_url(request, template, ""))
    there = version.source.get("languages") or {}
    found = next((one for one in there if one.lower() == tag.replace("_", "-").lower()), "")
    return HttpResponseRedirect(language_url(request, template, found))


@require_POST
def language_remove(request: PageRequest, workspace: str, id: UUID) -> HttpResponse:
    """Take a language out of the template; older versions keep it."""
    template = _template(request, id)
    tag = request.POST.get("tag", "")
    try:
        operations.remove_language(
            template=template, by=of_member(request.member), language=tag, base=base_of(request)
        )
    except TemplateChanged:
        messages.warning(
            request,
            _(
                "Somebody else has changed this text meanwhile, so it is still there. Look at what it says now."
            ),
        )
        return HttpResponseRedirect(language_url(request, template, tag))
    except (ContentInvalid, TemplateArchived, TrialFailed):
        messages.error(request, _("That did not work."))
    else:
        messages.success(
            request, _("%(language)s is taken out of the template.") % {"language": name_of(tag)}
        )
    return HttpResponseRedirect(language_url(request, template, ""))


def base_of(request: PageRequest) -> int | None:
    """Return the number of the version that was looked at."""
    said = request.POST.get("base", "")[:9]
    return int(said) if said.isascii() and said.isdigit() else None


def actions_of(request: PageRequest, template: Template, *, used_by: int, with_open: bool) -> list[Action]:
    """Return what the member may do to the template."""

    def url(name: str) -> str:
        return workspace_url(request, name, id=template.public_id)

    actions = []
    if with_open:
        actions.append(Action(label=_("Open"), url=url("template"), icon="pencil"))
    actions.append(Action(label=_("Versions"), url=url("template_versions"), icon="history"))
    if request.member.may(Permission.EDIT):
        actions.append(
            Action(label=_("Duplicate"), url=url("template_duplicate"), icon="copy", method="post")
        )
        if template.archived_at is None:
            actions.append(
                Action(
                    label=_("Archive"),
                    url=url("template_archive"),
                    icon="archive",
                    method="post",
                    separate=True,
                    confirm=_archive_question(template, used_by),
                )
            )
        else:
            actions.append(
                Action(label=_("Restore"), url=url("template_restore"), icon="archive-restore", method="post")
            )
        if not used_by:
            actions.append(
                Action(
                    label=_("Delete"),
                    url=url("template_delete"),
                    icon="trash-2",
                    method="post",
                    style="danger",
                    confirm=_delete_question(template),
                )
            )
    return actions


def language_url(request: PageRequest, template: Template, tag: str) -> str:
    """Return where a language of the template is edited; "" is its first one."""
    return workspace_url(request, "template", id=template.public_id) + (f"?language={tag}" if tag else "")


def language_tabs(
    request: PageRequest, template: Template, version: TemplateVersion, edited: str
) -> list[Tab]:
    """Return a link to each language of the template."""
    own = str(version.source.get("language") or "")
    first = Tab(
        label=name_of(own) if own else _("First language"),
        url=language_url(request, template, ""),
        current=not edited,
    )
    others = [
        Tab(label=name_of(tag), url=language_url(request, template, tag), current=tag == edited)
        for tag in version.source.get("languages") or {}
    ]
    return [first, *others]


def _delete_question(template: Template) -> Confirm:
    return Confirm(
        title=_("Delete “%(name)s”?") % {"name": template.name},
        text=_("All its versions go with it. No campaign uses it."),
        label=_("Delete for good"),
    )


def _archive_question(template: Template, used_by: int) -> Confirm:
    facts = [
        ngettext(
            "%(count)d campaign uses it and keeps its version.",
            "%(count)d campaigns use it and keep their version.",
            used_by,
        )
        % {"count": used_by}
    ]
    return Confirm(
        title=_("Archive “%(name)s”?") % {"name": template.name},
        text=_("It can be restored at any time."),
        facts=facts if used_by else [],
        label=_("Archive"),
        danger=False,
    )


def _template(request: PageRequest, id: UUID) -> Template:
    template = queries.template_for(request.member, id)
    if template is None:
        raise Http404
    return template
