"""The list of campaigns: what it finds, how it sorts, and what it costs."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db.models.sql.compiler import SQLCompiler
from django.utils import timezone

from clarion.campaigns import queries
from clarion.campaigns.models import Step
from clarion.campaigns.states import Status
from clarion.deliveries import listing, overview
from clarion.deliveries.campaign_search import condition, in_order
from clarion.deliveries.listing import Filters
from clarion.deliveries.models import Activity
from clarion.deliveries.states import Stage
from clarion.workspaces.models import Membership
from tests.integration.campaigns import making

pytestmark = pytest.mark.django_db


def names(member: Membership, **filters: Any) -> list[str]:
    return [row.campaign.name for row in listing.campaign_list(member, Filters(**filters)).rows]


class TestFilters:
    def test_searches_name_sender_channel_tag_and_the_beginning_of_an_id(self) -> None:
        member = making.make_member()
        campaign = making.make_launchable(member.workspace, name="Black Friday", tags=["retail"])
        sender = Step.objects.get(campaign=campaign).sender
        making.make_campaign(member.workspace, name="Other")
        assert sender is not None

        for words in ("friday", sender.name, "email", "retail", str(campaign.public_id)[:6]):
            assert names(member, words=words) == ["Black Friday"], words

    def test_two_letters_search_nothing(self) -> None:
        member = making.make_member()
        making.make_campaign(member.workspace, name="Black Friday")

        assert names(member, words="zz") == ["Black Friday"]

    def test_counts_by_status_do_not_depend_on_the_chosen_status(self) -> None:
        member = making.make_member()
        for status in (Status.DRAFT, Status.DRAFT, Status.SENDING):
            making.make_campaign(member.workspace, status=status)

        page = listing.campaign_list(member, Filters(statuses=frozenset({"SENDING"})))

        assert (page.count, page.by_status["DRAFT"]) == (1, 2)

    def test_a_period_holds_what_was_created_started_or_ended_in_it(self) -> None:
        member = making.make_member()
        long_ago = timezone.now() - timedelta(days=60)
        making.make_campaign(member.workspace, name="old", created_at=long_ago)
        making.make_campaign(
            member.workspace,
            name="revived",
            created_at=long_ago,
            status=Status.SENDING,
            started_at=timezone.now(),
        )

        assert names(member, period="24h") == ["revived"]

    def test_archived_ones_are_apart(self) -> None:
        member = making.make_member()
        making.make_campaign(member.workspace, name="away", archived_at=timezone.now())
        making.make_campaign(member.workspace, name="here")

        assert (names(member), names(member, is_archived=True)) == (["here"], ["away"])

    @pytest.mark.parametrize(
        ("sort", "expected"),
        [
            ("name", ["alpha", "Beta", "gamma"]),
            ("-name", ["gamma", "Beta", "alpha"]),
            ("created", ["gamma", "alpha", "Beta"]),
            ("start", ["Beta", "gamma", "alpha"]),
            ("sender", ["gamma", "alpha", "Beta"]),
        ],
    )
    def test_sorts(self, sort: str, expected: list[str]) -> None:
        member = making.make_member()
        now = timezone.now()
        senders = {name: making.make_sender(member.workspace, name=name) for name in ("A", "B")}
        for name, age, start, sender in (
            ("gamma", 3, 2, "A"), ("alpha", 2, 3, "B"), ("Beta", 1, 1, None),
        ):  # fmt: skip
            campaign = making.make_campaign(
                member.workspace,
                name=name,
                created_at=now - timedelta(days=age),
                starts_at=now + timedelta(days=start),
            )
            if sender:
                Step.objects.create(campaign=campaign, channel="email", sender=senders[sender])

        assert names(member, sort=sort) == expected

    @pytest.mark.parametrize("sort", ["-created", "name", "-sender", "start", "launch"])
    def test_what_is_put_together_once_finds_what_the_same_filters_find_anew(self, sort: str) -> None:
        member = making.make_member()
        long_ago = timezone.now() - timedelta(days=60)
        for number, status in enumerate((Status.DRAFT, Status.COMPLETED, Status.SENDING, Status.COMPLETED)):
            campaign = making.make_launchable(
                member.workspace,
                name=f"100% offer_{number}",
                status=status,
                tags=["de", f"tag {number}"],
                created_at=timezone.now() if number % 2 else long_ago,
            )
            Step.objects.filter(campaign=campaign).update(channel="email" if number % 2 else "sms")
        making.make_campaign(member.workspace, name="away", archived_at=timezone.now())
        making.make_campaign(making.make_workspace(), name="offer of others")
        some: list[dict[str, Any]] = [
            {}, {"is_archived": True}, {"words": "offer"}, {"words": "offer_2"}, {"words": "0% o"}, {"words": "tag 1"},
            {"words": "done"}, {"words": "sending"}, {"words": "ema"}, {"words": str(campaign.public_id)[:5]},
            {"words": "zzz"}, {"period": "7d"}, {"period": "1h", "words": "offer"}, {"tags": ("de",)},
            {"tags": ("tag 1",)}, {"tags": ("tag 2", "tag 3")}, {"statuses": frozenset({"DRAFT"})},
            {"statuses": frozenset({"COMPLETED"})}, {"statuses": frozenset({"DRAFT", "SENDING"}), "tags": ("de",)},
            {"channels": frozenset({"sms"})}, {"channels": frozenset({"email"})}, {"launches": frozenset({"NOW"})},
            {"launches": frozenset({"MANUAL"}), "words": "offer", "channels": frozenset({"email"})},
        ]  # fmt: skip

        for chosen in some:
            filters = Filters(sort=sort, **chosen)
            anew = in_order(queries.campaigns_for(member).filter(condition(filters)), sort)
            page = listing.campaign_list(member, filters)

            assert [row.campaign for row in page.rows] == list(anew), chosen
            assert (page.count, page.counted.ever) == (anew.count(), 5), chosen

    def test_a_search_is_put_together_no_more_often_than_the_list(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        member = making.make_member()
        making.make_launchable(member.workspace, name="Spring offer")
        names(member, words="spring")
        names(member, words="spring", tags=("de",))
        monkeypatch.setattr(
            SQLCompiler, "as_sql", lambda *_args, **_kwargs: pytest.fail("a query was put together anew")
        )

        assert names(member, words="offer") == ["Spring offer"]
        assert names(member, words="offer", tags=("retail",)) == []

    def test_a_page_beyond_the_end_is_the_last(self) -> None:
        member = making.make_member()
        for _ in range(listing.PAGE_SIZE + 1):
            making.make_campaign(member.workspace)

        page = listing.campaign_list(member, Filters(page=99))

        assert (page.number, page.pages, len(page.rows), page.first) == (2, 2, 1, 26)

    def test_a_stranger_sees_nothing(self) -> None:
        making.make_campaign(making.make_workspace())

        assert names(making.make_member(name="Mallory")) == []


class TestRows:
    def test_show_the_latest_run(self) -> None:
        member = making.make_member()
        campaign = making.make_launchable(member.workspace, status=Status.SENDING)
        making.make_run(campaign, number=1, total=5, sent=5)
        making.make_run(campaign, number=2, total=12, sent=6, failed=1, unknown=1, skipped=2)

        row = listing.campaign_list(member, Filters()).rows[0]

        assert row.progress is not None
        assert (row.progress.target, row.progress.done, row.progress.percent) == (10, 8, 80)
        assert row.channels == ["email"]

    def test_a_hundred_percent_means_that_nothing_is_left(self) -> None:
        progress = listing.Progress(target=100_000, sent=99_999, waiting=1)

        assert progress.percent == 99


class TestCost:
    def test_a_page_takes_four_queries_and_the_figures_two(
        self, django_assert_num_queries: Callable[[int], Any]
    ) -> None:
        member = making.make_member()
        for _ in range(25):
            making.make_run(making.make_launchable(member.workspace, status=Status.SENDING), total=3, sent=1)

        with django_assert_num_queries(4):
            page = listing.campaign_list(member, Filters())
        with django_assert_num_queries(2):
            overview.figures(member, page.counted)
            overview.sparks(member)
        with django_assert_num_queries(2):
            listing.live_rows(member, [row.campaign.public_id for row in page.rows])


class TestFigures:
    def test_count_campaigns_by_state_and_messages_less_bounces(self) -> None:
        member = making.make_member()
        making.make_campaign(member.workspace, status=Status.COMPLETED, archived_at=timezone.now())
        for status in (Status.DRAFT, Status.SENDING, Status.PAUSED, Status.COMPLETED, Status.FAILED):
            campaign = making.make_campaign(member.workspace, status=status)
        making.make_run(campaign, total=10, sent=10, accepted=10, bounced=3)
        making.make_campaign(member.workspace, archived_at=timezone.now())
        making.make_run(making.make_campaign(making.make_workspace()), total=4, sent=4, accepted=4)

        figures = overview.figures(member)

        # The archived two are among all that there ever were, and in no state that the list can show.
        assert (figures.total, figures.active, figures.completed, figures.failed) == (7, 2, 1, 1)
        listed = listing.campaign_list(member, Filters(words="nothing is called so"))
        assert (listed.count, overview.figures(member, listed.counted)) == (0, figures)
        assert figures.delivered == 7

    def test_sparks_count_by_the_workspaces_days(self) -> None:
        member = making.make_member()
        run = making.make_run(making.make_campaign(member.workspace), total=4, sent=4)
        now = timezone.now()
        type(run).objects.update(last_sent_at=now)
        for minute, count in ((now, 3), (now - timedelta(days=1), 2), (now - timedelta(days=40), 9)):
            Activity.objects.create(run_id=run.pk, step=0, minute=minute, stage=Stage.SENT, count=count)

        sparks = overview.sparks(member)

        assert sparks.accepted[-2:] == [2, 3]
        assert sum(sparks.accepted) == 5
        assert sparks.created[-1] == 1


class TestDashboard:
    def test_attention_goes_to_failures_and_what_the_program_paused(self) -> None:
        member = making.make_member()
        failed = making.make_campaign(member.workspace, status=Status.FAILED)
        making.make_campaign(member.workspace, status=Status.PAUSED)
        halted = making.make_campaign(member.workspace, status=Status.PAUSED, pause_cause="SENDER")

        assert set(overview.failed_lately(member)) == {failed, halted}

    def test_today_ends_with_the_workspaces_day_and_holds_what_is_overdue(self) -> None:
        member = making.make_member()
        late = making.make_campaign(
            member.workspace, status=Status.SCHEDULED, starts_at=timezone.now() - timedelta(hours=1)
        )
        making.make_campaign(
            member.workspace, status=Status.SCHEDULED, starts_at=timezone.now() + timedelta(days=2)
        )

        assert list(overview.planned_today(member)) == [late]

    def test_first_steps_do_not_count_what_is_demo(self) -> None:
        member = making.make_member()
        making.make_sender(member.workspace, channel="sandbox")
        making.make_campaign(member.workspace, is_demo=True)

        steps = overview.first_steps(member)

        assert (steps.has_sender, steps.has_campaign, steps.is_done) == (False, False, False)
