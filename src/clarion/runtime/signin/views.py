"""The two addresses of single sign-on: to a provider, and back from it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import requests
from allauth.account.internal.decorators import login_not_required
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.helpers import render_authentication_error
from allauth.socialaccount.models import SocialApp
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView, OAuth2LoginView
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from clarion.runtime.signin.provider import Adapter

#: What reading a provider's answers can end in: it is away, or says what makes no sense.
_PROVIDERS_FAULTS = (OAuth2Error, requests.RequestException, KeyError, ValueError, TypeError)


class Callback(OAuth2CallbackView):  # type: ignore[misc]  # allauth has no types
    """Hands the nonce of this sign-in to whoever reads the identity token."""

    def _get_state(self, request: HttpRequest, provider: Any) -> Any:
        state, answer = super()._get_state(request, provider)
        if state:
            self.adapter.nonce = str(state.get("nonce", ""))
        return state, answer


@login_not_required  # type: ignore[untyped-decorator]  # allauth has no types
@never_cache
def login(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Lead to the provider; only a form of ours does, so that no other site can."""
    if request.method != "POST":
        return HttpResponseRedirect(reverse("account_login"))
    return _guarded(request, provider_id, OAuth2LoginView)


@login_not_required  # type: ignore[untyped-decorator]
@never_cache
@require_safe
def callback(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Take what the provider sends back."""
    return _guarded(request, provider_id, Callback)


def _guarded(request: HttpRequest, provider_id: str, view: Any) -> HttpResponse:
    adapter = Adapter(request, provider_id)
    try:
        provider = adapter.get_provider()
    except SocialApp.DoesNotExist:
        raise Http404 from None
    step: Callable[..., HttpResponse] = view.adapter_view(adapter)
    try:
        return step(request)
    except ImmediateHttpResponse as early:
        answer: HttpResponse = early.response
    except _PROVIDERS_FAULTS as fault:
        answer = render_authentication_error(request, provider, exception=fault)
    return answer
