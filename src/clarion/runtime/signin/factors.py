"""Second factors and passkeys: their secrets are sealed."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from functools import lru_cache

from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.utils.translation import gettext as _

from clarion.lib.sealing import SealBroken, Sealer
from clarion.workspaces.models import User

_MARK = "sealed:"


class FactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]  # allauth has no types
    """Seals what authenticator apps and recovery codes are made from, and names keys."""

    def encrypt(self, text: str) -> str:
        """Return the secret sealed."""
        return _MARK + urlsafe_b64encode(_sealer().seal(text.encode(), owner="factor")).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """Return the secret; one that was kept before sealing is returned as it is. It is empty when it is lost."""
        if not encrypted_text.startswith(_MARK):
            return encrypted_text
        try:
            box = urlsafe_b64decode(encrypted_text.removeprefix(_MARK))
            return _sealer().open(box, owner="factor").decode()
        except (SealBroken, ValueError):
            return ""

    def generate_authenticator_name(self, user: User, type: Authenticator.Type) -> str:
        """Return the name that a new key is offered."""
        count = Authenticator.objects.filter(user_id=user.pk, type=type).count()
        return _("Passkey") if count == 0 else _("Passkey %(n)d") % {"n": count + 1}


def _sealer() -> Sealer:
    return _sealer_of((settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS))


@lru_cache(maxsize=4)
def _sealer_of(keys: tuple[str, ...]) -> Sealer:
    return Sealer(keys, purpose="second-factors")
