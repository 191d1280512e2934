"""Senders."""

from django.urls import path

from clarion.web.pages import senders

workspace_urlpatterns = [
    path("senders/", senders.sender_list, name="senders"),
    path("senders/new/", senders.sender_new, name="sender_new"),
    path("senders/new/<slug:channel>/", senders.sender_create, name="sender_create"),
    path("senders/<uuid:id>/", senders.sender_edit, name="sender"),
    path("senders/<uuid:id>/pause/", senders.sender_pause, name="sender_pause"),
    path("senders/<uuid:id>/activate/", senders.sender_activate, name="sender_activate"),
    path("senders/<uuid:id>/delete/", senders.sender_delete, name="sender_delete"),
    path("senders/<uuid:id>/check/", senders.sender_check, name="sender_check"),
    path("senders/<uuid:id>/test/", senders.sender_test, name="sender_test"),
]
