"""Giving a sender what it has in common with the others of its workspace."""

from collections.abc import Mapping
from typing import Any

import orjson
from django.db import transaction

from clarion.channels import registry
from clarion.channels.base import ConfigInvalid, Shares
from clarion.lib.sealing import SealBroken
from clarion.lib.sentences import said
from clarion.senders import secrets
from clarion.senders.errors import SecretsLost
from clarion.senders.models import Sender, SharedSecrets
from clarion.workspaces.models import Workspace


def completed(
    *, workspace: Workspace, channel: str, config: Mapping[str, Any], before: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Return what was given for a sender with the secrets that it keeps, or has in common with its workspace.

    `before` holds what a sender that is changed had, but for what it is to forget. The workspace's secrets are made
    when they are first taken: of what is given, else of the oldest sender that has its own, so that nobody it reaches
    is lost. Raises ConfigInvalid when others are given than the workspace has, or those can no longer be opened.
    """
    one = registry.get(channel)
    kept = {name: before[name] for name in one.secrets if before and before.get(name)}
    given = {name: value for name, value in config.items() if value or name not in one.secrets}
    if not isinstance(one, Shares):
        return kept | given
    choice = one.whose(given, before)
    if choice != "workspace":
        if before is not None and one.whose(before, before) == "workspace":
            # What others have too is not its own.
            kept = {name: value for name, value in kept.items() if name not in one.shared_secrets}
        return kept | given | {"keys": choice}
    typed = {name: str(given[name]).strip() for name in one.shared_secrets if given.get(name)}
    common = _secrets_of(workspace, channel, one, typed)
    for name, value in typed.items():
        if common.get(name) != value:
            raise ConfigInvalid(
                {name: said("The workspace has another key pair. To send with this one, choose a key pair of its own.")}
            )  # fmt: skip
    return kept | given | common | {"keys": choice}


@transaction.atomic
def _secrets_of(
    workspace: Workspace, channel: str, shares: Shares, typed: Mapping[str, str]
) -> dict[str, str]:
    # One at a time: two first senders must not take two different pairs.
    Workspace.objects.select_for_update(of=("self",), no_key=True).get(pk=workspace.pk)
    row = SharedSecrets.objects.filter(workspace=workspace, channel=channel).first()
    if row is not None:
        try:
            found: dict[str, str] = orjson.loads(_open(row))
        except SealBroken:
            raise ConfigInvalid(
                {
                    "keys": said(
                        "The workspace's key pair was sealed with another secret key. Give this sender its own."
                    )
                }
            ) from None
        return found
    made = dict(typed) or _of_the_oldest(workspace, channel, shares) or dict(shares.new_shared())
    row = SharedSecrets(workspace=workspace, channel=channel)
    row.sealed = secrets.sealer().seal(orjson.dumps(made), owner=_owner(row))
    row.save(force_insert=True)
    return made


def _of_the_oldest(workspace: Workspace, channel: str, shares: Shares) -> dict[str, str]:
    for sender in Sender.objects.filter(workspace=workspace, channel=channel).order_by("pk"):
        try:
            config = secrets.open_config(sender)
        except SecretsLost:
            continue
        found = {name: str(config[name]) for name in shares.shared_secrets if config.get(name)}
        if found:
            return found
    return {}


def _owner(row: SharedSecrets) -> str:
    return f"workspace/{row.workspace_id}/{row.channel}"


def _open(row: SharedSecrets) -> bytes:
    return secrets.sealer().open(bytes(row.sealed), owner=_owner(row))
