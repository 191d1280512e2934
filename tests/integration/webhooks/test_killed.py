"""The process that tells webhooks is killed while a receiver takes its time: nothing is lost, all comes in order."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.conf import settings
from django.db import transaction
from django.test import override_settings
from django.utils import timezone

from clarion.runtime import native
from clarion.webhooks.models import Batch, BatchStatus, Endpoint
from clarion.webhooks.publishing import publish
from tests.factories import Cast
from tests.integration.webhooks.telling import HERE, endpoint
from tests.receiver import Receiver, receiving

pytestmark = pytest.mark.django_db(transaction=True)

#: Tells, as the process of the background jobs does, until its input ends.
TELLER = """
import json, sys
from django.conf import settings
settings.DATABASES["default"] |= json.loads(sys.argv[1])
import django
django.setup()
from clarion.runtime.telling import Teller
teller = Teller()
teller.start()
sys.stdin.read()
teller.stop(60)
sys.exit(teller._thread.is_alive())
"""
#: Seconds; a machine may be busy.
PATIENCE = 300
#: So long that a request holds about ten events.
NAME = "n" * 25_000


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as found, override_settings(CLARION_FETCH_ALLOW=HERE):
        yield found


@contextmanager
def telling() -> Iterator["subprocess.Popen[bytes]"]:
    """Start a process that tells, on the tests' database; whatever happens, it is gone at the end."""
    entry = settings.DATABASES["default"]
    database = {name: entry[name] for name in ("NAME", "USER", "PASSWORD", "HOST", "PORT") if name in entry}
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "clarion.settings", "CLARION_HOME": str(settings.CLARION_HOME),
        "CLARION_SECRET_KEY": settings.SECRET_KEY, "CLARION_FETCH_ALLOW": "127.0.0.1",
    }  # fmt: skip
    process = subprocess.Popen(
        [sys.executable, "-c", TELLER, json.dumps(database)], env=environment, stdin=subprocess.PIPE,
        preexec_fn=native.die_with_parent(signal.SIGKILL),
    )  # fmt: skip
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        assert process.stdin
        process.stdin.close()


@transaction.atomic
def happened(cast: Cast, first: int, last: int) -> None:
    for number in range(first, last):
        publish(cast.workspace.pk, "campaign.state", key="campaign:x", data={"to": str(number), "name": NAME})


def test_no_event_is_lost_their_order_stays_and_only_what_was_under_way_comes_twice(
    cast: Cast, receiver: Receiver
) -> None:
    endpoint(cast.alice, receiver.url, ["campaign"])
    is_slow, goes_on, told = threading.Event(), threading.Event(), threading.Event()

    def answer(events: list[dict[str, Any]]) -> tuple[int, dict[str, str]]:
        if len(receiver.requests) == 2:
            is_slow.set()
            goes_on.wait(PATIENCE)
        if events[-1]["data"]["to"] == "59":
            told.set()
        return 204, {}

    receiver.answering = answer
    happened(cast, 0, 40)

    with telling() as process:
        assert is_slow.wait(PATIENCE)
        happened(cast, 40, 50)
        process.kill()
        assert process.wait() == -signal.SIGKILL
    happened(cast, 50, 60)  # while nobody tells
    goes_on.set()
    # As when a minute has passed: until then the dead process might still be talking.
    assert Endpoint.objects.filter(lease_until__gt=timezone.now()).update(lease_until=timezone.now()) == 1
    with telling() as process:
        assert told.wait(PATIENCE)
        assert process.stdin
        process.stdin.close()
        assert process.wait(PATIENCE) == 0

    ids = [headers["webhook-id"] for headers, _body in receiver.requests]
    bodies = dict(zip(ids, (body for _headers, body in receiver.requests), strict=True))
    assert len(ids) > 5
    assert ids == [ids[0], ids[1], *dict.fromkeys(ids[1:])]  # the second one twice, in its place
    assert receiver.requests[1][1] == receiver.requests[2][1]
    numbers = [event["data"]["to"] for body in bodies.values() for event in json.loads(body)]
    assert numbers == [str(number) for number in range(60)]
    assert set(Batch.objects.values_list("status", flat=True)) == {BatchStatus.DELIVERED}
    assert Endpoint.objects.get().lease == ""
