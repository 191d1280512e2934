"""All addresses. Each interface brings its own."""

from importlib.util import find_spec

from django.urls import URLPattern, URLResolver, include, path

from clarion.runtime import health, metrics

handler400 = "clarion.web.pages.errors.bad_request"
handler403 = "clarion.web.pages.errors.forbidden"
handler404 = "clarion.web.pages.errors.not_found"
handler500 = "clarion.web.pages.errors.server_error"

urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz", health.live, name="live"),
    path("readyz", health.ready, name="ready"),
    path("metrics", metrics.metrics, name="metrics"),
    path("accounts/", include("allauth.urls")),
]
for _interface in ("clarion.hooks.urls", "clarion.api.urls", "clarion.public.urls", "clarion.web.urls"):
    if find_spec(_interface.removesuffix(".urls")) and find_spec(_interface):
        urlpatterns.append(path("", include(_interface)))
