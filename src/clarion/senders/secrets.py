"""The only place where senders' credentials are sealed and opened."""

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import orjson
from django.conf import settings

from clarion.channels import registry
from clarion.lib.sealing import SealBroken, Sealer
from clarion.senders.errors import SecretsLost
from clarion.senders.models import Sender

_PURPOSE = "sender-credentials"


def open_config(sender: Sender) -> dict[str, Any]:
    """Return the sender's whole configuration, secrets included. Raises SecretsLost.

    The result must not be logged, shown or stored.
    """
    return {**sender.config, **open_secrets(public_id=str(sender.public_id), sealed=bytes(sender.sealed))}


def ready_config(sender: Sender) -> dict[str, Any]:
    """Return what a transport, a composer or a parser of callbacks is given: checked, with secrets and two more.

    `hook_url` is where the sender's provider calls us, with a slash at its end; `folder` is where the channel may keep
    files of its own. Raises SecretsLost, ConfigInvalid.
    """
    config = registry.get(sender.channel).check_config(open_config(sender))
    return config | {"hook_url": hook_url(sender), "folder": str(channel_folder(sender.channel))}


def channel_folder(channel: str) -> Path:
    """Return where a channel keeps files of its own; it may not be there yet."""
    return Path(settings.CLARION_HOME) / "channels" / channel


def hook_url(sender: Sender) -> str:
    """Return the public address below which the sender's provider may call us."""
    return f"{settings.CLARION_PUBLIC_URL}/hooks/{sender.public_id}/"


def open_secrets(*, public_id: str, sealed: bytes) -> dict[str, Any]:
    """Return the secret settings alone, for code that has read the row itself. Raises SecretsLost."""
    if not sealed:
        return {}
    try:
        opened: dict[str, Any] = orjson.loads(sealer().open(sealed, owner=f"sender/{public_id}"))
    except SealBroken:
        raise SecretsLost from None
    return opened


def split(channel: str, config: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return a checked configuration as (what may be seen, the secrets). A secret that is not set may be seen."""
    hidden = {name: config[name] for name in sorted(registry.get(channel).secrets) if config.get(name)}
    return {name: value for name, value in config.items() if name not in hidden}, hidden


def seal(sender: Sender, secrets: Mapping[str, Any]) -> bytes:
    """Return the secrets sealed for this sender; empty octets for none."""
    if not secrets:
        return b""
    return sealer().seal(orjson.dumps(secrets), owner=f"sender/{sender.public_id}")


def set_names(sender: Sender) -> list[str]:
    """Return which secrets are set, for “••••” on screens; an empty list when they cannot be opened."""
    try:
        return sorted(open_secrets(public_id=str(sender.public_id), sealed=bytes(sender.sealed)))
    except SecretsLost:
        return []


def sealer() -> Sealer:
    """Return what seals credentials with the keys of now."""
    # Django's own list of earlier keys serves rotation: the first seals, all open.
    return _sealer_of((settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS))


@lru_cache(maxsize=4)
def _sealer_of(secrets: tuple[str, ...]) -> Sealer:
    return Sealer(secrets, purpose=_PURPOSE)
