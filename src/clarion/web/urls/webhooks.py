"""Addresses that are told what happens."""

from django.urls import path

from clarion.web.pages import webhook_acting, webhooks

_ONE = "settings/webhooks/<uuid:id>/"

workspace_urlpatterns = [
    path("settings/webhooks/", webhooks.webhook_list, name="webhooks"),
    path("settings/webhooks/new/", webhooks.webhook_new, name="webhook_new"),
    path(_ONE, webhooks.webhook_detail, name="webhook"),
    path(f"{_ONE}requests/<uuid:request_id>/", webhooks.webhook_request, name="webhook_request"),
    path(f"{_ONE}requests/<uuid:request_id>/replay/", webhook_acting.replay, name="webhook_replay"),
    path(f"{_ONE}replay/", webhook_acting.replay_failed, name="webhook_replay_failed"),
    path(f"{_ONE}on/", webhook_acting.switch_on, name="webhook_on"),
    path(f"{_ONE}off/", webhook_acting.switch_off, name="webhook_off"),
    path(f"{_ONE}secret/", webhook_acting.rotate, name="webhook_rotate"),
    path(f"{_ONE}test/", webhook_acting.test, name="webhook_test"),
    path(f"{_ONE}remove/", webhook_acting.remove, name="webhook_remove"),
]
