"""The test database and the cast."""

import os
from collections.abc import Iterator
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from pytest_django import DjangoDbBlocker

from clarion.runtime import postgres
from tests import databases

UNIT = os.path.join("tests", "unit") + os.sep


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A directory says what a test may touch: unit tests get no database."""
    for item in items:
        if UNIT in str(item.path) and item.get_closest_marker("django_db"):
            raise pytest.UsageError(f"{item.nodeid} uses the database; move it to tests/integration.")


@pytest.fixture(scope="session")
def django_db_setup(
    request: pytest.FixtureRequest, django_test_environment: None, django_db_blocker: DjangoDbBlocker
) -> Iterator[None]:
    """Have a migrated database the first time that a test needs one; a database for each process."""
    from django.conf import settings
    from django.db import connections
    from django.test.utils import setup_databases, teardown_databases

    with ExitStack() as stack:
        with django_db_blocker.unblock():
            if settings.CLARION_DATABASE_IS_EMBEDDED:
                sockets = Path(settings.DATABASES["default"]["HOST"])
                cluster = postgres.Cluster(settings.CLARION_HOME, sockets, is_durable=False)
                kept = request.config.cache.mkdir("databases")
                stack.enter_context(databases.embedded(cluster, kept))
            else:
                connections["default"].settings_dict["TEST"]["NAME"] = f"{databases.NAME}_{os.getpid()}"
                made = setup_databases(verbosity=0, interactive=False, aliases={"default"})
                stack.callback(teardown_databases, made, verbosity=0)
                databases.make_room()
        yield
        with django_db_blocker.unblock():
            stack.close()


@pytest.fixture(scope="session", autouse=True)
def _quickly_emptied() -> Iterator[None]:
    """Tests that commit leave an empty database; see `databases.empty`."""
    from django.test import TransactionTestCase

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", lambda case: databases.empty())
        yield


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
def _plain_templates(django_test_environment: None) -> Iterator[None]:
    """Hardly a test asks for `contexts`, and keeping a copy for each part of a page costs a tenth of it."""
    from django.template import Template
    from django.test.utils import _TestState

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Template, "_render", _TestState.saved_data.template_render)
        yield


@pytest.fixture
def contexts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Answers have their `context`, with what their templates were given."""
    from django.template import Template
    from django.test.utils import instrumented_test_render

    monkeypatch.setattr(Template, "_render", instrumented_test_render)


@pytest.fixture(scope="session", autouse=True)
def _commands_made_once() -> Iterator[None]:
    """The program makes its commands once; the runner would for every call, which costs more than most of them do."""
    from typer import testing

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(testing, "_get_command", cache(testing._get_command))
        yield


@pytest.fixture(autouse=True)
def _english() -> None:
    """No test begins in the language of the last page that another asked for."""
    from django.utils import translation

    translation.deactivate()


@pytest.fixture(scope="session", autouse=True)
def _fast_passwords() -> Iterator[None]:
    """The real hash is slow on purpose."""
    from django.conf import settings
    from django.test import override_settings

    hashers = ["django.contrib.auth.hashers.MD5PasswordHasher", *settings.PASSWORD_HASHERS]
    with override_settings(PASSWORD_HASHERS=hashers):
        yield


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
