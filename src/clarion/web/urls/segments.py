"""Segments."""

from django.urls import path

from clarion.web.pages import segments

workspace_urlpatterns = [
    path("segments/", segments.segment_list, name="segments"),
    path("segments/new/", segments.segment_new, name="segment_new"),
    path("segments/<uuid:id>/", segments.segment_detail, name="segment"),
    path("segments/<uuid:id>/delete/", segments.segment_delete, name="segment_delete"),
]
