"""Is anybody there who sends? A command that starts a campaign has to know."""

import socket
from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from clarion.deliveries.models import Worker
from clarion.runtime import native, supervisor

#: How the name of a sending process ends that serves one command and goes with it.
LENT = "-lent"
#: A sending process beats every second; one that was not heard for so long is gone.
FRESH_SECONDS = 10.0


def is_server_running() -> bool:
    """Tell whether an installation runs that sends by itself: here, or anywhere on the same database."""
    return supervisor.running(settings.CLARION_HOME) is not None or has_sender()


def has_sender(*, with_lent: bool = False) -> bool:
    """Tell whether a sending process lives that outlasts a command."""
    since = timezone.now() - timedelta(seconds=FRESH_SECONDS)
    alive = Worker.objects.filter(ended_at=None, heartbeat_at__gte=since)
    if not with_lent:
        alive = alive.exclude(name__endswith=LENT)
    here = socket.gethostname()
    return any(host != here or native.is_alive(pid) for host, pid in alive.values_list("host", "pid"))
