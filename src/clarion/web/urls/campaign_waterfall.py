"""Who a campaign would reach, and whether it is held to the frequency caps."""

from django.urls import path

from clarion.web.pages import campaign_waterfall

campaign_urlpatterns = [
    path("<uuid:id>/who/", campaign_waterfall.who, name="who"),
    path("<uuid:id>/caps/", campaign_waterfall.caps, name="caps"),
]
