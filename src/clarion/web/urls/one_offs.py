"""One-offs: writing one, and the history of them."""

from django.urls import path

from clarion.web.pages import history, send

workspace_urlpatterns = [
    path("send/", send.send, name="send"),
    path("send/preview/", send.preview, name="send_preview"),
    path("send/preview/frame/", send.frame, name="send_frame"),
    path("history/", history.history, name="history"),
    path("history/<uuid:id>/", history.one, name="history_one"),
]
