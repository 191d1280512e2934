"""Uploaded files of campaigns."""

from django.urls import path

from clarion.web.pages import sources

workspace_urlpatterns = [
    path("sources/<uuid:id>/rejected.csv", sources.source_rejected, name="source_rejected"),
]
