"""The gallery of components, where it is switched on."""

from django.conf import settings
from django.urls import path

from clarion.web.pages import gallery

urlpatterns = (
    [
        path("ui/", gallery.gallery, name="gallery"),
        path("ui/live/", gallery.live, name="gallery_live"),
        path("ui/drawer/", gallery.drawer, name="gallery_drawer"),
        path("ui/post/", gallery.post, name="gallery_post"),
    ]
    if getattr(settings, "UI_GALLERY", settings.DEBUG)
    else []
)
