"""The test database and the cast."""

import os
from collections.abc import Iterator
from typing import Any

import pytest

UNIT = os.path.join("tests", "unit") + os.sep


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A directory says what a test may touch: unit tests get no database."""
    for item in items:
        if UNIT in str(item.path) and item.get_closest_marker("django_db"):
            raise pytest.UsageError(f"{item.nodeid} uses the database; move it to tests/integration.")


@pytest.fixture(scope="session")
def django_db_modify_db_settings() -> Iterator[None]:
    """Start the embedded server the first time that a test needs the database; a database for each process."""
    from django.conf import settings
    from django.db import connections

    from clarion.runtime import postgres

    default = connections["default"]
    default.settings_dict["TEST"]["NAME"] = f"test_clarion_{os.getpid()}"
    if not settings.CLARION_DATABASE_IS_EMBEDDED:
        yield
        return
    sockets = settings.DATABASES["default"]["HOST"]
    from pathlib import Path

    with postgres.running(postgres.Cluster(settings.CLARION_HOME, Path(sockets), is_durable=False)):
        yield
        connections.close_all()


@pytest.fixture(scope="session", autouse=True)
def _plain_static_files() -> Iterator[None]:
    """Tests read static files where they lie: nothing is collected or hashed."""
    from django.conf import settings
    from django.test import override_settings

    storages = settings.STORAGES | {
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    }
    with override_settings(STORAGES=storages, WHITENOISE_AUTOREFRESH=True):
        yield


@pytest.fixture(scope="session", autouse=True)
def _translations() -> None:
    """Compile the translations, as the program does when it starts: the first page keeps what it finds."""
    from clarion.runtime import catalogues

    catalogues.compile_if_changed()


@pytest.fixture(scope="session", autouse=True)
def _fast_passwords() -> Iterator[None]:
    """The real hash is slow on purpose."""
    from django.conf import settings
    from django.test import override_settings

    hashers = ["django.contrib.auth.hashers.MD5PasswordHasher", *settings.PASSWORD_HASHERS]
    with override_settings(PASSWORD_HASHERS=hashers):
        yield


@pytest.fixture(autouse=True)
def _clean_procrastinate(request: pytest.FixtureRequest) -> Iterator[None]:
    """Empty the job tables after transactional tests: their models are unmanaged, so Django does not flush them."""
    marker = request.node.get_closest_marker("django_db")
    is_transactional = bool(marker and marker.kwargs.get("transaction"))
    if is_transactional:
        request.getfixturevalue("transactional_db")
    yield
    if is_transactional:
        from django.db import connection

        with connection.cursor() as cursor:
            cursor.execute(
                "TRUNCATE procrastinate_jobs, procrastinate_events, procrastinate_periodic_defers,"
                " procrastinate_workers"
            )


def conninfo() -> str:
    """Return the libpq address of the test database, for code that talks to PostgreSQL without Django."""
    from django.db import connection
    from psycopg.conninfo import make_conninfo

    parameters: dict[str, Any] = connection.get_connection_params()
    known = ("host", "port", "user", "password", "dbname")
    return make_conninfo(**{name: parameters[name] for name in known if parameters.get(name)})


@pytest.fixture
def dsn(transactional_db: None) -> str:
    """The test database's address for async stores; the test is transactional."""
    return conninfo()


@pytest.fixture
def cast(db: None) -> Any:
    """alice (owner), bob (author) and vera (viewer) of Acme; mallory of another workspace. See `factories.Cast`."""
    from tests.factories import make_cast

    return make_cast()
