from django.apps import AppConfig


class AudienceConfig(AppConfig):
    name = "clarion.audience"
    label = "audience"
    default_auto_field = "django.db.models.BigAutoField"
