"""The one address to which every button of a campaign posts, whatever page it stands on."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from clarion.campaigns import operations, preflight, queries
from clarion.campaigns.errors import AwaitsRelease, CampaignInvalid, TransitionRefused
from clarion.campaigns.offers import ONE_OFF_ACTIONS, Handling
from clarion.campaigns.states import Action
from clarion.deliveries import listing, purging
from clarion.web import typed, undo
from clarion.web.campaign_actions import confirm_for
from clarion.web.confirm import confirm_page, is_confirmed
from clarion.web.durations import in_words
from clarion.web.links import safe_next, workspace_url
from clarion.web.parts import Confirm
from clarion.web.templatetags.ui import grouped
from clarion.workspaces.actors import Actor, of_member
from clarion.workspaces.errors import NotAllowed

if TYPE_CHECKING:
    from clarion.campaigns.models import Campaign
    from clarion.web.http import PageRequest

_REASON_LENGTH = 500


def _done(name: str) -> dict[str, str]:
    """What is said after each action."""
    values = {"name": name}
    return {
        Action.SUBMIT: _("“%(name)s” is submitted. It waits in Moderation.") % values,
        Action.WITHDRAW: _("“%(name)s” is a draft again.") % values,
        Action.SCHEDULE: _("“%(name)s” is scheduled.") % values,
        Action.START: _("“%(name)s” has started.") % values,
        Action.PAUSE: _("“%(name)s” is paused.") % values,
        Action.CONTINUE: _("“%(name)s” goes on.") % values,
        Action.STOP: _("“%(name)s” is stopped.") % values,
        Action.CANCEL: _("“%(name)s” is cancelled.") % values,
        Action.EDIT: _("“%(name)s” is a draft again.") % values,
        Handling.DUPLICATE: _("This is the copy of “%(name)s”.") % values,
        Handling.ARCHIVE: _("“%(name)s” is in the archive.") % values,
        Handling.RESTORE: _("“%(name)s” is back.") % values,
        Handling.DELETE: _("“%(name)s” is deleted.") % values,
        Handling.PURGE: _("“%(name)s” is deleted for good.") % values,
    }


def _simple(operation: Callable[..., Campaign]) -> Callable[[Campaign, Actor, str], Campaign | None]:
    return lambda campaign, by, reason: operation(campaign=campaign, by=by, reason=reason)


def _noted(operation: Callable[..., Campaign]) -> Callable[[Campaign, Actor, str], Campaign | None]:
    return lambda campaign, by, reason: operation(campaign=campaign, by=by, note=reason)


def _plain(operation: Callable[..., Any]) -> Callable[[Campaign, Actor, str], Campaign | None]:
    return lambda campaign, by, _reason: operation(campaign=campaign, by=by)


def _purge(campaign: Campaign, by: Actor, _reason: str) -> None:
    purging.purge(campaign=campaign, by=by)


#: Scheduling goes by the time that the campaign has; another one is said on the page where it is composed.
DOING: dict[str, Callable[[Campaign, Actor, str], Campaign | None]] = {
    Action.SUBMIT: _noted(operations.submit),
    Action.WITHDRAW: _noted(operations.withdraw),
    Action.SCHEDULE: _simple(operations.schedule_as_said),
    Action.START: _simple(operations.start),
    Action.PAUSE: _simple(operations.pause),
    Action.CONTINUE: _simple(operations.continue_),
    Action.STOP: _simple(operations.stop),
    Action.CANCEL: _simple(operations.cancel),
    Action.EDIT: _simple(operations.reopen),
    Handling.DUPLICATE: _plain(operations.duplicate),
    Handling.ARCHIVE: _plain(operations.archive),
    Handling.RESTORE: _plain(operations.restore),
    Handling.DELETE: _plain(operations.delete),
    Handling.PURGE: _purge,
}
#: Decisions are made on the page that shows what is decided on.
_LOOKED_AT = frozenset({Action.APPROVE, Action.REJECT, Action.RELEASE})


@require_POST
def act(request: PageRequest, workspace: str, id: UUID, action: str) -> HttpResponse:
    """Do it, say so in a toast, and go back; what is dangerous is asked about first."""
    campaign = queries.sending_for(request.member, id)
    if campaign is None or action not in {*DOING, *_LOOKED_AT}:
        raise Http404
    if campaign.is_one_off and action not in {*ONE_OFF_ACTIONS, Handling.DELETE}:
        raise Http404
    if action in _LOOKED_AT:
        return HttpResponseRedirect(workspace_url(request, "moderation_review", id=id))
    if campaign.is_one_off:
        detail = cure = workspace_url(request, "history_one", id=id)
        index = workspace_url(request, "history")
    else:
        detail = workspace_url(request, "campaigns:detail", id=id)
        cure = workspace_url(request, "campaigns:edit", id=id) + "#review"
        index = workspace_url(request, "archive" if action == Handling.PURGE else "campaigns")
    return _act_on(request, campaign, action, back=safe_next(request, default=detail), cure=cure, index=index)


def _act_on(
    request: PageRequest, campaign: Campaign, action: str, *, back: str, cure: str, index: str
) -> HttpResponse:
    """Do it and go `back`; to `cure` when something blocks it, and to `index` from what is gone."""
    if action == Handling.PURGE or not is_confirmed(request):
        question = _question(campaign, action)
        if question is not None and not is_confirmed(request, typed=question.type_to_confirm):
            return confirm_page(request, question, back=back)
    reason = typed.words(request.POST, "reason", _REASON_LENGTH)
    try:
        result = DOING[action](campaign, of_member(request.member), reason)
    except NotAllowed:
        return _answer(request, back, "error", _("Your role does not include this."))
    except AwaitsRelease:
        return _answer(request, back, "warning", _("The rest waits for a moderator's second yes."))
    except TransitionRefused:
        sentence = _("That is not possible any more: the campaign is %(status)s now.")
        now = queries.sending_for(request.member, campaign.public_id)
        if now is None:
            return _answer(request, index, "error", _("The campaign is gone."))
        word = now.get_status_display().lower()
        return _answer(request, back, "warning", sentence % {"status": word})
    except CampaignInvalid as error:
        return _answer(request, cure, "error", " ".join(error.problems))
    if action == Handling.ARCHIVE:
        undo.offer(request, [campaign])
    return _answer(
        request, _next_page(request, action, result, back, index), "success", _done(campaign.name)[action]
    )


def _next_page(request: PageRequest, action: str, result: Campaign | None, back: str, index: str) -> str:
    """Return where to go: the copy that was made, the draft that is open again, not the page of what is gone."""
    if action in (Handling.DUPLICATE, Action.EDIT) and result is not None:
        return workspace_url(request, "campaigns:edit", id=result.public_id)
    if action in (Action.START,) and result is not None and back.split("#")[0].endswith("/edit/"):
        return workspace_url(request, "campaigns:detail", id=result.public_id)
    if action in (Handling.DELETE, Handling.PURGE):
        return back if "?" in back and back.split("?")[0].endswith(index) else index
    return back


def _answer(request: PageRequest, url: str, level: str, text: str) -> HttpResponse:
    """Return a redirect with the text as a toast; for htmx, only the toast and the request to refresh."""
    if request.htmx:
        response = HttpResponse(status=204)
        response["HX-Trigger"] = json.dumps({"toast": {"text": text, "level": level}})
        return response
    getattr(messages, level)(request, text, extra_tags=undo.tag(request))
    return HttpResponseRedirect(url)


def _question(campaign: Campaign, action: str) -> Confirm | None:
    if action == Action.START:
        return start_question(campaign, preflight.examine(campaign))
    (row,) = listing.rows_of([campaign], with_steps=False)
    return confirm_for(campaign, action, row.progress)


def start_question(campaign: Campaign, examined: preflight.Preflight) -> Confirm | None:
    """Return the question before a start, with the numbers; None when something blocks it anyway."""
    if examined.blockers:
        return None
    n = examined.recipients or 0
    facts = [ngettext("%(n)s person will get it.", "%(n)s people will get it.", n) % {"n": grouped(n)}]
    if examined.forecast is not None and examined.forecast.span is not None:
        facts.append(_("It will take about %(span)s.") % {"span": in_words(examined.forecast.span)})
    facts += [check.sentence for check in examined.checks if check.code == "balance"]
    facts += [check.sentence for check in examined.warnings if check.code != "forecast"]
    return Confirm(
        title=_("Start “%(name)s” now?") % {"name": campaign.name},
        text=_("Sending begins at once. It can be paused at any time."),
        facts=facts,
        label=_("Start sending"),
        danger=False,
    )
