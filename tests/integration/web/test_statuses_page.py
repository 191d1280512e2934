"""The page of statuses and what it is made from: every state, every action, said once and truly."""

import pytest
from django.test import Client

from clarion.campaigns import guide, offers
from clarion.campaigns.states import DEEDS, MEANINGS, TRANSITIONS, Action, Status, status_of
from clarion.workspaces.permissions import Role, permissions_of
from tests import ledgers
from tests.factories import client_of

pytestmark = pytest.mark.django_db


def test_every_state_and_action_is_explained() -> None:
    assert (set(MEANINGS), set(DEEDS)) == (set(Status), set(Action))


def test_the_page_tells_of_each_state_what_can_be_done_and_by_whom() -> None:
    people = ledgers.make_people()

    page = " ".join(client_of(people.vera).get("/help/statuses/").content.decode().split())

    for status in Status:
        part = page.split(f'id="{status.lower()}"')[1].split("</section>")[0]
        assert str(MEANINGS[status]) in part
        for action, transition in TRANSITIONS.items():
            assert (f'table__main">{action.label}</th>' in part) == (status in transition.sources), (
                status,
                action,
            )
    assert 'id="people"' in page


def test_it_is_for_who_is_signed_in() -> None:
    assert Client().get("/help/statuses/").status_code == 302


@pytest.mark.parametrize("state", guide.explained(), ids=lambda state: state.status.value)
def test_it_says_what_the_table_holds(state: guide.Explained) -> None:
    told = {deed.action for deed in state.deeds}

    assert told == {action for action, way in TRANSITIONS.items() if state.status in way.sources}
    for deed in state.deeds:
        permission = TRANSITIONS[deed.action].permission
        roles = {str(role.label) for role in Role if permission in permissions_of(role)}
        assert set(deed.roles) == (roles if permission is not None else set())
    assert (state.changes == "Nothing.") == (
        state.status not in offers.TIMING_EDITABLE | offers.SPEED_CHANGEABLE
    )


def test_the_diagram_has_every_way_and_no_other() -> None:
    drawn = {
        (source, target, name)
        for line in guide.diagram().splitlines()
        if ": " in line
        for source, _arrow, rest in [line.strip().partition(" --> ")]
        for target, _colon, names in [rest.partition(": ")]
        for name in names.split(", ")
    }

    wanted = {
        (source.lower(), target.lower(), action.value)
        for action, way in TRANSITIONS.items()
        for source in way.sources
        for target in guide.targets(action)
        if source is not target
    }
    assert drawn == wanted


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("Active", Status.SENDING), ("running", Status.SENDING), ("Done", Status.COMPLETED), ("New", Status.IN_REVIEW),
        ("Waiting", Status.SCHEDULED), ("in_review", Status.IN_REVIEW), ("In  Review", Status.IN_REVIEW),
        ("PAUSED", Status.PAUSED), ("sleepy", None), ("", None),
    ],
)  # fmt: skip
def test_a_state_is_known_by_what_others_call_it(word: str, status: Status | None) -> None:
    assert status_of(word) is status


def test_no_two_states_are_called_the_same() -> None:
    words = [word for state in guide.explained() for word in (state.label.lower(), *state.synonyms)]

    assert len(words) == len(set(words))


def test_the_head_of_a_campaign_leads_to_its_state() -> None:
    people = ledgers.make_people()
    campaign = ledgers.make_campaign(people.alice)

    page = client_of(people.vera).get(f"/w/{people.workspace.slug}/campaigns/{campaign.public_id}/")

    assert b'href="/help/statuses/#sending"' in page.content
