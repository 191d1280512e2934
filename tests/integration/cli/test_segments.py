"""`clarion segment`: what it prints and how it ends."""

import json

import pytest

from clarion.audience import operations
from clarion.audience.models import Contact, Segment
from clarion.workspaces import actors
from tests import ledgers
from tests.integration.cli.running import clarion

pytestmark = pytest.mark.django_db
RULE = {"all": [{"field": "language", "op": "begins", "value": "de"}]}


@pytest.fixture
def germans(people: ledgers.People) -> Segment:
    Contact.objects.create(workspace=people.workspace, email="a@x.test", language="de")
    Contact.objects.create(workspace=people.workspace, email="b@x.test", language="fr")
    return operations.create_segment(by=actors.of_member(people.alice), name="Germans", rule=RULE)


def test_a_segment_is_listed_shown_and_counted(people: ledgers.People, germans: Segment) -> None:
    where = ("--workspace", people.workspace.slug)

    assert "Germans\tlanguage begins with “de”" in clarion("segment", "list", *where).stdout
    shown = json.loads(clarion("segment", "show", germans.public_id, "--json", *where).stdout)
    assert (shown["name"], shown["rule"]) == ("Germans", RULE)
    assert clarion("segment", "count", "Germans", *where).stdout == "1\n"
    counted = json.loads(clarion("segment", "count", "Germans", "--json", *where).stdout)
    assert (counted["count"], counted["exact"]) == (1, True)


def test_a_segment_of_another_workspace_is_not_there(people: ledgers.People, germans: Segment) -> None:
    for words in (germans.public_id, "Germans"):
        answer = clarion("segment", "show", words, "--workspace", people.mallory.workspace.slug)
        assert answer.exit_code == 2
        assert "There is no segment" in answer.output


def test_a_contact_is_told_to_be_in_it_and_why(people: ledgers.People, germans: Segment) -> None:
    where = ("--workspace", people.workspace.slug)

    answer = clarion("segment", "explain", "Germans", "a@x.test", *where)
    assert (answer.exit_code, answer.stdout) == (0, "in\n  yes: language begins with “de”\n")
    other = clarion("segment", "explain", "Germans", "b@x.test", "--json", *where)
    assert other.exit_code == 1
    assert json.loads(other.stdout)["because"] == [{"condition": "language begins with “de”", "holds": False}]
    assert clarion("segment", "explain", "Germans", "c@x.test", *where).exit_code == 2
