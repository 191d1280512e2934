"""Moderation: the queue, a review, and what is decided there."""

from django.urls import path

from clarion.web.pages import moderation

workspace_urlpatterns = [
    path("moderation/", moderation.queue, name="moderation"),
    path("moderation/<uuid:id>/", moderation.review, name="moderation_review"),
    path("moderation/<uuid:id>/decide/", moderation.decide, name="moderation_decide"),
    path("moderation/<uuid:id>/preview/", moderation.preview, name="moderation_preview"),
    path("moderation/<uuid:id>/preview/frame/", moderation.frame, name="moderation_frame"),
]
