"""Django's handle on the runtime."""

from django.apps import AppConfig
from django.core import checks


class RuntimeConfig(AppConfig):
    """Registers the system checks."""

    name = "clarion.runtime"
    label = "runtime"
    verbose_name = "Runtime"

    def ready(self) -> None:
        """Have `clarion check` ask our questions too."""
        from clarion.runtime.checks import check_installation

        checks.register(check_installation, "clarion")
