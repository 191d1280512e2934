"""The side navigation and addresses."""

import pytest
from django.http import HttpResponse
from django.test import RequestFactory, override_settings
from django.urls import path

from clarion.web import links, navigation
from clarion.workspaces.models import Membership, User, Workspace
from clarion.workspaces.permissions import Role


def _page(_request: object, workspace: str) -> HttpResponse:
    return HttpResponse(workspace)


urlpatterns = [
    path("w/<slug:workspace>/", _page, name="dashboard"),
    path("w/<slug:workspace>/campaigns/", _page, name="campaigns"),
    path("w/<slug:workspace>/campaigns/calendar/", _page, name="calendar"),
]

MEMBER = Membership(
    user=User(email="alice@example.test"),
    workspace=Workspace(slug="acme"),
    role=Role.VIEWER,
)


@pytest.mark.parametrize(
    ("address", "current"),
    [
        ("/w/acme/", "dashboard"),
        ("/w/acme/campaigns/", "campaigns"),
        ("/w/acme/campaigns/7/recipients", "campaigns"),
        ("/w/acme/campaigns/calendar/", "calendar"),
        ("/w/acme/elsewhere/", None),
    ],
)
def test_only_existing_pages_are_shown_and_the_open_one_is_marked(address: str, current: str | None) -> None:
    with override_settings(ROOT_URLCONF=__name__):
        groups = navigation.built_groups(MEMBER, address)

    entries = [entry for group in groups for entry in group.entries]
    assert [entry.name for entry in entries] == ["dashboard", "campaigns", "calendar"]
    assert [entry.name for entry in entries if entry.current] == ([current] if current else [])
    assert entries[1].url == "/w/acme/campaigns/"


def test_a_query_is_changed_not_replaced() -> None:
    request = RequestFactory().get("/x/", {"status": ["a", "b"], "cursor": "9"})

    assert links.changed_query(request, sort="name", cursor=None) == "?status=a&status=b&sort=name"
    assert links.changed_query(request, status=["c"], cursor="") == "?status=c"
    assert links.changed_query(request, status=None, cursor=None) == "/x/"


@pytest.mark.parametrize("next_url", ["https://evil.example/", "//evil.example/", "javascript:alert(1)", ""])
def test_going_back_never_leaves_us(next_url: str) -> None:
    request = RequestFactory().post("/x/", {"next": next_url})

    assert links.safe_next(request, default="/home/") == "/home/"
