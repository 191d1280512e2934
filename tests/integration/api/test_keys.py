"""Every write of the API takes an idempotency key: all that the document has, each asked twice with one."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from django.db import connection, transaction
from django.http import HttpResponse
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext

from clarion.api import frame, interface
from clarion.api.models import KeptAnswer
from tests.factories import Cast
from tests.integration.api.asking import secret_of
from tests.integration.api.samples import body_of
from tests.integration.api.test_document import filled
from tests.integration.api.test_document import things as things
from tests.integration.api.test_rights import _octets, _with_steps

#: What is written for a request as such.
OF_REQUESTS = ("api_tokenpace", "api_keptanswer")


def writes(schema: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, found in _with_steps(schema["paths"]):
        for method, one in found.items():
            if method not in ("get", "head"):
                yield method.upper(), path, one


class Program:
    """Asks with an idempotency key, past what stands in front of every page."""

    def __init__(self, cast: Cast, things: dict[str, Any]) -> None:
        self.schema = interface.schema("")
        # Of what there is none, the same id each time.
        self.things = {path.split("/")[1]: UUID(int=7) for path in self.schema["paths"]} | things
        self.headers = {
            "Authorization": f"Bearer {secret_of(cast.alice, per_minute=1_000_000)}", "Idempotency-Key": "once",
        }  # fmt: skip

    def __call__(self, method: str, path: str, one: dict[str, Any]) -> Any:
        kind = next(iter(one.get("requestBody", {}).get("content", {})), "application/json")
        url, said = filled(path, self.things), _octets(body_of(one, self.schema))
        request = RequestFactory().generic(method, f"/api/v1{url}", said, kind, headers=self.headers)
        answer = frame.entry(request, url.lstrip("/"))
        assert not answer.streaming or b"".join(answer)  # type: ignore[attr-defined]
        for close in answer._resource_closers:
            close()
        return answer


def written(asked: CaptureQueriesContext) -> list[str]:
    verbs = ("insert", "update", "delete")
    found = [one["sql"] for one in asked.captured_queries if one["sql"].lstrip().lower().startswith(verbs)]
    return [sql[:200] for sql in found if not any(table in sql for table in OF_REQUESTS)]


@pytest.mark.django_db
def test_what_a_write_did_is_not_done_again_for_the_same_key(cast: Cast, things: dict[str, Any]) -> None:
    program = Program(cast, things)
    done, wrong, files = set(), [], set()
    for method, path, one in writes(program.schema):
        name = one["operationId"]
        with transaction.atomic():
            first = program(method, path, one)
            if first.status_code < 300:
                done.add(name)
                with CaptureQueriesContext(connection) as asked:
                    again = program(method, path, one)
                if (again.status_code, again.get("Idempotency-Replayed")) != (first.status_code, "true"):
                    wrong.append((name, again.status_code))
                wrong += [(name, sql) for sql in written(asked)]
            elif KeptAnswer.objects.exists():
                wrong.append((name, "was refused, and its key is not free"))
            transaction.set_rollback(True)
        kinds = {kind for said in one["responses"].values() for kind in said.get("content", ())}
        if kinds - {"application/json", "application/problem+json"}:
            files.add(name)

    assert wrong == []
    assert len(done) > 75
    assert files <= done, "what is answered by a file is another way, and was seen to be taken"


@pytest.mark.django_db
def test_no_write_gets_past_its_key(
    cast: Cast, things: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also those that the samples of the test above are refused by: none is asked twice."""
    program, asked = Program(cast, things), []

    def dispatched(request: Any, rest: str) -> HttpResponse:
        asked.append((request.method, rest))
        return HttpResponse(b"{}")

    monkeypatch.setattr(frame, "_dispatched", dispatched)
    for method, path, one in writes(program.schema):
        with transaction.atomic():
            answers = [program(method, path, one) for _ in range(2)]
            told = [(each.status_code, each.get("Idempotency-Replayed")) for each in answers]
            assert told == [(200, None), (200, "true")], (path, answers[0].content)
            transaction.set_rollback(True)

    assert len(asked) == len(list(writes(program.schema)))


@pytest.mark.django_db
def test_a_persons_file_is_made_anew_and_the_trail_tells_of_it_once(
    cast: Cast, things: dict[str, Any]
) -> None:
    program = Program(cast, things)
    path = "/contacts/{id}/file"
    one = program.schema["paths"][path]["post"]

    first, again = program("POST", path, one), program("POST", path, one)

    assert (first["Content-Type"], again["Content-Type"]) == ("application/zip", "application/zip")
    kept = KeptAnswer.objects.get()
    assert (bytes(kept.body), kept.status) == (b"", 0), "nothing of the person is kept"
    assert cast.workspace.audit_events.filter(action="contact.exported").count() == 1
