"""Suppressions."""

from django.urls import path

from clarion.web.pages import suppressions

workspace_urlpatterns = [
    path("suppressions/", suppressions.suppression_list, name="suppressions"),
    path("suppressions/add/", suppressions.suppression_add, name="suppression_add"),
    path("suppressions/import/", suppressions.suppression_import, name="suppression_import"),
    path("suppressions/export.csv", suppressions.suppression_export, name="suppression_export"),
    path("suppressions/remove/", suppressions.suppression_remove_many, name="suppression_remove_many"),
    path("suppressions/<int:id>/remove/", suppressions.suppression_remove, name="suppression_remove"),
]
