"""Writing a one-off: a message to one person, without a campaign."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from clarion.campaigns import operations
from clarion.campaigns.errors import CampaignInvalid
from clarion.campaigns.states import Status
from clarion.content import media
from clarion.content.compiling import compile_source
from clarion.content.errors import ContentInvalid
from clarion.content.rendering import Preview  # fmt: skip
from clarion.content.rendering import preview as rendered
from clarion.web import looks, mail_frame, message_fields
from clarion.web.links import workspace_url
from clarion.web.one_off_form import SendForm
from clarion.workspaces.actors import of_member
from clarion.workspaces.errors import NotAllowed
from clarion.workspaces.permissions import Permission

if TYPE_CHECKING:
    from clarion.campaigns.models import Campaign
    from clarion.web.http import PageRequest


@require_http_methods(["GET", "HEAD", "POST"])
@looks.with_pictures
def send(request: PageRequest, workspace: str) -> HttpResponse:
    """The form. A post with `do=send` sends; any other draws the fields anew that follow from what is chosen."""
    if request.method != "POST":
        return _page(request, SendForm(member=request.member))
    form = SendForm(request.POST, member=request.member)
    if request.POST.get("do") != "send":
        return _drawn(request, form)
    form.is_valid()
    order = form.wanted()
    if order is None:
        return _page(request, form, status=422)
    try:
        made = operations.send_one_off(
            sender=order.sender, to=order.to, said=order.said, starts_at=order.starts_at,
            zone=request.workspace.zone, key=form.cleaned_data["key"], by=of_member(request.member),
        )  # fmt: skip
    except CampaignInvalid as error:
        form.show(error.fields, error.problems)
        return _page(request, form, status=422)
    except NotAllowed:
        form.add_error(None, _("Your role does not include starting campaigns."))
        return _page(request, form, status=422)
    messages.success(request, _done(made))
    return HttpResponseRedirect(workspace_url(request, "history_one", id=made.public_id))


def _done(made: Campaign) -> str:
    if made.status == Status.IN_REVIEW:
        return _("The message waits in Moderation.")
    if made.status == Status.SCHEDULED:
        return _("The message waits for its time.")
    return _("The message is on its way.")


def _drawn(request: PageRequest, form: SendForm) -> HttpResponse:
    """Return the form as it is typed, without a word about what is missing still."""
    kept = {name: form.data.get(name) for name in form.fields if name in form.data}
    kept["attached"] = request.POST.getlist("attached")
    fresh = SendForm(initial=kept, member=request.member)
    if request.htmx:
        return render(request, "send/send.html#drawn", _context(request, fresh))
    return _page(request, fresh)


def _page(request: PageRequest, form: SendForm, *, status: int = 200) -> HttpResponse:
    return render(request, "send/send.html", _context(request, form), status=status)


def _context(request: PageRequest, form: SendForm) -> dict[str, Any]:
    return {
        "form": form.as_shown(),
        "look": form.look,
        "fields": (),
        "hint": message_fields.HINT,
        "zone": request.workspace.zone,
        "may_send": request.workspace.moderation or request.member.may(Permission.LAUNCH),
        "may_set_up": request.member.may(Permission.MANAGE_SENDERS),
    }


@require_POST
@looks.with_pictures
def preview(request: PageRequest, workspace: str) -> HttpResponse:
    """What is wrong with the message as it is typed, and how it looks to its person; a fragment."""
    form = SendForm(request.POST, member=request.member)
    shown, problems, variables = _shown(request, form)
    pictures = media.pictures_of(request.workspace, form.body()) if shown else {}
    sender = form.chosen_sender.name if form.chosen_sender else ""
    if shown is None and not problems:
        return render(request, "send/send.html#nothing")
    context = {
        "problems": problems,
        "preview": shown,
        "variables": variables,
        "as_somebody": True,
        "with_text": True,
        "seen": looks.seen(form.channel, shown, sender=sender, pictures=pictures) if shown else None,
    }
    return render(request, "templates/_check.html", context)


@require_POST
@mail_frame.framed
def frame(request: PageRequest, workspace: str) -> HttpResponse:
    """A mail as a document for the preview's frame."""
    form = SendForm(request.POST, member=request.member)
    shown, problems, _variables = _shown(request, form)
    if shown is None:
        return mail_frame.note(problems[0].sentence if problems else _("What you write appears here."))
    return mail_frame.document(shown)


def _shown(request: PageRequest, form: SendForm) -> tuple[Preview | None, list[Any], list[str]]:
    """Return the message to its person, or the problems with it; neither before there are words."""
    if form.is_of_template:
        version = form.chosen_version
        if version is None:
            return None, [], []
        return rendered(version.content, form.channel, form.person()), [], version.variables
    body = form.body()
    if not body["source"].strip() and not body.get("extras"):
        return None, [], []
    body["subject"] = body["subject"].strip() or "…"
    try:
        files = (
            media.attachments_of(request.workspace, body) if looks.shape_of(form.channel) != "mail" else ()
        )
        made = compile_source(form.channel, body, with_trial=False, files=files)
    except ContentInvalid as error:
        return None, error.problems, []
    return rendered(made.content, form.channel, form.person()), [], made.variables
