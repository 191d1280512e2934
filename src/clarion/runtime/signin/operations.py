"""What an administrator does for somebody who cannot get in, or whom somebody else must not get in as.

`by` is a system administrator, or None on the command line. All raise NotAllowed.
"""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from clarion.runtime.signin import letters
from clarion.workspaces.access import operations as access
from clarion.workspaces.models import User


@transaction.atomic
def make_reset_link(*, user: User, by: User | None) -> str:
    """Return a link by which the person chooses a new password; it is shown only now."""
    access.require_administrator(by)
    access.record(action="password.link", user=user, by=by, via=_via(by))
    return letters.reset_link(user)


@transaction.atomic
def end_sessions(*, user: User, by: User | None) -> int:
    """Sign a person out everywhere; return of how many sessions."""
    from allauth.usersessions.models import UserSession

    access.require_administrator(by)
    sessions = list(UserSession.objects.filter(user=user))
    for session in sessions:
        session.end()
    access.record(action="session.end", user=user, by=by, via=_via(by), detail=f"all {len(sessions)}")
    return len(sessions)


@transaction.atomic
def remove_factors(*, user: User, by: User | None) -> int:
    """Take away a person's app, passkeys and recovery codes; return how many there were. They are told by mail."""
    from allauth.mfa.models import Authenticator

    access.require_administrator(by)
    found = Authenticator.objects.filter(user=user)
    count: int = found.count()
    if count:
        kinds = ", ".join(sorted(set(found.values_list("type", flat=True))))
        found.delete()
        access.record(action="factor.remove", user=user, by=by, via=_via(by), detail=kinds)
        text = _(
            "An administrator has taken away your second factor: passkeys, authenticator app and recovery codes."
        )
        rest = _("If you did not ask for it, ask them why.")
        letters.notice(user, _("Your second factor was removed"), f"{text}\n\n{rest}")
    return count


def _via(by: User | None) -> str:
    return "web" if by is not None else "cli"
