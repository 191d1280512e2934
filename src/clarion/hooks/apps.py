from django.apps import AppConfig


class HooksConfig(AppConfig):
    name = "clarion.hooks"
    label = "hooks"
