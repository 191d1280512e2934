"""Scopes that part what one permission held before: stopping apart from starting, submitting apart from writing."""

from importlib import import_module

import pytest
from django.db import connection

from clarion.campaigns.states import Status
from clarion.workspaces.models import ApiToken
from clarion.workspaces.permissions import Permission
from tests import ledgers
from tests.factories import Cast
from tests.integration.api.asking import asking, secret_of

pytestmark = pytest.mark.django_db


def test_a_program_may_be_let_stop_what_is_sent_and_start_nothing(cast: Cast) -> None:
    url = f"/campaigns/{ledgers.make_campaign(cast.alice, status=Status.SENDING).public_id}"
    guard = asking(cast.bob, Permission.PAUSE)

    assert guard.post(f"{url}/actions/pause", {}).json()["status"] == "paused"
    assert guard.get(url).json()["actions"] == ["stop", "cancel"]
    refused = guard.post(f"{url}/actions/continue", {})

    assert (refused.status_code, refused.json()["code"]) == (403, "not_allowed")
    assert asking(cast.bob, Permission.LAUNCH).post(f"{url}/actions/cancel", {}).status_code == 403
    assert guard.post(f"{url}/actions/cancel", {}).json()["status"] == "cancelled"
    assert asking(cast.mallory).post(f"{url}/actions/cancel", {}).status_code == 404


def test_who_writes_may_be_kept_from_submitting(cast: Cast) -> None:
    cast.workspace.moderation = True
    cast.workspace.save()
    url = f"/campaigns/{ledgers.make_campaign(cast.alice, status=Status.DRAFT).public_id}"

    refused = asking(cast.bob, Permission.EDIT).post(f"{url}/actions/submit", {})

    assert refused.status_code == 403
    assert asking(cast.bob, Permission.SUBMIT).get(url).json()["actions"][0] == "submit"


def test_tokens_of_before_keep_what_they_may(cast: Cast) -> None:
    migration = import_module("clarion.workspaces.migrations.0009_submit_and_pause").Migration
    for scopes in ({"edit"}, {"launch"}, {"edit", "launch"}, {"export"}):
        secret_of(cast.alice, scopes)

    with connection.cursor() as cursor:
        for operation in migration.operations:
            cursor.execute(operation.sql)

    assert [sorted(one.scopes) for one in ApiToken.objects.order_by("pk")] == [
        ["edit", "submit", "view"],
        ["launch", "pause", "view"],
        ["edit", "launch", "pause", "submit", "view"],
        ["export", "view"],
    ]
