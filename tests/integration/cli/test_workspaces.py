"""`clarion workspace`: making one, and the switch of campaigns."""

import json

import pytest

from clarion.workspaces import queries
from clarion.workspaces.models import AuditEvent, Workspace
from tests.factories import Cast
from tests.integration.cli.running import clarion

pytestmark = pytest.mark.django_db


def test_one_is_made_with_its_owners_invitation_and_listed(cast: Cast) -> None:
    made = clarion(
        "workspace", "create", "shop", "--name", "The shop", "--owner", "nia@example.test", "--json"
    )
    told = json.loads(made.stdout)
    assert queries.open_invitation(told["link"].rstrip("/").rpartition("/")[2]) is not None
    listed = json.loads(clarion("workspace", "list", "--json").stdout)
    assert [(one["slug"], one["name"]) for one in listed][-1] == ("shop", "The shop")

    for slug in ("shop", "Not so", "system"):
        refused = clarion("workspace", "create", slug)
        assert (refused.exit_code, bool(refused.stderr)) == (2, True)


def test_campaigns_are_switched_off_with_a_reason_and_on_again(cast: Cast) -> None:
    assert clarion("workspace", "disable", "acme", "--reason", "Not paid yet.").exit_code == 0
    assert "acme\tAcme\toff\tNot paid yet." in clarion("workspace", "list").stdout
    assert clarion("workspace", "enable", "acme").exit_code == 0

    assert Workspace.objects.get(slug="acme").campaigns_enabled
    assert AuditEvent.objects.filter(action="workspace.switch_campaigns", via="cli").count() == 2
    assert clarion("workspace", "enable", "nowhere").exit_code == 2
