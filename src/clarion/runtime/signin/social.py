"""Single sign-on: who set up providers, and whom their word lets in."""

from __future__ import annotations

from typing import Any, NoReturn

import structlog
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialLogin
from django.conf import settings
from django.db import transaction
from django.http import HttpRequest
from django.shortcuts import render

from clarion.runtime.signin.accounts import where
from clarion.workspaces import operations as workspaces
from clarion.workspaces.access import operations as access
from clarion.workspaces.access import queries
from clarion.workspaces.models import IdentityProvider, User

log = structlog.get_logger(__name__)


class SocialAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]  # allauth has no types
    """Knows the providers of the environment and of the administrators, and lets in whom they vouch for."""

    def list_apps(
        self, request: HttpRequest | None, provider: str | None = None, client_id: str | None = None
    ) -> list[SocialApp]:
        """Return the providers that are switched on, with their secrets opened; they are stored nowhere else."""
        apps = [*_of_operator(), *map(_app, queries.active_providers())]
        return [
            app
            for app in apps
            if provider in (None, app.provider_id, app.provider) and client_id in (None, app.client_id)
        ]

    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        """Answer no: `pre_social_login` has made the account of whoever gets one."""
        return False

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """Let in whom the provider vouches for, as the person they are.

        That is who came by this provider before; else who has an account under the verified address; else, if its
        domain is one of the provider's, somebody new, without any rights. Everybody else is told that they have no
        account, and it is kept.
        """
        if sociallogin.is_existing:
            if not sociallogin.user.is_active:
                self._refuse(request, sociallogin, "closed")
            return
        email = _verified_email(sociallogin)
        if not email:
            self._refuse(request, sociallogin, "unverified")
        user = queries.user_by_email(email)
        if user is None and _domain(email) in sociallogin.provider.app.settings["domains"]:
            user = _new_person(request, sociallogin, email)
        if user is None:
            self._refuse(request, sociallogin, "unknown")
        if not user.is_active:
            self._refuse(request, sociallogin, "closed")
        if _is_taken(sociallogin, user):
            # The same provider has vouched for this person under another identity: an address that was given on.
            self._refuse(request, sociallogin, "other")
        with transaction.atomic():
            sociallogin.connect(request, user)
            access.record(
                action="sso.link", user=user, detail=sociallogin.account.provider, place=where(request)
            )

    def on_authentication_error(
        self,
        request: HttpRequest,
        provider: Any,
        error: Any = None,
        exception: Any = None,
        extra_context: Any = None,
    ) -> None:
        """Keep that it went wrong; allauth shows the page."""
        log.warning("sso.failed", provider=getattr(provider, "name", ""), problem=type(exception).__name__)
        access.record(
            action="signin.failed", detail=f"single sign-on: {_why(error, exception)}", place=where(request)
        )

    def _refuse(self, request: HttpRequest, sociallogin: SocialLogin, why: str) -> NoReturn:
        email = next((one.email for one in sociallogin.email_addresses), "")
        access.record(
            action="signin.failed", who=email, detail=f"single sign-on: {why}", place=where(request)
        )
        context = {"why": why, "provider": sociallogin.provider.app.name}
        raise ImmediateHttpResponse(render(request, "socialaccount/refused.html", context, status=403))


def _why(error: Any, exception: Any) -> str:
    return str(exception)[:100] if exception is not None else str(getattr(error, "value", error) or "state")


def _of_operator() -> list[SocialApp]:
    given = settings.CLARION_OIDC
    if not given:
        return []
    rest = {"server_url": given["issuer"], "domains": given["domains"]}
    facts = {"name": given["name"], "client_id": given["client_id"], "secret": given["secret"]}
    return [SocialApp(provider="openid_connect", provider_id=access.RESERVED_SLUG, settings=rest, **facts)]


def _app(one: IdentityProvider) -> SocialApp:
    rest = {"server_url": one.issuer, "domains": list(one.domains)}
    facts = {"name": one.name, "client_id": one.client_id, "secret": access.secret_of(one)}
    return SocialApp(provider="openid_connect", provider_id=one.slug, settings=rest, **facts)


def _verified_email(sociallogin: SocialLogin) -> str:
    """Only `email_verified: true` counts: a provider that says nothing may hold whatever its users have typed."""
    found = (one.email for one in sociallogin.email_addresses if one.verified is True)
    return next(found, "").strip().lower()


def _domain(email: str) -> str:
    return email.rpartition("@")[2]


def _is_taken(sociallogin: SocialLogin, user: User) -> bool:
    found = SocialAccount.objects.filter(user=user, provider=sociallogin.account.provider)
    return bool(found.exclude(uid=sociallogin.account.uid).exists())


def _new_person(request: HttpRequest, sociallogin: SocialLogin, email: str) -> User:
    claims = sociallogin.account.extra_data
    said = claims.get("id_token") or claims.get("userinfo") or {}
    name = " ".join(str(said.get("name") or "").split())[:120]
    user = workspaces.create_user(email=email, name=name, password=None)
    access.record(action="account.join", user=user, detail=sociallogin.account.provider, place=where(request))
    return user
