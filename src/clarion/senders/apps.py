from django.apps import AppConfig


class SendersConfig(AppConfig):
    name = "clarion.senders"
    label = "senders"
    default_auto_field = "django.db.models.BigAutoField"
