"""Django's handle on the runtime."""

from django.apps import AppConfig


class RuntimeConfig(AppConfig):
    """Registers the system checks."""

    name = "clarion.runtime"
    label = "runtime"
    verbose_name = "Runtime"
