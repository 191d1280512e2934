"""The workspace's audit log and a campaign's trail: read, narrowed, fetched, checked and added to."""

import csv
import io
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from clarion.campaigns import operations as campaigns
from clarion.campaigns.models import Campaign
from clarion.campaigns.states import Status
from clarion.lib.proxies import networks_of
from clarion.web.pages import audit as page
from clarion.workspaces import audit, operations, tasks, trail
from clarion.workspaces.models import AuditCheck, AuditEvent, TrailEnd, Workspace
from tests import ledgers
from tests.factories import client_of
from tests.integration.api.asking import asking
from tests.tampering import unguarded

pytestmark = pytest.mark.django_db


@pytest.fixture
def people() -> ledgers.People:
    return ledgers.make_people(zone="Europe/Berlin")


@pytest.fixture
def workspace(people: ledgers.People) -> Workspace:
    return people.workspace


@pytest.fixture
def alice(people: ledgers.People) -> Client:
    return client_of(people.alice)


def record(people: ledgers.People, n: int = 1, **facts: Any) -> AuditEvent:
    """Return the last of n events by alice."""
    values = {"by": ledgers.actor(people.alice), "action": "list.created", "kind": "list", "object_id": "1"}
    return [audit.record(**(values | facts)) for _turn in range(n)][-1]  # type: ignore[arg-type]


def url(workspace: Workspace, rest: str = "") -> str:
    return f"/w/{workspace.slug}/audit/{rest}"


def text(client: Client, address: str, **kwargs: Any) -> str:
    answer = client.get(address, **kwargs)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def rows(page: str) -> int:
    return page.count("<tr>") - 1 if "<tbody>" in page else 0


class TestLog:
    def test_it_says_who_did_what_to_what_and_why(
        self, alice: Client, people: ledgers.People, workspace: Workspace
    ) -> None:
        campaign = ledgers.make_campaign(people.alice)
        campaigns.pause(campaign=campaign, by=ledgers.actor(people.bob), reason="Wrong price.")

        shown = text(alice, url(workspace))

        for part in (
            "Paused",
            "Wrong price.",
            "Bob",
            "Autumn offer",
            "Sending",
            f"{campaign.public_id}/audit/",
        ):
            assert part in shown

    def test_a_campaign_that_is_gone_has_no_link(
        self, alice: Client, people: ledgers.People, workspace: Workspace
    ) -> None:
        draft = ledgers.make_campaign(people.alice, status=Status.DRAFT, started_at=None)
        campaigns.delete(campaign=draft, by=ledgers.actor(people.alice))

        shown = text(alice, url(workspace))

        assert "Autumn offer" in shown
        assert str(draft.public_id) not in shown

    def test_it_pages_both_ways_by_number(
        self, alice: Client, people: ledgers.People, workspace: Workspace
    ) -> None:
        record(people, 120)

        first, second, last = (text(alice, url(workspace, q)) for q in ("", "?after=71", "?after=21"))
        back = text(alice, url(workspace, "?before=20"))

        assert [rows(one) for one in (first, second, last, back)] == [50, 50, 20, 50]
        assert ("after=71" in first, "before=" in first.split('class="pager"')[1]) == (True, False)
        assert ("after=21" in second, "before=70" in second) == (True, True)
        assert "after=" not in last.split('class="pager"')[1]
        assert "Numbers 70 to 21" in back

    def test_filters_narrow_it(self, alice: Client, people: ledgers.People, workspace: Workspace) -> None:
        record(people, 2, object_name="Customers")
        record(
            people, by=ledgers.actor(people.bob), action="sender.created", kind="sender", object_name="Mail"
        )
        record(people, by=audit_system(workspace), action="campaign.built", kind="campaign")
        old = record(people, object_name="Old")
        with unguarded():
            AuditEvent.objects.filter(pk=old.pk).update(at=timezone.now() - timedelta(days=40))
        today = timezone.localdate(timezone=ZoneInfo("Europe/Berlin")).isoformat()

        for query, count in {
            "": 5, "?q=custom": 2, "?q=cu": 5, f"?who={people.bob.user_id}": 1, "?who=system": 1,
            "?kind=list": 3, "?kind=sender": 1, "?action=list.created": 3, f"?from={today}": 4,
            f"?to={today}": 5, "?to=2020-01-01": 0, "?kind=list&q=old": 1,
            "?who=7777&kind=x&action=<b>&from=yesterday&to=0000-00-00&after=x": 5,
        }.items():  # fmt: skip
            assert (query, rows(text(alice, url(workspace, query)))) == (query, count)

    def test_a_day_is_one_of_the_readers_zone(
        self, alice: Client, people: ledgers.People, workspace: Workspace
    ) -> None:
        """23:30 UTC on the 9th is the 10th in Berlin."""
        event = record(people)
        at = timezone.now().replace(2026, 6, 9, 23, 30, 0, 0)
        with unguarded():
            AuditEvent.objects.filter(pk=event.pk).update(at=at)

        assert rows(text(alice, url(workspace, "?from=2026-06-10&to=2026-06-10"))) == 1
        assert rows(text(alice, url(workspace, "?from=2026-06-09&to=2026-06-09"))) == 0

    def test_htmx_gets_the_table_alone(
        self, alice: Client, people: ledgers.People, workspace: Workspace
    ) -> None:
        record(people)

        fragment = text(alice, url(workspace), headers={"HX-Request": "true", "HX-Target": "results"})

        assert fragment.startswith('<section class="card" id="results"')

    def test_its_queries_do_not_grow_with_its_rows(
        self, alice: Client, people: ledgers.People, workspace: Workspace
    ) -> None:
        record(people)
        alice.get(url(workspace))
        with CaptureQueriesContext(connection) as few:
            alice.get(url(workspace))
        record(people, 60)
        with CaptureQueriesContext(connection) as many:
            alice.get(url(workspace))

        assert len(few) == len(many) <= 14

    def test_as_a_file_it_holds_everything_that_fits_and_nothing_to_run(
        self, alice: Client, people: ledgers.People, workspace: Workspace
    ) -> None:
        record(people, 60, object_name="=1+1", reason="-2")
        record(people, object_name="Other", kind="sender")

        answer = alice.get(url(workspace, "audit.csv?kind=list"))

        lines = list(csv.DictReader(io.StringIO(answer.getvalue().decode("utf-8-sig"))))
        assert [line["number"] for line in lines] == [str(n) for n in range(1, 61)]
        assert {(line["object_name"], line["reason"]) for line in lines} == {("'=1+1", "'-2")}
        assert AuditEvent.objects.filter(action="workspace.audit_download").count() == 1

    @pytest.mark.parametrize("door", ["web", "api"])
    def test_it_says_from_where_a_person_or_their_program_did_it(
        self, people: ledgers.People, workspace: Workspace, settings: Any, door: str
    ) -> None:
        settings.CLARION_TRUSTED_PROXIES = networks_of("127.0.0.1")
        if door == "web":
            alice = client_of(people.alice)
            alice.get(url(workspace, "audit.csv"), headers={"X-Forwarded-For": "10.9.9.9, 203.0.113.7"})
        else:
            asking(people.alice).post("/lists", {"name": "News"}, x_forwarded_for="10.9.9.9, 203.0.113.7")
        event = AuditEvent.objects.order_by("-number")[0]
        record(people)

        assert (event.via, event.address) == (door, "203.0.113.7")
        assert AuditEvent.objects.order_by("-number")[0].address == ""  # no request
        assert audit.first_broken(workspace) is None
        assert "203.0.113.7" in text(client_of(people.alice), url(workspace))
        assert "203.0.113.7" in client_of(people.alice).get(url(workspace, "audit.csv")).getvalue().decode()

    def test_it_is_for_who_may_read_it_and_never_for_a_stranger(
        self, people: ledgers.People, workspace: Workspace
    ) -> None:
        record(people, object_name="Secret plan")

        for person in (people.vera, people.bob):
            client = client_of(person)
            assert client.get(url(workspace)).status_code == 403
            assert client.get(url(workspace, "audit.csv")).status_code == 403
            assert client.post(url(workspace, "check/")).status_code == 403
            assert f'href="{url(workspace)}"' not in text(client, f"/w/{workspace.slug}/campaigns/")
        mallory = client_of(people.mallory)
        assert mallory.get(url(workspace)).status_code == 404
        assert mallory.get(url(workspace, "audit.csv")).status_code == 404
        assert "Secret plan" not in text(mallory, url(people.mallory.workspace))


def audit_system(workspace: Workspace) -> Any:
    from clarion.workspaces import actors

    return actors.system(workspace)


class TestChain:
    def check(self, workspace: Workspace) -> int | None:
        return operations.check_audit(workspace=workspace).broken_number

    def test_what_was_recorded_is_whole(self, people: ledgers.People, workspace: Workspace) -> None:
        record(people, 5)

        assert self.check(workspace) is None
        assert AuditCheck.objects.get().event_count == 5

    @pytest.mark.parametrize(
        "values",
        [
            {"reason": "Nothing."},
            {"actor_name": "Bob"},
            {"actor_number": None},
            {"actor": None},
            {"changes": {"a": [1, 2]}},
            {"address": "192.0.2.9"},
            {"via": "system"},
            {"action": "list.deleted"},
            {"object_kind": "sender"},
            {"object_id": "2"},
            {"object_name": "Another"},
            {"at": timezone.now() - timedelta(days=1)},
            {"number": 30},
            {"hash": b"x" * 32},
        ],
    )
    def test_an_altered_event_is_found(
        self, people: ledgers.People, workspace: Workspace, values: dict[str, Any]
    ) -> None:
        record(people, 5)
        with unguarded():
            AuditEvent.objects.filter(number=3).update(**values)

        assert self.check(workspace) == 3
        assert audit.first_broken(workspace) == 3

    def test_an_event_that_is_given_to_somebody_else_or_to_another_workspace_is_found(
        self, people: ledgers.People, workspace: Workspace
    ) -> None:
        record(people, 3)
        record(people, by=audit_system(workspace))
        with unguarded():
            AuditEvent.objects.filter(number=4).update(actor=people.bob.user)
        assert self.check(workspace) == 4
        with unguarded():
            AuditEvent.objects.filter(number=2).update(actor=people.bob.user)
        assert self.check(workspace) == 2
        with unguarded():
            AuditEvent.objects.filter(number=1).update(workspace=people.mallory.workspace)
        assert (self.check(workspace), audit.first_broken(people.mallory.workspace)) == (1, 1)

    def test_events_of_before_the_accounts_number_was_kept_hold(
        self, people: ledgers.People, workspace: Workspace
    ) -> None:
        event = record(people)
        event.actor_number = None
        with unguarded():
            AuditEvent.objects.update(actor_number=None, hash=audit.digest(event, b""))
        TrailEnd.objects.update(hash=audit.digest(event, b""))
        record(people, 2)

        assert self.check(workspace) is None

    def test_a_removed_event_is_found_also_at_the_end(
        self, people: ledgers.People, workspace: Workspace
    ) -> None:
        record(people, 5)
        self.check(workspace)
        with unguarded():
            AuditEvent.objects.filter(number=5).delete()

        assert self.check(workspace) == 5
        assert self.check(workspace) == 5

    def test_a_chain_that_was_written_anew_as_a_whole_is_found(
        self, people: ledgers.People, workspace: Workspace
    ) -> None:
        record(people, 3)
        self.check(workspace)
        with unguarded():
            AuditEvent.objects.all().delete()
        record(people, 4, reason="Forged.")

        assert self.check(workspace) == 3

    def test_events_added_since_are_no_break(self, people: ledgers.People, workspace: Workspace) -> None:
        record(people, 3)
        self.check(workspace)
        record(people, 3)

        assert self.check(workspace) is None

    def test_the_button_checks_at_most_once_a_minute(
        self, alice: Client, people: ledgers.People, workspace: Workspace
    ) -> None:
        record(people, 4)
        assert "Not checked yet" in text(alice, url(workspace))

        first = alice.post(url(workspace, "check/"), follow=True).content.decode()
        with unguarded():
            AuditEvent.objects.filter(number=2).update(reason="Nothing.")
        second = alice.post(url(workspace, "check/"), follow=True).content.decode()
        AuditCheck.objects.update(checked_at=timezone.now() - timedelta(minutes=2))
        third = alice.post(url(workspace, "check/"), follow=True).content.decode()

        assert "4 events checked" in first
        assert "less than a minute ago" in second
        assert "The log was altered at event 2" in third

    def test_a_long_chain_is_checked_by_a_job(
        self,
        alice: Client,
        people: ledgers.People,
        workspace: Workspace,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr(page, "CHECKED_AT_ONCE", 3)
        record(people, 4)

        alice.post(url(workspace, "check/"))

        assert not AuditCheck.objects.exists()
        with connection.cursor() as cursor:
            cursor.execute("select args from procrastinate_jobs where task_name = 'workspaces.check_audit'")
            assert f'"workspace_id": {workspace.pk}' in str(cursor.fetchone()[0]).replace("'", '"')
        tasks.check_audit(workspace_id=workspace.pk)
        tasks.check_audits(timestamp=0)
        assert AuditCheck.objects.get(workspace=workspace).event_count == 4

    def test_nobody_learns_of_another_workspaces_chain(self, people: ledgers.People) -> None:
        record(people)
        operations.check_audit(workspace=people.workspace)

        assert trail.check_for(people.mallory) is None
        assert trail.check_for(people.vera) is None


class TestCampaignsTrail:
    def note(self, client: Client, campaign: Campaign, words: str) -> str:
        address = f"/w/{campaign.workspace.slug}/campaigns/{campaign.public_id}/audit/note/"
        return client.post(address, {"note": words}, follow=True).content.decode()

    def test_a_note_stays_in_the_trail(self, alice: Client, people: ledgers.People) -> None:
        campaign = ledgers.make_campaign(people.alice)

        shown = self.note(alice, campaign, "  Agreed with <b>legal</b>.\r\nOK \x00")

        event = AuditEvent.objects.get(action="campaign.note")
        assert (event.reason, event.actor_name) == ("Agreed with <b>legal</b>.\nOK", "Alice")
        assert "Agreed with &lt;b&gt;legal&lt;/b&gt;." in shown

    @pytest.mark.parametrize(
        ("words", "said"), [("  ", "Write something first."), ("x" * 2001, "at most 2000 characters")]
    )
    def test_an_empty_or_endless_note_is_refused(
        self, alice: Client, people: ledgers.People, words: str, said: str
    ) -> None:
        assert said in self.note(alice, ledgers.make_campaign(people.alice), words)
        assert not AuditEvent.objects.exists()

    def test_a_viewer_adds_none_and_a_stranger_finds_nothing(self, people: ledgers.People) -> None:
        campaign = ledgers.make_campaign(people.alice)
        address = f"/w/{campaign.workspace.slug}/campaigns/{campaign.public_id}/audit/"

        assert "Your role does not allow this." in self.note(client_of(people.vera), campaign, "Hello")
        assert "Add a note" not in text(client_of(people.vera), address)
        assert client_of(people.mallory).post(address + "note/", {"note": "Hi"}).status_code == 404
        assert not AuditEvent.objects.exists()

    def test_naming_a_campaign_says_nothing_of_its_message(
        self, alice: Client, people: ledgers.People
    ) -> None:
        draft = campaigns.create_campaign(name="Fall", by=ledgers.actor(people.alice))
        address = f"/w/{draft.workspace.slug}/campaigns/{draft.public_id}/edit/"

        alice.post(address, {"name": "Autumn", "launch": "NOW", "autosave": "1", "mode": "html"})

        told = AuditEvent.objects.order_by("number").values_list("action", "changes")
        assert [action for action, _changes in told] == ["campaign.create", "campaign.update"]
        assert all(changes for _action, changes in told)
