"""Senders that live on a person's phone: whether it is linked, the code that links it, and the groups it is in.

Each asks the sender's provider, which may take `testing.TIME_LIMIT` seconds.
"""

from collections.abc import Callable, Coroutine
from typing import Any, TypeVar
from uuid import UUID

from django.utils.translation import gettext as _

from clarion.channels import registry
from clarion.channels.base import ConfigInvalid
from clarion.channels.linked import Group, HasGroups, Linked, LinkState, Members, Unreadable
from clarion.senders import secrets, testing
from clarion.senders.errors import SecretsLost
from clarion.senders.models import Sender
from clarion.workspaces.actors import Actor
from clarion.workspaces.models import Workspace
from clarion.workspaces.permissions import Permission

T = TypeVar("T")


def is_linkable(sender: Sender) -> bool:
    """Whether the sender is linked to a phone by a code."""
    return sender.channel in registry.CHANNELS and isinstance(registry.get(sender.channel), Linked)


def senders_with_groups(workspace: Workspace) -> list[Sender]:
    """Return the workspace's senders that may be in groups, by name."""
    channels = [one.name for one in registry.all_channels() if isinstance(one, HasGroups)]
    return list(Sender.objects.filter(workspace=workspace, channel__in=channels).order_by("name"))


def link_state(sender: Sender, *, by: Actor) -> LinkState:
    """Return whether a phone is linked; what keeps that from being told is its `problem`. Raises NotAllowed."""
    by.require(Permission.MANAGE_SENDERS)
    channel = registry.get(sender.channel)
    assert isinstance(channel, Linked)  # noqa: S101 - whoever asks has looked
    try:
        config = _config(sender)
        return _asked(lambda: channel.link_state(config))
    except Unreadable as problem:
        return LinkState(is_linked=False, problem=str(problem))


def link_code(sender: Sender, *, by: Actor) -> bytes:
    """Return the code that the phone is to scan, a PNG. Raises NotAllowed and Unreadable."""
    by.require(Permission.MANAGE_SENDERS)
    channel = registry.get(sender.channel)
    assert isinstance(channel, Linked)  # noqa: S101 - whoever asks has looked
    config = _config(sender)
    return _asked(lambda: channel.link_code(config))


def groups_of(sender: Sender, *, by: Actor) -> list[Group]:
    """Return the groups that the sender's phone is in, by name. Raises NotAllowed and Unreadable."""
    by.require(Permission.MANAGE_AUDIENCE)
    channel = registry.get(sender.channel)
    assert isinstance(channel, HasGroups)  # noqa: S101 - whoever asks has looked
    config = _config(sender)
    return _asked(lambda: channel.groups(config))


def members_of(workspace: Workspace, sender_id: UUID, group: str) -> Members:
    """Return who is in a group of one of the workspace's senders. Raises Unreadable."""
    sender = Sender.objects.filter(workspace=workspace, public_id=sender_id).first()
    channel = registry.get(sender.channel) if sender and sender.channel in registry.CHANNELS else None
    if sender is None or not isinstance(channel, HasGroups):
        raise Unreadable(_("The sender that is in the group is gone."))
    config = _config(sender)
    asked = channel
    return _asked(lambda: asked.members(config, group))


def _config(sender: Sender) -> dict[str, Any]:
    try:
        return secrets.ready_config(sender)
    except (SecretsLost, ConfigInvalid):
        raise Unreadable(_("The sender's settings cannot be used. Open it and save it anew.")) from None


def _asked(make: Callable[[], Coroutine[Any, Any, T]]) -> T:
    try:
        return testing.in_time(make)
    except TimeoutError:
        raise Unreadable(
            _("There was no answer within %(seconds)d seconds.") % {"seconds": testing.TIME_LIMIT}
        ) from None
