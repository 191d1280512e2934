"""What a member may do with a campaign, as buttons and menu entries: `campaigns.offers` in the interface's words.

Everything that changes something posts to `campaigns:act`. Starting is asked about there, where the number of
people is known; what can be undone is not asked about at all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from clarion.campaigns import offers
from clarion.campaigns.offers import Handling
from clarion.campaigns.operations.launching import WAITING
from clarion.campaigns.states import Action, Status
from clarion.web import run_actions
from clarion.web.links import workspace_url
from clarion.web.parts import Action as Button
from clarion.web.parts import Confirm
from clarion.web.templatetags.ui import grouped
from clarion.workspaces.permissions import Permission

if TYPE_CHECKING:
    from clarion.campaigns.models import Campaign
    from clarion.deliveries.listing import Progress
    from clarion.web.http import PageRequest

ICONS: dict[str, str] = {
    Action.SUBMIT: "shield-question-mark", Action.WITHDRAW: "undo-2", Action.APPROVE: "shield-check",
    Action.REJECT: "ban", Action.RELEASE: "list-checks",
    Action.START: "play", Action.SCHEDULE: "calendar-clock", Action.PAUSE: "pause", Action.CONTINUE: "play",
    Action.STOP: "square", Action.CANCEL: "ban", Action.EDIT: "pencil",
    Handling.DUPLICATE: "copy", Handling.ARCHIVE: "archive", Handling.RESTORE: "archive-restore",
    Handling.DELETE: "trash-2", Handling.PURGE: "trash-2",
}  # fmt: skip

#: What cannot be taken back.
_REMOVING = (Handling.DELETE, Handling.PURGE)

#: What stands before the rest in a header.
_PRIMARY = (Action.CONTINUE, Action.START)


def buttons(
    request: PageRequest, campaign: Campaign, progress: Progress | None = None, *, with_open: bool = False
) -> list[Button]:
    """Return all that the member may do with the campaign now, for a menu.

    `progress` gives the questions their numbers; `with_open` begins with links to the campaign's own page, what
    there is to know about it, and its analytics.
    """
    made: list[Button] = []
    if with_open:
        made.append(Button(label=_("Open"), icon="eye", url=_url(request, "detail", campaign)))
        made.append(Button(label=_("Info"), icon="info", url=_url(request, "info", campaign), drawer=True))
        if campaign.started_at is not None:
            compare = f"{workspace_url(request, 'statistics')}?id={campaign.public_id}"
            made.append(Button(label=_("Analytics"), icon="chart-column", url=compare))
    made += [
        button
        for action in offers.actions_for(campaign, request.member)
        if (button := _state_button(request, campaign, action, progress)) is not None
    ]
    if (
        campaign.status == Status.PAUSED
        and campaign.archived_at is None
        and request.member.may(Permission.EDIT)
    ):
        url = _url(request, "edit", campaign)
        made.append(Button(label=_("Change the timing"), icon="timer", url=url))
    made += run_actions.buttons(request, campaign, progress)
    for handling in offers.handling_for(campaign, request.member):
        made.append(_handling_button(request, campaign, handling, progress, is_first=handling in _REMOVING))
    return made


def one_off_buttons(request: PageRequest, campaign: Campaign) -> list[Button]:
    """Return all that the member may do with a one-off now."""
    made = []
    for action in offers.one_off_actions(campaign, request.member):
        if action in (Action.APPROVE, Action.REJECT, Action.RELEASE):
            made.append(_review_button(request, campaign, action))
            continue
        label = _("Start now") if action is Action.START else action.label
        style = "danger" if action is Action.CANCEL else "primary" if action in _PRIMARY else ""
        made.append(
            Button(
                label=_("Cancel it") if action is Action.CANCEL else label,
                icon=ICONS[action], url=_url(request, "act", campaign, action=action.value), method="post",
                style=style, confirm=confirm_for(campaign, action, None),
            )
        )  # fmt: skip
    if Handling.DELETE in offers.handling_for(campaign, request.member):
        made.append(_handling_button(request, campaign, Handling.DELETE, None, is_first=True))
    return made


def header(
    request: PageRequest, campaign: Campaign, progress: Progress | None = None
) -> tuple[list[Button], list[Button]]:
    """Return what stands first in a campaign's head (start, continue or pause) and the rest."""
    every = buttons(request, campaign, progress)
    pause = _url(request, "act", campaign, action=Action.PAUSE.value)
    ahead = [button for button in every if button.style == "primary" or button.url == pause][:1]
    return ahead, [button for button in every if button not in ahead]


def _state_button(
    request: PageRequest, campaign: Campaign, action: Action, progress: Progress | None
) -> Button | None:
    act = _url(request, "act", campaign, action=action.value)
    icon = ICONS[action]
    is_unwritten = campaign.status in (Status.DRAFT, Status.STOPPED, Status.FAILED)
    match action:
        case Action.SUBMIT | Action.WITHDRAW | Action.APPROVE | Action.REJECT | Action.RELEASE:
            return _review_button(request, campaign, action)
        case Action.START if is_unwritten:
            label = _("Start again") if campaign.status != Status.DRAFT else _("Review and start")
            if campaign.status == Status.DRAFT:
                url = _url(request, "edit", campaign) + "#review"
                return Button(label=label, icon=icon, url=url, style="primary")
            return Button(label=label, icon=icon, url=act, method="post", style="primary")
        case Action.START:
            return Button(label=_("Start now"), icon=icon, url=act, method="post", style="primary")
        case Action.SCHEDULE if campaign.status == Status.DRAFT or campaign.launch not in WAITING:
            return None  # it has no time yet, or is being composed: that is where the time is said
        case Action.EDIT:
            return Button(label=_("Edit"), icon=icon, url=_url(request, "edit", campaign))
        case Action.STOP | Action.CANCEL:
            confirm = confirm_for(campaign, action, progress)
            style = "danger" if action is Action.CANCEL else ""
            return Button(label=action.label, icon=icon, url=act, method="post", style=style, confirm=confirm)
    style = "primary" if action in _PRIMARY else ""
    return Button(label=action.label, icon=icon, url=act, method="post", style=style)


def _review_button(request: PageRequest, campaign: Campaign, action: Action) -> Button:
    """Return a step of moderation. What has to be looked at first leads to the page that shows it."""
    icon = ICONS[action]
    if action is Action.SUBMIT and campaign.status == Status.DRAFT:
        url = _url(request, "edit", campaign) + "#review"
        return Button(label=_("Review and submit"), icon=icon, url=url, style="primary")
    if action in (Action.SUBMIT, Action.WITHDRAW):
        act = _url(request, "act", campaign, action=action.value)
        style = "primary" if action is Action.SUBMIT else ""
        return Button(label=action.label, icon=icon, url=act, method="post", style=style)
    look = workspace_url(request, "moderation_review", id=campaign.public_id)
    if action is Action.REJECT:
        return Button(label=_("Reject…"), icon=icon, url=f"{look}#reject")
    label = _("Review and approve") if action is Action.APPROVE else _("Look at the first part")
    return Button(label=label, icon=icon, url=look, style="primary")


def _handling_button(
    request: PageRequest,
    campaign: Campaign,
    handling: Handling,
    progress: Progress | None,
    *,
    is_first: bool,
) -> Button:
    is_delete = handling in _REMOVING
    return Button(
        label=handling.label,
        icon=ICONS[handling],
        url=_url(request, "act", campaign, action=handling.value),
        method="post",
        style="danger" if is_delete else "",
        separate=is_first,
        confirm=confirm_for(campaign, handling, progress) if is_delete else None,
    )


def confirm_for(campaign: Campaign, action: str, progress: Progress | None) -> Confirm | None:
    """Return the question before the action, None for what is done without asking."""
    name = {"name": campaign.name}
    if action == Handling.DELETE:
        return Confirm(
            title=_("Delete “%(name)s”?") % name,
            text=_("It was never sent. It cannot be brought back."),
            label=_("Delete it") if campaign.is_one_off else _("Delete campaign"),
        )
    if action == Handling.PURGE:
        if not offers.is_purgeable(campaign):
            return None
        return Confirm(
            title=_("Delete “%(name)s” for good?") % name,
            text=_(
                "With it goes the record of every message of all its runs. Only the audit log keeps that it existed."
            ),
            facts=[_people_fact(progress.everybody if progress is not None else 0)],
            label=_("Delete for good"),
            type_to_confirm=campaign.name,
        )
    waiting = progress.waiting if progress is not None else 0
    if action == Action.CANCEL and campaign.is_one_off:
        return Confirm(
            title=_("Cancel “%(name)s”?") % name,
            text=_("The message will not be sent, unless it is at the provider already."),
            label=_("Cancel it"),
        )
    if action == Action.CANCEL:
        return Confirm(
            title=_("Cancel “%(name)s”?") % name,
            text=_("A cancelled campaign cannot be started again; it can be duplicated."),
            facts=_facts(progress, waiting),
            label=_("Cancel campaign"),
        )
    if action == Action.STOP:
        return Confirm(
            title=_("Stop “%(name)s”?") % name,
            text=_(
                "This ends the run. The campaign can be changed and launched again, which begins from the start."
            ),
            facts=_facts(progress, waiting),
            label=_("Stop campaign"),
        )
    return None


def _people_fact(people: int) -> str:
    return ngettext(
        "%(n)s recipient’s record of the latest run goes.",
        "%(n)s recipients’ records of the latest run go.",
        people,
    ) % {"n": grouped(people)}


def _facts(progress: Progress | None, waiting: int) -> list[str]:
    if progress is None:
        return [_("Nobody has been messaged yet.")]
    facts = [
        ngettext("%(n)s person will not be messaged.", "%(n)s people will not be messaged.", waiting)
        % {"n": grouped(waiting)}
    ]
    if progress.sent:
        facts.append(
            ngettext("%(n)s person has got it already.", "%(n)s people have got it already.", progress.sent)
            % {"n": grouped(progress.sent)}
        )
    return facts


def _url(request: PageRequest, name: str, campaign: Campaign, **kwargs: object) -> str:
    return workspace_url(request, f"campaigns:{name}", id=campaign.public_id, **kwargs)
