"""Who may do what: every role at every address, in the interface and in the operations behind it."""

import inspect
import uuid
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from html.parser import HTMLParser
from importlib import import_module
from types import ModuleType
from typing import Any
from unittest.mock import MagicMock

import pytest
from django.db import transaction
from django.test import Client
from django.urls import Resolver404, resolve

from clarion.campaigns.offers import Handling
from clarion.campaigns.states import TRANSITIONS, Action, Status
from clarion.web import rights
from clarion.workspaces import operations as workspaces
from clarion.workspaces.actors import Actor
from clarion.workspaces.errors import NotAllowed
from clarion.workspaces.models import Membership
from clarion.workspaces.permissions import Permission, Role
from tests import ledgers
from tests.factories import Cast, make_user
from tests.integration.web.test_walls import addresses, said, visiting
from tests.integration.web.test_walls import things as things

pytestmark = pytest.mark.django_db

#: Modules whose functions with an actor write.
OPERATIONS = (
    "workspaces.operations", "audience.operations", "content.operations", "senders.operations", "senders.testing",
    "campaigns.operations", "deliveries.exporting.operations", "deliveries.unknowns", "deliveries.purging",
    "deliveries.retrying", "deliveries.refreshing", "deliveries.pushing", "deliveries.operations",
    "deliveries.erasing", "deliveries.refreshes.operations", "webhooks.operations", "workspaces.money.operations",
    "senders.prices.operations", "senders.naming.operations", "senders.provided.operations",
)  # fmt: skip


def of_role(cast: Cast, role: Role) -> Membership:
    return workspaces.add_member(workspace=cast.workspace, user=make_user(name=role.label), role=role)


def test_every_address_has_its_rights_and_every_right_its_address() -> None:
    assert {one.name for one in addresses()} == set(rights.RIGHTS)


class Offered(HTMLParser):
    """What a page offers: addresses to open, and forms with their fields."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.links: set[str] = set()
        #: (address, fields), once for each button that says something.
        self.posts: list[tuple[str, dict[str, str]]] = []
        self._form: tuple[str, dict[str, str], list[dict[str, str]]] | None = None
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        self.links |= {said[name] for name in ("href", "hx-get", "data-drawer") if said.get(name)}
        if said.get("hx-post"):
            self.posts.append((said["hx-post"], {}))
        if tag == "form" and said.get("method", "get").lower() == "post":
            self._form = (said.get("action", ""), {}, [])
        if self._form is not None and tag == "input" and said.get("name"):
            self._form[1][said["name"]] = said.get("value", "")
        if self._form is not None and tag == "button" and said.get("type") != "button":
            if said.get("formaction"):
                self.posts.append((said["formaction"], {}))
            else:
                self._form[2].append({said["name"]: said.get("value", "")} if said.get("name") else {})

    def handle_endtag(self, tag: str) -> None:
        if tag == "form" and self._form is not None:
            url, fields, buttons = self._form
            self.posts += [(url, fields | said) for said in buttons]
            self._form = None


def overreaching(member: Membership, page: str, url: str) -> Iterator[str]:
    """Return what the page offers that the member may not do."""
    offered, root = Offered(page), f"/w/{member.workspace.slug}/"
    for link in offered.links:
        name, _kwargs = found_at(link.split("#")[0].split("?")[0])
        if link.startswith(root) and name and not rights.may_open(member, name):
            yield f"{url} links to {name}"
    for action, fields in offered.posts:
        name, kwargs = found_at(action.split("?")[0] or url)
        if (action or url).startswith(root) and name and not rights.may_post(member, name, kwargs, fields):
            yield f"{url} posts to {name} {kwargs.get('action', '')}{kwargs.get('verb', '')}"


@cache
def found_at(url: str) -> tuple[str, Mapping[str, Any]]:
    try:
        match = resolve(url)
    except Resolver404:
        return "", {}
    return match.view_name, match.kwargs


@pytest.mark.parametrize("role", Role)
def test_a_role_gets_what_the_table_says_is_kept_from_all_else_and_is_offered_nothing_of_it(
    cast: Cast, things: dict[str, uuid.UUID], role: Role
) -> None:
    member = of_role(cast, role)
    client = visiting(member)
    wrong, forbidden = [], []
    for address in addresses():
        url, right = address.url(cast.workspace.slug, things), rights.RIGHTS[address.name]
        if right.read is not None:
            answer = client.get(url)
            page = said(answer)
            if (answer.status_code == 403) == rights.may_open(member, address.name):
                wrong.append(f"GET {address.name}")
            if answer["Content-Type"].startswith("text/html") and answer.status_code == 200:
                forbidden += overreaching(member, page, url)
        if right.write is not None:
            may = rights.may_post(member, address.name, resolve(url).kwargs, {})
            status = posted(client, url)
            wrong += [f"POST {address.name}"] if (status == 403) == may else []

    assert (wrong, sorted(set(forbidden))) == ([], [])


def test_a_campaigns_buttons_ask_for_what_the_table_of_its_states_says(
    cast: Cast, things: dict[str, uuid.UUID]
) -> None:
    campaign = f"/w/{cast.workspace.slug}/campaigns/{things['campaigns:']}/do"
    wrong = []
    for role in Role:
        member = of_role(cast, role)
        client = visiting(member)
        for action in (*Action, *Handling):
            status = posted(client, f"{campaign}/{action}/")
            if (status == 403) == all(member.may(one) for one in needed_for(action)):
                wrong.append(f"{role} {action}")

    assert wrong == []


def posted(client: Client, url: str) -> int:
    """Return how it was answered; nothing of it stays."""
    answer = posted_page(client, url)
    if answer.streaming:
        b"".join(answer)  # a file is closed by being read to its end
    return int(answer.status_code)


def posted_page(client: Client, url: str) -> Any:
    """Return what is answered to a form with nothing in it; nothing of it stays."""
    with transaction.atomic():
        answer = client.post(url)
        transaction.set_rollback(True)
    return answer


def needed_for(action: str) -> set[Permission]:
    if action in TRANSITIONS:
        permission = TRANSITIONS[Action(action)].permission
        return {permission} if permission is not None else set()
    return {Permission.EDIT, Permission.MANAGE_MEMBERS} if action == Handling.PURGE else {Permission.EDIT}


def operations_with_an_actor() -> Iterator[tuple[str, Callable[..., Any]]]:
    """Return every public function of the operations that is told who acts."""
    for name in OPERATIONS:
        module: ModuleType = import_module(f"clarion.{name}")
        for word, one in vars(module).items():
            is_own = inspect.isfunction(one) and one.__module__.startswith(f"clarion.{name}")
            if is_own and not word.startswith("_") and "by" in inspect.signature(one).parameters:
                yield f"{name}.{word}", one


class Stopped(Exception):
    """The operation has asked for a permission: it need not go on."""


class Asking(Actor):
    """An actor who is stopped at the first question, and who keeps what was asked."""

    __slots__ = ("asked",)

    def require(self, permission: Permission) -> None:
        object.__setattr__(self, "asked", permission)
        raise Stopped


#: These ask later, or otherwise; that they do is tested where they are.
UNASKED = {
    "audience.operations.restore_by_address": "reads the address first",
    "campaigns.operations.add_note": "asks for any of three permissions",
    "campaigns.operations.after_approval": "follows an approval, in its transaction",
    "campaigns.operations.end_run": "the program's own move",
    "campaigns.operations.expire": "the program's own move",
    "campaigns.operations.replan_resumption": "the program's own move",
    "campaigns.operations.resume": "the program's own move",
    "campaigns.operations.resume_paid": "looks for the pause first; going on asks",
    "campaigns.operations.schedule": "reads the time first",
    "campaigns.operations.schedule_as_said": "reads the time first",
    "campaigns.operations.start_due": "the program's own move",
    "content.operations.add_language": "reads the language first",
    "senders.naming.operations.move": "looks up what the step asks for first",
    "workspaces.money.operations.enter": "the program's own, within the operations that ask",
    "workspaces.money.operations.hold": "a part of a launch, which asks",
    "workspaces.operations.create_token": "everybody makes keys of their own, which can do no more than they",
    "workspaces.operations.record_look": "whoever looks in leaves a trail, whatever they may",
    "workspaces.operations.open_workspace": "asks for an administrator of the installation",
    "workspaces.operations.switch_campaigns": "asks for an administrator of the installation",
}


def test_every_operation_asks_for_a_permission_before_it_does_anything(cast: Cast) -> None:
    unasked = set()
    known = {"campaign": ledgers.make_campaign(cast.alice, status=Status.DRAFT)}
    for name, operation in operations_with_an_actor():
        actor = Asking(workspace=cast.workspace, member=cast.alice, via="web")
        others = {
            word: known.get(word, MagicMock())
            for word, one in inspect.signature(operation).parameters.items()
            if word != "by" and one.default is inspect.Parameter.empty
        }
        try:
            operation(by=actor, **others)
        except Stopped:
            continue
        except Exception:  # noqa: BLE001 - what it was given makes no sense to it
            unasked.add(name)
            continue
        unasked.add(name)

    assert unasked == set(UNASKED)


def test_an_actor_may_do_what_their_role_includes_and_nothing_else(cast: Cast) -> None:
    for role in Role:
        member = of_role(cast, role)
        for permission in Permission:
            actor = Actor(workspace=cast.workspace, member=member, via="web")
            try:
                actor.require(permission)
                is_let = True
            except NotAllowed:
                is_let = False
            assert is_let == member.may(permission), (role, permission)
