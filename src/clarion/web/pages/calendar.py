"""The calendar: what is sent when, by month, week or day, and moving what is scheduled."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlencode, urlsplit
from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from clarion.campaigns import offers, operations, queries, recurrence, shifting
from clarion.campaigns.errors import CampaignInvalid, TransitionRefused
from clarion.campaigns.models import Launch
from clarion.campaigns.states import Status
from clarion.deliveries import calendar
from clarion.web import calendar_grid, timing_words
from clarion.web.calendar_grid import View
from clarion.web.confirm import confirm_page, is_confirmed
from clarion.web.links import safe_next, workspace_url
from clarion.web.middleware import zone_named
from clarion.web.parts import Confirm, Fact, Tab
from clarion.workspaces.actors import of_member
from clarion.workspaces.errors import NotAllowed
from clarion.workspaces.permissions import Permission

if TYPE_CHECKING:
    from clarion.campaigns.models import Campaign
    from clarion.deliveries.calendar import Entry
    from clarion.web.calendar_grid import Item
    from clarion.web.http import PageRequest

#: Years that the calendar leafs through.
_YEARS = range(1971, 2200)
#: Coming dates that the question before a move names.
_NAMED = 3


@require_safe
def page(request: PageRequest, workspace: str) -> HttpResponse:
    """The calendar of `?view=` around `?date=`, or only its sheet when its own links ask."""
    context = _sheet(request)
    if request.htmx and request.htmx.target == "calendar" and not request.htmx.history_restore_request:
        return render(request, "calendar/calendar.html#sheet", context)
    return render(request, "calendar/calendar.html", context)


def _sheet(request: PageRequest) -> dict[str, Any]:
    zone = timezone.get_current_timezone_name()
    today = timezone.localdate()
    view = View(asked) if (asked := request.GET.get("view", "")) in list(View) else View.MONTH
    day = _day(request.GET.get("date", "")) or today
    weekday = calendar_grid.first_weekday(request.workspace.locale)
    first, last = calendar_grid.span(view, day, weekday)
    found = calendar.entries(request.member, first, last, zone)
    here = _url(request, view, day)
    may_move = request.member.may(Permission.LAUNCH)

    def item_of(entry: Entry, on: date) -> Item:
        is_movable = may_move and entry.is_coming and entry.campaign.status == Status.SCHEDULED
        return calendar_grid.item(
            entry,
            on,
            zone=zone,
            url=_planned_url(request, entry, here),
            move_url=workspace_url(request, "campaigns:move", id=entry.campaign.public_id)
            if is_movable
            else "",
        )

    weeks = calendar_grid.weeks(
        found, view, day, zone=zone, today=today, weekday=weekday, item_of=item_of,
        day_url=lambda one: _url(request, View.DAY, one),
    )  # fmt: skip
    return {
        "view": view,
        "title": calendar_grid.title(view, day, first, last),
        "weeks": weeks,
        "weekdays": calendar_grid.weekdays(weekday) if view is not View.DAY else [],
        "is_empty": not found,
        "is_cut": len(found) >= calendar.MOST,
        "zone": zone,
        "workspace_zone": request.workspace.zone,
        "views": [
            Tab(label=label, url=_url(request, one, day), current=one is view)
            for one, label in ((View.MONTH, _("Month")), (View.WEEK, _("Week")), (View.DAY, _("Day")))
        ],
        "previous_url": _url(request, view, calendar_grid.neighbour(view, day, -1)),
        "next_url": _url(request, view, calendar_grid.neighbour(view, day, 1)),
        "today_url": _url(request, view, today),
        "is_now": first <= today <= last
        if view is not View.MONTH
        else day.replace(day=1) == today.replace(day=1),
        "may_move": may_move,
        "may_create": request.member.may(Permission.EDIT),
        "here": here,
    }


@require_safe
def planned(request: PageRequest, workspace: str, id: UUID) -> HttpResponse:
    """The primary facts of a campaign on one of its dates, in the drawer or as a page."""
    campaign = _campaign(request, id)
    at = _moment(request.GET.get("at", ""))
    entry = calendar.entry(campaign, at) if at is not None else None
    at = entry.begins_at if entry is not None else at
    back = safe_next(request, default=workspace_url(request, "calendar"))
    is_movable = (
        entry is not None
        and entry.is_coming
        and campaign.status == Status.SCHEDULED
        and request.member.may(Permission.LAUNCH)
    )
    local = at.astimezone(zone_named(campaign.zone)) if at is not None else None
    context = {
        "campaign": campaign,
        "channels": list(dict.fromkeys(step.channel for step in campaign.steps.all())),
        "facts": _facts(campaign, at),
        "at": at,
        "local": local,
        "is_movable": is_movable,
        "why_not": "" if is_movable else _why_not(request, campaign),
        "is_recurring": campaign.launch == Launch.RECURRING,
        "may_edit": request.member.may(Permission.EDIT) and campaign.status in offers.TIMING_EDITABLE,
        "back": back,
    }
    return render(request, "calendar/planned.html", context)


@require_POST
def move(request: PageRequest, workspace: str, id: UUID) -> HttpResponse:
    """Move a date to `day` (in the viewer's zone, keeping the time of day) or to `date` and `time` (in the campaign's).

    With `ask`, answer with the question as JSON; the browser asks it in a dialog. Without scripts it is a page.
    """
    campaign = _campaign(request, id)
    back = safe_next(request, default=workspace_url(request, "calendar"))
    try:
        from_at, to_at = _asked(request, campaign)
        if not request.member.may(Permission.LAUNCH):
            raise CampaignInvalid([_("Your role does not include scheduling campaigns.")])
        shift = shifting.shift(campaign, from_at=from_at, to_at=to_at, now=timezone.now())
        question = _question(campaign, from_at, to_at, shift)
        if request.POST.get("ask"):
            return JsonResponse(
                {
                    "title": question.title, "text": question.text, "label": question.label,
                    "facts": "\n".join(str(fact) for fact in question.facts),
                }
            )  # fmt: skip
        if not is_confirmed(request):
            return confirm_page(request, question, back=back)
        operations.reschedule(campaign=campaign, from_at=from_at, to_at=to_at, by=of_member(request.member))
    except (CampaignInvalid, TransitionRefused, NotAllowed) as error:
        return _refused(request, error, back)
    messages.success(
        request,
        _("“%(name)s” is moved to %(when)s.")
        % {"name": campaign.name, "when": timing_words.moment(to_at, campaign.zone)},
    )
    return HttpResponseRedirect(_after(request, campaign, to_at, back))


def _refused(request: PageRequest, error: Exception, back: str) -> HttpResponse:
    if isinstance(error, CampaignInvalid):
        sentence = " ".join(error.problems)
    else:
        sentence = _("That is not possible any more: somebody else was quicker.")
    if request.POST.get("ask"):
        return JsonResponse({"refused": sentence})
    messages.error(request, sentence)
    return HttpResponseRedirect(back)


def _asked(request: PageRequest, campaign: Campaign) -> tuple[datetime, datetime]:
    """Return from when to when the date is to move. Raises CampaignInvalid for what is no date or time."""
    from_at = _moment(request.POST.get("from", ""))
    if from_at is None:
        raise CampaignInvalid([_("Say which of its dates is to move.")])
    if request.POST.get("day"):
        to_day = _day(request.POST["day"])
        if to_day is None:
            raise CampaignInvalid([_("Give a date.")])
        days = (to_day - timezone.localtime(from_at).date()).days
        return from_at, shifting.days_later(from_at, days, campaign.zone)
    to_day = _day(request.POST.get("date", ""))
    try:
        to_time = time.fromisoformat(request.POST.get("time", ""))
    except ValueError:
        to_time = None
    if to_day is None or to_time is None or to_time.tzinfo is not None:
        raise CampaignInvalid([_("Give both the date and the time.")])
    there = ZoneInfo(campaign.zone)
    return from_at, datetime.combine(to_day, to_time, tzinfo=there).astimezone(UTC)


def _question(campaign: Campaign, from_at: datetime, to_at: datetime, shift: shifting.Shift) -> Confirm:
    """Return the question before a move: from when to when, and what moves with it."""
    zone, mine = campaign.zone, timezone.get_current_timezone_name()
    old, new = timing_words.moment(from_at, zone, with_zone=False), timing_words.moment(to_at, zone)
    facts = []
    if from_at.astimezone(ZoneInfo(zone)).utcoffset() != from_at.astimezone(ZoneInfo(mine)).utcoffset() or (
        to_at.astimezone(ZoneInfo(zone)).utcoffset() != to_at.astimezone(ZoneInfo(mine)).utcoffset()
    ):
        facts.append(_("In your own time that is %(when)s.") % {"when": timing_words.moment(to_at, mine)})
    if shift.rule is not None:
        coming = recurrence.between(shift.rule, shift.next_at, datetime.max.replace(tzinfo=UTC), _NAMED)
        dates = "; ".join(timing_words.short_moment(at, zone) for _n, at in coming)
        facts.append(
            _("It recurs: all its coming dates move with this one. The next are %(dates)s.")
            % {"dates": dates}
        )
    elif shift.ends_at is not None and shift.ends_at != campaign.ends_at:
        facts.append(
            _("Its end moves too, to %(when)s.") % {"when": timing_words.moment(shift.ends_at, zone)}
        )
    return Confirm(
        title=_("Move “%(name)s”?") % {"name": campaign.name},
        text=_("From %(old)s to %(new)s.") % {"old": old, "new": new},
        facts=facts,
        label=_("Move"),
        danger=False,
    )


def _facts(campaign: Campaign, at: datetime | None) -> list[Fact]:
    """Return what one wants to know first."""
    zone = campaign.zone
    facts = []
    if at is not None:
        facts.append(Fact(label=_("At"), value=timing_words.moment(at, zone)))
    facts.append(Fact(label=_("Launch"), value=Launch(campaign.launch).label))
    facts.append(Fact(label=_("Timing"), value=timing_words.whole(campaign)))
    coming = calendar.coming(campaign, 4) if campaign.launch == Launch.RECURRING else []
    if coming:
        dates = "; ".join(timing_words.short_moment(one, zone) for one in coming)
        facts.append(Fact(label=_("Coming dates"), value=dates))
    senders = [step.sender.name for step in campaign.steps.all() if step.sender is not None]
    facts.append(Fact(label=_("Sender"), value=", ".join(dict.fromkeys(senders)) or "—", user_text=True))
    facts.append(Fact(label=_("Audience"), value=str(campaign.source or "—"), user_text=True))
    if campaign.created_by:
        facts.append(Fact(label=_("Author"), value=str(campaign.created_by), user_text=True))
    if campaign.tags:
        facts.append(Fact(label=_("Tags"), value=", ".join(campaign.tags), user_text=True))
    if campaign.notes:
        facts.append(Fact(label=_("Notes"), value=campaign.notes, user_text=True))
    return facts


def _why_not(request: PageRequest, campaign: Campaign) -> str:
    """Return why the date cannot be moved, "" where nobody would want to."""
    if campaign.status == Status.SCHEDULED:
        if not request.member.may(Permission.LAUNCH):
            return _("Your role does not include scheduling campaigns.")
        return _("This date is over; only coming ones can be moved.")
    if campaign.status in (Status.READY, Status.IN_REVIEW, Status.PAUSED):
        word = campaign.get_status_display().lower()
        return _("Only a scheduled campaign can be moved; this one is %(status)s.") % {"status": word}
    return ""


def _after(request: PageRequest, campaign: Campaign, to_at: datetime, back: str) -> str:
    """Return the calendar in the view one came from, at the date's new place."""
    day = timezone.localtime(to_at).date()
    asked = parse_qs(urlsplit(back).query).get("view", [""])[0]
    view = View(asked) if asked in list(View) else View.MONTH
    return f"{_url(request, view, day)}#on-{campaign.public_id}-{day:%Y%m%d}"


def _campaign(request: PageRequest, id: UUID) -> Campaign:
    campaign = queries.campaign_for(request.member, id)
    if campaign is None:
        raise Http404
    return campaign


def _planned_url(request: PageRequest, entry: Entry, here: str) -> str:
    url = workspace_url(request, "campaigns:planned", id=entry.campaign.public_id)
    return f"{url}?{urlencode({'at': entry.begins_at.isoformat(), 'next': here})}"


def _url(request: PageRequest, view: View, day: date) -> str:
    return f"{workspace_url(request, 'calendar')}?{urlencode({'view': view.value, 'date': day.isoformat()})}"


def _day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if day.year in _YEARS else None


def _moment(text: str) -> datetime | None:
    try:
        at = parse_datetime(text)
    except ValueError:
        return None
    return at if at is not None and timezone.is_aware(at) and at.year in _YEARS else None
