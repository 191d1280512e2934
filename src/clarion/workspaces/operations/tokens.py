"""Keys by which programs act for a member: made, ended, used."""

import secrets
from collections.abc import Collection
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from clarion.workspaces import audit, spelling
from clarion.workspaces.actors import Actor
from clarion.workspaces.errors import NotAllowed, TokenInvalid
from clarion.workspaces.models import ApiToken, Membership
from clarion.workspaces.operations.members import digest_of
from clarion.workspaces.permissions import Permission

#: How every secret begins, so that a scanner of source code finds one that got there.
PREFIX = "clarion_"
NAME_LENGTH = 80
#: Of one member.
MOST_TOKENS = 50
#: Requests a minute.
PER_MINUTE, MOST_PER_MINUTE = 1_200, 1_000_000
MOST_DAYS = 3_650
#: A use is noted this often.
_NOTED = timedelta(minutes=1)


@transaction.atomic
def create_token(
    *,
    by: Actor,
    member: Membership,
    name: str,
    scopes: Collection[str],
    expires_at: datetime | None = None,
    per_minute: int = PER_MINUTE,
) -> tuple[ApiToken, str]:
    """Make a key for a member of the workspace and return it with its secret, which is known only now.

    A member makes keys for themselves alone, and the program's operator for everybody. Seeing is in every scope.
    Raises NotAllowed for a scope that the member's role does not include, and TokenInvalid.
    """
    is_foreign = member.is_observer or member.workspace_id != by.workspace.pk
    if is_foreign or (by.member is not None and by.member.pk != member.pk):
        raise NotAllowed(_("Everybody makes their own tokens."))
    name = " ".join(name.replace("\x00", "").split())
    problems = _problems(name, scopes, expires_at, per_minute)
    if problems:
        raise TokenInvalid(problems)
    granted = {Permission.VIEW.value, *scopes}
    for scope in sorted(granted):
        if not member.may(Permission(scope)):
            raise NotAllowed(str(Permission(scope).label))
    if ApiToken.objects.filter(membership=member).count() >= MOST_TOKENS:
        raise TokenInvalid({"name": _("At most %(n)d tokens; revoke one first.") % {"n": MOST_TOKENS}})
    secret = PREFIX + secrets.token_urlsafe(32)
    token = ApiToken.objects.create(
        membership=member, name=name, beginning=secret[:12], digest=digest_of(secret), scopes=sorted(granted),
        expires_at=expires_at, per_minute=per_minute,
    )  # fmt: skip
    until = expires_at.isoformat() if expires_at else None
    _record(by, token, "create", {"scopes": (None, sorted(granted)), "expires_at": (None, until)})
    return token, secret


def _problems(
    name: str, scopes: Collection[str], expires_at: datetime | None, per_minute: int
) -> dict[str, str]:
    found = {}
    if not 0 < len(name) <= NAME_LENGTH:
        found["name"] = _("A token has a name of at most %(n)d characters.") % {"n": NAME_LENGTH}
    if unknown := sorted(set(scopes) - set(Permission.values)):
        found["scopes"] = _("There is no scope %(name)s.") % {"name": unknown[0]}
    now = timezone.now()
    if expires_at is not None and not now < expires_at <= now + timedelta(days=MOST_DAYS):
        found["expires_at"] = _("A token ends in the future, at most ten years from now.")
    if not 1 <= per_minute <= MOST_PER_MINUTE:
        sentence = _("From 1 to %(n)s requests a minute.") % {"n": spelling.number(MOST_PER_MINUTE)}
        found["per_minute"] = sentence
    return found


@transaction.atomic
def revoke_token(*, by: Actor, token: ApiToken) -> None:
    """End a key, at once; it may be gone already. One's own, or with MANAGE_MEMBERS anybody's. Raises NotAllowed."""
    if by.member is None or by.member.pk != token.membership_id:
        by.require(Permission.MANAGE_MEMBERS)
    gone, _each = ApiToken.objects.filter(pk=token.pk, membership__workspace=by.workspace).delete()
    if gone:
        _record(by, token, "revoke", {"scopes": (token.scopes, None)})


def note_use(token: ApiToken) -> None:
    """Note that a key was used, at most once a minute."""
    now = timezone.now()
    if token.last_used_at is None or token.last_used_at <= now - _NOTED:
        stale = Q(last_used_at=None) | Q(last_used_at__lte=now - _NOTED)
        ApiToken.objects.filter(stale, pk=token.pk).update(last_used_at=now)


def _record(by: Actor, token: ApiToken, verb: str, changes: dict[str, tuple[object, object]]) -> None:
    whose = {"member": (None, token.membership.user.email)} if by.member is None else {}
    audit.record(
        by=by, action=f"token.{verb}", kind="token", object_id=str(token.public_id), object_name=token.name,
        changes=changes | whose,
    )  # fmt: skip
