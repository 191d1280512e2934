"""Writing campaigns: what may change when, and what the audit trail keeps of it."""

from datetime import timedelta

import pytest
from django.utils import timezone

from clarion.audience.models import Contact, ContactState, Source, SourceKind
from clarion.campaigns import offers, operations, preflight, queries
from clarion.campaigns.errors import CampaignInvalid, TransitionRefused
from clarion.campaigns.models import Campaign, Step
from clarion.campaigns.offers import Handling
from clarion.campaigns.states import Status
from clarion.senders.models import SenderStatus
from clarion.workspaces.errors import NotAllowed
from clarion.workspaces.models import AuditEvent
from clarion.workspaces.permissions import Role
from tests.integration.campaigns import making

pytestmark = pytest.mark.django_db


class TestCreate:
    def test_makes_a_draft_in_the_workspaces_zone(self) -> None:
        member = making.make_member()

        campaign = operations.create_campaign(
            name="  Spring   sale ", tags=["de", "de", " "], by=making.actor(member)
        )

        assert (campaign.name, campaign.tags, campaign.status) == ("Spring sale", ["de"], "DRAFT")
        assert (campaign.zone, campaign.created_by) == ("Europe/Berlin", member.user)
        assert AuditEvent.objects.get().action == "campaign.create"

    def test_tells_all_bad_fields_at_once(self) -> None:
        member = making.make_member()

        with pytest.raises(CampaignInvalid) as caught:
            operations.create_campaign(
                name=" ", tags=["a", "b", "c", "d"], delay_min=9, delay_max=2, rate_limit=0, zone="Mars/Olympus",
                by=making.actor(member),
            )  # fmt: skip

        assert set(caught.value.fields) == {"name", "tags", "delay_max", "rate_limit", "zone"}

    def test_a_viewer_may_not(self) -> None:
        with pytest.raises(NotAllowed):
            operations.create_campaign(name="x", by=making.actor(making.make_member(role=Role.VIEWER)))


class TestUpdate:
    def test_keeps_old_and_new_in_the_trail(self) -> None:
        member = making.make_member()
        campaign = making.make_campaign(member.workspace, name="Old")

        operations.update_campaign(campaign=campaign, name="New", notes="", by=making.actor(member))

        assert AuditEvent.objects.get().changes == {"name": ["Old", "New"]}

    def test_does_nothing_when_nothing_differs(self) -> None:
        member = making.make_member()
        campaign = making.make_campaign(member.workspace, status=Status.SCHEDULED, name="Same")

        operations.update_campaign(campaign=campaign, name="Same", by=making.actor(member))

        campaign.refresh_from_db()
        assert campaign.status == Status.SCHEDULED
        assert not AuditEvent.objects.exists()

    @pytest.mark.parametrize("status", list(Status))
    def test_everything_in_editable_states_only_and_leads_back_to_a_draft(self, status: Status) -> None:
        member = making.make_member()
        campaign = making.make_campaign(member.workspace, status=status)

        if status in offers.EDITABLE:
            operations.update_campaign(campaign=campaign, name="New", by=making.actor(member))
            expected = ("New", Status.DRAFT)
        else:
            with pytest.raises(TransitionRefused):
                operations.update_campaign(campaign=campaign, name="New", by=making.actor(member))
            expected = (campaign.name, status)

        campaign.refresh_from_db()
        assert (campaign.name, campaign.status) == expected

    def test_delays_also_while_paused(self) -> None:
        member = making.make_member()
        campaign = making.make_campaign(member.workspace, status=Status.PAUSED)

        operations.update_campaign(campaign=campaign, delay_min=1, delay_max=5, by=making.actor(member))

        campaign.refresh_from_db()
        assert (campaign.status, campaign.delay_max) == (Status.PAUSED, 5)

    def test_the_start_while_paused_only_when_it_had_not_started(self) -> None:
        member = making.make_member()
        waiting = making.make_campaign(member.workspace, status=Status.SCHEDULED)
        operations.pause(campaign=waiting, by=making.actor(member))
        running = making.make_campaign(member.workspace, status=Status.PAUSED)
        later = timezone.now() + timedelta(days=2)

        operations.update_campaign(campaign=waiting, starts_at=later, by=making.actor(member))
        with pytest.raises(TransitionRefused):
            operations.update_campaign(campaign=running, starts_at=later, by=making.actor(member))

        waiting.refresh_from_db()
        assert waiting.starts_at == later

    def test_a_stranger_changes_nothing(self) -> None:
        campaign = making.make_campaign(making.make_workspace())

        with pytest.raises(TransitionRefused):
            operations.update_campaign(campaign=campaign, name="Mine", by=making.actor(making.make_member()))


class TestAudienceAndMessage:
    def test_each_change_raises_the_version(self) -> None:
        member = making.make_member()
        campaign = making.make_campaign(member.workspace)
        source = Source.objects.create(workspace=member.workspace, kind=SourceKind.CONTACTS)
        sender = making.make_sender(member.workspace)

        operations.set_source(campaign=campaign, source=source, by=making.actor(member))
        operations.set_step(campaign=campaign, channel="email", sender=sender, by=making.actor(member))
        operations.set_step(campaign=campaign, channel="email", sender=sender, by=making.actor(member))

        campaign.refresh_from_db()
        assert campaign.version == 3

    def test_a_long_text_is_told_in_few_words(self) -> None:
        member = making.make_member()
        campaign = making.make_campaign(member.workspace)

        operations.set_step(
            campaign=campaign, channel="email", by=making.actor(member),
            body={"subject": "Hi", "mode": "html", "source": "x" * 5000, "text": ""},
        )  # fmt: skip

        changes = AuditEvent.objects.get().changes
        assert changes["body.subject"] == ["", "Hi"]
        assert "(5000 characters)" in changes["body.source"][1]

    def test_another_workspaces_things_do_not_exist(self) -> None:
        member = making.make_member()
        campaign = making.make_campaign(member.workspace)
        elsewhere = making.make_workspace()
        source = Source.objects.create(workspace=elsewhere, kind=SourceKind.CONTACTS)

        with pytest.raises(CampaignInvalid):
            operations.set_source(campaign=campaign, source=source, by=making.actor(member))
        with pytest.raises(CampaignInvalid) as caught:
            operations.set_step(
                campaign=campaign,
                channel="email",
                sender=making.make_sender(elsewhere),
                by=making.actor(member),
            )
        assert set(caught.value.fields) == {"sender"}


class TestSpeed:
    def test_changes_while_sending(self) -> None:
        member = making.make_member()
        campaign = making.make_campaign(member.workspace, status=Status.SENDING)

        operations.change_speed(
            campaign=campaign, rate_limit=50, delay_min=0, delay_max=0.5, by=making.actor(member)
        )

        campaign.refresh_from_db()
        assert (campaign.rate_limit, campaign.delay_max) == (50, 0.5)
        event = AuditEvent.objects.get(action="campaign.change_speed")
        assert event.changes == {"rate_limit": [None, 50], "delay_max": [0.0, 0.5]}

    @pytest.mark.parametrize("status", [Status.DRAFT, Status.COMPLETED, Status.STOPPED])
    def test_not_when_it_is_not_on_its_way(self, status: Status) -> None:
        member = making.make_member()
        campaign = making.make_campaign(member.workspace, status=status)

        with pytest.raises(TransitionRefused):
            operations.change_speed(
                campaign=campaign, rate_limit=5, delay_min=0, delay_max=0, by=making.actor(member)
            )


class TestHandling:
    def test_a_copy_is_a_draft_that_says_the_same(self) -> None:
        member = making.make_member()
        campaign = making.make_launchable(member.workspace, status=Status.COMPLETED, tags=["q4"], delay_max=3)

        copy = operations.duplicate(campaign=campaign, by=making.actor(member))

        assert (copy.status, copy.tags, copy.source_id) == (Status.DRAFT, ["q4"], campaign.source_id)
        assert (copy.starts_at, copy.started_at) == (None, None)
        assert copy.steps.get().body_content == making.CONTENT

    @pytest.mark.parametrize("status", list(Status))
    @pytest.mark.parametrize("role", [Role.AUTHOR, Role.VIEWER])
    def test_what_is_offered_is_what_is_done(self, status: Status, role: Role) -> None:
        member = making.make_member(role=role)
        doing = {
            Handling.DUPLICATE: operations.duplicate,
            Handling.ARCHIVE: operations.archive,
            Handling.RESTORE: operations.restore,
            Handling.DELETE: operations.delete,
        }

        for handling, operation in doing.items():
            campaign = making.make_campaign(member.workspace, status=status)
            is_offered = handling in offers.handling_for(campaign, member)
            try:
                operation(campaign=campaign, by=making.actor(member))
                is_done = True
            except (NotAllowed, TransitionRefused):
                is_done = False
            assert is_offered == is_done, handling

    def test_restores_what_was_archived(self) -> None:
        member = making.make_member()
        campaign = making.make_campaign(member.workspace, status=Status.COMPLETED)

        operations.archive(campaign=campaign, by=making.actor(member))
        operations.restore(campaign=campaign, by=making.actor(member))

        campaign.refresh_from_db()
        assert campaign.archived_at is None

    def test_one_that_was_ever_started_is_never_deleted(self) -> None:
        member = making.make_member()
        campaign = making.make_campaign(member.workspace, status=Status.CANCELLED, started_at=timezone.now())

        with pytest.raises(TransitionRefused):
            operations.delete(campaign=campaign, by=making.actor(member))

        assert Campaign.objects.filter(pk=campaign.pk).exists()


class TestPreflight:
    def test_passes_a_complete_campaign_with_a_warning_about_the_test(self) -> None:
        campaign = making.make_launchable(making.make_workspace())

        examined = preflight.examine(campaign)

        assert examined.recipients == 2
        assert [check.code for check in examined.warnings] == ["test"]
        assert examined.blockers == []

    def test_a_test_counts_until_the_message_changes(self) -> None:
        member = making.make_member()
        campaign = making.make_launchable(member.workspace)

        operations.record_test(campaign=campaign, channel="email", recipient_count=1, by=making.actor(member))
        before = queries.is_tested(campaign)
        operations.set_source(campaign=campaign, source=None, by=making.actor(member))
        campaign.refresh_from_db()

        assert (before, queries.is_tested(campaign)) == (True, False)

    def test_a_blocked_sender_blocks_with_its_reason_and_the_way_to_it(self) -> None:
        workspace = making.make_workspace()
        sender = making.make_sender(
            workspace, status=SenderStatus.BLOCKED, status_reason="535 wrong password."
        )
        campaign = making.make_launchable(workspace)

        blocker = preflight.examine(campaign).blockers[0]

        assert "535 wrong password." in blocker.sentence
        assert (blocker.cure_url_name, blocker.cure_id) == ("senders:detail", str(sender.public_id))

    def test_names_the_fields_that_no_recipient_has(self) -> None:
        campaign = making.make_launchable(making.make_workspace())
        content = making.CONTENT | {"text": "Your account {{ iban }} {{ unsubscribe_url }}"}
        Step.objects.filter(campaign=campaign).update(body_content=content, body_variables=["iban"])

        blocker = preflight.examine(campaign).blockers[0]

        assert (blocker.code, "iban" in blocker.sentence) == ("variables", True)

    def test_the_kill_switch_blocks(self) -> None:
        campaign = making.make_launchable(making.make_workspace(halted_at=timezone.now()))

        assert [check.code for check in preflight.blockers(campaign)] == ["halted"]

    def test_forecasts_the_end_from_the_slowest_limit(self) -> None:
        workspace = making.make_workspace()
        making.make_sender(workspace, limit_second=10, limit_day=1)
        campaign = making.make_launchable(workspace, rate_limit=0.5)

        examined = preflight.examine(campaign)

        assert examined.forecast is not None
        assert examined.forecast.span == timedelta(days=1)
        assert "forecast" in [check.code for check in examined.warnings]

    def test_a_start_counts_nobody_but_sees_that_nobody_can_be_reached(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Counting a million people takes longer than the first message may."""

        def counted(*_: object) -> None:
            raise AssertionError("the audience was counted")

        monkeypatch.setattr(preflight.material, "counted", counted)
        workspace = making.make_workspace()
        by = making.actor(making.make_member(workspace))
        going, empty = making.make_launchable(workspace), making.make_launchable(workspace)

        assert operations.start(campaign=going, by=by).status == Status.BUILDING
        Contact.objects.filter(workspace=workspace).update(state=ContactState.INACTIVE)
        with pytest.raises(CampaignInvalid, match="Nobody in the audience can be reached"):
            operations.start(campaign=empty, by=by)


class TestFind:
    def test_by_id_by_its_beginning_and_by_name(self) -> None:
        member = making.make_member()
        campaign = making.make_campaign(member.workspace, name="Autumn")
        making.make_campaign(member.workspace)

        for words in (str(campaign.public_id), str(campaign.public_id)[:8], "autumn"):
            assert queries.find_for(member, words) == [campaign]

    def test_a_stranger_finds_nothing(self) -> None:
        campaign = making.make_campaign(making.make_workspace())
        mallory = making.make_member(name="Mallory")

        assert queries.find_for(mallory, str(campaign.public_id)) == []
        assert queries.campaign_for(mallory, campaign.public_id) is None
