"""A person over all runs: what they were sent, what they may have of it, and that they are forgotten when they ask."""

import io
import json
import zipfile
from typing import Any

import pytest
from django.db import connection

from clarion.audience import operations, reading, tombstones
from clarion.audience.errors import ContactInvalid
from clarion.audience.models import (
    Contact,
    Erasure,
    List,
    Source,
    SourceKind,
    SourceRow,
    Suppression,
    Tombstone,
)
from clarion.campaigns.models import Campaign
from clarion.campaigns.states import Status
from clarion.deliveries import building, erasing, history, ledger, personal, retrying
from clarion.deliveries.answers import answer_received
from clarion.deliveries.exporting import files
from clarion.deliveries.exporting import operations as exporting
from clarion.deliveries.models import (
    Attempt,
    Delivery,
    Export,
    ExportStatus,
    Receipt,
    Recipient,
    Run,
    RunProblem,
    StrayEvent,
)
from clarion.deliveries.states import Skip, Stage
from clarion.deliveries.wanted import Wanted
from clarion.senders.models import Sender
from clarion.workspaces.models import AuditEvent
from tests import ledgers

pytestmark = pytest.mark.django_db
ANA = "ana.sol@shop.example"


@pytest.fixture
def people() -> ledgers.People:
    return ledgers.make_people()


def contact(people: ledgers.People, email: str = ANA, **facts: Any) -> Contact:
    return operations.create_contact(by=ledgers.actor(people.alice), fields={"email": email, **facts})  # type: ignore[typeddict-item]


def sent_to_all(people: ledgers.People, **facts: Any) -> Run:
    """Return a run of all contacts, built and not sent yet."""
    source = Source.objects.create(workspace=people.workspace, kind=SourceKind.CONTACTS)
    return built(ledgers.make_campaign(people.alice, status=Status.BUILDING, source=source, **facts))


def sent_to_file(people: ledgers.People, *addresses: str) -> Run:
    text = "email,name\n" + "".join(f"{one},Ana Sol\n" for one in addresses)
    source = operations.create_upload_source(
        by=ledgers.actor(people.alice),
        file=io.BytesIO(text.encode()),
        file_name="people.csv",
        channel="email",
    )
    reading.read_source(source)
    return built(ledgers.make_campaign(people.alice, status=Status.BUILDING, source=source))


def built(campaign: Campaign) -> Run:
    building.build(campaign.pk)
    run = campaign.runs.latest("number")
    building.build_run(run)
    run.refresh_from_db()
    return run


class TestHistory:
    def test_is_over_all_runs_pages_and_former_contacts(self, people: ledgers.People) -> None:
        ana, old = contact(people), contact(people, "old@shop.example")
        runs = [sent_to_all(people) for _ in range(3)]
        runs.append(sent_to_file(people, "other@shop.example", ANA))
        operations.merge_contacts(by=ledgers.actor(people.alice), kept=ana, gone=old)

        found: list[tuple[int, int]] = []
        place = None
        while True:
            page = history.messages_to(ana, after=place, limit=2)
            found += [(one.run_id, one.recipient_id) for one in page.messages]
            place = page.older
            if place is None:
                break

        assert found == [(runs[3].pk, 2)] + [(run.pk, n) for run in runs[2::-1] for n in (2, 1)]

    def test_tells_why_somebody_was_left_out(self, people: ledgers.People) -> None:
        ana = contact(people, state="DO_NOT_CONTACT")
        sent_to_all(people)

        (one,) = history.messages_to(ana).messages

        assert (one.stage, one.skip, one.channel) == (Stage.SKIPPED, Skip.DO_NOT_CONTACT, "")

    def test_shows_nothing_of_another_workspace_or_of_who_shares_a_telephone(
        self, people: ledgers.People
    ) -> None:
        ana = contact(people)
        stranger = ledgers.make_people()
        theirs = contact(stranger)
        sent_to_all(stranger)
        sent_to_file(stranger, ANA)

        assert history.messages_to(ana).messages == []
        assert len(history.messages_to(theirs).messages) == 2


class TestPersonalData:
    def test_is_everything_about_the_person_and_nobody_else(self, people: ledgers.People) -> None:
        by = ledgers.actor(people.alice)
        ana = contact(people, first_name="Ana", tags=["vip"], attributes={"city": "<Rome>"})
        contact(people, "bob@shop.example")
        operations.add_address(by=by, contact=ana, kind="phone", address="+4930123456")
        operations.set_consent(by=by, contact=ana, channel="email", state="GIVEN", note="at the fair")
        operations.add_to_list(
            by=by, the_list=operations.create_list(by=by, name="News"), contact_ids=[ana.pk]
        )
        operations.suppress(
            workspace=people.workspace, channel="sms", address="+4930123456", reason="BOUNCED", origin="run 1"
        )
        run = sent_to_all(people)
        ledgers.add_receipts(run, [1], ledgers.Result.DELIVERED)
        file = io.BytesIO()

        personal.write_zip(ana, file)

        with zipfile.ZipFile(file) as archive:
            data = json.loads(archive.read("person.json"))
            shown = archive.read("person.html").decode()
        assert data["addresses"] == {"email": [ANA], "phone": ["+4930123456"]}
        assert (data["tags"], data["lists"], data["attributes"]) == (["vip"], ["News"], {"city": "<Rome>"})
        assert data["consent"]["history"][0]["note"] == "at the fair"
        assert data["suppressions"][0]["channel"] == "sms"
        (message,) = data["messages"]
        assert (message["address"], message["values"]["first_name"]) == (ANA, "Ana")
        assert message["receipts"][0]["result"] == "DELIVERED"
        assert "&lt;Rome&gt;" in shown
        assert "bob@shop.example" not in shown + json.dumps(data)


def everything() -> str:
    """Return every row of the database as text, but for sessions, and what asks for it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select table_name from information_schema.tables where table_schema = 'public'"
            " and table_type = 'BASE TABLE' and table_name not like 'procrastinate%'"
        )
        text = []
        for (table,) in cursor.fetchall():
            cursor.execute(f"select coalesce(string_agg(t::text, ' '), '') from {table} t")  # noqa: S608
            text.append(cursor.fetchone()[0])
    return "\n".join(text).lower()


class TestErasure:
    def erased(self, people: ledgers.People, ana: Contact) -> Erasure:
        made = erasing.erase(by=ledgers.actor(people.alice), contact=ana)
        assert erasing.finish(made.pk)
        made.refresh_from_db()
        return made

    def test_leaves_nothing_of_the_person_and_every_count(
        self, people: ledgers.People, django_capture_on_commit_callbacks: Any
    ) -> None:
        by = ledgers.actor(people.alice)
        ana = contact(
            people,
            first_name="Anabel",
            last_name="Solaris",
            phone="+4930123456",
            attributes={"city": "Romulus"},
        )
        bob = contact(people, "bob@shop.example")
        operations.add_address(by=by, contact=ana, kind="email", address="solaris@home.example")
        news = operations.create_list(by=by, name="News")
        operations.add_to_list(by=by, the_list=news, contact_ids=[ana.pk, bob.pk])
        operations.set_consent(by=by, contact=ana, channel="email", state="GIVEN", note="Solaris said so")
        operations.suppress(
            workspace=people.workspace, channel="sms", address="+4930123456", reason="BOUNCED", origin=""
        )
        mine, file = sent_to_all(people), sent_to_file(people, ANA, "bob@shop.example")
        ledgers.add_receipts(mine, [1], ledgers.Result.BOUNCED)
        sender = Sender.objects.get(pk=mine.steps.get().sender_id)
        answer_received(
            channel=sender.channel, sender=sender, from_address=ANA, text="I am Solaris, leave me alone"
        )
        StrayEvent.objects.create(
            sender=sender, received_at=ledgers.BEGAN, why="UNMATCHED", event=f'{{"address": "{ANA}"}}'
        )
        Receipt.objects.filter(run_id=mine.pk).update(detail=f"550 <{ANA}> is unknown")
        Attempt.objects.create(
            run_id=mine.pk, delivery_id=16, number=1, started_at=ledgers.BEGAN, ended_at=ledgers.BEGAN,
            stage=Stage.PENDING, reason=1, detail=f"450 <{ANA}> later",
        )  # fmt: skip
        RunProblem.objects.create(run=mine, step=0, stage=0, reason=1, sample=f"450 <{ANA.upper()}> later")
        export = exporting.create_export(run=mine, wanted=Wanted(), kind="CSV", by=by)
        name = files.new_name("csv")
        files.path_of(name).write_text(ANA)
        Export.objects.filter(pk=export.pk).update(status=ExportStatus.DONE, file_path=name)
        upload = file.campaign.source
        assert upload is not None

        with django_capture_on_commit_callbacks(execute=True):
            made = self.erased(people, ana)

        for word in (ANA, "solaris", "anabel", "123456", "romulus"):
            assert word not in everything(), word
        assert made.counts == {"recipients": 2, "exports": 1, "rows": 1, "files": 1}
        assert not files.path_of(name).exists()
        for run, skipped in ((mine, 1), (file, 1)):
            run.refresh_from_db()
            assert (run.total, run.skipped, run.pending) == (2, skipped, 1)
        assert ledger.check(file).findings == []
        news.refresh_from_db()
        assert (news.member_count, List.objects.get().members.get().contact_id) == (1, bob.pk)
        assert not Suppression.objects.exists()
        assert Recipient.objects.get(run_id=mine.pk, id=2).address == "bob@shop.example"
        assert AuditEvent.objects.filter(action="contact.erasure_done").exists()

    def test_no_later_file_import_or_push_brings_them_back_until_they_come_themselves(
        self, people: ledgers.People
    ) -> None:
        by = ledgers.actor(people.alice)
        self.erased(people, contact(people))

        run = sent_to_file(people, ANA, "bob@shop.example")
        source = run.campaign.source
        assert source is not None
        assert (run.pending, run.waterfall["invalid"]) == (1, 1)
        assert not Recipient.objects.filter(address=ANA).exists()
        assert ANA not in str(list(SourceRow.objects.filter(source_id=source.pk).values()))
        with pytest.raises(ContactInvalid):
            contact(people)
        assert tombstones.among(people.workspace.pk, "email", [ANA, "bob@shop.example"]) == {ANA}
        assert ANA.encode() not in b"".join(bytes(one.digest) for one in Tombstone.objects.all())

        assert operations.allow_again(by=by, kind="email", address=ANA.upper())
        assert not operations.allow_again(by=by, kind="email", address=ANA)
        contact(people)

    def test_waits_for_a_message_that_is_being_handed_over(self, people: ledgers.People) -> None:
        ana = contact(people)
        run = sent_to_all(people)
        Delivery.objects.filter(run_id=run.pk).update(stage=Stage.IN_FLIGHT, claim_id=1)
        made = erasing.erase(by=ledgers.actor(people.alice), contact=ana)

        assert not erasing.finish(made.pk)
        assert Recipient.objects.get(run_id=run.pk).address == ANA
        Delivery.objects.filter(run_id=run.pk).update(stage=Stage.SENT)
        assert erasing.finish(made.pk)

        assert Recipient.objects.get(run_id=run.pk).address == ""
        assert erasing.finish(made.pk)  # running it again does no harm

    def test_who_has_no_address_any_more_is_not_sent_to_again(self, people: ledgers.People) -> None:
        ana = contact(people)
        campaign = ledgers.make_campaign(people.alice, status=Status.COMPLETED)
        run = ledgers.make_run(campaign, failed=2, finished=True)
        Recipient.objects.filter(run_id=run.pk, id=1).update(contact_id=ana.pk)

        self.erased(people, ana)

        assert (retrying.preview(run).failed, retrying.preview(run).again) == (2, 1)

    def test_a_telephone_that_others_have_stays_theirs(self, people: ledgers.People) -> None:
        ana = contact(people, phone="+4930123456")
        bob = contact(people, "bob@shop.example", phone="+4930123456")

        self.erased(people, ana)

        bob.refresh_from_db()
        assert bob.phone == "+4930123456"
        assert Tombstone.objects.get().kind == "email"

    def test_a_stranger_erases_nobody(self, people: ledgers.People) -> None:
        ana = contact(people)

        with pytest.raises(ContactInvalid):
            erasing.erase(by=ledgers.actor(ledgers.make_people().alice), contact=ana)
        assert Contact.objects.filter(pk=ana.pk).exists()
