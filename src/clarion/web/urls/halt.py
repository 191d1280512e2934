"""The kill switch of a workspace."""

from django.urls import path

from clarion.web.pages import halt

workspace_urlpatterns = [
    path("halt/", halt.halt, name="halt"),
    path("halt/on/", halt.switch_on, name="halt_on"),
    path("halt/lift/", halt.lift, name="halt_lift"),
]
