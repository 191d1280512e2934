"""What is done with the people of a run whom a filter leaves: made a list of, or suppressed; and their columns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from clarion.audience.errors import ListNameTaken
from clarion.deliveries import gathering
from clarion.deliveries.exporting import writing
from clarion.deliveries.retrying import RETRYABLE
from clarion.deliveries.states import Stage
from clarion.deliveries.wanted import Wanted
from clarion.web import campaign_page, people_columns, statuses, typed
from clarion.web.confirm import confirm_page, is_confirmed
from clarion.web.links import safe_next, workspace_url
from clarion.web.parts import Action, Confirm
from clarion.web.templatetags.ui import grouped
from clarion.workspaces import operations as workspaces
from clarion.workspaces.actors import of_member
from clarion.workspaces.permissions import Permission

if TYPE_CHECKING:
    from clarion.deliveries.models import Run
    from clarion.web.campaign_page import CampaignPage
    from clarion.web.http import PageRequest

#: Characters of a list's name.
_NAME_LENGTH = 120


@require_http_methods(["GET", "HEAD", "POST"])
def make_list(request: PageRequest, workspace: str, id: UUID) -> HttpResponse:
    """Ask for the list's name, and make it of whom the filter leaves."""
    said = request.POST if request.method == "POST" else request.GET
    page, run, wanted = _asked(request, id, said)
    name = typed.words(request.POST, "name")
    problem = ""
    if request.method == "POST":
        if not name or len(name) > _NAME_LENGTH:
            problem = _("Give the list a name of at most %(n)d characters.") % {"n": _NAME_LENGTH}
        else:
            try:
                made, done = gathering.list_people(
                    run=run, wanted=wanted, name=name, by=of_member(request.member)
                )
            except ListNameTaken:
                problem = _("There is a list of that name already.")
            else:
                messages.success(request, _listed(made.name, done))
                return HttpResponseRedirect(workspace_url(request, "list", id=made.public_id))
    context: dict[str, Any] = {
        "page": page,
        "name": name or _suggested(page, wanted),
        "problem": problem,
        "conditions": wanted.in_words(is_private=not page.may_see_people),
        "fields": fields_of(page, wanted),
        "count": writing.expected(run, wanted),
        "is_exact": writing.is_exact(run, wanted),
        "length": _NAME_LENGTH,
        "back": page.urls["recipients"] + page.run_query,
    }
    return render(request, "campaign/people_list.html", context, status=422 if problem else 200)


@require_POST
def suppress(request: PageRequest, workspace: str, id: UUID) -> HttpResponse:
    """Suppress the addresses of whom the filter leaves, after a question with the numbers."""
    page, run, wanted = _asked(request, id, request.POST)
    back = page.urls["recipients"] + page.run_query
    if not is_confirmed(request):
        return confirm_page(request, _question(run, wanted), back=back)
    done = gathering.suppress_people(run=run, wanted=wanted, by=of_member(request.member))
    if done.is_later:
        messages.success(request, _("Their addresses are being suppressed."))
    elif done.count:
        sentence = ngettext("%(n)s address is suppressed.", "%(n)s addresses are suppressed.", done.count)
        messages.success(request, sentence % {"n": grouped(done.count)})
    else:
        messages.info(request, _("All of their addresses were suppressed already."))
    return HttpResponseRedirect(back)


@require_POST
def columns(request: PageRequest, workspace: str, id: UUID) -> HttpResponse:
    """Remember which columns of people the person wants to see; the usual ones when asked for, or when none is left."""
    campaign_page.campaign_of(request, id)
    keys = None if "usual" in request.POST else request.POST.getlist("column")
    workspaces.choose_columns(user=request.user, columns=people_columns.kept(request.user, keys))
    back = workspace_url(request, "campaigns:recipients", id=id)
    return HttpResponseRedirect(safe_next(request, default=back))


def actions(request: PageRequest, page: CampaignPage, wanted: Wanted) -> list[Action]:
    """Return what may be done with whom the filter leaves, for the menu above the table."""
    made: list[Action] = []
    fields = fields_of(page, wanted)
    if _may_retry(request, page, wanted):
        url = workspace_url(request, "campaigns:retry", id=page.campaign.public_id)
        made.append(Action(label=_("Retry these"), icon="rotate-ccw", url=url, method="post", fields=fields))
    if request.member.may(Permission.MANAGE_AUDIENCE):
        url = workspace_url(request, "campaigns:people_list", id=page.campaign.public_id)
        made.append(Action(label=_("Make a list of these…"), icon="list", url=_with(url, fields)))
        url = workspace_url(request, "campaigns:people_suppress", id=page.campaign.public_id)
        made.append(
            Action(
                label=_("Suppress these…"), icon="ban", url=url, method="post", style="danger", fields=fields,
            )
        )  # fmt: skip
    return made


def _may_retry(request: PageRequest, page: CampaignPage, wanted: Wanted) -> bool:
    return (
        page.run is not None and page.is_latest_run and page.run.failed + page.run.partly > 0
        and wanted.stage in (None, Stage.FAILED, Stage.PARTLY) and wanted.skip is None
        and page.campaign.status in RETRYABLE and page.campaign.archived_at is None
        and request.member.may(Permission.LAUNCH)
    )  # fmt: skip


def fields_of(page: CampaignPage, wanted: Wanted) -> dict[str, str]:
    """Return the filter, and the run where it is not the latest, as fields of a form."""
    run = {"run": str(page.run.number)} if page.run is not None and page.run_query else {}
    return wanted.query() | run


def _asked(request: PageRequest, id: UUID, said: Any) -> tuple[CampaignPage, Run, Wanted]:
    page = campaign_page.load(request, id, "recipients", typed=said.get("run", ""))
    if page.run is None:
        raise Http404
    return page, page.run, Wanted.read(said)


def _suggested(page: CampaignPage, wanted: Wanted) -> str:
    """Return a name: the campaign's and the filter's words, but never what was searched for."""
    words = [page.campaign.name, *wanted.in_words(is_private=True)]
    return " · ".join(words)[:_NAME_LENGTH]


def _listed(name: str, done: gathering.Gathered) -> str:
    if done.is_later:
        return _("“%(name)s” is being filled.") % {"name": name}
    sentence = ngettext("“%(name)s” has %(n)s person.", "“%(name)s” has %(n)s people.", done.count)
    return sentence % {"name": name, "n": grouped(done.count)}


def _question(run: Run, wanted: Wanted) -> Confirm:
    count = writing.expected(run, wanted)
    n = {"n": grouped(count)}
    who = (
        ngettext("%(n)s person.", "%(n)s people.", count)
        if writing.is_exact(run, wanted)
        else ngettext("At most %(n)s person.", "At most %(n)s people.", count)
    )
    channels = ", ".join(str(statuses.channel_look(one).label) for one in gathering.channels_of(run))
    return Confirm(
        title=_("Suppress their addresses?"),
        text=_("No campaign writes to them any more, until they are taken off the suppressions."),
        facts=[who % n, _("On: %(channels)s") % {"channels": channels}],
        label=_("Suppress"),
    )


def _with(url: str, fields: dict[str, str]) -> str:
    return f"{url}?{urlencode(fields)}" if fields else url
