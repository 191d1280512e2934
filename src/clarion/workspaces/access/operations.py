"""Writing the trail of the installation, accounts as administrators change them, and single sign-on."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import urlsplit

import orjson
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from clarion.lib.sealing import SealBroken, Sealer
from clarion.workspaces.access.models import IdentityProvider, SystemEvent
from clarion.workspaces.errors import NotAllowed, WorkspaceInvalid
from clarion.workspaces.models import User

#: Key of the advisory lock that makes the chain a line.
_LOCK = 0x41434345
_PURPOSE = "identity-provider"
#: The provider that the environment sets up.
RESERVED_SLUG = "sso"
_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_DOMAIN = re.compile(r"(?=.{3,253}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+")
_LOCAL = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """From where something was done: the visitor's address, and browser and system in few words."""

    address: str = ""
    device: str = ""


NOWHERE = Place()


@transaction.atomic
def record(
    *,
    action: str,
    user: User | None = None,
    who: str = "",
    by: User | None = None,
    via: str = "web",
    detail: str = "",
    place: Place = NOWHERE,
) -> SystemEvent:
    """Append an event to the installation's chain. `by` is who did it, where that is not the user."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(%s)", [_LOCK])
    last = SystemEvent.objects.order_by("-number").first()
    actor = by.email if by is not None else "command line" if via == "cli" else ""
    event = SystemEvent(
        number=last.number + 1 if last else 1,
        at=timezone.now(),
        user=user,
        user_number=user.pk if user is not None else 0,
        who=(user.email if user is not None else who)[:254],
        by=actor,
        via=via,
        action=action,
        detail=detail[:200],
        address=place.address[:45],
        device=place.device[:80],
    )
    event.hash = digest(event, bytes(last.hash) if last else b"")
    event.save(force_insert=True)
    return event


def digest(event: SystemEvent, previous: bytes) -> bytes:
    """Return the SHA-256 over the event's facts and the hash before it."""
    facts = [
        event.number, event.at.isoformat(timespec="microseconds"), event.who, event.by, event.via, event.action,
        event.detail, event.address, event.device,
    ]  # fmt: skip
    if event.user_number is not None:
        facts.append(event.user_number)
    return hashlib.sha256(previous + orjson.dumps(facts)).digest()


def require_administrator(by: User | None) -> None:
    """Raise NotAllowed unless it is a system administrator, or None: the command line."""
    if by is not None and not (by.is_superuser and by.is_active):
        raise NotAllowed("administer the installation")


@transaction.atomic
def change_email(*, user: User, email: str, by: User | None = None, via: str = "web") -> User:
    """Let a person sign in by another address, which was proven to be theirs. Raises WorkspaceInvalid."""
    email = email.strip().lower()
    try:
        validate_email(email)
    except ValidationError:
        raise WorkspaceInvalid({"email": _("This is no e-mail address.")}) from None
    now = User.objects.select_for_update().get(pk=user.pk)
    if now.email == email:
        return now
    old, now.email = now.email, email
    try:
        with transaction.atomic():
            now.save(update_fields=["email"])
    except IntegrityError:
        raise WorkspaceInvalid({"email": _("Somebody else signs in by this address.")}) from None
    record(action="account.email", user=now, by=by, via=via, detail=f"{old} → {email}")
    return now


@transaction.atomic
def set_active(*, user: User, is_active: bool, by: User | None, via: str = "web") -> User:
    """Close an account, whose sessions end at once, or open it again. Raises NotAllowed and WorkspaceInvalid."""
    require_administrator(by)
    if not is_active and user.is_superuser:
        others = User.objects.filter(is_superuser=True, is_active=True).exclude(pk=user.pk)
        if not others.exists():
            raise WorkspaceInvalid({"email": _("This is the last system administrator.")})
    if User.objects.filter(pk=user.pk, is_active=not is_active).update(is_active=is_active):
        record(action="account.open" if is_active else "account.close", user=user, by=by, via=via)
    return User.objects.get(pk=user.pk)


@transaction.atomic
def set_administrator(*, user: User, is_administrator: bool, via: str = "cli") -> User:
    """Make somebody a system administrator, or one no more; the command line alone does it."""
    if not is_administrator:
        others = User.objects.filter(is_superuser=True, is_active=True).exclude(pk=user.pk)
        if not others.exists():
            raise WorkspaceInvalid({"email": _("This is the last system administrator.")})
    if User.objects.filter(pk=user.pk, is_superuser=not is_administrator).update(
        is_superuser=is_administrator
    ):
        verb = "promote" if is_administrator else "demote"
        record(action=f"account.{verb}", user=user, via=via)
    return User.objects.get(pk=user.pk)


@transaction.atomic
def save_provider(
    *,
    by: User | None,
    name: str,
    slug: str,
    issuer: str,
    client_id: str,
    secret: str = "",
    domains: Collection[str] = (),
    is_active: bool = True,
    provider: IdentityProvider | None = None,
) -> IdentityProvider:
    """Set up a provider of single sign-on, or change one; an empty secret keeps the one that is there.

    Raises NotAllowed and WorkspaceInvalid. Whether the provider answers is for the caller to ask.
    """
    require_administrator(by)
    one = provider or IdentityProvider(slug=slug.strip().lower())
    one.name, one.client_id, one.is_active = " ".join(name.split()), client_id.strip(), is_active
    one.issuer = issuer.strip().removesuffix("/.well-known/openid-configuration").rstrip("/")
    one.domains = sorted({domain.strip().lower().lstrip("@") for domain in domains if domain.strip()})
    if problems := _problems(one):
        raise WorkspaceInvalid(problems)
    if secret:
        one.sealed = _sealer().seal(secret.encode(), owner=f"provider/{one.slug}")
    try:
        with transaction.atomic():
            one.save()
    except IntegrityError:
        raise WorkspaceInvalid({"slug": _("Another provider has this short name.")}) from None
    verb = "change" if provider else "add"
    record(action=f"sso.{verb}", by=by, via="web" if by else "cli", detail=f"{one.name} ({one.issuer})")
    return one


@transaction.atomic
def delete_provider(*, by: User | None, provider: IdentityProvider) -> None:
    """Let nobody in by it any more; accounts stay. Raises NotAllowed."""
    require_administrator(by)
    record(action="sso.remove", by=by, via="web" if by else "cli", detail=provider.name)
    provider.delete()


def secret_of(provider: IdentityProvider) -> str:
    """Return the client secret; empty when there is none, or when it cannot be opened with this installation's key."""
    if not provider.sealed:
        return ""
    try:
        return _sealer().open(bytes(provider.sealed), owner=f"provider/{provider.slug}").decode()
    except SealBroken:
        return ""


def _problems(one: IdentityProvider) -> dict[str, str]:
    found = {}
    if not 0 < len(one.name) <= 40 or not one.name.isprintable():
        found["name"] = _("A provider has a name of at most 40 characters.")
    if not _SLUG.fullmatch(one.slug) or len(one.slug) > 40:
        found["slug"] = _("A short name has small letters, digits and single hyphens, at most 40.")
    elif one.slug == RESERVED_SLUG:
        found["slug"] = _("The provider of the server’s settings has this short name.")
    parts = urlsplit(one.issuer)
    is_safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOCAL)
    if not is_safe or not parts.hostname or parts.query or parts.fragment or parts.username:
        found["issuer"] = _("Write the issuer’s address, beginning with https://.")
    if not 0 < len(one.client_id) <= 191:
        found["client_id"] = _("Write the client ID that the provider gave you.")
    if wrong := [domain for domain in one.domains if not _DOMAIN.fullmatch(domain)]:
        found["domains"] = _("%(what)s is no domain.") % {"what": wrong[0]}
    return found


def _sealer() -> Sealer:
    return _sealer_of((settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS))


@lru_cache(maxsize=4)
def _sealer_of(secrets: tuple[str, ...]) -> Sealer:
    return Sealer(secrets, purpose=_PURPOSE)
