"""Who was erased is known by the keyed hashes of their addresses alone: enough to keep them from coming back.

Without the installation's secret a hash tells nothing, not even to somebody who tries all telephone numbers.
"""

import hashlib
import hmac
from collections.abc import Callable, Iterable

from django.conf import settings
from django.db import connection

from clarion.audience.models import Tombstone
from clarion.lib import keys
from clarion.workspaces.models import Workspace


def digest(workspace_id: int, kind: str, address: str) -> bytes:
    """Return the keyed hash of an address; that of another workspace is another."""
    key = keys.derive(settings.SECRET_KEY, keys.TOMBSTONES)
    return hmac.digest(key, f"{workspace_id} {kind} {address}".encode(), hashlib.sha256)


def has(workspace: Workspace, kind: str, address: str) -> bool:
    """Whether the owner of the address was erased."""
    return bool(among(workspace.pk, kind, [address]))


def among(workspace_id: int, kind: str, addresses: Iterable[str]) -> set[str]:
    """Return those of the addresses whose owners were erased. A workspace that erased nobody costs one question."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select exists (select from audience_tombstone where workspace_id = %s and kind = %s)",
            [workspace_id, kind],
        )
        if not cursor.fetchone()[0]:
            return set()
        by_digest = {digest(workspace_id, kind, one): one for one in addresses if one}
        cursor.execute(
            "select digest from audience_tombstone where workspace_id = %s and digest = any(%s)",
            [workspace_id, list(by_digest)],
        )
        return {by_digest[bytes(found)] for (found,) in cursor.fetchall()}


def watcher_of_all(workspace_id: int) -> Callable[[str, str], bool]:
    """Return a function that tells by kind and address whether its owner was erased, for files of any size.

    It knows what there is at the start.
    """
    known = {
        bytes(one)
        for one in Tombstone.objects.filter(workspace_id=workspace_id).values_list("digest", flat=True)
    }
    if not known:
        return lambda kind, address: False
    return lambda kind, address: digest(workspace_id, kind, address) in known
