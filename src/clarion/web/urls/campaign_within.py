"""What is done inside a campaign's run, under the namespace `campaigns`."""

from django.urls import path

from clarion.web.pages import campaign_within

campaign_urlpatterns = [
    path("<uuid:id>/hold/", campaign_within.hold, name="hold"),
    path("<uuid:id>/retry/", campaign_within.retry, name="retry"),
    path("<uuid:id>/refresh/", campaign_within.refresh, name="refresh"),
    path("<uuid:id>/refresh/live/", campaign_within.refresh_live, name="refresh_live"),
    path("<uuid:id>/refresh/state/", campaign_within.refresh_state, name="refresh_state"),
]
