"""OpenID Connect as allauth has it, and stricter: nonce, PKCE, and the signature of every word of the provider."""

from __future__ import annotations

import hmac
import secrets
from typing import Any

from allauth.socialaccount.internal import jwtkit
from allauth.socialaccount.providers.base import AuthProcess
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.openid_connect.provider import OpenIDConnectProvider
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

#: Seconds for which what a provider says of itself is believed.
DISCOVERY_SECONDS = 600


class Adapter(OpenIDConnectOAuth2Adapter):  # type: ignore[misc]  # allauth has no types
    """One exchange with a provider."""

    #: What this sign-in's identity token has to repeat (OpenID Connect Core 3.1.3.7).
    nonce = ""

    @property
    def openid_config(self) -> dict[str, Any]:
        """What the provider says of itself, asked for every ten minutes; its issuer must be the one set up."""
        provider = self.get_provider()
        key = f"oidc:{provider.server_url}"
        config: dict[str, Any] | None = cache.get(key)
        if config is None:
            config = dict(super().openid_config)
            cache.set(key, config, DISCOVERY_SECONDS)
        # OpenID Connect Discovery 4.3: else one provider could speak for another.
        if str(config.get("issuer", "")).rstrip("/") != provider.app.settings["server_url"].rstrip("/"):
            raise OAuth2Error("the provider names another issuer than the one set up")
        return config

    def get_callback_url(self, request: HttpRequest, app: Any) -> str:
        """Return the one address that is registered with the provider, by whatever name the server is reached."""
        path = reverse("openid_connect_callback", kwargs={"provider_id": self.provider_id})
        return f"{settings.CLARION_PUBLIC_URL}{path}"

    def get_access_token_data(
        self, request: HttpRequest, app: Any, client: Any, pkce_code_verifier: str | None = None
    ) -> Any:
        """Take the code to the provider; no word of it is believed without its signature."""
        data = super().get_access_token_data(request, app, client, pkce_code_verifier=pkce_code_verifier)
        if not data.get("id_token"):
            raise OAuth2Error("the provider sent no identity token")
        return data

    def _decode_id_token(self, app: Any, id_token: str) -> dict[str, Any]:
        claims: dict[str, Any] = jwtkit.verify_and_decode(
            credential=id_token,
            keys_url=self.openid_config["jwks_uri"],
            issuer=self.openid_config["issuer"],
            audience=app.client_id,
            lookup_kid=jwtkit.lookup_kid_jwk,
            verify_signature=True,
        )
        if not self.nonce or not hmac.compare_digest(str(claims.get("nonce", "")), self.nonce):
            raise OAuth2Error("the identity token is of another sign-in")
        return claims

    def complete_login(self, request: HttpRequest, app: Any, token: Any, **kwargs: Any) -> Any:
        """Read who it is from the signed identity token alone."""
        claims = self._decode_id_token(app, kwargs["response"]["id_token"])
        return self.get_provider().sociallogin_from_response(request, {"id_token": claims})


class Provider(OpenIDConnectProvider):  # type: ignore[misc]
    """A provider, asked with a nonce and PKCE (RFC 7636)."""

    oauth2_adapter_class = Adapter
    pkce_enabled_default = True

    def get_auth_params_from_request(self, request: HttpRequest, action: str) -> dict[str, Any]:
        """Nothing that a link says is passed on to the provider."""
        return dict(self.get_auth_params())

    def get_scope_from_request(self, request: HttpRequest) -> list[str]:
        """The same."""
        return list(self.get_scope())

    def redirect(
        self, request: HttpRequest, process: str, next_url: str | None = None, data: Any = None, **kwargs: Any
    ) -> HttpResponseBase:
        """Lead the browser to the provider, from a page of our own.

        A redirect in answer to a form would need the provider's addresses, and all that it leads on to, in the
        policy's `form-action`. A page that goes on by itself needs none.
        """
        process = AuthProcess.LOGIN  # accounts are joined by the provider's word alone, never by a link's
        nonce = secrets.token_urlsafe(24)
        params = {**(kwargs.pop("auth_params", None) or self.get_auth_params()), "nonce": nonce}
        answer: HttpResponseBase = super().redirect(
            request, process, next_url, data, auth_params=params, nonce=nonce, **kwargs
        )
        if not isinstance(answer, HttpResponseRedirect):
            return answer
        return render(request, "socialaccount/onward.html", {"url": answer.url, "provider": self.app.name})
