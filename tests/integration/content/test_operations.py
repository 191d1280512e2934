"""Writing templates: versions, names, rights, and what the audit trail keeps."""

from typing import Any

import pytest
from django.db import connection

from clarion.campaigns import preflight
from clarion.campaigns.models import Campaign
from clarion.channels import registry
from clarion.channels.looks import MAIL_MODES, Look
from clarion.content import operations, queries
from clarion.content.errors import ContentInvalid, NameTaken, TemplateArchived
from clarion.content.models import Approval, Template
from clarion.workspaces import audit
from clarion.workspaces.actors import Actor, of_member
from clarion.workspaces.errors import NameInvalid, NotAllowed
from clarion.workspaces.models import AuditEvent
from tests.factories import Cast, make_cast
from tests.integration.campaigns.making import make_launchable

pytestmark = pytest.mark.django_db


def source(**changes: Any) -> dict[str, Any]:
    return {"mode": "html", "subject": "Hello {{ name }}", "source": "<p>Hi {{ name }}</p>", **changes}


@pytest.fixture
def cast() -> Cast:
    return make_cast()


@pytest.fixture
def bob(cast: Cast) -> Actor:
    return of_member(cast.bob)


def given_a_template(by: Actor, name: str = "Welcome", **changes: Any) -> Template:
    return operations.create_template(by=by, channel="email", name=name, source=source(**changes))


class TestCreateTemplate:
    def test_makes_the_first_version(self, bob: Actor) -> None:
        template = given_a_template(bob)

        version = queries.latest_version(template)
        assert (version.number, version.variables, version.created_by) == (1, ["name"], bob.user)
        assert version.content["html"] == "<p>Hi {{ name }}</p>"
        assert AuditEvent.objects.get(action="template.created").object_id == str(template.public_id)
        assert audit.first_broken(bob.workspace) is None

    def test_refuses_a_name_that_is_taken(self, bob: Actor) -> None:
        given_a_template(bob)

        with pytest.raises(NameTaken):
            given_a_template(bob, name="  Welcome ")
        assert Template.objects.count() == 1

    def test_another_workspace_may_use_the_same_name(self, bob: Actor, cast: Cast) -> None:
        given_a_template(bob)

        assert given_a_template(of_member(cast.mallory)).workspace == cast.elsewhere

    @pytest.mark.parametrize("name", ["", "   ", "x" * 121, "a\x00b"])
    def test_refuses_a_name_that_is_none(self, bob: Actor, name: str) -> None:
        with pytest.raises(NameInvalid):
            given_a_template(bob, name=name)

    def test_keeps_nothing_of_a_bad_source(self, bob: Actor) -> None:
        with pytest.raises(ContentInvalid):
            given_a_template(bob, source="{% for i in x %}")
        assert not Template.objects.exists()

    def test_tries_the_template_before_it_is_kept(self, bob: Actor) -> None:
        endless = "{% for a in range(1000) %}{% for b in range(1000) %}x{% endfor %}{% endfor %}"

        with pytest.raises(ContentInvalid, match="too many steps"):
            given_a_template(bob, source=endless)


class TestSaveVersion:
    def test_adds_a_version_and_keeps_the_old(self, bob: Actor) -> None:
        template = given_a_template(bob)

        version = operations.save_version(template=template, by=bob, source=source(subject="New"))

        assert version.number == 2
        first = queries.version_of(template, 1)
        assert first is not None
        assert first.source["subject"] == "Hello {{ name }}"
        assert AuditEvent.objects.get(action="template.changed").changes == {"version": [1, 2]}

    def test_adds_none_when_nothing_changed(self, bob: Actor) -> None:
        template = given_a_template(bob)

        version = operations.save_version(
            template=template, by=bob, source=source(source="<p>Hi {{ name }}</p>\r"[:-1])
        )

        assert version.number == 1
        assert not AuditEvent.objects.filter(action="template.changed").exists()

    def test_refuses_an_archived_template(self, bob: Actor) -> None:
        template = operations.archive_template(template=given_a_template(bob), by=bob)

        with pytest.raises(TemplateArchived):
            operations.save_version(template=template, by=bob, source=source(subject="New"))


class TestOtherOperations:
    def test_renames_and_tells_both_names(self, bob: Actor) -> None:
        template = operations.rename_template(template=given_a_template(bob), by=bob, name="Hello")

        assert template.name == "Hello"
        assert AuditEvent.objects.get(action="template.renamed").changes == {"name": ["Welcome", "Hello"]}

    def test_a_copy_takes_the_next_free_name(self, bob: Actor) -> None:
        template = given_a_template(bob, name="x" * 120)

        names = {operations.duplicate_template(template=template, by=bob).name for _ in range(3)}

        assert names == {"x" * 113 + " (copy)", "x" * 111 + " (copy 2)", "x" * 111 + " (copy 3)"}

    def test_an_archived_name_is_free_until_it_comes_back(self, bob: Actor) -> None:
        old = operations.archive_template(template=given_a_template(bob), by=bob)
        new = given_a_template(bob)

        with pytest.raises(NameTaken):
            operations.restore_template(template=old, by=bob)
        operations.archive_template(template=new, by=bob)
        assert operations.restore_template(template=old, by=bob).archived_at is None

    def test_archiving_twice_is_told_once(self, bob: Actor) -> None:
        template = given_a_template(bob)

        for _ in range(2):
            operations.archive_template(template=template, by=bob)

        assert AuditEvent.objects.filter(action="template.archived").count() == 1


class TestRights:
    def test_a_viewer_may_change_nothing(self, bob: Actor, cast: Cast) -> None:
        template, vera = given_a_template(bob), of_member(cast.vera)

        for change in (
            lambda: given_a_template(vera, name="Mine"),
            lambda: operations.save_version(template=template, by=vera, source=source()),
            lambda: operations.rename_template(template=template, by=vera, name="x"),
            lambda: operations.duplicate_template(template=template, by=vera),
            lambda: operations.archive_template(template=template, by=vera),
            lambda: operations.restore_template(template=template, by=vera),
        ):
            with pytest.raises(NotAllowed):
                change()

    def test_a_stranger_finds_nothing(self, bob: Actor, cast: Cast) -> None:
        template, mallory = given_a_template(bob), of_member(cast.mallory)

        assert queries.template_for(cast.mallory, template.public_id) is None
        assert not queries.templates_for(cast.mallory).exists()
        with pytest.raises(Template.DoesNotExist):
            operations.rename_template(template=template, by=mallory, name="Stolen")


class TestTemplatesFor:
    def test_filters_and_sorts(self, bob: Actor, cast: Cast) -> None:
        one, two = given_a_template(bob, name="Ananas"), given_a_template(bob, name="Banana")
        operations.create_template(by=bob, channel="sandbox", name="Cherry", source=source())
        operations.save_version(template=one, by=bob, source=source(subject="Second"))

        def names(**filters: Any) -> list[str]:
            return [found.name for found in queries.templates_for(cast.bob, **filters)]

        assert names(sort="name") == ["Ananas", "Banana", "Cherry"]
        assert names()[0] == "Ananas"
        assert names(sort="-version")[0] == "Ananas"
        assert names(search="an", sort="-name") == ["Banana", "Ananas"]
        assert names(channels=["sandbox"]) == ["Cherry"]
        operations.archive_template(template=two, by=bob)
        assert names(archived=True) == ["Banana"]

    def test_takes_one_query_whatever_the_number(
        self, bob: Actor, cast: Cast, django_assert_num_queries: Any
    ) -> None:
        for number in range(3):
            given_a_template(bob, name=f"No {number}")

        with django_assert_num_queries(1):
            assert [
                (found.version_number, found.used_by_count) for found in queries.templates_for(cast.bob)
            ] == [(1, 0)] * 3


def test_missing_variables_of_a_version(bob: Actor) -> None:
    version = queries.latest_version(
        given_a_template(bob, source="{{ name }} {{ city }} {{ plz|default('') }}")
    )

    assert queries.missing_variables(version, {"name"}) == ["city"]
    assert queries.missing_variables(version.content, {"name", "city"}) == []


@pytest.mark.django_db(transaction=True)
def test_saving_at_the_same_time_gives_each_a_number(cast: Cast, bob: Actor) -> None:
    from concurrent.futures import ThreadPoolExecutor

    template = given_a_template(bob)

    def save(number: int) -> int:
        try:
            made = operations.save_version(template=template, by=bob, source=source(subject=f"No {number}"))
            return made.number
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        numbers = sorted(pool.map(save, range(4)))

    assert numbers == [2, 3, 4, 5]


class TestApproval:
    """Where a provider approves templates, a campaign waits for it. No channel of today asks for that."""

    @pytest.fixture(autouse=True)
    def asking(self, monkeypatch: pytest.MonkeyPatch) -> None:
        look = Look(modes=MAIL_MODES, has_subject=True, needs_approval=True)
        monkeypatch.setattr(type(registry.get("email")), "look", look)

    def test_a_campaign_is_held_until_its_version_is_approved(self, bob: Actor, cast: Cast) -> None:
        template = given_a_template(
            bob, source='<p>Hi {{ name|default("x") }} {{ unsubscribe_url }}</p>', subject="S"
        )
        version = queries.latest_version(template)
        campaign = make_launchable(cast.workspace)
        assert "template_approval" in {one.code for one in preflight.examine(campaign).blockers}
        campaign.steps.update(template_version=version)
        (held,) = preflight.examine(campaign).blockers
        assert "is not approved by the provider: Not asked yet" in held.sentence

        operations.set_approval(version=version, by=bob, approval=Approval.APPROVED)

        assert preflight.blockers(Campaign.objects.get(pk=campaign.pk)) == []
        event = AuditEvent.objects.get(action="template.approval_changed")
        assert event.object_id == str(template.public_id)

    def test_a_new_version_is_to_be_approved_anew(self, bob: Actor) -> None:
        template = given_a_template(bob)
        operations.set_approval(version=queries.latest_version(template), by=bob, approval=Approval.APPROVED)

        assert operations.save_version(template=template, by=bob, source=source(subject="New")).approval == ""

    def test_a_stranger_may_not(self, bob: Actor, cast: Cast) -> None:
        version = queries.latest_version(given_a_template(bob))

        with pytest.raises(Template.DoesNotExist):
            operations.set_approval(version=version, by=of_member(cast.mallory), approval=Approval.APPROVED)


def test_a_channel_that_needs_no_approval_has_none(bob: Actor) -> None:
    with pytest.raises(ValueError, match="no approval"):
        operations.set_approval(
            version=queries.latest_version(given_a_template(bob)), by=bob, approval=Approval.APPROVED
        )
