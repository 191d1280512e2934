"""What is kept of sign-ins and of changes to factors: the trail, the browser's cookie, and a word to the person."""

from __future__ import annotations

from typing import Any

from allauth.account import signals as account
from allauth.mfa import signals as mfa
from allauth.mfa.models import Authenticator
from django.contrib.auth.signals import user_logged_out
from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from clarion.runtime.signin import devices, letters
from clarion.runtime.signin.accounts import where
from clarion.workspaces.access import operations as access
from clarion.workspaces.access import queries
from clarion.workspaces.models import User


def connect() -> None:
    """Hear of every sign-in and change from now on. Calling it twice is harmless."""
    heard = (
        (account.user_logged_in, signed_in), (user_logged_out, signed_out),
        (account.password_changed, password_changed), (account.password_set, password_changed),
        (account.password_reset, password_reset), (mfa.authenticator_added, factor_added),
        (mfa.authenticator_removed, factor_removed), (mfa.authenticator_reset, factor_renewed),
        (mfa.authentication_failed, factor_failed),
    )  # fmt: skip
    for signal, hear in heard:
        signal.connect(hear, dispatch_uid=f"clarion.{hear.__name__}")


def signed_in(
    request: HttpRequest, user: User, response: HttpResponseBase | None = None, **_kwargs: Any
) -> None:
    """Keep a sign-in, and tell the person of one in a browser that is new to their account."""
    is_new = not devices.is_known(request, user) and queries.has_signed_in(user)
    place = where(request)
    access.record(action="signin.done", user=user, detail=_method(request), place=place)
    if response is not None:
        devices.remember(request, response, user)
    if is_new:
        with translation.override(user.language or translation.get_language()):
            facts = {"device": place.device or _("a browser"), "ip": place.address or "?"}
            moment = f"{timezone.now():%Y-%m-%d %H:%M} UTC"
            text = _("Your account was signed in to on %(device)s, from %(ip)s, at %(moment)s.") % (
                facts | {"moment": moment}
            )
            rest = _("If it was not you: change your password, and end that session under Profile, Sessions.")
            letters.notice(user, _("New sign-in to your account"), f"{text}\n\n{rest}")


def signed_out(request: HttpRequest, user: User | None, **_kwargs: Any) -> None:
    """Keep a sign-out."""
    if user is not None and user.is_authenticated:
        access.record(action="signin.out", user=user, place=where(request))


def password_changed(request: HttpRequest, user: User, **_kwargs: Any) -> None:
    """Keep that a person chose a new password while signed in."""
    access.record(action="password.change", user=user, place=where(request))


def password_reset(request: HttpRequest, user: User, **_kwargs: Any) -> None:
    """Keep that a person chose a new password by a link; what strangers have tried no longer counts."""
    from clarion.runtime.signin import limits

    limits.clear(request, user.email)
    access.record(action="password.reset", user=user, place=where(request))


def factor_added(request: HttpRequest, user: User, authenticator: Authenticator, **_kwargs: Any) -> None:
    """Keep a new factor."""
    access.record(action="factor.add", user=user, detail=_factor(authenticator), place=where(request))


def factor_removed(request: HttpRequest, user: User, authenticator: Authenticator, **_kwargs: Any) -> None:
    """Keep that a factor is gone."""
    access.record(action="factor.remove", user=user, detail=_factor(authenticator), place=where(request))


def factor_renewed(request: HttpRequest, user: User, authenticator: Authenticator, **_kwargs: Any) -> None:
    """Keep that recovery codes were made anew."""
    access.record(action="factor.renew", user=user, detail=_factor(authenticator), place=where(request))


def factor_failed(request: HttpRequest, user: User, authenticator: Any = None, **_kwargs: Any) -> None:
    """Keep that a password was right and the second factor was not."""
    detail = _factor(authenticator) if authenticator is not None else "second factor"
    access.record(action="signin.failed", user=user, detail=detail, place=where(request))


def _factor(authenticator: Authenticator) -> str:
    name = (
        str(authenticator.data.get("name", "")) if authenticator.type == Authenticator.Type.WEBAUTHN else ""
    )
    return f"{authenticator.type} {name}".strip()


def _method(request: HttpRequest) -> str:
    """Return by what the person got in, as allauth has put down in the session."""
    used = request.session.get("account_authentication_methods") or []
    words = []
    for one in used:
        method = one.get("method", "")
        if method == "mfa":
            method = "passkey" if one.get("passwordless") else str(one.get("type", "mfa"))
        elif method == "socialaccount":
            method = f"single sign-on {one.get('provider', '')}".strip()
        words.append(method)
    return ", ".join(words) or "invitation"
