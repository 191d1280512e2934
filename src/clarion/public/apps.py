from django.apps import AppConfig


class PublicConfig(AppConfig):
    name = "clarion.public"
    label = "public"
