"""The workspace's settings."""

from django.urls import path

from clarion.web.pages import branding, settings

workspace_urlpatterns = [
    path("settings/", settings.settings, name="settings"),
    path("settings/branding/", branding.page, name="branding"),
]
