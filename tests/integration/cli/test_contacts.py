"""`clarion contact`: what it prints and how it ends."""

import json
import zipfile
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from clarion.audience import operations
from clarion.audience.models import Contact, Erasure
from clarion.cli.program import app
from clarion.workspaces import actors
from clarion.workspaces.models import AuditEvent, PiiPolicy
from tests import ledgers

pytestmark = pytest.mark.django_db


@pytest.fixture
def ana(people: ledgers.People) -> Contact:
    by = actors.of_member(people.alice)
    made = operations.create_contact(by=by, fields={"email": "ana@shop.example", "first_name": "Ana"})
    operations.add_address(by=by, contact=made, kind="phone", address="+4930123456")
    operations.add_address(by=by, contact=made, kind="phone", address="+4930999999")
    return made


def clarion(people: ledgers.People, *arguments: object) -> Result:
    words = ["contact", *map(str, arguments), "--workspace", people.workspace.slug]
    return CliRunner().invoke(app, words)


def test_a_contact_is_found_by_its_id_and_any_address(people: ledgers.People, ana: Contact) -> None:
    for words in (ana.public_id, "ANA@shop.example", "+49 30 999999"):
        shown = json.loads(clarion(people, "show", words, "--json").stdout)
        assert shown["addresses"] == {"email": ["ana@shop.example"], "phone": ["+4930123456", "+4930999999"]}
    assert clarion(people, "show", "nobody@shop.example").exit_code == 2
    stranger = ["contact", "show", str(ana.public_id), "--workspace", people.mallory.workspace.slug]
    assert CliRunner().invoke(app, stranger).exit_code == 2


def test_a_persons_data_is_written_once(people: ledgers.People, ana: Contact, tmp_path: Path) -> None:
    file = tmp_path / "ana.zip"

    assert clarion(people, "data", ana.public_id, file).exit_code == 0
    assert clarion(people, "data", ana.public_id, file).exit_code == 2

    with zipfile.ZipFile(file) as archive:
        assert json.loads(archive.read("person.json"))["contact"]["first_name"] == "Ana"
    assert AuditEvent.objects.filter(action="contact.exported").count() == 1


def test_two_are_merged_and_one_is_erased_when_that_is_meant(people: ledgers.People, ana: Contact) -> None:
    by = actors.of_member(people.alice)
    operations.create_contact(by=by, fields={"email": "sol@home.example", "first_name": "Annie"})

    merged = clarion(people, "merge", "ana@shop.example", "sol@home.example", "--take", "first_name")
    assert merged.stdout.strip() == str(ana.public_id)
    assert Contact.objects.get().first_name == "Annie"

    assert clarion(people, "erase", "sol@home.example").exit_code == 2
    told = json.loads(clarion(people, "erase", "sol@home.example", "--yes").stdout)
    assert told["done"] is True
    assert (Contact.objects.count(), Erasure.objects.get().facts) == (0, {})


def test_where_people_are_masked_one_is_shown_on_request_and_the_trail_tells(people: ledgers.People) -> None:
    people.workspace.pii_policy = PiiPolicy.ON_REQUEST
    people.workspace.save()
    facts = {"email": "eve@shop.example", "last_name": "Secretperson"}
    operations.create_contact(by=actors.of_member(people.alice), fields=facts)
    asked = ("contact", "show", "eve@shop.example", "--workspace", people.workspace.slug, "--json")

    masked = CliRunner().invoke(app, asked).stdout
    assert "eve@" not in masked
    assert "Secretperson" not in masked
    assert "eve@shop.example" in CliRunner().invoke(app, [*asked, "--reveal"]).stdout
    assert AuditEvent.objects.get(action="contact.revealed").via == "cli"
