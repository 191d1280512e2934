"""Bring up Django, and the embedded database where a command needs one."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

from clarion.lib import loading


def django() -> None:
    """Load settings and applications. Ends the program with code 2 and a list when the settings are bad."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clarion.settings")
    with loading.uncollected():
        import django as framework

        framework.setup()


def settings() -> Any:
    """Read the settings and set up logging, without loading any application."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clarion.settings")
    from django.conf import settings as read

    from clarion.settings import logging

    logging.configure(read.LOGGING)
    return read


@contextmanager
def database() -> Iterator[None]:
    """Bring up Django with a database that answers, starting the embedded one for this command if nobody has."""
    django()
    from django.conf import settings
    from django.db import connections

    from clarion.runtime import postgres

    lent = (
        postgres.ensure_running(settings.CLARION_HOME, Path(settings.DATABASES["default"]["HOST"]))
        if settings.CLARION_DATABASE_IS_EMBEDDED
        else nullcontext()
    )
    try:
        with lent:
            try:
                yield
            finally:
                connections.close_all()
    except postgres.PostgresUnusable as problem:
        import typer

        typer.echo(str(problem), err=True)
        raise typer.Exit(1) from None
