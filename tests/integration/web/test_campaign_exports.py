"""The export tab: a file is asked for with the filter, watched, fetched and taken away, by members who may."""

import uuid
from typing import Any

import pytest
from django.test import Client

from clarion.campaigns.models import Campaign
from clarion.campaigns.states import Status
from clarion.deliveries.exporting import working
from clarion.deliveries.models import Export, Run
from clarion.workspaces.models import AuditEvent
from tests import ledgers
from tests.factories import client_of

pytestmark = pytest.mark.django_db

KINDS = {"skipped": 5, "sent": 60, "failed": 8, "unknown": 3, "pending": 24}


@pytest.fixture
def people() -> ledgers.People:
    return ledgers.make_people()


@pytest.fixture
def campaign(people: ledgers.People) -> Campaign:
    return ledgers.make_campaign(people.alice, name='Fall: "50 %"\r\nX-Evil: 1; Ä')


@pytest.fixture
def run(campaign: Campaign) -> Run:
    return ledgers.make_run(campaign, **KINDS)


@pytest.fixture
def alice(people: ledgers.People) -> Client:
    return client_of(people.alice)


def url(campaign: Campaign, rest: str = "") -> str:
    return f"/w/{campaign.workspace.slug}/campaigns/{campaign.public_id}/exports/{rest}"


def text(client: Client, address: str, **kwargs: Any) -> str:
    answer = client.get(address, **kwargs)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def made(client: Client, campaign: Campaign, **fields: str) -> Export:
    client.post(url(campaign, "new/"), {"format": "CSV", **fields})
    export = Export.objects.latest("pk")
    working.run_export_job(export.pk)
    export.refresh_from_db()
    return export


class TestAsking:
    def test_the_recipients_filter_comes_along(self, alice: Client, campaign: Campaign, run: Run) -> None:
        recipients = text(alice, url(campaign).replace("exports", "recipients") + "?status=failed&after=3")
        form = text(alice, url(campaign, "?status=failed"))

        assert f'href="{url(campaign)}?status=failed"' in recipients
        assert "Export these" in recipients
        assert "<b>8</b> people" in form
        assert '<input type="hidden" name="status" value="failed">' in form

    def test_the_file_is_what_was_asked_for(
        self, alice: Client, people: ledgers.People, campaign: Campaign, run: Run
    ) -> None:
        export = made(alice, campaign, status="failed", bom="1")

        answer = alice.get(url(campaign, f"{export.public_id}/file/"))

        body = b"".join(answer.streaming_content)
        assert body.startswith(b"\xef\xbb\xbfnumber,name,address")
        assert body.count(b"@example.test") == 8
        assert (answer["Content-Type"], answer["Cache-Control"]) == (
            "text/csv; charset=utf-8", "private, no-store",
        )  # fmt: skip
        assert (export.created_by, export.is_masked, export.wanted) == (
            people.alice.user, False, {"status": "failed"},
        )  # fmt: skip

    def test_the_files_name_is_safe_in_a_header(self, alice: Client, campaign: Campaign, run: Run) -> None:
        export = made(alice, campaign)

        answer = alice.get(url(campaign, f"{export.public_id}/file/"))
        answer.getvalue()

        assert answer["Content-Disposition"] == (
            "attachment; filename*=utf-8''fall-50-x-evil-1-%C3%A4-run-1.csv"
        )

    def test_an_earlier_run_can_be_exported(self, alice: Client, campaign: Campaign, run: Run) -> None:
        ledgers.make_run(campaign, number=2, sent=3)

        assert '<input type="hidden" name="run" value="1">' in text(alice, url(campaign, "?run=1"))
        assert made(alice, campaign, run="1").done_count == 100
        assert made(alice, campaign).done_count == 3

    def test_an_unknown_format_is_refused(self, alice: Client, campaign: Campaign, run: Run) -> None:
        answer = alice.post(url(campaign, "new/"), {"format": "EXE"}, follow=True)

        assert "There is no such format." in answer.content.decode()
        assert not Export.objects.exists()

    def test_without_a_run_there_is_nothing_to_export(self, alice: Client, people: ledgers.People) -> None:
        draft = ledgers.make_campaign(people.alice, status=Status.DRAFT, started_at=None)

        assert alice.get(url(draft)).status_code == 302
        assert alice.post(url(draft, "new/"), {"format": "CSV"}).status_code == 404


class TestWatching:
    def test_progress_is_told_until_it_is_done(self, alice: Client, campaign: Campaign, run: Run) -> None:
        alice.post(url(campaign, "new/"), {"format": "CSV"})
        export = Export.objects.get()
        Export.objects.filter(pk=export.pk).update(status="RUNNING", done_count=25)

        page, live = text(alice, url(campaign)), alice.get(url(campaign, "now/")).json()
        working.run_export_job(export.pk)
        done, final = text(alice, url(campaign, "list/")), alice.get(url(campaign, "now/")).json()

        assert f'data-live-url="{url(campaign, "now/")}"' in page
        assert live["scopes"][f"export-{export.pk}"]["values"] == {
            "progress_percent": 25, "progress_done": 25, "progress_total": 100,
        }  # fmt: skip
        assert (live["final"], final["final"]) == (False, True)
        assert live["versions"] != final["versions"]
        assert "Download" in done
        assert "<html" not in done

    def test_an_expired_one_cannot_be_fetched(self, alice: Client, campaign: Campaign, run: Run) -> None:
        export = made(alice, campaign)
        Export.objects.filter(pk=export.pk).update(status="EXPIRED", file_path="")

        assert alice.get(url(campaign, f"{export.public_id}/file/")).status_code == 404
        assert "Expired" in text(alice, url(campaign))

    def test_deleting_asks_first(self, alice: Client, campaign: Campaign, run: Run) -> None:
        export = made(alice, campaign)
        address = url(campaign, f"{export.public_id}/delete/")

        question = alice.post(address)
        assert "Delete this export?" in question.content.decode()
        assert Export.objects.exists()
        alice.post(address, {"confirmed": "1"})

        assert not Export.objects.exists()


class TestWall:
    def test_every_download_is_in_the_trail(self, alice: Client, campaign: Campaign, run: Run) -> None:
        export = made(alice, campaign)
        for _turn in range(2):
            alice.get(url(campaign, f"{export.public_id}/file/")).getvalue()

        events = AuditEvent.objects.filter(action="campaign.export_download", object_id=campaign.public_id)
        assert events.count() == 2

    def test_a_viewer_sees_neither_tab_nor_button_nor_file(
        self, alice: Client, people: ledgers.People, campaign: Campaign, run: Run
    ) -> None:
        export = made(alice, campaign)
        vera = client_of(people.vera)

        assert "/exports/" not in text(vera, url(campaign).replace("exports", "recipients"))
        for rest in ("", "now/", "list/", f"{export.public_id}/file/"):
            assert vera.get(url(campaign, rest)).status_code == 403
        for rest in ("new/", f"{export.public_id}/delete/"):
            assert vera.post(url(campaign, rest), {"confirmed": "1"}).status_code == 403

    def test_a_file_is_found_through_its_own_campaign_only(
        self, alice: Client, people: ledgers.People, campaign: Campaign, run: Run
    ) -> None:
        export = made(alice, campaign)
        other = ledgers.make_campaign(people.alice)
        ledgers.make_run(other, sent=1)

        assert alice.get(url(other, f"{export.public_id}/file/")).status_code == 404
        assert alice.get(url(campaign, f"{uuid.uuid4()}/file/")).status_code == 404

    def test_a_stranger_finds_nothing(
        self, alice: Client, people: ledgers.People, campaign: Campaign, run: Run
    ) -> None:
        export = made(alice, campaign)
        mallory = client_of(people.mallory)

        for rest in ("", "now/", "list/", f"{export.public_id}/file/"):
            assert mallory.get(url(campaign, rest)).status_code == 404
            elsewhere = url(campaign, rest).replace(campaign.workspace.slug, people.mallory.workspace.slug)
            assert mallory.get(elsewhere).status_code == 404
        assert mallory.post(url(campaign, "new/"), {"format": "CSV"}).status_code == 404
        assert Export.objects.count() == 1
