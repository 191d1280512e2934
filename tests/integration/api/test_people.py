"""Triggered campaigns and exports through the API."""

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from clarion.campaigns.models import Campaign, Launch
from clarion.campaigns.states import Status
from clarion.deliveries import ledger, locks, pushing
from clarion.deliveries.errors import PushRefused
from clarion.deliveries.exporting import working
from clarion.deliveries.models import Export, Push, Recipient, RunStep
from clarion.runtime import scheduler
from clarion.workspaces.actors import of_member
from clarion.workspaces.permissions import Permission
from tests import ledgers
from tests.factories import Cast, make_cast
from tests.integration.api.asking import Asking, asking, secret_of
from tests.waiting import wait_for

ROWS = [
    {"key": "a", "address": "A@x.example", "variables": {"city": "Rom"}},
    {"key": "b", "address": "nobody"},
]


def triggered(cast: Cast) -> Campaign:
    facts: dict[str, Any] = {
        "launch": Launch.TRIGGER, "source": None, "ends_at": timezone.now() + timedelta(days=1),
    }  # fmt: skip
    campaign = ledgers.make_campaign(cast.alice, status=Status.BUILDING, **facts)
    scheduler.build_due()
    RunStep.objects.filter(run__campaign=campaign).update(content={"subject": "Hi", "text": "Hello"})
    return campaign


@pytest.mark.django_db
class TestPush:
    def test_each_key_is_taken_once_and_told_what_became_of_it(self, cast: Cast) -> None:
        url = f"/campaigns/{triggered(cast).public_id}/people"
        bobs = asking(cast.bob)

        first, again = bobs.post(url, {"people": ROWS}), bobs.post(url, {"people": ROWS[:1]})

        assert (first.status_code, first["Content-Type"]) == (202, "application/json")
        told = [(one["key"], one["new"], one["skip"]) for one in first.json()["people"]]
        assert told == [("a", True, None), ("b", True, "invalid")]
        assert again.json()["people"][0] == first.json()["people"][0] | {"new": False}
        assert Recipient.objects.count() == 2

    def test_what_makes_no_sense_adds_nobody(self, cast: Cast) -> None:
        campaign = triggered(cast)
        url = f"/campaigns/{campaign.public_id}/people"
        bobs = asking(cast.bob)
        for said in ({"people": []}, {"people": [{"address": "x"}]}, {"people": [{"key": "k", "more": 1}]}):
            assert bobs.post(url, said).status_code == 422
        assert asking(cast.vera).post(url, {"people": ROWS}).status_code == 403
        assert asking(cast.bob, Permission.EDIT).post(url, {"people": ROWS}).status_code == 403
        assert asking(cast.mallory).post(url, {"people": ROWS}).status_code == 404
        other = ledgers.make_campaign(cast.alice, status=Status.SENDING)
        refused = bobs.post(f"/campaigns/{other.public_id}/people", {"people": ROWS})
        assert (refused.status_code, refused.json()["code"]) == (409, "push_refused")
        assert not Recipient.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_calls_that_come_while_one_is_under_way_are_one_transaction_and_answered_after_it() -> None:
    cast = make_cast()
    campaign = triggered(cast)
    RunStep.objects.update(content={"subject": "Hi {{ name }}", "text": "Hello"})
    url, secret = f"/campaigns/{campaign.public_id}/people", secret_of(cast.bob)
    run = campaign.runs.get()
    answers: dict[str, Any] = {}
    seen: dict[str, int] = {}

    def ask(key: str, who: str, variables: dict[str, str]) -> None:
        try:
            said = {"key": key, "address": f"{key}@x.example", "variables": variables}
            answers[who] = Asking(secret).post(url, {"people": [said]})
            seen[who] = Recipient.objects.filter(run_id=run.pk).count()
        finally:
            connection.close()

    def asked(key: str, who: str, **variables: str) -> threading.Thread:
        one = threading.Thread(target=ask, args=(key, who, variables))
        one.start()
        return one

    def line() -> int:
        return len(pushing._TOGETHER._lines.get(campaign.public_id, ()))

    with transaction.atomic():
        locks.hold_building(run.pk)
        threads = [asked("a", "a", name="Ana")]
        wait_for(lambda: line() == 1, "the first is at it")
        threads += [asked("b", "b", name="Bo"), asked("b", "b again", name="Bo"), asked("c", "c", name="Cy")]
        wait_for(lambda: line() == 4, "the others wait for it")
        assert not answers
    for one in threads:
        one.join()

    assert {one.status_code for one in answers.values()} == {202}
    told = {who: one.json()["people"][0] for who, one in answers.items()}
    assert sorted(told[who]["new"] for who in ("b", "b again")) == [False, True]
    assert {told[who]["recipient"] for who in ("a", "b", "b again", "c")} == {1, 2, 3}
    assert {seen[who] for who in ("b", "b again", "c")} == {3}, "who is answered first sees all of the group"
    at = dict(Push.objects.values_list("key", "pushed_at"))
    assert (at["b"], at["a"] == at["b"]) == (at["c"], False)
    assert ledger.check(run).findings == []


@pytest.mark.django_db(transaction=True)
def test_of_calls_taken_together_only_the_one_that_lacks_something_is_refused() -> None:
    cast = make_cast()
    campaign = triggered(cast)
    RunStep.objects.update(content={"subject": "Hi {{ name }}", "text": "Hello"})
    by = of_member(cast.bob)
    good = pushing.person({"key": "a", "address": "a@x.example", "variables": {"name": "Ana"}})
    bad = pushing.person({"key": "b", "address": "b@x.example"})

    with pytest.raises(ValueError, match="b: name"):
        pushing._push_all(campaign.public_id, [(by, [good]), (by, [bad])])
    assert not Recipient.objects.exists(), "nothing was done, so each may go by itself"
    with pytest.raises(PushRefused):
        pushing._push_all(campaign.public_id, [(by, [good]), (of_member(cast.mallory), [good])])
    assert pushing.push_to(public_id=campaign.public_id, people=[good], by=of_member(cast.mallory)) is None
    assert not Recipient.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_ten_requests_with_one_key_at_once_are_one_write() -> None:
    cast = make_cast()
    secret = secret_of(cast.bob)
    answers: list[Any] = []

    def ask() -> None:
        try:
            answers.append(Asking(secret).post("/lists", {"name": "News"}, idempotency_key="k"))
        finally:
            connection.close()

    threads = [threading.Thread(target=ask) for _ in range(10)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()

    assert {one.status_code for one in answers} == {201}
    assert len(answers) == 10
    assert len({one.content for one in answers}) == 1
    assert sum(one.get("Idempotency-Replayed") == "true" for one in answers) == 9


@pytest.mark.django_db
def test_an_export_is_asked_for_made_and_fetched_by_who_may(cast: Cast) -> None:
    campaign = ledgers.make_campaign(cast.alice, status=Status.PAUSED)
    ledgers.make_run(campaign, sent=2, failed=1)
    url = f"/campaigns/{campaign.public_id}/exports"
    bobs = asking(cast.bob)

    asked = bobs.post(url, {"format": "csv", "status": "failed", "bom": False})
    assert (asked.status_code, asked.json()["status"]) == (202, "queued")
    one = f"{url}/{asked.json()['id']}"
    assert bobs.get(f"{one}/file").status_code == 404
    working.run_export_job(Export.objects.get().pk)
    assert (bobs.get(one).json()["status"], bobs.get(one).json()["done_count"]) == ("done", 1)
    file = bobs.get(f"{one}/file")
    assert b"".join(file).count(b"\n") == 2
    assert "attachment" in file["Content-Disposition"]

    assert [each["id"] for each in bobs.get(url).json()["items"]] == [asked.json()["id"]]
    unseeing = asking(cast.bob, Permission.EXPORT)
    assert unseeing.get(f"{one}/file").status_code == 403  # the file shows whole addresses
    assert unseeing.post(url, {}).json()["masked"] is True
    assert asking(cast.vera).get(one).status_code == 403
    assert asking(cast.mallory).get(one).status_code == 404
    assert bobs("DELETE", one).status_code == 204
    assert bobs.get(one).status_code == 404


@pytest.mark.django_db
def test_campaigns_are_compared_only_within_the_workspace(cast: Cast) -> None:
    campaign = ledgers.make_campaign(cast.alice, status=Status.PAUSED)
    ledgers.make_run(campaign, sent=2, failed=2)
    bobs = asking(cast.bob)

    (one,) = bobs.get(f"/statistics/campaigns?id={campaign.public_id}").json()
    assert (one["runs"], one["people"]["sent"], one["rates"]["sent"]) == (1, 2, 50.0)
    assert bobs.get("/statistics").json()["total"] == 1
    assert asking(cast.mallory).get(f"/statistics/campaigns?id={campaign.public_id}").status_code == 404
