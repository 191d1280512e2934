"""The database of the tests is the one the program is made for."""

import pytest
from django.db import connection
from django.test import Client

pytestmark = pytest.mark.django_db


def test_the_server_is_recent_enough_and_compares_text_by_code_point() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('server_version_num')::int, 'a' < 'B' COLLATE \"C\"")
        version, _ = cursor.fetchone()

    assert version >= 150000


def test_ready_says_that_the_database_answers(client: Client) -> None:
    answer = client.get("/readyz")

    assert (answer.status_code, answer.content) == (200, b"ready\n")
