"""What providers tell of accounts rather than messages: kept, and acted upon where campaigns are concerned."""

from collections.abc import Sequence
from datetime import timedelta

import structlog
from django.db import InterfaceError, OperationalError, transaction
from django.utils import timezone

from clarion.campaigns import templates_there
from clarion.campaigns.models import Campaign
from clarion.channels.base import SyncFailed, TemplateKey
from clarion.channels.events import Notice, NoticeKind
from clarion.deliveries import operations as deliveries
from clarion.senders.errors import SecretsLost
from clarion.senders.models import Sender
from clarion.senders.provided import operations, queries
from clarion.senders.provided.operations import Change, Synced
from clarion.workspaces import actors
from clarion.workspaces.actors import Actor
from clarion.workspaces.errors import NotAllowed

log = structlog.get_logger(__name__)

#: Providers are asked by themselves for all they have when that was last so many hours ago.
REFRESH_HOURS = 6


def apply(told: Sequence[tuple[int, Notice]]) -> int:
    """Keep what was told, given as (sender's id, notice), in order; return how many campaigns were paused for it.

    It holds for every sender of the same account in the workspace, whichever of their addresses was called. Telling it
    again changes nothing.
    """
    paused = 0
    for sender_id, notice in told:
        sender = Sender.objects.filter(pk=sender_id).first()
        if sender is None:
            continue
        try:
            paused += _apply(sender, notice)
            if notice.kind is NoticeKind.TEMPLATE_STATUS:
                templates_there.note_approvals(sender.workspace, sender.channel)
        except (OperationalError, InterfaceError):
            raise
        except Exception:
            # One notice that nobody can handle must not keep the others waiting, nor come back for ever.
            log.exception("notice.fault", sender=sender_id, kind=notice.kind.value)
    return paused


@transaction.atomic
def _apply(sender: Sender, notice: Notice) -> int:
    own = queries.sharing(sender)
    if notice.kind is NoticeKind.TEMPLATE_STATUS:
        key = TemplateKey(name=notice.name, language=notice.language)
        _hold(own, templates_there.on_their_way(own, [key]))
    changes = {one.key: one for each in own for one in operations.note(sender=each, notice=notice)}
    return _follow(own, list(changes.values()))


def refresh(*, sender: Sender, by: Actor) -> Synced:
    """Ask the provider for all it has, keep that, and pause the campaigns whose template may no longer be sent.

    Raises NotAllowed, SecretsLost, NothingToSync and SyncFailed; why it failed is kept for the sender's page.
    """
    try:
        account = operations.ask(sender=sender, by=by)
    except SyncFailed as failure:
        operations.note_failure(sender=sender, sentence=str(failure))
        raise
    with transaction.atomic():
        _hold([sender], templates_there.on_their_way_by(sender))
        done = operations.keep(sender=sender, account=account, by=by)
        _follow([sender], done.changes)
    templates_there.note_approvals(sender.workspace, sender.channel)
    return done


def refresh_due() -> int:
    """Refresh every sender whose provider was not asked for REFRESH_HOURS; return how many could be."""
    done = 0
    for sender in queries.due(timezone.now() - timedelta(hours=REFRESH_HOURS)):
        try:
            refresh(sender=sender, by=actors.system(sender.workspace))
            done += 1
        except (SyncFailed, SecretsLost, NotAllowed) as problem:
            # One provider that is not there must not keep the others' templates from being known.
            log.warning("templates.not_refreshed", sender=sender.pk, problem=type(problem).__name__)
    return done


def _follow(senders: Sequence[Sender], changes: Sequence[Change]) -> int:
    """Pause what goes by a template that may no longer be sent; return how many campaigns that were."""
    if not changes:
        return 0
    channel = queries.approving(senders[0].channel)
    stopping = [
        one for one in changes if channel is not None and (not one.after or one.after in channel.stopped)
    ]
    paused = 0
    for one in stopping:
        sentence = templates_there.sentence_of(one.key.name, one.key.language, one.after, one.note)
        for campaign_id in templates_there.on_their_way(senders, [one.key]):
            paused += deliveries.pause_unsayable(campaign_id, sentence)
    return paused


def _hold(senders: Sequence[Sender], campaign_ids: Sequence[int]) -> None:
    """Lock what may be changed, in the order that everybody does: campaigns, senders, and the audit trail last."""
    list(Campaign.objects.select_for_update().filter(pk__in=campaign_ids).order_by("pk").values_list("pk"))
    ids = [one.pk for one in senders]
    list(Sender.objects.select_for_update().filter(pk__in=ids).order_by("pk").values_list("pk"))
