"""`clarion audit`: the trail as lines, and the proof that it is whole."""

import json

import pytest

from clarion.workspaces import actors, audit
from clarion.workspaces.models import AuditEvent, Workspace
from tests.factories import make_workspace
from tests.integration.cli.running import clarion
from tests.tampering import unguarded

pytestmark = pytest.mark.django_db


@pytest.fixture
def acme() -> Workspace:
    return recorded("acme", 3)


def recorded(slug: str, n: int) -> Workspace:
    workspace = make_workspace(slug=slug)
    for number in range(n):
        audit.record(
            by=actors.operator(workspace),
            action="list.created",
            kind="list",
            object_id=str(number),
            object_name=f"List {number}",
            reason="Why\nnot",
        )
    return workspace


def test_whole_trails_are_code_0(acme: Workspace) -> None:
    recorded("shop", 2)

    result = clarion("audit", "verify")

    assert (result.exit_code, result.stdout.splitlines()) == (
        0, ["acme: whole, 3 events", "shop: whole, 2 events", "sign-ins: whole, 0 events"],
    )  # fmt: skip


def test_a_broken_trail_is_code_1_and_says_where(acme: Workspace) -> None:
    recorded("shop", 2)
    with unguarded():
        AuditEvent.objects.filter(workspace=acme, number=2).update(object_name="Another")

    words, told = clarion("audit", "verify"), clarion("audit", "verify", "--workspace", "acme", "--json")

    assert (words.exit_code, told.exit_code) == (1, 1)
    assert "acme: broken at event 2" in words.stdout
    assert json.loads(told.stdout) == {
        "whole": False,
        "workspaces": [{"workspace": "acme", "events": 3, "whole": False, "first_broken": 2}],
    }
    assert clarion("audit", "verify", "--workspace", "shop").exit_code == 0
    assert clarion("audit", "verify", "--workspace", "nowhere").exit_code == 2


def test_the_newest_are_listed_first_one_a_line(acme: Workspace) -> None:
    lines = clarion("audit", "list", "--limit", "2").stdout.splitlines()
    rows = [json.loads(line) for line in clarion("audit", "list", "--json").stdout.splitlines()]

    assert [line.split("\t")[2:] for line in lines] == [
        [str(n), "command line", "list.created", f"List {n - 1}", "Why not"] for n in (3, 2)
    ]
    assert [row["number"] for row in rows] == [3, 2, 1]
    assert clarion("audit", "list", "--kind", "sender").stdout == ""
    assert clarion("audit", "list", "--search", "list 1").stdout.count("\n") == 1
