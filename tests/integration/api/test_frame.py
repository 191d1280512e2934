"""What holds for every request: tokens, scopes, pace, idempotency keys, problems, walls."""

import subprocess
import sys
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from clarion.api import admitting
from clarion.api import operations as api_operations
from clarion.api.models import KeptAnswer
from clarion.audience.models import List
from clarion.workspaces import operations, queries
from clarion.workspaces.actors import of_member
from clarion.workspaces.errors import NotAllowed
from clarion.workspaces.models import ApiToken, AuditEvent, User, Workspace
from clarion.workspaces.permissions import Permission, Role
from tests.factories import Cast, client_of
from tests.integration.api.asking import Asking, asking, secret_of

pytestmark = pytest.mark.django_db


def test_only_a_good_token_is_let_in(cast: Cast) -> None:
    secret = secret_of(cast.bob)
    assert Asking(secret).get("/workspace").json()["slug"] == "acme"

    for wrong in ("", "clarion_nothing", secret[:-1], secret + "x"):
        answer = Asking(wrong).get("/workspace")
        assert (answer.status_code, answer.json()["code"]) == (401, "unauthorized")
        assert answer["WWW-Authenticate"].startswith("Bearer")
        assert answer["Content-Type"] == "application/problem+json"
    # A browser's session is no right to speak.
    assert client_of(cast.alice).get("/api/v1/workspace").status_code == 401


@pytest.mark.parametrize("end", ["expired", "revoked", "suspended", "closed", "removed"])
def test_a_token_ends_with_all_that_it_stands_on(cast: Cast, end: str) -> None:
    bobs = asking(cast.bob, expires_at=timezone.now() + timedelta(days=1))
    assert bobs.get("/workspace").status_code == 200
    by = of_member(cast.alice)

    if end == "expired":
        ApiToken.objects.update(expires_at=timezone.now())
    elif end == "revoked":
        operations.revoke_token(by=of_member(cast.bob), token=ApiToken.objects.get())
    elif end == "suspended":
        operations.suspend(by=by, membership=cast.bob)
    elif end == "closed":
        type(cast.bob.user).objects.filter(pk=cast.bob.user.pk).update(is_active=False)
    else:
        operations.remove_member(by=by, membership=cast.bob)

    assert bobs.get("/workspace").status_code == 401


def test_whoever_asked_before_costs_one_question_and_is_who_they_are_now(
    cast: Cast, django_assert_num_queries: Any
) -> None:
    secret = secret_of(cast.bob)
    first, _pace = admitted(secret)
    first.membership.is_shown_people = True
    first.membership.workspace.name = "Not kept"

    with django_assert_num_queries(1):
        again, pace = admitted(secret)
    Workspace.objects.filter(pk=cast.workspace.pk).update(name="Renamed")
    User.objects.filter(pk=cast.bob.user_id).update(name="Robert")
    now, _pace = admitted(secret)

    assert (again, again.membership, again.membership.user) == (
        first,
        first.membership,
        first.membership.user,
    )
    assert (again.membership.workspace.name, again.membership.is_shown_people, pace.used) == (
        "Acme",
        False,
        2,
    )
    assert (now.membership.workspace.name, now.membership.user.name) == ("Renamed", "Robert")


def admitted(secret: str) -> tuple[ApiToken, api_operations.Pace]:
    found = admitting.admit(secret)
    assert found is not None
    return found


def test_the_secret_is_kept_nowhere_and_its_use_is_noted(cast: Cast) -> None:
    secret = secret_of(cast.bob)
    token = ApiToken.objects.get()
    assert secret not in str(vars(token))
    assert secret.encode() not in bytes(token.digest)
    assert secret.startswith(token.beginning)
    assert token.last_used_at is None

    Asking(secret).get("/workspace")

    token.refresh_from_db()
    assert token.last_used_at is not None
    event = AuditEvent.objects.get(action="token.create")
    assert (event.actor_name, event.object_name) == ("bob", "Shop")
    assert secret not in str(event.changes)


def test_a_token_may_at_most_what_its_scopes_and_its_members_role_both_include(cast: Cast) -> None:
    with pytest.raises(NotAllowed):
        secret_of(cast.vera, [Permission.EDIT])
    with pytest.raises(NotAllowed):  # nobody makes another one's
        operations.create_token(by=of_member(cast.alice), member=cast.bob, name="x", scopes=[])

    seeing = asking(cast.bob, Permission.VIEW)
    refused = seeing.post("/lists", {"name": "News"})
    assert (refused.status_code, refused.json()["code"]) == (403, "not_allowed")
    assert not List.objects.exists()

    managing = asking(cast.bob, Permission.MANAGE_AUDIENCE)
    assert managing.post("/lists", {"name": "News"}).status_code == 201
    operations.change_role(by=of_member(cast.alice), membership=cast.bob, role=Role.VIEWER)
    assert managing.post("/lists", {"name": "More"}).status_code == 403


def test_what_a_program_does_is_told_as_done_through_the_api(cast: Cast) -> None:
    asking(cast.bob).post("/lists", {"name": "News"})

    event = AuditEvent.objects.get(action="list.created")
    assert (event.via, event.actor_name) == ("api", "bob")


@pytest.mark.parametrize("kind", ["application/x-ndjson", "text/csv", "text/plain"])
def test_what_is_no_json_where_json_is_read_is_of_another_type(cast: Cast, kind: str) -> None:
    refused = asking(cast.bob).post("/lists", {"name": "News"}, content_type=kind)

    assert (refused.status_code, refused.json()["code"]) == (415, "unsupported_media_type")
    assert not List.objects.exists()


def test_the_pace_of_a_token_is_counted_and_told(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    at = "timestamptz '2030-01-01 10:00:20Z'"
    monkeypatch.setattr(api_operations, "_COUNT", api_operations._COUNT.replace("now()", at))
    bobs, alices = asking(cast.bob, per_minute=2), asking(cast.alice, per_minute=2)

    answers = [bobs.get("/workspace") for _ in range(3)]

    assert [one.status_code for one in answers] == [200, 200, 429]
    assert answers[0]["RateLimit-Policy"] == '"token";q=2;w=60'
    assert [one["RateLimit"] for one in answers] == [f'"token";r={left};t=40' for left in (1, 0, 0)]
    assert (answers[2].json()["code"], answers[2]["Retry-After"]) == ("too_many_requests", "40")
    assert alices.get("/workspace").status_code == 200


class TestIdempotencyKeys:
    def test_a_write_is_done_once_and_answered_alike(self, cast: Cast) -> None:
        bobs = asking(cast.bob)
        first = bobs.post("/lists", {"name": "News"}, idempotency_key="list-1")
        again = bobs.post("/lists", {"name": "News"}, idempotency_key="list-1")

        assert (first.status_code, first.content) == (again.status_code, again.content)
        assert (first.get("Idempotency-Replayed"), again["Idempotency-Replayed"]) == (None, "true")
        assert List.objects.count() == 1

    def test_a_key_stands_for_one_request_of_one_member(self, cast: Cast) -> None:
        bobs, alices = asking(cast.bob), asking(cast.alice)
        bobs.post("/lists", {"name": "News"}, idempotency_key="k")

        other_body = bobs.post("/lists", {"name": "More"}, idempotency_key="k")
        other_path = bobs.post("/contacts", {"name": "News"}, idempotency_key="k")
        assert [one.status_code for one in (other_body, other_path)] == [409, 409]
        assert other_body.json()["code"] == "key_reused"
        assert alices.post("/lists", {"name": "More"}, idempotency_key="k").status_code == 201

    def test_a_refused_write_did_nothing_so_its_key_is_free(self, cast: Cast) -> None:
        bobs = asking(cast.bob)
        bobs.post("/lists", {"name": "News"})
        assert bobs.post("/lists", {"name": "News"}, idempotency_key="k").status_code == 409
        assert not KeptAnswer.objects.exists()

        List.objects.all().delete()
        assert bobs.post("/lists", {"name": "News"}, idempotency_key="k").status_code == 201

    def test_a_mistake_of_the_program_leaves_nothing_behind(
        self, cast: Cast, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from clarion.api.shapes import audience

        def fails(_one: List) -> Any:
            raise RuntimeError("after the write")

        bobs = asking(cast.bob)
        with monkeypatch.context() as broken:
            broken.setattr(audience, "list_", fails)
            answer = bobs.post("/lists", {"name": "News"}, idempotency_key="k")
        assert (answer.status_code, answer.json()["code"]) == (500, "internal_error")
        assert "after the write" not in answer.content.decode()
        assert not List.objects.exists()
        assert not KeptAnswer.objects.exists()

        assert bobs.post("/lists", {"name": "News"}, idempotency_key="k").status_code == 201

    def test_answers_are_forgotten_after_a_day(self, cast: Cast) -> None:
        bobs = asking(cast.bob)
        bobs.post("/lists", {"name": "News"}, idempotency_key="old")
        KeptAnswer.objects.update(created_at=timezone.now() - timedelta(hours=25))
        bobs.post("/lists", {"name": "More"}, idempotency_key="new")

        other = bobs.post("/lists", {"name": "Other"}, idempotency_key="old")
        assert (other.status_code, other.get("Idempotency-Replayed")) == (201, None), "it may be used again"
        KeptAnswer.objects.filter(key="old").update(created_at=timezone.now() - timedelta(hours=25))

        assert api_operations.forget_answers() == 1
        assert [one.key for one in KeptAnswer.objects.all()] == ["new"]


@pytest.mark.parametrize(
    ("method", "path", "said", "status", "code"),
    [
        ("GET", "/nothing", None, 404, "not_found"),
        ("GET", f"/campaigns/{uuid.uuid4()}", None, 404, "not_found"),
        ("DELETE", "/lists", None, 405, "method_not_allowed"),
        ("POST", "/lists", b"{", 400, "bad_request"),
        ("POST", "/lists", {"name": ""}, 422, "invalid"),
        ("POST", "/lists", {"name": "x", "nam": "x"}, 422, "invalid"),
        ("POST", "/lists", {"name": "a\x00b"}, 422, "invalid"),
        ("POST", "/campaigns", {"name": " "}, 422, "campaign_invalid"),
        ("GET", "/campaigns?cursor=nonsense", None, 422, "cursor_invalid"),
        ("GET", "/contacts?q=%00", None, 422, "invalid"),
        ("PUT", "/contacts", {"first_name": "Ana"}, 422, "contact_invalid"),
    ],
)
def test_what_goes_wrong_is_told_as_a_problem(
    cast: Cast, method: str, path: str, said: Any, status: int, code: str
) -> None:
    answer = asking(cast.bob)(method, path, said)

    problem = answer.json()
    assert (answer.status_code, problem["status"], problem["code"]) == (status, status, code)
    assert answer["Content-Type"] == "application/problem+json"
    assert problem["type"] == f"urn:clarion:problem:{code}"
    assert problem["title"]
    assert problem["detail"]
    if code == "invalid" and "errors" in problem:
        assert problem["errors"][0]["field"] in ("name", "nam")


def test_a_large_body_is_refused_before_it_is_read(cast: Cast, settings: Any) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100
    answer = asking(cast.bob).post("/lists", {"name": "x" * 200})

    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


def test_where_campaigns_are_switched_off_there_is_nothing(cast: Cast) -> None:
    bobs = asking(cast.bob)
    Workspace.objects.filter(pk=cast.workspace.pk).update(campaigns_enabled=False)

    assert bobs.get("/workspace").status_code == 404


def test_the_description_is_for_whoever_is_signed_in(cast: Cast) -> None:
    assert Client().get("/api/v1/openapi.json").status_code == 401
    for answer in (client_of(cast.vera).get("/api/v1/openapi.json"), asking(cast.vera).get("/openapi.json")):
        assert answer.status_code == 200
        assert answer.json()["openapi"].startswith("3.1")


def test_members_see_their_tokens_and_managers_everybodys(cast: Cast) -> None:
    for member in (cast.bob, cast.vera, cast.mallory):
        secret_of(member)

    def names(member: Any) -> list[str]:
        return [str(one.membership.user) for one in queries.tokens_for(member)]

    assert (names(cast.bob), names(cast.alice), names(cast.mallory)) == (
        ["bob"],
        ["vera", "bob"],
        ["mallory"],
    )
    veras = ApiToken.objects.get(membership=cast.vera)
    with pytest.raises(NotAllowed):
        operations.revoke_token(by=of_member(cast.bob), token=veras)
    operations.revoke_token(by=of_member(cast.mallory), token=veras)
    assert ApiToken.objects.filter(pk=veras.pk).exists()
    operations.revoke_token(by=of_member(cast.alice), token=veras)
    assert not ApiToken.objects.filter(pk=veras.pk).exists()


def test_who_only_sends_or_works_jobs_off_loads_nothing_of_the_interface() -> None:
    """It would cost each of those processes a dozen megabytes."""
    look = (
        "import os, sys; os.environ['DJANGO_SETTINGS_MODULE'] = 'clarion.settings'; import django; django.setup();"
        "import clarion.runtime.worker, clarion.runtime.jobs, clarion.api.tasks, clarion.settings.urls;"
        "print({'ninja', 'pydantic'} & set(sys.modules))"
    )
    seen = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True)

    assert seen.stdout.strip() == "set()"
