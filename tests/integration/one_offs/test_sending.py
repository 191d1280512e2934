"""What is promised of one-offs: all that holds for campaigns, and no place among them."""

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from clarion.audience import operations as audience
from clarion.audience.models import Contact, Source, SourceRow, Suppression, SuppressionReason
from clarion.campaigns import moderation, operations, queries, review
from clarion.campaigns.errors import CampaignInvalid, OwnWork
from clarion.campaigns.models import Campaign, Launch
from clarion.campaigns.operations import Addressee, one_off
from clarion.campaigns.states import Status
from clarion.content.models import Template, TemplateVersion
from clarion.deliveries import building, ledger, listing, one_offs, overview
from clarion.deliveries.models import Run
from clarion.senders.prices import operations as prices
from clarion.workspaces.errors import NotAllowed
from clarion.workspaces.models import AuditEvent, Membership
from clarion.workspaces.permissions import Role
from tests import paying
from tests.integration.campaigns import making
from tests.integration.one_offs.writing import WORDS, sandbox_of, written

pytestmark = pytest.mark.django_db


@pytest.fixture
def alice() -> Membership:
    return making.make_member()


def refused(by: Membership, **said: Any) -> dict[str, str]:
    """Return the sentences by field, nothing being kept."""
    before = Campaign.objects.count(), Source.objects.count()
    with pytest.raises(CampaignInvalid) as caught:
        written(by, **said)
    assert (Campaign.objects.count(), Source.objects.count()) == before
    return caught.value.fields


def built(one: Campaign) -> Run:
    building.build(one.pk)
    run = one.runs.latest("number")
    building.build_run(run)
    run.refresh_from_db()
    assert ledger.check(run).findings == []
    return run


class TestSendOneOff:
    def test_it_goes_to_the_typed_address_and_nobody_becomes_a_contact(self, alice: Membership) -> None:
        one = written(alice, " Ada@Example.test ")

        assert (one.status, one.is_one_off, one.to_address) == (Status.BUILDING, True, "ada@example.test")
        run = built(one)
        assert (run.total, run.pending, run.skipped) == (1, 1, 0)
        assert not Contact.objects.exists()

    def test_it_goes_to_one_contact_with_what_is_known_of_them(self, alice: Membership) -> None:
        contact, _other = making.make_contacts(alice.workspace)

        one = written(
            alice, addressee=Addressee(contact=contact), body=WORDS | {"source": "Dear {{ first_name }}"}
        )

        assert one.to_address == contact.email
        assert built(one).total == 1

    def test_it_is_told_in_the_audit_trail_without_the_address(self, alice: Membership) -> None:
        one = written(alice)

        events = AuditEvent.objects.filter(object_id=str(one.public_id)).order_by("number")
        assert [event.action for event in events] == ["campaign.create", "campaign.start"]
        assert all("ada@" not in f"{event.changes}{event.object_name}{event.reason}" for event in events)

    def test_said_again_with_its_key_it_is_the_one_that_is_there(self, alice: Membership) -> None:
        key = uuid.uuid4()

        first, again = written(alice, key=key), written(alice, key=key)

        assert first.pk == again.pk
        assert Campaign.objects.count() == 1

    def test_anothers_key_brings_nothing_of_theirs(self, alice: Membership) -> None:
        key = uuid.uuid4()
        written(alice, key=key)
        mallory = making.make_member(name="Mallory")

        with pytest.raises(IntegrityError):
            written(mallory, key=key)

    def test_it_waits_for_its_time(self, alice: Membership) -> None:
        at = timezone.now() + timedelta(hours=3)

        one = written(alice, starts_at=at)

        assert (one.status, one.launch, one.next_at) == (Status.SCHEDULED, Launch.SCHEDULE, at)
        assert operations.cancel(campaign=one, by=making.actor(alice)).status == Status.CANCELLED

    def test_a_template_is_filled_in_with_the_values_that_were_typed(self, alice: Membership) -> None:
        template = Template.objects.create(workspace=alice.workspace, name="Order", channel="sandbox")
        content = {"text": "Order {{ number }}", "subject": "Order"}
        version = TemplateVersion.objects.create(
            template=template, number=1, source=WORDS, content=content, variables=["number"]
        )

        def send(values: dict[str, str]) -> Campaign:
            return one_off.send_one_off(
                by=making.actor(alice), sender=sandbox_of(alice),
                to=Addressee(address="ada@example.test", values=values),
                said=one_off.Said(template_version=version),
            )  # fmt: skip

        with pytest.raises(CampaignInvalid) as caught:
            send({})
        assert "number" in caught.value.fields["values"]
        assert SourceRow.objects.get(source_id=send({"number": "7"}).source_id).data["number"] == "7"


class TestWhatKeepsItBack:
    def test_an_address_that_cannot_be_read(self, alice: Membership) -> None:
        assert refused(alice, to="nobody").keys() == {"to"}

    def test_words_that_do_not_compile_or_are_not_there(self, alice: Membership) -> None:
        assert refused(alice, body=WORDS | {"source": "{{ first"}).keys() == {"source"}
        assert refused(alice, body={}).keys() == {"source"}

    def test_a_suppressed_address(self, alice: Membership) -> None:
        Suppression.objects.create(
            workspace=alice.workspace, channel="sandbox", address="ada@example.test",
            reason=SuppressionReason.UNSUBSCRIBED,
        )  # fmt: skip

        assert "suppressed" in refused(alice)["to"]

    def test_somebody_who_is_not_to_be_contacted_also_by_their_typed_address(self, alice: Membership) -> None:
        (contact,) = making.make_contacts(alice.workspace, 1)
        Contact.objects.update(state="DO_NOT_CONTACT")

        assert "not to be contacted" in refused(alice, to=contact.email)["to"]
        assert "not to be contacted" in refused(alice, addressee=Addressee(contact=contact))["to"]

    def test_a_blocked_sender(self, alice: Membership) -> None:
        sender = making.make_sender(
            alice.workspace, channel="sandbox", config={}, status="BLOCKED", status_reason="No."
        )

        assert refused(alice, sender=sender).keys() == {"sender"}

    def test_who_has_had_their_share_of_messages(self, alice: Membership) -> None:
        audience.set_caps(by=making.actor(alice), caps=[("", 1, 7)])
        built(written(alice))

        assert "share" in refused(alice)["to"]
        assert written(alice, "eve@example.test").status == Status.BUILDING

    def test_a_balance_that_is_too_low(self, alice: Membership) -> None:
        paying.open_account(alice.workspace, 1)
        prices.set_price(by=making.actor(alice), said=prices.Said(channel="sandbox", amount=paying.UNIT))
        alice.workspace.refresh_from_db()

        written(alice)

        assert refused(alice, to="eve@example.test") == {}

    def test_a_time_that_has_passed(self, alice: Membership) -> None:
        assert refused(alice, starts_at=timezone.now() - timedelta(hours=1)).keys() == {"starts_at"}

    def test_the_kill_switch(self, alice: Membership) -> None:
        alice.workspace.halted_at = timezone.now()
        alice.workspace.save()

        assert refused(alice) == {}

    def test_a_strangers_sender_or_contact(self, alice: Membership) -> None:
        mallory = making.make_member(name="Mallory")
        (contact,) = making.make_contacts(alice.workspace, 1)

        assert refused(mallory, sender=sandbox_of(alice)).keys() == {"sender"}
        assert refused(mallory, addressee=Addressee(contact=contact)).keys() == {"to"}

    def test_a_role_that_does_not_send(self, alice: Membership) -> None:
        for role in (Role.VIEWER, Role.MODERATOR):
            with pytest.raises(NotAllowed):
                written(making.make_member(alice.workspace, role, name="Vera"))


class TestModeration:
    def test_it_waits_for_somebody_else_and_goes_by_itself_then(self, alice: Membership) -> None:
        alice.workspace.moderation = True
        alice.workspace.save()
        bob = making.make_member(alice.workspace, name="Bob")

        one = written(alice)

        assert one.status == Status.IN_REVIEW
        assert [r.campaign for r in moderation.submitted_for(bob)] == [one]
        digest = review.digest_of(one)
        with pytest.raises(OwnWork):
            operations.approve(campaign=one, digest=digest, by=making.actor(alice))
        approved = operations.approve(campaign=one, digest=digest, by=making.actor(bob))
        assert approved.status == Status.BUILDING
        assert built(approved).total == 1

    def test_there_is_no_first_part_of_one_person(self, alice: Membership) -> None:
        alice.workspace.moderation = True
        alice.workspace.save()
        bob = making.make_member(alice.workspace, name="Bob")
        one = written(alice)

        with pytest.raises(CampaignInvalid, match="one person"):
            operations.approve(
                campaign=one, digest=review.digest_of(one), by=making.actor(bob), canary_percent=50
            )

    def test_the_approval_holds_for_one_addressee(self, alice: Membership) -> None:
        alice.workspace.moderation = True
        alice.workspace.save()

        first, second = written(alice, "ada@example.test"), written(alice, "eve@example.test")

        assert review.digest_of(first) != review.digest_of(second)


class TestNoCampaign:
    def test_no_list_and_no_figure_has_it(self, alice: Membership) -> None:
        one = written(alice)
        Run.objects.filter(pk=built(one).pk).update(sent=1, pending=0)
        one.runs.get().steps.update(accepted=1)

        assert not queries.campaigns_for(alice).exists()
        assert queries.campaign_for(alice, one.public_id) is None
        assert listing.campaign_list(alice, listing.Filters()).rows == []
        assert listing.active_rows(alice) == []
        figures = overview.figures(alice)
        assert (figures.total, figures.active, figures.accepted) == (0, 0, 0)
        assert sum(overview.sparks(alice).created) == 0
        assert not overview.first_steps(alice).has_campaign

    def test_the_history_has_nothing_else(self, alice: Membership) -> None:
        one = written(alice)
        campaign = making.make_campaign(alice.workspace)

        assert list(queries.oneoffs_for(alice)) == [one]
        assert queries.oneoff_for(alice, campaign.public_id) is None
        assert not queries.oneoffs_for(making.make_member()).exists()
        assert queries.oneoff_for(making.make_member(), one.public_id) is None

    def test_the_database_keeps_it_plain(self, alice: Membership) -> None:
        one = written(alice)

        with pytest.raises(IntegrityError, match="campaign_one_off_is_plain"), transaction.atomic():
            Campaign.objects.filter(pk=one.pk).update(launch=Launch.RECURRING)
        with pytest.raises(IntegrityError, match="campaign_one_off_is_plain"), transaction.atomic():
            making.make_campaign(alice.workspace, to_address="ada@example.test")


class TestHistory:
    def states(self, member: Membership, **wanted: Any) -> list[str]:
        _page, rows = one_offs.one_offs_page(member, wanted=one_offs.Wanted(**wanted))
        return [row.state for row in rows]

    def test_each_says_what_became_of_it_and_each_state_is_found(self, alice: Membership) -> None:
        for outcome in one_offs.OUTCOMES:
            one = written(alice)
            counts = dict.fromkeys(one_offs.OUTCOMES, 0) | {outcome: 1, "pending": 0}
            Run.objects.filter(pk=built(one).pk).update(**counts, finished_at=timezone.now())
            Campaign.objects.filter(pk=one.pk).update(status=Status.COMPLETED, finished_at=timezone.now())
        written(alice, starts_at=timezone.now() + timedelta(hours=1))
        gone = written(alice, starts_at=timezone.now() + timedelta(hours=1))
        operations.cancel(campaign=gone, by=making.actor(alice))

        assert self.states(alice) == ["cancelled", "scheduled", *reversed(one_offs.OUTCOMES)]
        for state in one_offs.STATES:
            expected = {"cancelled": 2, "draft": 0, "in_review": 0, "ready": 0, "sending": 0, "paused": 0}
            assert self.states(alice, state=state) == [state] * expected.get(state, 1)

    def test_is_searched_by_address_and_id(self, alice: Membership) -> None:
        one = written(alice, "ada@example.test")
        written(alice, "eve@example.test")

        assert len(self.states(alice, search="ada@")) == 1
        assert len(self.states(alice, search="ada@", is_whole=True)) == 0
        assert len(self.states(alice, search="ada@example.test", is_whole=True)) == 1
        assert len(self.states(alice, search=str(one.public_id)[:8])) == 1
        assert len(self.states(alice, channel="sms")) == 0
        assert self.states(making.make_member(), search="ada@") == []

    def test_forgets_whom_it_was_to(self, alice: Membership) -> None:
        one = written(alice)

        assert one_off.forget(workspace_id=alice.workspace_id, to=["ada@example.test"]) == 1
        one_off.forget_address(campaign_id=one.pk)

        one.refresh_from_db()
        assert one.to_address == ""
        assert SourceRow.objects.get(source_id=one.source_id).data == {}
