"""Pages of help, the same in every workspace."""

from django.urls import path

from clarion.web.pages import statuses

urlpatterns = [path("help/statuses/", statuses.statuses, name="help_statuses")]
