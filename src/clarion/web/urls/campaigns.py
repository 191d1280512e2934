"""Campaigns, under the namespace `campaigns`; the lists also by the names that the navigation knows.

Another module of this package adds its own pages of a campaign by having `campaign_urlpatterns`.
"""

import pkgutil
from importlib import import_module

from django.urls import URLPattern, include, path

from clarion.web import urls
from clarion.web.pages import campaign_acting, campaign_bulk, campaign_edit, campaigns

_OWN = [
    path("", campaigns.campaign_list, name="list"),
    path("new/", campaign_edit.new, name="new"),
    path("live/", campaigns.live, name="live"),
    path("bulk/", campaign_bulk.bulk, name="bulk"),
    path("columns/", campaigns.columns, name="columns"),
    path("<uuid:id>/row/", campaigns.row, name="row"),
    path("<uuid:id>/menu/", campaigns.menu, name="menu"),
    path("<uuid:id>/info/", campaigns.info, name="info"),
    path("<uuid:id>/edit/", campaign_edit.edit, name="edit"),
    path("<uuid:id>/edit/estimate/", campaign_edit.estimate, name="estimate"),
    path("<uuid:id>/preview/", campaign_edit.preview_pane, name="preview"),
    path("<uuid:id>/preview/frame/", campaign_edit.preview_frame, name="preview_frame"),
    path("<uuid:id>/test/", campaign_edit.send_test, name="test"),
    path("<uuid:id>/do/<slug:action>/", campaign_acting.act, name="act"),
]


def _others() -> list[URLPattern]:
    names = sorted(found.name for found in pkgutil.iter_modules(urls.__path__))
    modules = [import_module(f"{urls.__name__}.{name}") for name in names if name != "campaigns"]
    return [pattern for module in modules for pattern in getattr(module, "campaign_urlpatterns", [])]


workspace_urlpatterns = [
    path("campaigns/", campaigns.campaign_list, name="campaigns"),
    path("archive/", campaigns.archive, name="archive"),
    path("campaigns/", include(([*_OWN, *_others()], "campaigns"))),
]
