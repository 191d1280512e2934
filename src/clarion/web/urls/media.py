"""The media library."""

from django.urls import path

from clarion.web.pages import media

workspace_urlpatterns = [
    path("media/", media.media_list, name="media"),
    path("media/upload/", media.media_upload, name="media_upload"),
    path("media/<uuid:id>/delete/", media.media_delete, name="media_delete"),
]
