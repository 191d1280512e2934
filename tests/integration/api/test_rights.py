"""Who may do what through the API: every role at every operation, held against the one table and the screens' own."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import transaction
from django.test import RequestFactory

from clarion.api import frame, interface, rights
from clarion.api.endpoints.campaign_acts import DOING
from clarion.web import rights as pages
from clarion.workspaces import operations as workspaces
from clarion.workspaces.models import Membership
from clarion.workspaces.permissions import Need, Permission, Role, permissions_of
from tests.factories import Cast, make_user
from tests.integration.api import covered
from tests.integration.api.asking import secret_of
from tests.integration.api.samples import body_of
from tests.integration.api.test_document import everything, filled
from tests.integration.api.test_document import things as things


def of_role(cast: Cast, role: Role) -> Membership:
    return workspaces.add_member(workspace=cast.workspace, user=make_user(name=str(role.label)), role=role)


class Program:
    """Asks the API itself, past what stands in front of every page; nothing of it stays."""

    def __init__(self, member: Membership) -> None:
        self.headers = {"Authorization": f"Bearer {secret_of(member, per_minute=1_000_000)}"}

    def __call__(
        self, method: str, path: str, said: Any, kind: str = "application/json"
    ) -> tuple[int, bytes]:
        request = RequestFactory().generic(
            method, f"/api/v1{path}", _octets(said), kind, headers=self.headers
        )
        with transaction.atomic():
            answer = frame.entry(request, path.lstrip("/"))
            body = b"".join(answer) if answer.streaming else answer.content  # type: ignore[attr-defined]
            transaction.set_rollback(True)
        for close in answer._resource_closers:  # without the request's end, with which connections are closed
            close()
        return answer.status_code, body


def _octets(said: Any) -> bytes:
    import orjson

    return b"" if said is None else said if isinstance(said, bytes) else orjson.dumps(said)


def test_every_operation_has_its_needs_and_every_need_its_operation() -> None:
    schema = interface.schema("")
    names = [one["operationId"] for found in schema["paths"].values() for one in found.values()]

    assert sorted(names) == sorted(rights.NEEDS)


def test_programs_need_what_people_need_on_the_screens() -> None:
    """An operation asks for no more than a screen that has it, and for no less where something is changed.

    A screen may ask for whole addresses as well, since it shows them.
    """
    schema = interface.schema("")
    writes = {
        one["operationId"]
        for found in schema["paths"].values()
        for method, one in found.items()
        if method != "get"
    }
    wrong = []
    for name, need in rights.NEEDS.items():
        rows = [pages.RIGHTS[page] for names, said in covered.PAGES.items() if name in said.split()
                for page in names.split()]  # fmt: skip
        asked = [one for row in rows for one in (row.read, row.write)]
        if not isinstance(need, Need) or not rows or any(callable(one) for one in asked):
            continue
        known = [one for one in asked if isinstance(one, Need)]
        ways = {one.all_of - {Permission.VIEW} for one in known} | {
            one.all_of - {Permission.VIEW, Permission.VIEW_PII} for one in known
        }
        if need.all_of - {Permission.VIEW} not in ways and need.one_of not in {one.one_of for one in known}:
            wrong.append(name)
        if name in writes and need == rights.NEEDS["workspace"] and name not in UNGUARDED:
            wrong.append(f"{name} writes")

    assert wrong == []


#: Whoever may see may do these: everybody's own tokens, and counting a rule that is not kept.
UNGUARDED = {"create_token", "revoke_token", "count_rule"}


@pytest.mark.django_db
def test_each_role_gets_what_the_table_says_of_every_operation_and_nothing_else(
    cast: Cast, things: dict[str, Any]
) -> None:
    """Whoever may less than somebody who was let in already is asked; whoever may more would be let in as well."""
    schema = interface.schema("")
    wrong, told, let_in = [], [], set[tuple[Role, str]]()
    for role in (Role.VIEWER, Role.AUTHOR, Role.MODERATOR, Role.ADMIN, Role.OWNER):
        member = of_role(cast, role)
        program, less = Program(member), [one for one in Role if permissions_of(one) < permissions_of(role)]
        before = everything() if role is Role.VIEWER else None
        for path, found in _with_steps(schema["paths"]):
            for method, one in found.items():
                name = one["operationId"]
                may = rights.need_of(name, _names(path, things)).is_met_by(member)
                if may and any((other, name + path) in let_in for other in less):
                    continue
                kind = next(iter(one.get("requestBody", {}).get("content", {})), "application/json")
                status, body = program(method.upper(), filled(path, things), body_of(one, schema), kind)
                if (status == 403) == may and name not in ALSO_REFUSED:
                    wrong.append((role.value, name, path, status, body[:200]))
                if may:
                    let_in.add((role, name + path))
                if b"hidden" in body and role is Role.VIEWER:
                    told.append(name)
        assert before is None or everything() == before

    assert (wrong, told) == ([], [])


#: A token of more than the member's own role is refused to whoever asks for it.
ALSO_REFUSED = {"create_token"}


def _with_steps(paths: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield every path, and that of a campaign's steps once for each of them."""
    for path, found in paths.items():
        if path == "/campaigns/{id}/actions/{action}":
            yield from ((path.replace("{action}", action), found) for action in DOING)
        else:
            yield path, found


def _names(path: str, things: dict[str, Any]) -> dict[str, Any]:
    named = {part[1:-1]: things.get(part, "") for part in path.split("/") if part.startswith("{")}
    return {"action": path.rpartition("/")[2]} | named
