"""The Django app of the web interface."""

from django.apps import AppConfig


class WebConfig(AppConfig):
    name = "clarion.web"
    label = "web"
    verbose_name = "Web interface"

    def ready(self) -> None:
        """Tell the navigation what it counts."""
        from clarion.campaigns import moderation
        from clarion.web import navigation

        navigation.provide_count("moderation", moderation.waiting_count)
