"""The examples of the how-to, run as they stand there."""

import re
import shlex
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.utils import timezone

from clarion.audience import reading
from clarion.audience.models import Source
from clarion.campaigns.models import Launch
from clarion.campaigns.states import Status
from clarion.deliveries.models import RunStep
from clarion.runtime import scheduler
from clarion.senders import operations as senders
from clarion.workspaces.actors import of_member
from clarion.workspaces.money import operations as money
from tests import ledgers
from tests.factories import Cast
from tests.integration.api.asking import Asking, asking

pytestmark = pytest.mark.django_db
PAGE = Path(__file__).resolve().parents[3] / "docs" / "howto" / "api.md"


def run(words: list[str], who: Asking) -> Any:
    """Return the answer to what a curl command asks."""
    assert words[:2] == ["curl", "-sS"]
    method, url, body, headers = "", "", b"", {}
    rest = iter(words[2:])
    for word in rest:
        if word == "-X":
            method = next(rest)
        elif word == "-H":
            name, _colon, value = next(rest).partition(": ")
            headers[name.lower().replace("-", "_")] = value
        elif word in ("--data", "--data-binary"):
            body = next(rest).encode()
        else:
            url = word
    address = urlsplit(url)
    assert headers.pop("authorization") == f"Bearer {who.secret}"
    assert address.path.startswith("/api/v1/")
    path = address.path.removeprefix("/api/v1") + (f"?{address.query}" if address.query else "")
    return who(method or ("POST" if body else "GET"), path, body or None, **headers)


def test_every_example_does_what_the_page_says(cast: Cast) -> None:
    alices = asking(cast.alice)
    money.switch_on(by=of_member(cast.alice), currency="EUR")
    sender = senders.create_sender(by=of_member(cast.alice), channel="sandbox", name="Sand", config={})
    facts: dict[str, Any] = {"launch": Launch.TRIGGER, "source": None}
    triggered = ledgers.make_campaign(
        cast.alice, status=Status.BUILDING, ends_at=timezone.now() + timedelta(days=1), **facts
    )
    scheduler.build_due()
    RunStep.objects.filter(run__campaign=triggered).update(content={"subject": "Hi", "text": "Hello"})
    known = {
        "$CLARION_SERVER": "http://testserver", "$CLARION_TOKEN": alices.secret,
        "SENDER": str(sender.public_id), "TRIGGERED": str(triggered.public_id),
    }  # fmt: skip
    answered = []
    for example in re.findall(r"^```sh\n(curl.*?)^```", PAGE.read_text(), re.MULTILINE | re.DOTALL):
        for word, value in known.items():
            example = example.replace(word, value)
        answer = run(shlex.split(example.replace("\\\n", " ")), alices)
        assert answer.status_code < 300, (example, answer.content)
        told = answer.json()
        if "bad_count" in told:
            known["SOURCE"] = told["id"]
            reading.read_source_job(Source.objects.get(public_id=told["id"]).pk)
        elif "digest" in told:
            known["CAMPAIGN"] = told["id"]
            answered.append(told["status"])
        if "ready" in told:
            assert told["ready"], told
        if told.get("status") == "building":
            scheduler.build_due()

    assert answered == ["draft", "building"]
