"""`clarion webhook`: making, watching, switching and removing webhooks."""

import json

import pytest
from django.test import override_settings

from clarion.webhooks.models import Batch, BatchStatus, Endpoint, EndpointStatus
from clarion.webhooks.publishing import publish
from tests.factories import Cast
from tests.integration.cli.running import clarion
from tests.integration.webhooks.telling import HERE, tell
from tests.receiver import Receiver, receiving

pytestmark = pytest.mark.django_db
HERE_CLI = ("--workspace", "acme")


@pytest.fixture
def receiver():
    with receiving() as found, override_settings(CLARION_FETCH_ALLOW=HERE):
        yield found


def test_the_command_line_does_all_of_it(cast: Cast, receiver: Receiver) -> None:
    made = clarion("webhook", "add", receiver.url, "--event", "campaign", "--description", "Shop", *HERE_CLI)
    assert made.exit_code == 0, made.stderr
    secret = made.stdout.strip()
    receiver.answering = lambda _events: (500, {})
    said = {"campaign": "x", "name": "Spring"}
    publish(cast.workspace.pk, "campaign.state", key="campaign:x", data=said)
    tell()
    Batch.objects.update(status=BatchStatus.FAILED, done_at=Batch.objects.get().created_at)

    (listed,) = json.loads(clarion("webhook", "list", *HERE_CLI, "--json").stdout)
    id_ = listed["id"][:8]
    assert (listed["events"], listed["failed"], listed["failures"]) == (["campaign"], 1, 1)
    assert secret not in clarion("webhook", "show", id_, *HERE_CLI).stdout
    (row,) = json.loads(clarion("webhook", "log", id_, "--failed", *HERE_CLI, "--json").stdout)
    assert row["tries"][0]["status"] == 500
    assert clarion("webhook", "replay", id_, *HERE_CLI).exit_code == 0
    assert Batch.objects.get().status == BatchStatus.WAITING
    assert clarion("webhook", "disable", id_, *HERE_CLI).exit_code == 0
    assert Endpoint.objects.get().status == EndpointStatus.OFF
    assert clarion("webhook", "enable", id_, *HERE_CLI).exit_code == 0
    for wrong in (
        ("add", "nonsense", "--event", "campaign"),
        ("add", receiver.url, "--event", "x"),
        ("show", "zzz"),
    ):
        assert clarion("webhook", *wrong, *HERE_CLI).exit_code == 2
    assert clarion("webhook", "remove", id_, "--yes", *HERE_CLI).exit_code == 0
    assert not Endpoint.objects.exists()
