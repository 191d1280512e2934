"""Reading the installation's trail and its providers of single sign-on."""

from __future__ import annotations

from clarion.workspaces import audit
from clarion.workspaces.access.models import IdentityProvider, SystemEvent
from clarion.workspaces.access.operations import digest
from clarion.workspaces.models import User

PAGE_SIZE = 50
#: The installation's trail among the ends of trails.
TRAIL = 0


def events_for(
    user: User, *, who: str = "", action: str = "", before: int | None = None, limit: int = PAGE_SIZE
) -> list[SystemEvent]:
    """Return the installation's events below number `before`, newest first; none but for its administrators."""
    if not user.is_superuser or not user.is_active:
        return []
    return newest_events(who=who, action=action, before=before, limit=limit)


def newest_events(
    *, who: str = "", action: str = "", before: int | None = None, limit: int = PAGE_SIZE
) -> list[SystemEvent]:
    """The same for whoever holds the database."""
    found = SystemEvent.objects.order_by("-number")
    if who.strip():
        found = found.filter(who__icontains=who.strip())
    if action:
        found = found.filter(action__startswith=action)
    if before is not None:
        found = found.filter(number__lt=before)
    return list(found[:limit])


def own_events(user: User, *, limit: int = 10) -> list[SystemEvent]:
    """Return what happened to a person's own account last."""
    return list(SystemEvent.objects.filter(user=user).order_by("-number")[:limit])


def has_signed_in(user: User) -> bool:
    """Whether the person was ever in."""
    return SystemEvent.objects.filter(user=user, action="signin.done").exists()


def first_broken() -> int | None:
    """Return the number of the first event that was altered, removed or put in; None when all is whole."""
    places = audit.ends_of(TRAIL)
    events = SystemEvent.objects.order_by("number")
    is_linked = audit.accounts()
    return audit.follow(
        event_count(), events.iterator(chunk_size=2000), places, digest,
        lambda one: is_linked(one.user_number, one.user_id),
    ).broken  # fmt: skip


def event_count() -> int:
    """Return how many events the installation's trail has."""
    return SystemEvent.objects.count()


def providers() -> list[IdentityProvider]:
    """Return all providers of single sign-on by name, also those that are switched off."""
    return list(IdentityProvider.objects.order_by("name", "pk"))


def active_providers() -> list[IdentityProvider]:
    """Return those by which people may come in."""
    return list(IdentityProvider.objects.filter(is_active=True).order_by("name", "pk"))


def provider(slug: str) -> IdentityProvider | None:
    """Return the provider of that short name."""
    return IdentityProvider.objects.filter(slug=slug).first()


def people(user: User, *, search: str = "", limit: int = 200) -> list[User]:
    """Return everybody who has an account, by address, for a system administrator; for others nobody."""
    if not user.is_superuser or not user.is_active:
        return []
    found = User.objects.order_by("email")
    if search.strip():
        found = found.filter(email__icontains=search.strip())
    return list(found[:limit])


def user_by_email(email: str) -> User | None:
    """Return whoever signs in by that address."""
    return User.objects.filter(email=email.strip().lower()).first()


def person(user: User, pk: int) -> User | None:
    """Return one account, for a system administrator."""
    if not user.is_superuser or not user.is_active:
        return None
    return User.objects.filter(pk=pk).first()
