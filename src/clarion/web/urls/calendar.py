"""The calendar, and the pages of a campaign on one of its dates."""

from django.urls import path

from clarion.web.pages import calendar

workspace_urlpatterns = [path("calendar/", calendar.page, name="calendar")]

campaign_urlpatterns = [
    path("<uuid:id>/planned/", calendar.planned, name="planned"),
    path("<uuid:id>/move/", calendar.move, name="move"),
]
