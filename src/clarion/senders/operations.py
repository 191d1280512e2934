"""Every write to senders. Each is one transaction with its audit event, wakes the sending processes, and asks for
the permission itself.

A mail server's host may be any, private ones too: whoever may change senders (MANAGE_SENDERS) administers the
installation's way out, and the mail server is most often inside the same network.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import ProtectedError
from django.utils import timezone
from django.utils.translation import gettext as _

from clarion.channels import registry
from clarion.channels.base import Channel, ConfigInvalid
from clarion.senders import secrets
from clarion.senders.errors import (
    ChannelUnknown,
    LimitInvalid,
    NameTaken,
    SecretsLost,
    SenderInUse,
)
from clarion.senders.models import Sender, SenderStatus
from clarion.senders.naming import operations as names
from clarion.senders.naming import queries as naming
from clarion.senders.shared import operations as shared
from clarion.workspaces import audit, spelling
from clarion.workspaces.actors import Actor
from clarion.workspaces.names import clean_name
from clarion.workspaces.permissions import Permission
from clarion.workspaces.wake import wake

#: Longest name, in characters.

#: Lowest and highest of each limit, in messages per span.
LIMIT_RANGES: Mapping[str, tuple[float, float]] = {
    "second": (0.001, 100_000),
    "minute": (1, 6_000_000),
    "hour": (1, 360_000_000),
    "day": (1, 2_000_000_000),
}

MAX_LANES = 32

#: What stands in the audit trail instead of a secret.
_HIDDEN = "••••"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Messages per span, None for no limit of ours, and in how many processes the sender may work at once."""

    second: float | None = None
    minute: int | None = None
    hour: int | None = None
    day: int | None = None
    lanes: int = 1

    def check(self) -> None:
        """Raise LimitInvalid unless every value is in range."""
        problems = {}
        for name, (low, high) in LIMIT_RANGES.items():
            value = getattr(self, name)
            if value is not None and not low <= value <= high:
                problems[f"limit_{name}"] = _(
                    "This must be between %(low)s and %(high)s, or empty for no limit."
                ) % {"low": spelling.number(low), "high": spelling.number(high)}
        if not 1 <= self.lanes <= MAX_LANES:
            problems["lanes"] = _("This must be between 1 and %(most)d.") % {"most": MAX_LANES}
        if problems:
            raise LimitInvalid(problems)

    def fields(self) -> dict[str, Any]:
        """Return the values by the model's field names."""
        named: dict[str, Any] = {f"limit_{name}": getattr(self, name) for name in LIMIT_RANGES}
        return named | {"lanes": self.lanes}


def create_sender(
    *, by: Actor, channel: str, name: str, config: Mapping[str, Any], limits: Limits | None = None
) -> Sender:
    """Return a new, active sender. `config` holds the settings and the secrets together.

    Raises NotAllowed, ChannelUnknown, ConfigInvalid, LimitInvalid, NameInvalid, NameTaken.
    """
    by.require(Permission.MANAGE_SENDERS)
    _channel(channel).check_config(config)
    limits = limits or Limits()
    limits.check()
    with transaction.atomic():
        whole = shared.completed(workspace=by.workspace, channel=channel, config=config)
        shown, hidden = secrets.split(channel, _channel(channel).check_config(whole))
        sender = Sender(
            workspace=by.workspace, channel=channel, name=clean_name(name), config=shown, created_by=by.user,
            **limits.fields(),
        )  # fmt: skip
        sender.sealed = secrets.seal(sender, hidden)
        try:
            with transaction.atomic():
                sender.save(force_insert=True)
        except IntegrityError:
            raise NameTaken from None
        _told(by, sender, "created", changes={name: (None, value) for name, value in shown.items() if value})
    return sender


def update_sender(
    *,
    sender: Sender,
    by: Actor,
    name: str | None = None,
    config: Mapping[str, Any] | None = None,
    limits: Limits | None = None,
    forget: frozenset[str] = frozenset(),
) -> Sender:
    """Return the sender with what is given changed.

    `config` holds all settings; a secret that is empty in it keeps its old value, unless it is named in `forget`.
    Raises NotAllowed, ConfigInvalid, LimitInvalid, NameInvalid, NameTaken.
    """
    by.require(Permission.MANAGE_SENDERS)
    with transaction.atomic():
        sender = _locked(sender, by)
        changes: dict[str, tuple[Any, Any]] = {}
        if name is not None:
            _set(sender, {"name": clean_name(name)}, changes)
        if config is not None:
            _set_config(sender, config, forget, changes)
        if limits is not None:
            limits.check()
            _set(sender, limits.fields(), changes)
        if not changes:
            return sender
        if "source" in changes:
            names.keep_first(Sender.objects.get(pk=sender.pk))
            names.follow(sender)
        try:
            with transaction.atomic():
                sender.save()
        except IntegrityError:
            raise NameTaken from None
        _told(by, sender, "changed", changes=changes)
        return sender


def pause_sender(*, sender: Sender, by: Actor, reason: str = "") -> Sender:
    """Stop sending with it within a second; campaigns wait. Raises NotAllowed."""
    by.require(Permission.MANAGE_SENDERS)
    return _move(sender, by, "paused", to=SenderStatus.PAUSED, sources=[SenderStatus.ACTIVE], reason=reason)


def activate_sender(*, sender: Sender, by: Actor) -> Sender:
    """Let it send again, and forget why it was paused or blocked. Raises NotAllowed."""
    by.require(Permission.MANAGE_SENDERS)
    with transaction.atomic():
        sender = _move(
            sender,
            by,
            "activated",
            to=SenderStatus.ACTIVE,
            sources=[SenderStatus.PAUSED, SenderStatus.BLOCKED],
        )
        # An open breaker would make it wait for what the person has just mended.
        sender.lane_states.update(open_until=None, open_reason=None, open_detail="")
    return sender


@transaction.atomic
def follow_daily_limit(*, sender: Sender, by: Actor, per_day: int | None) -> Sender:
    """Set the limit a day to what the provider allows now; None for no limit. Raises NotAllowed."""
    by.require(Permission.MANAGE_SENDERS)
    sender = _locked(sender, by)
    changes: dict[str, tuple[Any, Any]] = {}
    _set(sender, {"limit_day": per_day}, changes)
    if changes:
        sender.save(update_fields=["limit_day"])
        _told(by, sender, "changed", reason="what the provider allows", changes=changes)
    return sender


def block_sender(*, sender: Sender, by: Actor, reason: str) -> Sender:
    """Stop it because the provider refused it; `reason` is a sentence for people. The program's own doing."""
    if by.member is not None:
        by.require(Permission.MANAGE_SENDERS)
    return _move(
        sender, by, "blocked", to=SenderStatus.BLOCKED, sources=[SenderStatus.ACTIVE, SenderStatus.PAUSED],
        reason=reason or _("The provider refused this sender."),
    )  # fmt: skip


@transaction.atomic
def delete_sender(*, sender: Sender, by: Actor) -> None:
    """Delete a sender that no campaign uses. Raises NotAllowed, SenderInUse."""
    by.require(Permission.MANAGE_SENDERS)
    sender = _locked(sender, by)
    _told(by, sender, "deleted")
    try:
        with transaction.atomic():
            sender.delete()
    except ProtectedError:
        raise SenderInUse from None


def _channel(name: str) -> Channel:
    try:
        return registry.get(name)
    except KeyError:
        raise ChannelUnknown from None


def _set_config(
    sender: Sender, config: Mapping[str, Any], forget: frozenset[str], changes: dict[str, tuple[Any, Any]]
) -> None:
    channel = _channel(sender.channel)
    try:
        old = secrets.open_config(sender)
    except SecretsLost:
        # Whoever types the credentials in again mends this.
        old = dict(sender.config)
    before = {name: value for name, value in old.items() if name not in forget}
    whole = shared.completed(
        workspace=sender.workspace, channel=sender.channel, config=config, before=before
    )  # fmt: skip
    shown, hidden = secrets.split(sender.channel, channel.check_config(whole))
    _check_name(sender, shown)
    for name in sorted((shown.keys() | sender.config.keys()) - channel.secrets):
        if shown.get(name) != sender.config.get(name):
            changes[name] = (sender.config.get(name), shown.get(name))
    for name in sorted(channel.secrets):
        if (hidden.get(name) or None) != (old.get(name) or None):
            changes[name] = (_HIDDEN if old.get(name) else "", _HIDDEN if hidden.get(name) else "")
    sender.config = shown
    if changes.keys() & channel.secrets or not hidden:
        sender.sealed = secrets.seal(sender, hidden)


def _check_name(sender: Sender, config: Mapping[str, Any]) -> None:
    """Raise ConfigInvalid when messages would go under another name: that is a revision, and approved."""
    if (
        naming.has_names(sender)
        and config.get("source") != sender.config.get("source")
        and naming.name_of(config)
    ):
        raise ConfigInvalid(
            {"source": _("Another name is proposed on the page “Sender names”, and approved there.")}
        )


def _set(sender: Sender, fields: Mapping[str, Any], changes: dict[str, tuple[Any, Any]]) -> None:
    for name, value in fields.items():
        before = getattr(sender, name)
        if before != value:
            changes[name] = (before, value)
            setattr(sender, name, value)


@transaction.atomic
def _move(
    sender: Sender, by: Actor, verb: str, *, to: SenderStatus, sources: list[SenderStatus], reason: str = ""
) -> Sender:
    """Change the status by one conditional update; a second click changes nothing and tells nothing."""
    moved = Sender.objects.filter(pk=sender.pk, workspace=by.workspace, status__in=sources).update(
        status=to, status_reason=reason[:500], status_changed_at=timezone.now()
    )
    before = sender.status
    sender = Sender.objects.get(pk=sender.pk, workspace=by.workspace)
    if moved:
        _told(by, sender, verb, reason=reason, changes={"status": (before, to.value)})
    return sender


def _locked(sender: Sender, by: Actor) -> Sender:
    """Return the row afresh, for this transaction alone; one of another workspace is not found."""
    return Sender.objects.select_for_update().get(pk=sender.pk, workspace=by.workspace)


def _told(
    by: Actor,
    sender: Sender,
    verb: str,
    *,
    reason: str = "",
    changes: Mapping[str, tuple[Any, Any]] | None = None,
) -> None:
    """Write the audit event and ring the bell."""
    audit.record(
        by=by,
        action=f"sender.{verb}",
        kind="sender",
        object_id=str(sender.public_id),
        object_name=sender.name,
        reason=reason,
        changes=changes,
    )
    wake(sender_id=sender.pk)
