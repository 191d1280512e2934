"""The dashboard is the workspace's first page."""

from django.urls import path

from clarion.web.pages import dashboard

workspace_urlpatterns = [
    path("", dashboard.dashboard, name="dashboard"),
    path("-/live/", dashboard.live, name="dashboard_live"),
]
