"""Keeping what a provider has: all of it after asking, or one thing that it told by itself."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from clarion.channels.base import ProviderAccount, SyncFailed, TemplateKey
from clarion.channels.base import ProviderTemplate as Listed
from clarion.channels.events import Notice, NoticeKind
from clarion.senders import operations as senders
from clarion.senders import secrets, testing
from clarion.senders.errors import NothingToSync
from clarion.senders.models import ProviderState, ProviderTemplate, Sender
from clarion.senders.provided import queries
from clarion.workspaces import actors, audit
from clarion.workspaces.actors import Actor
from clarion.workspaces.permissions import Permission

#: Facts of a template that are taken over whenever it is listed, and their characters; its status has a moment of
#: its own.
_FACTS = {"provider_id": 40, "category": 40, "quality": 40, "shape": None, "problem": 300}


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A template whose status is another than before; `after` is empty when it is gone."""

    key: TemplateKey
    before: str
    after: str
    note: str = ""


@dataclass(slots=True, kw_only=True)
class Synced:
    """What asking has shown."""

    count: int = 0
    added: int = 0
    removed: int = 0
    changes: list[Change] = field(default_factory=list)


def ask(*, sender: Sender, by: Actor) -> ProviderAccount:
    """Return what the provider says it has, nothing of it kept yet. No transaction may be open meanwhile.

    Raises NotAllowed, SecretsLost, SyncFailed, and NothingToSync where a provider keeps no templates.
    """
    by.require(Permission.MANAGE_SENDERS)
    channel = queries.approving(sender.channel)
    if channel is None:
        raise NothingToSync
    config = secrets.open_config(sender)
    try:
        return testing.in_time(lambda: channel.account(config))
    except TimeoutError:
        raise SyncFailed(_("There was no answer within %(n)g seconds.") % {"n": testing.TIME_LIMIT}) from None


@transaction.atomic
def note_failure(*, sender: Sender, sentence: str) -> None:
    """Keep why asking failed, for the sender's page."""
    ProviderState.objects.update_or_create(sender=sender, defaults={"problem": sentence[:500]})


@transaction.atomic
def keep(*, sender: Sender, account: ProviderAccount, by: Actor) -> Synced:
    """Keep what the provider listed, and forget what it no longer does; return what is new. Raises NotAllowed."""
    by.require(Permission.MANAGE_SENDERS)
    sender = Sender.objects.select_for_update().get(pk=sender.pk, workspace=by.workspace)
    now = timezone.now()
    old = {TemplateKey(name=row.name, language=row.language): row for row in queries.templates_of(sender)}
    listed = {TemplateKey(name=one.name, language=one.language): one for one in account.templates}
    done = Synced(count=len(listed))
    for key, one in listed.items():
        row = old.get(key)
        if row is None:
            done.added += 1
            row = ProviderTemplate(
                sender=sender, name=one.name, language=one.language, status="", status_at=now
            )
        _take_over(row, one, now, done)
    gone = [row for key, row in old.items() if key not in listed]
    for row in gone:
        done.changes.append(Change(key=_key(row), before=row.status, after=""))
    ProviderTemplate.objects.filter(pk__in=[row.pk for row in gone]).delete()
    done.removed = len(gone)
    facts: dict[str, Any] = {"quality": account.quality[:40], "synced_at": now, "problem": ""}
    ProviderState.objects.update_or_create(sender=sender, defaults=facts)
    _follow_limit(sender, account.per_day, by)
    if done.added or done.removed or done.changes:
        told = {name: (None, getattr(done, name)) for name in ("count", "added", "removed")}
        _record(by, sender, "templates_synced", told | _told(done.changes))
    return done


def _take_over(row: ProviderTemplate, one: Listed, now: datetime, done: Synced) -> None:
    if row.status != one.status:
        if row.status:
            done.changes.append(Change(key=_key(row), before=row.status, after=one.status, note=one.note))
        row.status, row.status_at, row.note = one.status, now, one.note[:500]
    for name in _FACTS:
        value = getattr(one, name)
        setattr(row, name, dict(value) if name == "shape" else value[: _FACTS[name]])
    row.save()


@transaction.atomic
def note(*, sender: Sender, notice: Notice) -> list[Change]:
    """Keep what the provider told by itself of an account or a template; return the change of a status.

    What is told twice, or of an earlier moment than what is known, changes nothing. A template that was not listed
    yet is left for the next asking.
    """
    by = actors.system(sender.workspace)
    if notice.kind is NoticeKind.DAILY_LIMIT:
        locked = Sender.objects.select_for_update().get(pk=sender.pk)
        _follow_limit(locked, int(notice.value or 0), by)
        return []
    rows = ProviderTemplate.objects.select_for_update().filter(sender=sender, name=notice.name)
    row = rows.filter(language=notice.language).first()
    if row is None:
        return []
    if notice.kind is not NoticeKind.TEMPLATE_STATUS:
        name = "quality" if notice.kind is NoticeKind.TEMPLATE_QUALITY else "category"
        ProviderTemplate.objects.filter(pk=row.pk).update(**{name: notice.value[:40]})
        return []
    at = notice.occurred_at or timezone.now()
    if at < row.status_at.replace(microsecond=0):
        return []
    change = Change(key=_key(row), before=row.status, after=notice.value, note=notice.detail)
    row.status, row.status_at, row.note = notice.value[:40], at, notice.detail[:500]
    row.save(update_fields=["status", "status_at", "note"])
    if change.before == change.after:
        return []
    _record(by, sender, "template_status", _told([change]), reason=notice.detail)
    return [change]


def _follow_limit(sender: Sender, per_day: int | None, by: Actor) -> None:
    """Hold the sender's own limit a day to what the provider allows; a lower one that a person set stays.

    A limit that followed the provider until now goes on to follow it. `per_day` is 0 for none, None for not told.
    """
    if per_day is None:
        return
    state = queries.state_of(sender)
    before, state.per_day = state.per_day, per_day
    state.save()
    own = sender.limit_day
    followed = own is None or (before and own == before)
    if not followed and (not per_day or own is None or own <= per_day):
        return
    senders.follow_daily_limit(sender=sender, by=by, per_day=per_day or None)


def _key(row: ProviderTemplate) -> TemplateKey:
    return TemplateKey(name=row.name, language=row.language)


def _told(changes: Sequence[Change]) -> dict[str, tuple[Any, Any]]:
    """Return the changes of statuses for the audit trail, the first fifty."""
    return {
        f"{one.key.name} ({one.key.language})"[:200]: (one.before, one.after or None) for one in changes[:50]
    }


def _record(
    by: Actor, sender: Sender, verb: str, changes: dict[str, tuple[Any, Any]], *, reason: str = ""
) -> None:
    audit.record(
        by=by, action=f"sender.{verb}", kind="sender", object_id=str(sender.public_id),
        object_name=sender.name, reason=reason, changes=changes,
    )  # fmt: skip
