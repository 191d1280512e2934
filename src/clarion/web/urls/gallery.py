"""The gallery of components: for developers only."""

from django.conf import settings
from django.urls import path

from clarion.web.pages import gallery

patterns = [
    path("ui/", gallery.gallery, name="gallery"),
    path("ui/live/", gallery.live, name="gallery_live"),
    path("ui/drawer/", gallery.drawer, name="gallery_drawer"),
    path("ui/post/", gallery.post, name="gallery_post"),
]
urlpatterns = patterns if settings.DEBUG else []
