"""Addresses that are entered at providers, so they never change."""

from django.urls import path

from clarion.hooks import views

urlpatterns = [
    path("hooks/<uuid:sender>/", views.receive, name="hook"),
    path("hooks/<uuid:sender>/<path:rest>", views.receive, name="hook_below"),
]
