"""Addresses that are printed into messages: short, and never changed."""

from django.urls import path

from clarion.public import preferences, unsubscribe

urlpatterns = [
    path("p/<str:token>", preferences.choose, name="preferences"),
    path("u/<str:token>", unsubscribe.unsubscribe, name="unsubscribe"),
]
