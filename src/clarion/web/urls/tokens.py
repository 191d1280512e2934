"""Keys by which programs act for a member."""

from django.urls import path

from clarion.web.pages import tokens

workspace_urlpatterns = [
    path("settings/tokens/", tokens.token_list, name="tokens"),
    path("settings/tokens/<uuid:id>/revoke/", tokens.revoke, name="token_revoke"),
]
