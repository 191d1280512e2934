"""The page of one sender: its forms, what is told about it, and what may be done to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from clarion.channels import registry
from clarion.channels.forms import SetupForm, protocols, setup_form
from clarion.deliveries import holdback
from clarion.senders import exchanges, linking, queries, secrets
from clarion.senders.models import Sender, SenderStatus
from clarion.senders.naming import queries as naming
from clarion.senders.provided import queries as provided
from clarion.web import sender_trials
from clarion.web.links import workspace_url
from clarion.web.parts import Action, Confirm
from clarion.web.sender_forms import SenderForm, SendTestForm, plain_numbers
from clarion.web.sender_guides import guide_of
from clarion.web.stopping import on_its_way
from clarion.workspaces.permissions import Permission

if TYPE_CHECKING:
    from clarion.deliveries.holdback import HeldBack
    from clarion.web.http import PageRequest


def sender_of(request: PageRequest, id: UUID) -> Sender:
    sender = queries.sender_for(request.member, id)
    if sender is None:
        raise Http404
    return sender


def actions_of(request: PageRequest, sender: Sender, *, used_by: int, with_open: bool) -> list[Action]:
    """Return what the member may do to the sender."""

    def url(name: str) -> str:
        return workspace_url(request, name, id=sender.public_id)

    actions = []
    if with_open:
        actions.append(Action(label=_("Open"), url=url("sender"), icon="pencil"))
    if not request.member.may(Permission.MANAGE_SENDERS):
        return actions
    if sender.status == SenderStatus.ACTIVE:
        actions.append(
            Action(
                label=_("Pause"),
                url=url("sender_pause"),
                icon="pause",
                method="post",
                confirm=pause_question(sender),
            )
        )
    else:
        actions.append(Action(label=_("Activate"), url=url("sender_activate"), icon="play", method="post"))
    actions.append(
        Action(
            label=_("Delete"),
            url=url("sender_delete"),
            icon="trash-2",
            method="post",
            style="danger",
            separate=True,
            disabled=_("Campaigns use it.") if used_by else "",
            confirm=delete_question(sender),
        )
    )
    return actions


def pause_question(sender: Sender, held: HeldBack | None = None) -> Confirm:
    """Return the question before a sender is stopped; `held` gives it its numbers."""
    return Confirm(
        title=_("Pause “%(name)s”?") % {"name": sender.name},
        text=_("Its campaigns wait, within a second, until it is active again. Nothing is lost."),
        facts=on_its_way(held) if held is not None else [],
        label=_("Pause"),
        danger=False,
    )


def activate_question(sender: Sender, held: HeldBack) -> Confirm:
    """Return the question before a stopped sender sends again."""
    return Confirm(
        title=_("Activate “%(name)s”?") % {"name": sender.name},
        text=_("Campaigns that wait for it go on at once, where they were."),
        facts=on_its_way(held),
        label=_("Activate"),
        danger=False,
    )


def _stop_question(sender: Sender, held: HeldBack) -> Confirm:
    is_active = sender.status == SenderStatus.ACTIVE
    return pause_question(sender, held) if is_active else activate_question(sender, held)


def delete_question(sender: Sender) -> Confirm:
    return Confirm(
        title=_("Delete “%(name)s”?") % {"name": sender.name},
        text=_("Its settings and credentials are gone for good."),
        label=_("Delete"),
    )


def form_of(sender: Sender) -> type[SetupForm]:
    """Return the form of the sender's settings."""
    protocol = sender.config.get("protocol", "")
    return setup_form(sender.channel, protocol if protocol in protocols(sender.channel) else "")


def sender_page(request: PageRequest, sender: Sender, **context: Any) -> HttpResponse:
    form = SenderForm(initial=SenderForm.initial_of(sender))
    setup = form_of(sender)(
        initial=plain_numbers(sender.config), secrets_set=tuple(secrets.set_names(sender))
    )
    return editor(request, sender, sender.channel, form, setup, **context)


def _own_address(request: PageRequest, channel: str) -> str:
    """Return where a test is likely to go: to oneself, by mail."""
    return request.member.user.email if registry.get(channel).address_kind == "email" else ""


def _last_failure(sender: Sender) -> dict[str, Any] | None:
    """Return the newest failure of the provider log, and where the provider explains its code."""
    one = exchanges.exchanges_of(sender, failures_only=True).first()
    if one is None:
        return None
    return {"one": one, "doc": registry.get(sender.channel).code_url(one.code) if one.code else ""}


def editor(
    request: PageRequest,
    sender: Sender | None,
    channel: str,
    form: SenderForm,
    setup: SetupForm,
    **context: Any,
) -> HttpResponse:
    may_manage = request.member.may(Permission.MANAGE_SENDERS)
    if not may_manage:
        for field in (*form.fields.values(), *setup.fields.values()):
            field.disabled = True
    if sender is None and not form.is_bound:
        suggested = getattr(registry.get(channel), "suggested_limits", {})
        form.initial = {**form.initial, **{f"limit_{span}": value for span, value in suggested.items()}}
    used_by = getattr(sender, "used_by_count", 0)
    held = holdback.held_back(request.workspace, sender) if sender else None
    filled = {
        "held": held,
        "stop": holdback.stop_of(sender) if sender else None,
        "stop_question": _stop_question(sender, held) if sender and held else None,
        "sender": sender,
        "channel": channel,
        "form": form,
        "setup": setup,
        "may_manage": may_manage,
        "may_test": request.member.may(Permission.EDIT),
        "used_by": used_by,
        "health": queries.health_of(sender) if sender else None,
        "failure": _last_failure(sender) if sender and may_manage else None,
        "status": sender.status.lower() if sender else "",
        "has_templates": bool(sender and provided.approving(sender.channel)),
        "has_names": bool(sender and naming.has_names(sender)),
        "guide": guide_of(sender) if sender else None,
        "is_linkable": sender is not None and linking.is_linkable(sender),
        "records": sender_trials.dns_records(sender) if sender and may_manage else [],
        "actions": actions_of(request, sender, used_by=used_by, with_open=False) if sender else [],
        "test_form": SendTestForm(
            member=request.member, channel=channel, initial={"address": _own_address(request, channel)}
        ),
        **context,
    }
    has_errors = (form.is_bound and form.errors) or (setup.is_bound and setup.errors)
    return render(request, "senders/edit.html", filled, status=422 if has_errors else 200)
