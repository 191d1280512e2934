"""The list of senders, their settings, and trying them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from clarion.channels import registry
from clarion.channels.base import ConfigInvalid
from clarion.channels.forms import SetupForm, protocols, setup_form
from clarion.senders import operations, queries, secrets
from clarion.senders.errors import LimitInvalid, NameTaken
from clarion.senders.models import Sender, SenderStatus
from clarion.web.links import changed_query, workspace_url
from clarion.web.parts import Action, Chip, Column, FilterGroup, Option
from clarion.web.sender_forms import SenderForm
from clarion.web.sender_page import actions_of, editor, form_of, sender_of, sender_page
from clarion.web.statuses import channel_look, look
from clarion.workspaces.actors import of_member
from clarion.workspaces.errors import NameInvalid
from clarion.workspaces.permissions import Permission

if TYPE_CHECKING:
    from collections.abc import Mapping

    from clarion.web.http import PageRequest

#: A search of fewer characters is none.
_SEARCH_FROM = 3

COLUMNS = [
    Column(label=gettext_lazy("Sender"), sort="name"),
    Column(label=gettext_lazy("Status"), sort="status"),
    Column(label=pgettext_lazy("sender", "From")),
    Column(label=gettext_lazy("Limits")),
    Column(label=gettext_lazy("Health")),
    Column(label=gettext_lazy("Used by"), sort="used", style="table__end"),
]

_SPANS = {
    "second": gettext_lazy("%(n)s/s"),
    "minute": gettext_lazy("%(n)s/min"),
    "hour": gettext_lazy("%(n)s/h"),
    "day": gettext_lazy("%(n)s/day"),
}

#: What each channel is for, where one is chosen.
_ABOUT = {
    "email": gettext_lazy("Any SMTP server: your own, or a provider's."),
    "sms": gettext_lazy(
        "Any SMPP 3.4 or 5.0 provider or SMS centre, Twilio, or a gateway with an HTTP interface."
    ),
    "sandbox": gettext_lazy("Accepts, delays and fails as you say. Nothing leaves this machine."),
    "waba": gettext_lazy("Templates that WhatsApp approved, by a number of your WhatsApp Business account."),
    "whatsapp": gettext_lazy("A phone of yours, linked to a gateway: WAHA, Evolution API or Green-API."),
    "viber": gettext_lazy("Viber business messages: text, picture and button, to phone numbers."),
    "telegram": gettext_lazy("A bot of yours, to people who started it, and to channels and groups."),
    "voice": gettext_lazy("Calls that say a text or play a recording, over an Asterisk of yours."),
    "webpush": gettext_lazy("Notifications in the browsers of people who said yes on your site."),
}


@require_safe
def sender_list(request: PageRequest, workspace: str) -> HttpResponse:
    """The list, or only its results when the filters ask."""
    words = request.GET.get("q", "").strip()
    channels = [name for name in request.GET.getlist("channel") if name in registry.CHANNELS]
    statuses = [name for name in request.GET.getlist("status") if name in SenderStatus.values]
    sort = request.GET.get("sort", "name")
    found = queries.senders_for(
        request.member,
        search=words if len(words) >= _SEARCH_FROM else "",
        channels=channels,
        statuses=statuses,
        sort=sort,
    )
    rows = [_row(request, sender) for sender in found]
    may_manage = request.member.may(Permission.MANAGE_SENDERS)
    new = Action(
        label=_("New sender"), url=workspace_url(request, "sender_new"), icon="plus", style="primary"
    )
    context = {
        "rows": rows,
        "count": len(rows),
        "noun": ngettext("sender", "senders", len(rows)),
        "columns": COLUMNS,
        "sort": sort,
        "chips": _chips(request, channels, statuses),
        "clear_url": workspace_url(request, "senders"),
        "is_narrowed": bool(channels or statuses or len(words) >= _SEARCH_FROM),
        "words": words,
        "may_manage": may_manage,
        "first_actions": [new] if may_manage else [],
        "groups": _filters(channels, statuses),
    }
    is_fragment = (
        request.htmx and request.htmx.target == "results" and not request.htmx.history_restore_request
    )
    return render(request, "senders/list.html#results" if is_fragment else "senders/list.html", context)


@require_safe
def sender_new(request: PageRequest, workspace: str) -> HttpResponse:
    """Choose the channel."""
    channels = [
        {
            "name": one.name,
            "links": _ways(workspace_url(request, "sender_create", channel=one.name), one.name),
            "about": _ABOUT.get(one.name, ""),
        }
        for one in registry.all_channels()
    ]
    return render(request, "senders/new.html", {"channels": channels})


@require_http_methods(["GET", "HEAD", "POST"])
def sender_create(request: PageRequest, workspace: str, channel: str) -> HttpResponse:
    """Set a sender of the channel up."""
    protocol = request.GET.get("protocol", "")
    if channel not in registry.CHANNELS or (protocol and protocol not in protocols(channel)):
        raise Http404
    make = setup_form(channel, protocol)
    if request.method != "POST":
        return editor(request, None, channel, SenderForm(), make())
    form, setup = SenderForm(request.POST), make(request.POST, request.FILES)
    if form.is_valid() & setup.is_valid():
        try:
            sender = operations.create_sender(
                by=of_member(request.member),
                channel=channel,
                name=form.cleaned_data["name"],
                config=setup.config(),
                limits=form.limits(),
            )
        except (ConfigInvalid, LimitInvalid, NameInvalid, NameTaken) as error:
            _explain(form, setup, error)
        else:
            messages.success(request, _("The sender is set up. Check it, and send yourself a test."))
            return HttpResponseRedirect(workspace_url(request, "sender", id=sender.public_id))
    return editor(request, None, channel, form, setup)


@require_http_methods(["GET", "HEAD", "POST"])
def sender_edit(request: PageRequest, workspace: str, id: UUID) -> HttpResponse:
    """The settings, and everything about the sender."""
    sender = sender_of(request, id)
    if request.method != "POST":
        return sender_page(request, sender)
    set_names = tuple(secrets.set_names(sender))
    form = SenderForm(request.POST)
    setup = form_of(sender)(request.POST, request.FILES, secrets_set=set_names)
    if form.is_valid() & setup.is_valid():
        try:
            operations.update_sender(
                sender=sender,
                by=of_member(request.member),
                name=form.cleaned_data["name"],
                # Settings without a field keep what they are.
                config={**sender.config, **setup.config()},
                limits=form.limits(),
                forget=setup.forget(),
            )
        except (ConfigInvalid, LimitInvalid, NameInvalid, NameTaken) as error:
            _explain(form, setup, error)
        else:
            messages.success(request, _("The sender is saved. Running campaigns use it from now on."))
            return HttpResponseRedirect(workspace_url(request, "sender", id=sender.public_id))
    return editor(request, sender, sender.channel, form, setup)


def _ways(url: str, channel: str) -> list[dict[str, str]]:
    """Return the links by which a sender of the channel is set up, one a protocol."""
    found = protocols(channel)
    return [{"url": f"{url}?protocol={name}", "label": str(label)} for name, label in found.items()] or [
        {"url": url, "label": _("Set up")}
    ]


def limits_text(sender: Sender) -> list[str]:
    """Return the limits in short: “10/s”, “50000/day”."""
    shown = [(text, getattr(sender, f"limit_{span}")) for span, text in _SPANS.items()]
    return [str(text) % {"n": f"{value:g}"} for text, value in shown if value is not None]


def _row(request: PageRequest, sender: Any) -> dict[str, Any]:
    return {
        "sender": sender,
        "status": sender.status.lower(),
        "tone": "red" if sender.status == SenderStatus.BLOCKED else "amber",
        "origin": _origin(sender.config),
        "limits": limits_text(sender),
        "health": queries.health_of(sender),
        "url": workspace_url(request, "sender", id=sender.public_id),
        "actions": actions_of(request, sender, used_by=sender.used_by_count, with_open=True),
        "menu_id": f"menu-{sender.public_id}",
        "menu_label": _("Actions for %(name)s") % {"name": sender.name},
    }


def _origin(config: Mapping[str, Any]) -> str:
    """Return who the messages are from, as recipients know it."""
    if config.get("username"):
        return f"@{config['username']}"
    return str(config.get("from_address") or config.get("source") or ", ".join(config.get("origins") or ()))


def _filters(channels: list[str], statuses: list[str]) -> list[FilterGroup]:
    by_channel = [
        Option(value=one.name, label=channel_look(one.name).label, checked=one.name in channels)
        for one in registry.all_channels()
    ]
    by_status = [
        Option(
            value=one.value,
            label=one.label,
            checked=one.value in statuses,
            tone=look(one.value.lower(), kind="thing").tone,
        )
        for one in SenderStatus
    ]
    return [
        FilterGroup(name="status", label=_("Status"), options=by_status),
        FilterGroup(name="channel", label=_("Channel"), options=by_channel),
    ]


def _chips(request: PageRequest, channels: list[str], statuses: list[str]) -> list[Chip]:
    chips = []
    for name, values in (("status", statuses), ("channel", channels)):
        for value in values:
            label = SenderStatus(value).label if name == "status" else channel_look(value).label
            url = changed_query(request, **{name: [other for other in values if other != value] or None})
            chips.append(Chip(label=label, url=url, name=name, value=value))
    return chips


def _explain(form: SenderForm, setup: SetupForm, error: Exception) -> None:
    """Show at its field why an operation refused."""
    if isinstance(error, ConfigInvalid):
        setup.add_problems(error.problems)
    elif isinstance(error, LimitInvalid):
        for name, sentence in error.problems.items():
            form.add_error(name, sentence)
    elif isinstance(error, NameTaken):
        form.add_error("name", _("Another sender has this name."))
    else:
        form.add_error("name", _("Give it a name of at most 120 characters."))
