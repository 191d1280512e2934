"""With whom a filter leaves one may do more than look: retry them, make a list of them, suppress them."""

import re
from typing import Any

import pytest
from django.test import Client

from clarion.audience.masking import mask
from clarion.audience.models import Contact, List, ListMember, Suppression
from clarion.campaigns.models import Campaign
from clarion.campaigns.states import Status
from clarion.deliveries import batching, gathering, ledger
from clarion.deliveries.models import Delivery, Receipt, Recipient, Run
from clarion.deliveries.states import Result, Stage, delivery_id
from clarion.senders.models import Sender
from clarion.web import people_columns
from clarion.workspaces.models import AuditEvent, User
from tests import ledgers
from tests.factories import client_of

pytestmark = pytest.mark.django_db

#: 1-2 skipped, 3-22 sent, 23-28 failed.
KINDS = {"skipped": 2, "sent": 20, "failed": 6}


@pytest.fixture
def people() -> ledgers.People:
    return ledgers.make_people()


@pytest.fixture
def run(people: ledgers.People) -> Run:
    campaign = ledgers.make_campaign(people.alice, status=Status.COMPLETED)
    return ledgers.make_run(campaign, finished=True, **KINDS)


def url(run: Run, rest: str = "") -> str:
    return f"/w/{run.workspace.slug}/campaigns/{run.campaign.public_id}/recipients/{rest}"


def page(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


class TestList:
    def test_a_list_holds_whom_the_filter_leaves(self, people: ledgers.People, run: Run) -> None:
        client = client_of(people.alice)
        known = Contact.objects.create(
            workspace=people.workspace, email=Recipient.objects.get(run_id=run.pk, id=23).address
        )

        asked = page(client, url(run, "list/?status=failed"))
        answer = client.post(url(run, "list/"), {"status": "failed", "name": "To call"})

        made = List.objects.get(workspace=people.workspace)
        assert "Of 6 people of this run" in asked
        assert answer.status_code == 302
        assert (made.name, made.member_count) == ("To call", 6)
        members = ListMember.objects.filter(list=made).values_list("contact_id", flat=True)
        assert known.pk in members
        addresses = {one.address for one in Recipient.objects.filter(run_id=run.pk, id__gte=23)}
        assert {one.email for one in Contact.objects.filter(pk__in=members)} == addresses
        event = AuditEvent.objects.get(action="campaign.list_people")
        assert event.changes["filter"] == [None, "status=failed"]
        assert event.changes["list"] == [None, "To call"]

    def test_a_contact_is_found_by_what_the_run_knew_it_as(self, people: ledgers.People, run: Run) -> None:
        moved = Contact.objects.create(workspace=people.workspace, email="new-address@example.test")
        elsewhere = Contact.objects.create(workspace=people.mallory.workspace, email="x@example.test")
        Recipient.objects.filter(run_id=run.pk, id=23).update(contact_id=moved.pk)
        Recipient.objects.filter(run_id=run.pk, id=24).update(contact_id=elsewhere.pk)

        client_of(people.alice).post(url(run, "list/"), {"status": "failed", "name": "To call"})

        members = ListMember.objects.values_list("contact_id", flat=True)
        assert moved.pk in members
        assert elsewhere.pk not in members
        assert len(members) == 6

    def test_a_name_that_is_taken_is_asked_for_again(self, people: ledgers.People, run: Run) -> None:
        List.objects.create(workspace=people.workspace, name="To call")

        answer = client_of(people.alice).post(url(run, "list/"), {"status": "failed", "name": "To call"})

        assert answer.status_code == 422
        assert "There is a list of that name already." in answer.content.decode()
        assert List.objects.get().member_count == 0

    def test_many_are_listed_by_a_job_that_may_be_repeated(
        self, people: ledgers.People, run: Run, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        asked: list[dict[str, Any]] = []
        monkeypatch.setattr(gathering, "AT_ONCE", 5)
        monkeypatch.setattr(batching, "BATCH", 4)
        monkeypatch.setattr(gathering.tasks.list_people, "defer", lambda **said: asked.append(said))

        client_of(people.alice).post(url(run, "list/"), {"status": "sent", "name": "Got it"})
        before = List.objects.get().member_count
        for _ in range(2):
            said = asked[0]
            gathering.list_later(
                said["run_id"], said["wanted"], said["list_id"], is_private=said["is_private"]
            )

        assert (before, List.objects.get().member_count) == (0, 20)
        assert AuditEvent.objects.get(action="list.members_added").changes["members"] == [None, 20]


class TestSuppress:
    def test_it_is_asked_about_and_then_their_addresses_are_suppressed(
        self, people: ledgers.People, run: Run
    ) -> None:
        client = client_of(people.alice)

        asked = client.post(url(run, "suppress/"), {"status": "failed"}).content.decode()
        before = Suppression.objects.count()
        client.post(url(run, "suppress/"), {"status": "failed", "confirmed": "1"})

        assert "6 people." in asked
        assert before == 0
        found = Suppression.objects.filter(workspace=people.workspace, channel="email", reason="MANUAL")
        failed = Recipient.objects.filter(run_id=run.pk, id__gte=23).values_list("address", flat=True)
        assert sorted(found.values_list("address", flat=True)) == sorted(failed)
        assert AuditEvent.objects.get(action="campaign.people_suppressed").changes["addresses"] == [None, 6]

    def test_many_are_suppressed_by_a_job(
        self, people: ledgers.People, run: Run, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        asked: list[dict[str, Any]] = []
        monkeypatch.setattr(gathering, "AT_ONCE", 5)
        monkeypatch.setattr(gathering.tasks.suppress_people, "defer", lambda **said: asked.append(said))

        client_of(people.alice).post(url(run, "suppress/"), {"status": "failed", "confirmed": "1"})
        before = Suppression.objects.count()
        gathering.suppress_later(asked[0]["run_id"], asked[0]["wanted"], is_private=asked[0]["is_private"])

        assert (before, Suppression.objects.count()) == (0, 6)


class TestRetry:
    def test_only_whom_the_filter_leaves_get_it_again(self, people: ledgers.People, run: Run) -> None:
        Delivery.objects.filter(run_id=run.pk, id=delivery_id(25, 0)).update(code="452 4.2.2")
        retry = url(run).replace("recipients/", "retry/")
        client = client_of(people.alice)

        asked = client.post(retry, {"status": "failed", "code": "452 4.2.2"}).content.decode()
        client.post(retry, {"status": "failed", "code": "452 4.2.2", "confirmed": "1"})

        again = Delivery.objects.filter(run_id=run.pk, stage=Stage.PENDING).values_list("id", flat=True)
        assert "1 message is sent again." in asked
        assert list(again) == [delivery_id(25, 0)]
        run.refresh_from_db()
        assert (run.failed, run.pending) == (5, 1)

    def test_the_menu_offers_what_the_role_includes(self, people: ledgers.People, run: Run) -> None:
        owner = page(client_of(people.alice), url(run, "?status=failed"))
        viewer = page(client_of(people.vera), url(run, "?status=failed"))

        assert all(words in owner for words in ("Retry these", "Make a list of these", "Suppress these"))
        assert not any(words in viewer for words in ("Retry these", "Make a list of these", "Suppress these"))
        assert "Retry these" not in page(client_of(people.alice), url(run, "?status=sent"))


class TestColumns:
    def test_each_column_is_shown_when_it_is_chosen(self, people: ledgers.People, run: Run) -> None:
        Sender.objects.update(name="Shop mail")
        Delivery.objects.filter(run_id=run.pk, id=delivery_id(3, 0)).update(
            provider_id="abc-123", result=Result.READ, result_at=ledgers.BEGAN.replace(hour=15)
        )
        Receipt.objects.create(
            run_id=run.pk, delivery_id=delivery_id(3, 0), event_key="d", result=Result.DELIVERED,
            at=ledgers.BEGAN.replace(hour=13, minute=7),
        )  # fmt: skip
        client = client_of(people.alice)
        usual = page(client, url(run))

        client.post(
            url(run, "columns/"), {"column": ["phone", "sender", "filter", "delivered", "provider", "error"]}
        )
        shown = page(client, url(run))

        assert "abc-123" not in usual
        for words in ("Phone", "Shop mail", "Suppressed", "13:07", "abc-123", "There is no such recipient."):
            assert words in shown
        assert '<th scope="col">Last receipt</th>' not in shown
        client.post(url(run, "columns/"), {"usual": "1"})
        assert '<th scope="col">Last receipt</th>' in page(client, url(run))

    def test_the_list_of_campaigns_keeps_its_own_columns(self, people: ledgers.People, run: Run) -> None:
        client = client_of(people.alice)
        campaigns = f"/w/{people.workspace.slug}/campaigns/columns/"

        client.post(campaigns, {"column": ["total", "list"]})
        client.post(url(run, "columns/"), {"column": ["error"]})
        client.post(campaigns, {"column": ["total"]})

        assert User.objects.get(pk=people.alice.user_id).list_columns == ["total", "p_error"]

    def test_all_together_say_each_in_its_own_words_and_let_no_markup_through(
        self, people: ledgers.People, run: Run
    ) -> None:
        Recipient.objects.filter(run_id=run.pk, id=3).update(
            variables={"first_name": "<i>Ana</i>", "phone": "+4930<b>1"}
        )
        Delivery.objects.filter(run_id=run.pk, id=delivery_id(3, 0)).update(provider_id="<u>7", code="<s>5")
        client = client_of(people.alice)
        client.post(url(run, "columns/"), {"column": list(people_columns.CHOICES)})

        shown = page(client, url(run))
        (row,) = re.findall(r"<tr>(?:(?!</tr>).)*&lt;i&gt;Ana.*?</tr>", shown)
        left_out = re.findall(r"<tr>(?:(?!</tr>).)*Suppressed.*?</tr>", shown)[0]

        assert all(f"&lt;{words}" in row for words in ("i&gt;Ana", "u&gt;7", "s&gt;5", "b&gt;1"))
        assert not any(f"<{words}>" in row for words in ("i>Ana", "u>", "s>"))
        assert len(re.findall("<t[dh]", row)) == len(re.findall('<th scope="col"', shown)) == 18
        # The stage of a message and why somebody was left out are numbers of their own.
        assert "Failed" not in left_out

    def test_addresses_stay_masked(self, people: ledgers.People, run: Run) -> None:
        client = client_of(people.vera)
        client.post(url(run, "columns/"), {"column": ["email", "phone"]})

        shown = page(client, url(run))

        address = Recipient.objects.get(run_id=run.pk, id=3).address
        assert address not in shown
        assert mask(address) in shown

    def test_a_providers_code_is_a_choice(self, people: ledgers.People, run: Run) -> None:
        client = client_of(people.alice)

        assert '<option value="550 5.1.1">' in page(client, url(run))
        narrowed = page(client, url(run, "?code=550+5.1.1"))
        assert '<option value="550 5.1.1" selected>' in narrowed
        assert narrowed.count("table__link") == 6


def test_the_ledger_is_whole_after_a_filtered_retry(people: ledgers.People, run: Run) -> None:
    retry = url(run).replace("recipients/", "retry/")

    client_of(people.alice).post(retry, {"status": "failed", "q": "#24", "confirmed": "1"})

    run.refresh_from_db()
    assert run.pending == 1
    assert ledger.check(run).findings == []


def test_strangers_and_those_whose_role_does_not_include_it_change_nothing(
    people: ledgers.People, run: Run
) -> None:
    for rest in ("list/", "suppress/"):
        said = {"status": "failed", "name": "Mine", "confirmed": "1"}
        assert client_of(people.mallory).post(url(run, rest), said).status_code == 404
        assert client_of(people.vera).post(url(run, rest), said).status_code == 403
    assert client_of(people.mallory).post(url(run, "columns/"), {"column": "error"}).status_code == 404
    assert not List.objects.exists()
    assert not Suppression.objects.exists()
    assert Campaign.objects.get(pk=run.campaign_id).status == Status.COMPLETED
