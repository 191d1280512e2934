"""The Django app of the web interface."""

from django.apps import AppConfig


class WebConfig(AppConfig):
    name = "clarion.web"
    label = "web"
    verbose_name = "Web interface"
