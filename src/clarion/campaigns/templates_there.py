"""The templates that a provider has approved, and the campaigns and library templates that follow them."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from clarion.campaigns.models import Campaign, Step
from clarion.campaigns.states import Status
from clarion.channels.base import Approves, TemplateKey
from clarion.content import operations as content
from clarion.content.models import Approval, TemplateVersion
from clarion.content.sources import each_language
from clarion.senders.models import ProviderTemplate, Sender
from clarion.senders.provided import queries as provided
from clarion.workspaces import actors
from clarion.workspaces.models import Workspace

#: States in which a message may go out, now or by itself later.
_ON_THEIR_WAY = (Status.SCHEDULED, Status.BUILDING, Status.SENDING)
#: How bad each state is: a message in several languages is as good as its worst.
_ORDER = (Approval.APPROVED, Approval.PENDING, Approval.NOT_ASKED, Approval.REJECTED)


def keys_of(channel: Approves, body: Mapping[str, Any]) -> dict[TemplateKey, Mapping[str, Any]]:
    """Return the templates that a content follows, in all its languages, each with the content in that one."""
    found = {}
    for _tag, one in each_language(body):
        key = channel.template_key(one)
        if key is not None:
            found[key] = one
    return found


def unapproved(sender: Sender, body: Mapping[str, Any]) -> str:
    """Return why the sender's provider does not take the content now, as a sentence; "" when it does."""
    channel = provided.approving(sender.channel)
    if channel is None or not body:
        return ""
    keys = keys_of(channel, body)
    there = provided.by_key(sender, keys)
    for key, one in keys.items():
        names = {"template": key.name, "language": key.language, "sender": sender.name}
        row = there.get(key)
        if row is None:
            return (
                _(
                    "“%(template)s” (%(language)s) is not among the templates of %(sender)s: refresh them on its page."
                )
                % names
            )
        if row.status not in channel.sendable:
            return _state_sentence(row)
        if not channel.follows(one, row.shape):
            return _("“%(template)s” (%(language)s) was changed at the provider. Use it anew.") % names
    return ""


def on_their_way(senders: Iterable[Sender], keys: Iterable[TemplateKey]) -> list[int]:
    """Return the ids of campaigns that may send what follows one of these templates, by one of these senders."""
    wanted, own = set(keys), list(senders)
    channel = provided.approving(own[0].channel) if own and wanted else None
    if channel is None:
        return []
    found = Campaign.objects.filter(status__in=_ON_THEIR_WAY, steps__sender__in=own).distinct()
    ids = {sender.pk for sender in own}
    return [
        campaign.pk
        for campaign in found.prefetch_related("steps__template_version").order_by("pk")
        if any(
            not wanted.isdisjoint(keys_of(channel, _content_of(step)))
            for step in campaign.steps.all()
            if step.sender_id in ids
        )
    ]


def on_their_way_by(sender: Sender) -> list[int]:
    """Return the ids of campaigns that may send by the sender, whatever they say."""
    found = Campaign.objects.filter(status__in=_ON_THEIR_WAY, steps__sender=sender).distinct()
    return list(found.order_by("pk").values_list("pk", flat=True))


def _content_of(step: Step) -> Mapping[str, Any]:
    found: Mapping[str, Any] = step.template_version.content if step.template_version else step.body_content
    return found


def note_approvals(workspace: Workspace, channel_name: str) -> int:
    """Show at the library's templates what providers say of them now; return how many were changed.

    A template that several senders have is approved when one of them may send it.
    """
    channel = provided.approving(channel_name)
    if channel is None:
        return 0
    by, changed = actors.system(workspace), 0
    for version in _latest(workspace, channel_name):
        found = approval_of(workspace, channel_name, channel, version.content)
        if found is not None and (version.approval, version.approval_note) != found:
            content.set_approval(version=version, by=by, approval=found[0], note=found[1])
            changed += 1
    return changed


def approval_of(
    workspace: Workspace, channel_name: str, channel: Approves, body: Mapping[str, Any]
) -> tuple[Approval, str] | None:
    """Return the state of a content's templates, and the provider's reason; None when it follows none."""
    keys = keys_of(channel, body)
    states = [
        _best(
            ProviderTemplate.objects.filter(
                sender__workspace=workspace,
                sender__channel=channel_name,
                name=key.name,
                language=key.language,
            ),
            channel,
        )
        for key in keys
    ]
    return max(states, key=lambda state: _ORDER.index(state[0]), default=None)


def sentence_of(name: str, language: str, status: str, note: str) -> str:
    """Return what became of a template, as a campaign that is paused for it says it."""
    names = {"template": name, "language": language, "status": status or _("gone")}
    told = _("The template “%(template)s” (%(language)s) is %(status)s at the provider.") % names
    return f"{told} {note}".strip()


def _state_sentence(row: ProviderTemplate) -> str:
    return sentence_of(row.name, row.language, row.status, row.note)


def _latest(workspace: Workspace, channel: str) -> QuerySet[TemplateVersion]:
    return (
        TemplateVersion.objects.filter(template__workspace=workspace, template__channel=channel)
        .order_by("template_id", "-number")
        .distinct("template_id")
        .select_related("template")
    )


def _best(rows: Iterable[ProviderTemplate], channel: Approves) -> tuple[Approval, str]:
    found = [(_approval(row.status, channel), row.note) for row in rows]
    return min(found, key=lambda state: _ORDER.index(state[0]), default=(Approval.NOT_ASKED, ""))


def _approval(status: str, channel: Approves) -> Approval:
    if status in channel.sendable:
        return Approval.APPROVED
    return Approval.REJECTED if status in channel.stopped else Approval.PENDING
