"""Addresses that are printed into messages: short, and never changed."""

from django.urls import path

from clarion.public import brand, media, preferences, speech, tracked, unsubscribe
from clarion.public.push import views as push

urlpatterns = [
    path("b/<str:colour>.css", brand.style, name="brand_style"),
    path("b/<str:key>/<str:digest>", brand.logo, name="brand_logo"),
    path("c/<str:token>/<int:number>", tracked.click, name="tracked_link"),
    path("m/<str:key>/<str:name>", media.media_file, name="media_file"),
    path("o/<str:token>.gif", tracked.opened, name="tracked_open"),
    path("p/<str:token>", preferences.choose, name="preferences"),
    # The number is the scripts' version: sites embed their address for good.
    path("push/1/<str:name>", push.script, name="push_script"),
    path("push/seen/<str:token>", push.seen, name="push_seen"),
    path("push/<uuid:sender>/subscribe", push.subscribe, name="push_subscribe"),
    path("push/<uuid:sender>/unsubscribe", push.unsubscribe, name="push_unsubscribe"),
    path("s/<str:name>.wav", speech.recording, name="speech"),
    path("u/<str:token>", unsubscribe.unsubscribe, name="unsubscribe"),
]
