"""Reading what providers have. Whoever asks has the sender by `senders.queries.sender_for`."""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Q, QuerySet

from clarion.channels import registry
from clarion.channels.base import Approves, TemplateKey
from clarion.senders.models import ProviderState, ProviderTemplate, Sender


def approving(channel: str) -> Approves | None:
    """Return the channel when its provider approves templates; None for others."""
    found: object = registry.get(channel) if channel in registry.CHANNELS else None
    return found if isinstance(found, Approves) else None


def templates_of(sender: Sender) -> QuerySet[ProviderTemplate]:
    """Return the sender's templates by name and language."""
    return ProviderTemplate.objects.filter(sender=sender).order_by("name", "language")


def state_of(sender: Sender) -> ProviderState:
    """Return what is known of the sender's account; an unsaved row before it was asked for."""
    found = ProviderState.objects.filter(sender=sender).first()
    return found or ProviderState(sender=sender)


def by_key(sender: Sender, keys: Iterable[TemplateKey]) -> dict[TemplateKey, ProviderTemplate]:
    """Return those of the templates that the sender has."""
    named = Q(pk__in=[])
    for key in keys:
        named |= Q(name=key.name, language=key.language)
    rows = ProviderTemplate.objects.filter(named, sender=sender)
    return {TemplateKey(name=row.name, language=row.language): row for row in rows}


def sharing(sender: Sender) -> list[Sender]:
    """Return the workspace's senders of the same account at the provider, this one among them."""
    channel = approving(sender.channel)
    if channel is None:
        return [sender]
    account = channel.account_id(sender.config)
    found = Sender.objects.filter(workspace_id=sender.workspace_id, channel=sender.channel).order_by("pk")
    return [one for one in found.select_related("workspace") if channel.account_id(one.config) == account]


def due(before: datetime) -> list[Sender]:
    """Return the senders whose provider was not asked since that moment, of every workspace."""
    names = [name for name in registry.CHANNELS if approving(name) is not None]
    stale = (
        Q(provider_state=None) | Q(provider_state__synced_at=None) | Q(provider_state__synced_at__lt=before)
    )
    return list(Sender.objects.filter(stale, channel__in=names).select_related("workspace").order_by("pk"))
