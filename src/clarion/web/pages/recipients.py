"""The people of a campaign's run: the table, one person's details, the message again, and settling unknowns."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from uuid import UUID

from csp.decorators import csp
from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_POST, require_safe

from clarion.campaigns import operations
from clarion.deliveries import details, queries, unknowns
from clarion.deliveries.errors import UnknownsRefused
from clarion.deliveries.recipients import Page, recipients_page
from clarion.deliveries.states import Stage
from clarion.deliveries.unknowns import Choice
from clarion.web import campaign_page, people_columns, people_rows, recipient_filters, reveal
from clarion.web.confirm import confirm_page, is_confirmed
from clarion.web.links import changed_query, safe_next, workspace_url
from clarion.web.pages import gathered_people
from clarion.web.parts import Action
from clarion.web.person_page import (
    MESSAGE_POLICY,
    message_of,
    person_parts,
    question,
    show,
    unknown_actions,
    with_ticket,
)
from clarion.web.templatetags.ui import grouped
from clarion.workspaces.actors import of_member
from clarion.workspaces.errors import NotAllowed
from clarion.workspaces.permissions import Permission

if TYPE_CHECKING:
    from clarion.deliveries.models import Run
    from clarion.web.campaign_page import CampaignPage
    from clarion.web.http import PageRequest
    from clarion.web.recipient_filters import Filters

PAGE_SIZE = 50


@require_safe
@campaign_page.leading_on
def recipients(request: PageRequest, workspace: str, id: UUID) -> HttpResponse:
    """The table of people, narrowed and paged by the query string."""
    page = campaign_page.load(request, id, "recipients")
    if page.run is None:
        return HttpResponseRedirect(page.urls["detail"])
    filters = recipient_filters.read(request)
    found = recipients_page(
        page.run,
        limit=PAGE_SIZE,
        is_private=not request.member.may(Permission.VIEW_PII),
        **filters.arguments(),
    )
    groups = queries.problems(page.run)
    shown = people_columns.chosen(request.user)
    extra = people_columns.more(page.run, found.people, shown, may_see=page.may_see_people)
    rows = [replace(show(page, person), more=extra[person.id]) for person in found.people]
    context = {
        "page": page,
        "shown": shown,
        "column_options": people_columns.options(shown),
        "codes": recipient_filters.code_options(groups, filters),
        "these": gathered_people.actions(request, page, filters),
        "filters": filters,
        "stages": recipient_filters.stages(request, page.run, filters),
        "results": recipient_filters.results(filters),
        "reasons": recipient_filters.reason_options(groups, filters),
        "skips": recipient_filters.skips(page.run, filters),
        "chips": recipient_filters.chips(request, filters),
        "clear_url": page.urls["recipients"] + page.run_query,
        "found": found,
        "rows": people_rows.drawn(rows, shown),
        "position": _position(page.run, filters, found),
        "next_url": _place(request, after=found.next_after) if found.next_after is not None else "",
        "previous_url": _place(request, before=found.previous_before)
        if found.previous_before is not None
        else "",
        "unknown": _unknown_panel(page, filters, found),
        "run_number": page.run.number if page.run_query else None,
        "export_url": page.urls["exports"]
        + changed_query(request, after=None, before=None).replace(request.path, "")
        if page.may_export
        else "",
    }
    name = "campaign/recipients.html"
    if request.htmx and request.htmx.target == "results":
        name += "#results"
    return render(request, name, context)


@require_safe
@campaign_page.leading_on
def recipient(request: PageRequest, workspace: str, id: UUID, number: int) -> HttpResponse:
    """One person's details, in the drawer or as a page."""
    seen = reveal.take(request, _revealed(request, id, number))
    page = campaign_page.load(request, id, "recipients")
    found = details.delivery_details(page.run, number) if page.run is not None else None
    if page.run is None or found is None:
        raise Http404

    def message_url(step: int) -> str:
        url = workspace_url(request, "campaigns:message", id=id, number=number, step=step)
        return url + page.run_query

    reveal_url = workspace_url(request, "campaigns:reveal", id=id, number=number) + page.run_query
    context = {
        **person_parts(request, page, found, seen, message_url=message_url, reveal_url=reveal_url),
        "back": page.urls["recipients"] + page.run_query,
    }
    return render(request, "campaign/recipient.html", context)


def _revealed(request: PageRequest, id: UUID, number: int) -> str:
    return f"recipient {id} {request.GET.get('run', '')} {number}"


@require_POST
def reveal_(request: PageRequest, workspace: str, id: UUID, number: int) -> HttpResponse:
    """Note that the recipient's data were asked for, and show them."""
    page = campaign_page.load(request, id, "recipients", campaign=campaign_page.either(request, id))
    if page.run is None or details.delivery_details(page.run, number) is None:
        raise Http404
    by = of_member(request.member)
    operations.reveal_recipient(campaign=page.campaign, run=page.run.number, number=number, by=by)
    seen = reveal.ticket(request, _revealed(request, id, number))
    url = workspace_url(request, "campaigns:recipient", id=id, number=number)
    return HttpResponseRedirect(with_ticket(url + page.run_query, seen))


@require_safe
@xframe_options_sameorigin
@csp(MESSAGE_POLICY)  # type: ignore[arg-type]  # a PageRequest is what the middleware makes of a request
def message(request: PageRequest, workspace: str, id: UUID, number: int, step: int) -> HttpResponse:
    """The message to one person, made again, as a document of its own for a sandboxed frame."""
    reveal.take(request, _revealed(request, id, number))
    if not request.member.sees_people:
        raise Http404
    return message_of(
        request,
        campaign_page.load(request, id, "recipients", campaign=campaign_page.either(request, id)),
        number,
        step,
    )


@require_POST
def settle(request: PageRequest, workspace: str, id: UUID) -> HttpResponse:
    """Settle unknown messages as `choice` says: those of `ids`, or of `reason` and `code`, or all."""
    return settle_in(
        request, campaign_page.load(request, id, "recipients", campaign=campaign_page.either(request, id))
    )


def settle_in(request: PageRequest, page: CampaignPage) -> HttpResponse:
    """Settle what is posted of the page's run, and go back."""
    choice = request.POST.get("choice", "")
    if page.run is None or choice not in Choice.values:
        raise Http404
    selection = _selection(request)
    back = safe_next(request, default=page.urls["recipients"])
    if not is_confirmed(request):
        expected = len(selection["ids"]) if "ids" in selection else page.run.unknown
        return confirm_page(request, question(Choice(choice), expected), back=back)
    try:
        count = unknowns.settle_unknown(
            page.run, by=of_member(request.member), choice=Choice(choice), **selection
        )
    except NotAllowed:
        messages.error(request, _("Your role does not include this."))
    except UnknownsRefused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, _told(Choice(choice), count))
    return HttpResponseRedirect(back)


def _selection(request: PageRequest) -> dict[str, Any]:
    typed = request.POST.get("ids", "")
    if typed:
        numbers = [one for one in typed.split(",") if one.isascii() and one.isdigit() and len(one) < 16]
        return {"ids": [int(one) for one in numbers[:1000]]}
    chosen: dict[str, Any] = {}
    reason, code = request.POST.get("reason", ""), request.POST.get("code", "")
    if reason.isascii() and reason.isdigit() and len(reason) < 6:
        chosen["reason"] = int(reason)
    if code:
        chosen["code"] = "" if code == recipient_filters.NO_CODE else code[:20]
    return chosen


def _told(choice: Choice, count: int) -> str:
    n = {"n": grouped(count)}
    if not count:
        return _("None of these messages is unknown any more.")
    if choice is Choice.SENT:
        return ngettext("%(n)s message is marked as sent.", "%(n)s messages are marked as sent.", count) % n
    return ngettext("%(n)s message is sent again.", "%(n)s messages are sent again.", count) % n


@dataclass(frozen=True, slots=True, kw_only=True)
class UnknownPanel:
    """How many messages nobody knows of, and what may be done about those that are shown."""

    count: int
    is_part: bool
    actions: list[Action]
    show_url: str


def _unknown_panel(page: CampaignPage, filters: Filters, found: Page) -> UnknownPanel | None:
    if page.run is None or not page.run.unknown:
        return None
    is_shown = filters.stage is Stage.UNKNOWN
    selection: dict[str, str] = {}
    if is_shown and filters.reason is not None:
        selection["reason"] = str(filters.reason)
    if is_shown and filters.code is not None:
        selection["code"] = filters.code or recipient_filters.NO_CODE
    searched = bool(
        filters.q or filters.skip is not None or filters.not_skipped or filters.result is not None
    )
    if is_shown and searched:
        selection = {"ids": ",".join(str(person.id) for person in found.people)}
    count = (
        len(found.people)
        if "ids" in selection
        else (found.count if is_shown and found.count is not None else page.run.unknown)
    )
    may_act = page.may_settle and count > 0 and (is_shown or not filters.is_narrowed)
    join = "&" if page.run_query else "?"
    return UnknownPanel(
        count=page.run.unknown,
        is_part=bool(selection),
        actions=unknown_actions(page, selection, count) if may_act else [],
        show_url="" if is_shown else f"{page.urls['recipients']}{page.run_query}{join}status=unknown",
    )


def _place(request: PageRequest, **place: int) -> str:
    return changed_query(request, **({"after": None, "before": None} | place))


def _position(run: Run, filters: Filters, found: Page) -> str:
    """Return where the page is: exactly where numbers tell it, else how many are shown."""
    if not found.people:
        return ""
    first, last = found.people[0].id, found.people[-1].id
    if not filters.is_narrowed:
        return _("%(first)s–%(last)s of %(all)s") % {
            "first": grouped(first),
            "last": grouped(last),
            "all": grouped(run.total),
        }
    shown = {"n": grouped(len(found.people)), "first": grouped(first), "last": grouped(last)}
    if found.count is not None:
        return _("%(n)s of %(all)s, numbers %(first)s to %(last)s") % (shown | {"all": grouped(found.count)})
    return _("%(n)s shown, numbers %(first)s to %(last)s") % shown
