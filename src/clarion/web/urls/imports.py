"""Imports of contacts."""

from django.urls import path

from clarion.web.pages import imports

workspace_urlpatterns = [
    path("imports/", imports.import_list, name="imports"),
    path("imports/new/", imports.import_new, name="import_new"),
    path("imports/<uuid:id>/", imports.import_detail, name="import"),
    path("imports/<uuid:id>/preview/", imports.import_preview, name="import_preview"),
    path("imports/<uuid:id>/dialect/", imports.import_dialect, name="import_dialect"),
    path("imports/<uuid:id>/start/", imports.import_start, name="import_start"),
    path("imports/<uuid:id>/cancel/", imports.import_cancel, name="import_cancel"),
    path("imports/<uuid:id>/live/", imports.import_live, name="import_live"),
    path("imports/<uuid:id>/state/", imports.import_state, name="import_state"),
    path("imports/<uuid:id>/rejected.csv", imports.import_report, name="import_report"),
]
