"""The workspace's settings."""

from django.urls import path

from clarion.web.pages import settings

workspace_urlpatterns = [path("settings/", settings.settings, name="settings")]
