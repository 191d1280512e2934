"""All addresses and the gallery, which is otherwise for developers only."""

from clarion.settings.urls import handler400, handler403, handler404, handler500, urlpatterns
from clarion.web.urls import gallery

__all__ = ["handler400", "handler403", "handler404", "handler500", "urlpatterns"]

urlpatterns = [*urlpatterns, *gallery.patterns]
