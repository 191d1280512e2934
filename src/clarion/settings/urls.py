"""All addresses. Each interface brings its own."""

from importlib.util import find_spec

from allauth.socialaccount.providers import registry
from django.urls import URLPattern, URLResolver, include, path

from clarion.runtime import health, metrics
from clarion.runtime.signin import listening
from clarion.runtime.signin.provider import Provider

# allauth makes the addresses of all providers that it knows by now.
registry.register(Provider)
listening.connect()

handler400 = "clarion.web.pages.errors.bad_request"
handler403 = "clarion.web.pages.errors.forbidden"
handler404 = "clarion.web.pages.errors.not_found"
handler500 = "clarion.web.pages.errors.server_error"

urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz", health.live, name="live"),
    path("readyz", health.ready, name="ready"),
    path("metrics", metrics.metrics, name="metrics"),
    # Ours stand before allauth's of the same name.
    path("accounts/", include("clarion.web.account_urls")),
    path("accounts/", include("allauth.urls")),
]
for _interface in ("clarion.hooks.urls", "clarion.api.urls", "clarion.public.urls", "clarion.web.urls"):
    if find_spec(_interface.removesuffix(".urls")) and find_spec(_interface):
        urlpatterns.append(path("", include(_interface)))
