"""Addresses that are printed into messages: short, and never changed."""

from django.urls import path

from clarion.public import media, unsubscribe
from clarion.public.push import views as push

urlpatterns = [
    path("m/<str:key>/<str:name>", media.media_file, name="media_file"),
    # The number is the scripts' version: sites embed their address for good.
    path("push/1/<str:name>", push.script, name="push_script"),
    path("push/seen/<str:token>", push.seen, name="push_seen"),
    path("push/<uuid:sender>/subscribe", push.subscribe, name="push_subscribe"),
    path("push/<uuid:sender>/unsubscribe", push.unsubscribe, name="push_unsubscribe"),
    path("u/<str:token>", unsubscribe.unsubscribe, name="unsubscribe"),
]
