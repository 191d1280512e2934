"""Django's handle on the runtime."""

from collections.abc import Mapping
from typing import Any

from django.apps import AppConfig
from django.core import checks


class RuntimeConfig(AppConfig):
    """Registers the system checks, and joins what does not know of each other."""

    name = "clarion.runtime"
    label = "runtime"
    verbose_name = "Runtime"

    def ready(self) -> None:
        """Have `clarion check` ask our questions too, the audience ask senders of groups, and letters be written."""
        from clarion.audience.livesheets import groups
        from clarion.runtime.checks import check_installation
        from clarion.senders import linking
        from clarion.senders.system import writers

        checks.register(check_installation, "clarion")
        groups.provide(linking.members_of)
        writers.provide("reset", _reset)


def _reset(to: str, facts: Mapping[str, Any]) -> tuple[str, str] | None:
    # Imported late: allauth is loaded only where somebody signs in or is written to.
    from clarion.runtime.signin import letters

    return letters.write_reset(to, facts)
