"""Addresses that are printed into messages: short, and never changed."""

from django.urls import path

from clarion.public import media, unsubscribe

urlpatterns = [
    path("m/<str:key>/<str:name>", media.media_file, name="media_file"),
    path("u/<str:token>", unsubscribe.unsubscribe, name="unsubscribe"),
]
