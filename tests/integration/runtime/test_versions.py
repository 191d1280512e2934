"""A database that another version of the program has changed is refused in words, and left as it is."""

import pytest
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

from clarion.runtime import preparation

pytestmark = pytest.mark.django_db


def test_what_a_later_version_changed_is_refused() -> None:
    recorder = MigrationRecorder(connection)
    recorder.record_applied("audience", "0999_of_tomorrow")
    recorder.record_applied("deliveries", "0998_of_tomorrow")

    with pytest.raises(preparation.DatabaseUnusable, match=r"it has audience\.0999_of_tomorrow and 1 more"):
        preparation.migrate(verbosity=0)


def test_what_this_version_made_is_taken() -> None:
    preparation.migrate(verbosity=0)

    assert not preparation.has_unapplied()
