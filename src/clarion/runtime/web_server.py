"""The web server process: gunicorn with threads, on a socket that somebody opened."""

from typing import Any

from gunicorn.app.base import BaseApplication

from clarion.lib import loading

#: Seconds that requests under way may take when the server is told to stop.
GRACEFUL_SECONDS = 8
#: A worker process is renewed after so many requests, give or take, so that no leak can grow.
REQUESTS_PER_WORKER = 20_000


class WebServer(BaseApplication):  # type: ignore[misc]  # gunicorn has no types
    """gunicorn, configured by us instead of by files and its own command line."""

    def __init__(self, *, listener: int, workers: int, threads: int) -> None:
        self._settings = {
            "bind": [f"fd://{listener}"],
            "workers": workers,
            "threads": threads,
            "worker_class": "gthread",
            "keepalive": 75,
            "timeout": 60,
            "graceful_timeout": GRACEFUL_SECONDS,
            "max_requests": REQUESTS_PER_WORKER,
            "max_requests_jitter": REQUESTS_PER_WORKER // 10,
            # One copy of the program in memory; connections to the database are made after the fork.
            "preload_app": True,
            # It would open a socket in the user's home directory.
            "control_socket_disable": True,
            "logger_class": "clarion.runtime.web_server.Logger",
            "loglevel": "warning",
            "worker_tmp_dir": _memory_directory(),
            "forwarded_allow_ips": "127.0.0.1,::1",
        }
        super().__init__()

    def load_config(self) -> None:
        """Hand our settings to gunicorn."""
        for name, value in self._settings.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        """Return the WSGI application with all its pages, so that no process loads them at its first request."""
        with loading.uncollected():
            from django.core.servers.basehttp import get_internal_wsgi_application
            from django.urls import get_resolver

            # What the settings name, which stands in front of the pages.
            application = get_internal_wsgi_application()
            _ = get_resolver().url_patterns
        return application


def _memory_directory() -> str | None:
    """Heartbeat files belong into memory: a slow disk would make live workers look dead."""
    import os

    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108 - gunicorn makes unnamed files


def _logger_class() -> type:
    from gunicorn.glogging import Logger as Theirs

    class Logger(Theirs):  # type: ignore[misc]
        """gunicorn's messages go where all of ours go."""

        def setup(self, cfg: Any) -> None:
            self.error_log.propagate = True
            self.access_log.propagate = False
            self.error_log.setLevel("WARNING")

    return Logger


Logger = _logger_class()
