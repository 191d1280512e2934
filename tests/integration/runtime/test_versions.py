"""A database that another version of the program has changed is refused in words, and left as it is."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, connections
from django.db.migrations.recorder import MigrationRecorder

from clarion.runtime import preparation
from tests.waiting import wait_for

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


@pytest.mark.django_db(transaction=True)
def test_an_index_is_made_while_other_hosts_wait_for_their_turn() -> None:
    def migrate_elsewhere() -> None:
        try:
            preparation.migrate(verbosity=0)
        finally:
            connections.close_all()

    def somebody_waits() -> bool:
        cursor.execute(
            "select exists (select from pg_stat_activity where pid <> pg_backend_pid()"
            " and datname = current_database() and query like '%_advisory_lock(%')"
        )
        return bool(cursor.fetchone()[0])

    with connection.cursor() as cursor, ThreadPoolExecutor() as other_hosts:
        cursor.execute("select pg_advisory_lock(%s, %s)", preparation.MIGRATION_LOCK)
        try:
            other = other_hosts.submit(migrate_elsewhere)
            wait_for(somebody_waits, "another host asks for its turn")
            cursor.execute("create index concurrently index_of_a_test on audience_contact (zone)")
            cursor.execute("drop index concurrently index_of_a_test")
            assert not other.done()
        finally:
            cursor.execute("select pg_advisory_unlock(%s, %s)", preparation.MIGRATION_LOCK)
        other.result()
