"""Campaigns compared."""

from django.urls import path

from clarion.web.pages import statistics

workspace_urlpatterns = [
    path("statistics/", statistics.statistics, name="statistics"),
    path("statistics/campaigns.csv", statistics.statistics_csv, name="statistics_csv"),
]
