"""The process of pushes: what it answers is what the API answers, and calls at once share a transaction."""

import asyncio
import io
import threading
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import uuid4

import aiohttp
import orjson
import pytest
from django.conf import LazySettings
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from clarion.api.models import KeptAnswer
from clarion.api.pushes import server
from clarion.api.pushes.calls import Answer, Call, answered
from clarion.campaigns.models import Campaign
from clarion.campaigns.states import Status
from clarion.deliveries import ledger, locks
from clarion.deliveries.models import Push, Recipient, RunStep
from clarion.workspaces.models import ApiToken
from clarion.workspaces.permissions import Permission
from tests import ledgers
from tests.factories import Cast, make_cast
from tests.integration.api.asking import JSON, Asking, secret_of
from tests.integration.api.test_people import ROWS, triggered
from tests.waiting import PATIENCE_SECONDS, wait_for


def url_of(campaign: Campaign) -> str:
    return f"/campaigns/{campaign.public_id}/people"


def one(key: str, **more: Any) -> dict[str, Any]:
    return {"people": [{"key": key, "address": f"{key}@x.example", **more}]}


def call(campaign: Campaign, secret: str, said: Any, **more: str) -> Call:
    facts = {"content_type": JSON, "idempotency_key": "", "language": "en", **more}
    return Call(
        path=f"/api/v1{url_of(campaign)}", authorization=f"Bearer {secret}",
        body=said if isinstance(said, bytes) else orjson.dumps(said), **facts,
    )  # fmt: skip


def told(answers: Sequence[Answer]) -> list[tuple[int, Any]]:
    return [(each.status, orjson.loads(each.body)) for each in answers]


#: Bodies, with what comes beside them: what one door answers to them, the other does.
SAID: tuple[tuple[Any, Mapping[str, str]], ...] = (
    ({"people": ROWS}, {}),
    ({"people": ROWS[:1]}, {}),
    ({"people": []}, {}),
    ({"people": [{"address": "x"}]}, {}),
    ({"people": [{"key": "k", "more": 1}]}, {}),
    ({"people": [{"key": 7, "address": "x@x.example"}]}, {}),
    ({"people": [{"key": "k" * 101}]}, {}),
    ({"people": [{"key": "a\x00b"}]}, {}),
    ({"people": [{"key": "v", "address": "v@x.example", "variables": {"long": "x" * 70_000}}]}, {}),
    ({"people": [{"key": str(n)} for n in range(1_001)]}, {}),
    ({"folk": []}, {}),
    ([], {}),
    (b"{", {}),
    (b'{"people": []}', {"content_type": "text/plain"}),
    ({"people": ROWS}, {"idempotency_key": "k" * 256}),
    ({"people": []}, {"language": "de"}),
    (one("fresh"), {"idempotency_key": "once"}),
    (one("fresh"), {"idempotency_key": "once"}),
    (one("other"), {"idempotency_key": "once"}),
)


@pytest.mark.django_db
def test_it_answers_as_the_api_does(cast: Cast) -> None:
    campaign, secret = triggered(cast), secret_of(cast.bob)

    def asked_there(said: Any, more: Mapping[str, str]) -> tuple[Any, ...]:
        headers = {"accept_language": more.get("language", "en")}
        if key := more.get("idempotency_key"):
            headers["idempotency_key"] = key
        answer = Asking(secret).post(
            url_of(campaign), said, content_type=more.get("content_type", JSON), **headers
        )
        return (
            answer.status_code, answer["Content-Type"], answer.json(),
            answer.get("Idempotency-Replayed"), answer["RateLimit-Policy"],
        )  # fmt: skip

    def asked_here(said: Any, more: Mapping[str, str]) -> tuple[Any, ...]:
        (answer,) = answered(campaign.public_id, [call(campaign, secret, said, **more)])
        return (
            answer.status, answer.content_type, orjson.loads(answer.body),
            answer.headers.get("Idempotency-Replayed"), answer.headers["RateLimit-Policy"],
        )  # fmt: skip

    found = []
    for ask in (asked_there, asked_here):
        with transaction.atomic():
            found.append([ask(said, more) for said, more in SAID])
            transaction.set_rollback(True)

    for (said, more), there, here in zip(SAID, *found, strict=True):
        assert here == there, (str(said)[:100], more)
    assert {status for status, *_ in found[0]} == {202, 400, 409, 415, 422}


@pytest.mark.django_db
def test_calls_together_are_each_answered_as_if_they_came_alone(cast: Cast) -> None:
    campaign = triggered(cast)
    RunStep.objects.update(content={"subject": "Hi {{ name }}", "text": "Hello"})
    bobs, veras, mallorys = (secret_of(who) for who in (cast.bob, cast.vera, cast.mallory))
    editor = secret_of(cast.bob, [Permission.EDIT])

    answers = answered(
        campaign.public_id,
        [
            call(campaign, bobs, one("a", variables={"name": "Ana"})),
            call(campaign, bobs, one("lacks")),
            call(campaign, "nobody", one("x")),
            call(campaign, veras, one("x")),
            call(campaign, editor, one("x")),
            call(campaign, mallorys, one("x")),
            call(campaign, bobs, b"{"),
            call(campaign, bobs, one("b", variables={"name": "Bo"}), idempotency_key="k"),
            call(campaign, bobs, one("b", variables={"name": "Bo"}), idempotency_key="k"),
            call(campaign, bobs, one("c", variables={"name": "Cy"}), idempotency_key="k"),
            call(campaign, bobs, one("a", variables={"name": "Ana"})),
        ],
    )

    assert [each.status for each in answers] == [202, 422, 401, 403, 403, 404, 400, 202, 202, 409, 202]
    assert "name" in orjson.loads(answers[1].body)["detail"]
    assert answers[2].headers == {"WWW-Authenticate": 'Bearer realm="clarion"'}
    assert (answers[8].body, answers[8].headers["Idempotency-Replayed"]) == (answers[7].body, "true")
    assert [orjson.loads(answers[n].body)["people"][0]["new"] for n in (0, 7, 10)] == [True, True, False]
    assert sorted(Push.objects.values_list("key", flat=True)) == ["a", "b"]
    assert ledger.check(campaign.runs.get()).findings == []


@pytest.mark.django_db
def test_a_refused_call_leaves_its_key_free(cast: Cast) -> None:
    campaign = ledgers.make_campaign(cast.alice, status=Status.SENDING)
    secret = secret_of(cast.bob)

    for where in (campaign.public_id, uuid4()):
        (answer,) = answered(where, [call(campaign, secret, one("a"), idempotency_key="k")])
        assert answer.status == (409 if where == campaign.public_id else 404)
    assert not KeptAnswer.objects.exists()


@pytest.mark.django_db
def test_each_call_counts_for_its_tokens_pace_and_the_ones_beyond_it_are_refused(cast: Cast) -> None:
    campaign = triggered(cast)
    secret = secret_of(cast.bob, per_minute=3)

    answers = answered(campaign.public_id, [call(campaign, secret, one(f"k{n}")) for n in range(5)])

    assert [each.status for each in answers] == [202, 202, 202, 429, 429]
    left = [each.headers["RateLimit"].split(";")[1] for each in answers]
    assert left == ["r=2", "r=1", "r=0", "r=0", "r=0"]
    assert int(answers[4].headers["Retry-After"]) > 0
    assert Asking(secret).get("/workspace").status_code == 429, "it is one pace for all processes"
    assert ApiToken.objects.get(membership=cast.bob).last_used_at is not None


@pytest.mark.django_db
def test_where_campaigns_are_switched_off_there_is_nothing(cast: Cast) -> None:
    campaign, secret = triggered(cast), secret_of(cast.bob)
    cast.bob.workspace.campaigns_enabled = False
    cast.bob.workspace.save()

    (answer,) = answered(campaign.public_id, [call(campaign, secret, one("a"))])

    assert answer.status == 404
    assert not Recipient.objects.exists()


@pytest.mark.django_db
def test_many_calls_ask_the_database_no_more_than_one(cast: Cast) -> None:
    campaign, secret = triggered(cast), secret_of(cast.bob)
    answered(campaign.public_id, [call(campaign, secret, one("warm"))])

    counts = []
    for name, count in (("one", 1), ("many", 100)):
        calls = [call(campaign, secret, one(f"{name}{n}")) for n in range(count)]
        with CaptureQueriesContext(connection) as asked:
            assert {each.status for each in answered(campaign.public_id, calls)} == {202}
        counts.append(len(asked))

    assert counts[1] <= counts[0]


async def serving(story: Any) -> Any:
    """Return what becomes of the story, which is told a session of a client of the server."""
    stop = asyncio.Event()
    ready: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    task = asyncio.create_task(server.run(stop, "127.0.0.1", 0, ready=ready))
    try:
        async with aiohttp.ClientSession(f"http://127.0.0.1:{await ready}") as session:
            return await story(session)
    finally:
        stop.set()
        await task


@pytest.mark.django_db(transaction=True)
def test_a_program_pushes_through_it(settings: LazySettings) -> None:
    cast = make_cast()
    campaign = triggered(cast)
    path = f"/api/v1{url_of(campaign)}"
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 2_000_000
    headers = {"Authorization": f"Bearer {secret_of(cast.bob)}", "Content-Type": JSON}
    strangers = headers | {"Authorization": f"Bearer {secret_of(cast.mallory)}"}

    async def story(session: aiohttp.ClientSession) -> list[aiohttp.ClientResponse]:
        body = orjson.dumps(one("a"))
        return [
            await session.post(path, data=body, headers=headers),
            await session.post(path, data=body, headers=headers | {"Idempotency-Key": "k"}),
            await session.post(path, data=body, headers=headers | {"Idempotency-Key": "k"}),
            await session.post(path, data=io.BytesIO(b"x" * 2_000_001), headers=headers),
            await session.get(path, headers=headers),
            await session.post("/api/v1/campaigns/7/people", data=body, headers=headers),
            await session.post("/accounts/login/", data=body, headers=headers),
            await session.post(path, data=body),
            await session.post(path, data=body, headers=strangers),
        ]

    answers = asyncio.run(serving(story))

    assert [each.status for each in answers] == [202, 202, 202, 413, 405, 404, 404, 401, 404]
    assert answers[2].headers["Idempotency-Replayed"] == "true"
    assert answers[4].headers["Allow"] == "POST"
    assert {each.headers["Cache-Control"] for each in answers} == {"no-store"}
    assert {each.headers["Server"] for each in answers} == {"clarion"}, "and no versions of what it runs on"
    assert len({each.headers["X-Request-Id"] for each in answers}) == len(answers)
    assert Recipient.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_calls_at_once_share_a_transaction_and_too_many_are_told_to_come_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cast = make_cast()
    campaign = triggered(cast)
    path, run = f"/api/v1{url_of(campaign)}", campaign.runs.get()
    headers = {"Authorization": f"Bearer {secret_of(cast.bob)}", "Content-Type": JSON}
    monkeypatch.setattr(server, "WAITING", 20)

    def held(let_go: threading.Event, is_held: threading.Event) -> None:
        with transaction.atomic():
            locks.hold_building(run.pk)
            is_held.set()
            let_go.wait(PATIENCE_SECONDS)
        connection.close()

    async def story(session: aiohttp.ClientSession) -> list[int]:
        let_go, is_held = threading.Event(), threading.Event()
        holding = asyncio.create_task(asyncio.to_thread(held, let_go, is_held))
        await asyncio.to_thread(is_held.wait, PATIENCE_SECONDS)

        async def push(key: str) -> int:
            async with session.post(path, data=orjson.dumps(one(key)), headers=headers) as answer:
                return answer.status

        first = asyncio.create_task(push("first"))
        await asyncio.to_thread(wait_for, lambda: blocked() == 1, "the first is at it")
        others = [asyncio.create_task(push(f"k{n}")) for n in range(21)]
        refused, _waiting = await asyncio.wait(others, return_when=asyncio.FIRST_COMPLETED)
        let_go.set()
        await holding
        assert [each.result() for each in refused] == [503]
        return [await each for each in (first, *others)]

    statuses = asyncio.run(serving(story))

    assert sorted(statuses) == [202] * 21 + [503]
    assert len({push.pushed_at for push in Push.objects.exclude(key="first")}) == 1
    assert ledger.check(run).findings == []


def blocked() -> int:
    """Return how many sessions wait for an advisory lock."""
    with connection.cursor() as cursor:
        cursor.execute("select count(*) from pg_locks where locktype = 'advisory' and not granted")
        (found,) = cursor.fetchone()
    connection.close()
    return int(found)
