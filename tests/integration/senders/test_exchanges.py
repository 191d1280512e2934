"""The provider log: failures and some successes, in rings, without secrets and people, for who manages senders."""

from datetime import timedelta

import pytest
from django.utils import timezone

from clarion.channels.exchanges import Exchange, shown_body, shown_fields
from clarion.deliveries.models import StrayEvent
from clarion.senders import exchanges, operations
from clarion.senders.models import Exchange as Row
from clarion.senders.models import Sender
from clarion.workspaces.actors import of_member
from tests.factories import Cast, client_of

pytestmark = pytest.mark.django_db

TOKEN = "a-very-secret-token"


@pytest.fixture
def sender(cast: Cast) -> Sender:
    config = {"protocol": "twilio", "account_sid": "AC1", "auth_token": TOKEN, "source": "+15005550006"}
    return operations.create_sender(by=of_member(cast.alice), channel="sms", name="Texts", config=config)


def exchange(*, failed: bool = False, answer: str = "", code: str = "") -> Exchange:
    return Exchange(
        is_ours=True, what="POST /Messages.json", request=f"To=…67\nauth={TOKEN}", answer=answer, code=code,
        status="HTTP 400" if failed else "HTTP 201", failed=failed, milliseconds=12,
    )  # fmt: skip


def test_every_failure_and_one_success_a_second_are_kept_without_secrets(
    sender: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.monotonic", lambda: 100.0)
    whole = exchanges.Log()
    log = whole.of(sender.pk, "sms", {"auth_token": TOKEN})

    for _ in range(15):
        for failed in (True, False):
            if log.wants(failed):
                log.add(exchange(failed=failed))
    whole.write()

    rows = Row.objects.filter(sender=sender)
    assert [rows.filter(failed=failed).count() for failed in (True, False)] == [15, 1]
    assert not [row for row in rows if TOKEN in row.request]
    assert TOKEN not in repr(log)


def test_the_rings_keep_the_newest(sender: Sender) -> None:
    whole = exchanges.Log()
    for number in range(exchanges.KEPT + 5):
        whole.add(sender.pk, exchange(failed=True, answer=str(number)))
    whole.add(sender.pk, exchange())

    whole.write()

    failures = Row.objects.filter(sender=sender, failed=True)
    assert failures.count() == exchanges.KEPT
    assert failures.order_by("-id")[0].answer == str(exchanges.KEPT + 4)
    assert Row.objects.filter(sender=sender, failed=False).count() == 1


def test_what_people_wrote_and_are_called_is_not_shown() -> None:
    fields = {
        "To": "+4915112345678", "Body": "Hello Amira, your code is 1234", "From": "Shop", "mail": "amira@example.test",
        "password": "hunter2", "StatusCallback": "https://clarion.example.test/hooks/x?secret=abc",
        "template": {"language": "de", "components": [{"type": "body", "text": "Amira"}]},
    }  # fmt: skip

    shown = shown_fields(fields)

    for hidden in ("Amira", "amira", "15112345", "hunter2", "secret=abc", "1234\n"):
        assert hidden not in shown
    for told in ("From=Shop", "To=…78", "template.language=de", "Body=(30 characters)"):
        assert told in shown


def test_what_the_provider_explains_is_told_and_what_it_repeats_is_not() -> None:
    told = b'{"code": 21211, "message": "Invalid To +4915112345678", "body": "Hello Amira", "status": 400}'

    shown = shown_body(told)

    assert "message=Invalid To …78" in shown
    assert "code=21211" in shown
    assert "Amira" not in shown
    assert shown_body(b"\xff<html>call +49 151 12345678") == "\ufffd<html>call …78"


def test_the_page_links_to_the_providers_words_on_its_code_and_lists_strays(
    cast: Cast, sender: Sender
) -> None:
    whole = exchanges.Log()
    whole.add(sender.pk, exchange(failed=True, answer="message=<b>no</b>", code="21211"))
    whole.add(sender.pk, exchange())
    whole.write()
    StrayEvent.objects.create(
        sender=sender, received_at=timezone.now() - timedelta(days=2), why="UNMATCHED",
        event='{"kind":"delivered","provider_id":"SM-lost","code":"delivered"}',
    )  # fmt: skip
    url = f"/w/acme/senders/{sender.public_id}/log/"

    page = client_of(cast.alice).get(url).content.decode()
    failures = client_of(cast.alice).get(url, {"only": "failures"}).content.decode()

    assert 'href="https://www.twilio.com/docs/api/errors/21211"' in page
    assert "message=&lt;b&gt;no" in page
    assert "SM-lost" in page
    assert f"/hooks/{sender.public_id}/" in page
    assert (page.count("POST /Messages.json"), failures.count("POST /Messages.json")) == (2, 1)
    assert client_of(cast.vera).get(url).status_code == 403
    assert client_of(cast.mallory).get(url).status_code == 404
