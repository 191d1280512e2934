"""Lists."""

from django.urls import path

from clarion.web.pages import lists

workspace_urlpatterns = [
    path("lists/", lists.list_list, name="lists"),
    path("lists/<uuid:id>/", lists.list_detail, name="list"),
    path("lists/<uuid:id>/delete/", lists.list_delete, name="list_delete"),
    path("lists/<uuid:id>/remove/", lists.list_remove, name="list_remove"),
]
