"""Addresses that are printed into messages: short, and never changed."""

from django.urls import path

from clarion.public import tracked, unsubscribe

urlpatterns = [
    path("c/<str:token>/<int:number>", tracked.click, name="tracked_link"),
    path("o/<str:token>.gif", tracked.opened, name="tracked_open"),
    path("u/<str:token>", unsubscribe.unsubscribe, name="unsubscribe"),
]
