"""The only place where endpoints' secrets are sealed and opened."""

from functools import lru_cache
from uuid import UUID

from django.conf import settings
from django.utils import timezone

from clarion.lib.sealing import SealBroken, Sealer
from clarion.webhooks.errors import SecretLost
from clarion.webhooks.models import Endpoint

_PURPOSE = "webhook-secrets"


def seal(secret: str, *, public_id: UUID) -> bytes:
    """Return the secret sealed for the endpoint with this id."""
    return _sealer().seal(secret.encode(), owner=f"webhook/{public_id}")


def current(endpoint: Endpoint) -> list[str]:
    """Return the secrets that sign now, the newest first. Raises SecretLost."""
    boxes = [endpoint.sealed]
    if endpoint.before_until is not None and endpoint.before_until > timezone.now():
        boxes.append(endpoint.sealed_before)
    try:
        return [_sealer().open(bytes(box), owner=f"webhook/{endpoint.public_id}").decode() for box in boxes]
    except SealBroken:
        raise SecretLost from None


def _sealer() -> Sealer:
    # Django's own list of earlier keys serves rotation: the first seals, all open.
    return _sealer_of((settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS))


@lru_cache(maxsize=4)
def _sealer_of(secrets: tuple[str, ...]) -> Sealer:
    return Sealer(secrets, purpose=_PURPOSE)
