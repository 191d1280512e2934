"""The demo: true sample data, and nothing left of it afterwards."""

import pytest
from django.db import connection
from django.test import Client

from clarion.audience import uploads
from clarion.audience.models import Contact, List
from clarion.campaigns.models import Campaign
from clarion.campaigns.states import Status
from clarion.content.models import Template
from clarion.deliveries import building
from clarion.deliveries.models import Run
from clarion.runtime import demo
from clarion.workspaces import actors
from clarion.workspaces.errors import NotAllowed
from clarion.workspaces.models import Workspace
from tests.factories import Cast, make_user

pytestmark = pytest.mark.django_db

#: Tables whose rows belong to a run or a source without a foreign key.
LOOSE = ("deliveries_recipient", "deliveries_delivery", "deliveries_waiting", "audience_sourcerow")


def rows_of(table: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"select count(*) from {table}")  # noqa: S608
        return int(cursor.fetchone()[0])


class TestLoad:
    def test_makes_lists_templates_a_started_campaign_and_a_draft_all_marked_as_demo(self) -> None:
        workspace = demo.load(make_user())

        assert workspace.is_demo
        assert Contact.objects.filter(workspace=workspace).count() == 200
        assert [one.member_count for one in List.objects.order_by("pk")] == [110, 60, 30]
        modes = {template.versions.get().source["mode"] for template in Template.objects.all()}
        assert modes == {"html", "mjml", "text"}
        statuses = Campaign.objects.filter(is_demo=True).values_list("status", flat=True)
        assert sorted(statuses) == [Status.BUILDING, Status.DRAFT]

    def test_its_campaign_can_be_built_for_everybody_on_its_lists(self) -> None:
        demo.load(make_user())

        building.build(Campaign.objects.get(status=Status.BUILDING).pk)

        run = Run.objects.get()
        assert (run.total, run.skipped) == (170, 0)

    def test_twice_makes_one(self) -> None:
        assert demo.load(make_user()) == demo.load(make_user())


class TestRemove:
    def test_leaves_nothing_of_it_and_all_of_the_others(self, cast: Cast) -> None:
        other = Contact.objects.create(workspace=cast.workspace, email="stays@example.test")
        workspace = demo.load(make_user())
        building.build(Campaign.objects.get(status=Status.BUILDING).pk)

        gone = demo.remove(actors.operator(workspace))

        assert (gone.contacts, gone.campaigns, gone.templates, gone.recipients) == (200, 2, 3, 170)
        assert list(Contact.objects.all()) == [other]
        assert set(Workspace.objects.all()) == {cast.workspace, cast.elsewhere}
        assert {table: rows_of(table) for table in LOOSE} == dict.fromkeys(LOOSE, 0)
        assert not Run.objects.exists()

    @pytest.mark.django_db(transaction=True)
    def test_removes_the_files_too(self) -> None:
        before = set(uploads.folder().iterdir())
        workspace = demo.load(make_user())

        demo.remove(actors.operator(workspace))

        assert set(uploads.folder().iterdir()) == before

    def test_is_refused_for_a_workspace_that_is_no_demo(self, cast: Cast) -> None:
        with pytest.raises(demo.NotADemo):
            demo.remove(actors.operator(cast.workspace))

        assert Workspace.objects.filter(pk=cast.workspace.pk).exists()

    def test_is_refused_to_an_author(self, cast: Cast) -> None:
        cast.workspace.is_demo = True
        cast.workspace.save()
        cast.bob.workspace = cast.workspace

        with pytest.raises(NotAllowed):
            demo.remove(actors.of_member(cast.bob))


class TestBanner:
    def test_says_that_it_is_the_demo_and_offers_to_remove_it(self, client: Client) -> None:
        owner = make_user()
        workspace = demo.load(owner)
        client.force_login(owner)

        page = client.get(f"/w/{workspace.slug}/").content.decode()

        assert "This is the demo" in page
        assert f'action="/w/{workspace.slug}/-/remove-demo/"' in page

    def test_asks_with_numbers_then_removes(self, client: Client) -> None:
        owner = make_user()
        workspace = demo.load(owner)
        client.force_login(owner)
        url = f"/w/{workspace.slug}/-/remove-demo/"

        question = client.post(url).content.decode()
        still_there = Workspace.objects.filter(pk=workspace.pk).exists()
        client.post(url, {"confirmed": "1"})

        assert "200 contacts" in question
        assert still_there
        assert not Workspace.objects.filter(pk=workspace.pk).exists()

    def test_is_not_on_other_workspaces(self, client: Client, cast: Cast) -> None:
        client.force_login(cast.alice.user)

        assert "This is the demo" not in client.get("/w/acme/").content.decode()
        assert client.post("/w/acme/-/remove-demo/", {"confirmed": "1"}).status_code == 404

    def test_a_stranger_gets_nothing(self, client: Client, cast: Cast) -> None:
        workspace = demo.load(make_user())
        client.force_login(cast.mallory.user)

        answer = client.post(f"/w/{workspace.slug}/-/remove-demo/", {"confirmed": "1"})

        assert answer.status_code == 404
        assert Workspace.objects.filter(pk=workspace.pk).exists()
