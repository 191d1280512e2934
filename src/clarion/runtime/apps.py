"""Django's handle on the runtime."""

from django.apps import AppConfig
from django.core import checks


class RuntimeConfig(AppConfig):
    """Registers the system checks, and joins what does not know of each other."""

    name = "clarion.runtime"
    label = "runtime"
    verbose_name = "Runtime"

    def ready(self) -> None:
        """Have `clarion check` ask our questions too, and the audience ask senders who is in their groups."""
        from clarion.audience.livesheets import groups
        from clarion.runtime.checks import check_installation
        from clarion.senders import linking

        checks.register(check_installation, "clarion")
        groups.provide(linking.members_of)
