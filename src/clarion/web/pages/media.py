"""The media library: what is there, uploading, deleting, and the choice of a picture for a block."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST, require_safe

from clarion.campaigns.operations.media import delete_media
from clarion.campaigns.queries import media_users
from clarion.content import media, operations
from clarion.content.errors import MediaInUse, MediaInvalid
from clarion.web import typed
from clarion.web.confirm import confirm_page, is_confirmed
from clarion.web.links import changed_query, workspace_url
from clarion.web.parts import Action, Column, Confirm
from clarion.workspaces.actors import of_member
from clarion.workspaces.permissions import Permission

if TYPE_CHECKING:
    from collections.abc import Sequence

    from clarion.content.models import MediaFile
    from clarion.web.http import PageRequest

PAGE_SIZE = 50
#: Pictures that the dialog of the block editor offers, newest first.
_OFFERED = 60
#: Files of one upload.
_AT_ONCE = 20

COLUMNS = [
    Column(label=gettext_lazy("File")),
    Column(label=gettext_lazy("Kind")),
    Column(label=gettext_lazy("Size"), style="table__end"),
    Column(label=gettext_lazy("Used by"), style="table__end"),
    Column(label=gettext_lazy("Uploaded")),
]


@require_safe
def media_list(request: PageRequest, workspace: str) -> HttpResponse:
    """The files; with `?pick=1` the newest pictures as buttons, for a dialog."""
    if request.GET.get("pick"):
        pictures = media.files_for(request.member, images_only=True)[:_OFFERED]
        return render(request, "media/_pick.html", {"rows": [_row(request, one, []) for one in pictures]})
    words = typed.words(request.GET, "q")
    page = Paginator(media.files_for(request.member, search=words), PAGE_SIZE).get_page(
        request.GET.get("page")
    )
    count = page.paginator.count
    users = media_users(request.member.workspace, [one.key for one in page])
    context = {
        "rows": [_row(request, one, users.get(one.key, [])) for one in page],
        "columns": COLUMNS,
        "count": count,
        "noun": ngettext("file", "files", count),
        "words": words,
        "may_edit": request.member.may(Permission.EDIT),
        "used": media.used_octets(request.member.workspace),
        "limit": settings.CLARION_MEDIA_MB * 1024 * 1024,
        "most": filesizeformat(media.MAX_OCTETS),
        "previous_url": changed_query(request, page=page.previous_page_number())
        if page.has_previous()
        else "",
        "next_url": changed_query(request, page=page.next_page_number()) if page.has_next() else "",
        "pager_text": _("%(first)d–%(last)d of %(count)d")
        % {"first": page.start_index(), "last": page.end_index(), "count": count},
    }
    return render(request, "media/list.html", context)


@require_POST
def media_upload(request: PageRequest, workspace: str) -> HttpResponse:
    """Take up files."""
    taken = 0
    files = request.FILES.getlist("files")
    for file in files[:_AT_ONCE]:
        try:
            operations.store_media(by=of_member(request.member), file=file, name=file.name or "")
        except MediaInvalid as problem:
            messages.error(request, f"{file.name}: {problem}")
        else:
            taken += 1
    if taken:
        sentence = ngettext("%(count)d file is in the library.", "%(count)d files are in the library.", taken)
        messages.success(request, sentence % {"count": taken})
    elif not files:
        messages.error(request, _("Choose a file."))
    return HttpResponseRedirect(workspace_url(request, "media"))


@require_POST
def media_delete(request: PageRequest, workspace: str, id: UUID) -> HttpResponse:
    """Delete a file that nothing needs."""
    file = media.file_for(request.member, id)
    if file is None:
        raise Http404
    back = workspace_url(request, "media")
    if not is_confirmed(request):
        return confirm_page(request, _question(file), back=back)
    try:
        delete_media(file=file, by=of_member(request.member))
    except MediaInUse as used:
        names = ", ".join(f"“{name}”" for name in used.names)
        more = ngettext(" and %(count)d more", " and %(count)d more", used.more) % {"count": used.more}
        sentence = _("It cannot be deleted: %(names)s need it.") % {
            "names": names + (more if used.more else "")
        }
        messages.error(request, sentence)
    else:
        messages.success(request, _("“%(name)s” is deleted.") % {"name": file.name})
    return HttpResponseRedirect(back)


def _row(request: PageRequest, file: MediaFile, campaigns: Sequence[str]) -> dict[str, Any]:
    address = media.address_of(file)
    return {
        "file": file,
        "address": address,
        "campaigns": campaigns,
        # On the page itself the file comes from where the page does, whatever the public address is.
        "path": address.removeprefix(settings.CLARION_PUBLIC_URL),
        "actions": [
            Action(
                label=_("Delete"),
                url=workspace_url(request, "media_delete", id=file.public_id),
                icon="trash-2",
                method="post",
                style="danger",
                confirm=_question(file),
            )
        ]
        if request.member.may(Permission.EDIT)
        else [],
        "menu_id": f"menu-{file.pk}",
        "menu_label": _("Actions for %(name)s") % {"name": file.name},
    }


def _question(file: MediaFile) -> Confirm:
    return Confirm(
        title=_("Delete “%(name)s”?") % {"name": file.name},
        text=_("Whoever has its address cannot open it any more."),
        label=_("Delete for good"),
    )
