"""Addresses that are printed into messages: short, and never changed."""

from django.urls import path

from clarion.public import unsubscribe

urlpatterns = [path("u/<str:token>", unsubscribe.unsubscribe, name="unsubscribe")]
