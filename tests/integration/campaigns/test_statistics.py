"""Campaigns side by side: honest shares, the best of a row, and a file of the same figures."""

import csv
import io
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from clarion.campaigns.models import Campaign
from clarion.campaigns.states import Status
from clarion.deliveries import comparing
from clarion.deliveries.models import Run, RunStep
from clarion.workspaces.models import Membership
from tests.integration.campaigns import making
from tests.integration.campaigns.reading import base, signed_in, words

pytestmark = pytest.mark.django_db


def sent(member: Membership, name: str, *, runs: int = 1, minutes: int = 30, **messages: int) -> Campaign:
    """Return a completed campaign: 100 people a run, 10 of them left out, and these counts of messages."""
    campaign = making.make_launchable(member.workspace, status=Status.COMPLETED, name=name)
    began = timezone.now() - timedelta(days=9)
    for number in range(1, runs + 1):
        run = making.make_run(campaign, number=number, total=100, sent=80, failed=10, skipped=10)
        Run.objects.filter(pk=run.pk).update(
            first_sent_at=began + timedelta(days=number),
            last_sent_at=began + timedelta(days=number, minutes=minutes),
        )
        RunStep.objects.filter(run=run).update(**{"handed": 90, "accepted": 80, "failed": 10, **messages})
    return campaign


def page_of(client: Client, member: Membership, *campaigns: Campaign) -> Any:
    query = "&".join(f"id={one.public_id}" for one in campaigns)
    return client.get(f"{base(member)}statistics/?{query}")


class TestFigures:
    def test_every_share_is_of_what_it_says(self, member: Membership) -> None:
        campaign = sent(member, "A", delivered=60, read=40, clicked=8, replied=2, bounced=4, unsubscribed=1)

        (one,) = comparing.compare(member, [campaign.public_id])
        rates = {rate.key: rate.of(one) for rate in comparing.RATES}

        assert one.targets == 90
        assert rates["sent"] == pytest.approx(100 * 80 / 90)
        assert rates["delivered"] == pytest.approx(75)
        assert rates["read"] == pytest.approx(50)
        assert rates["clicked"] == pytest.approx(10)
        assert rates["failed"] == pytest.approx(100 * 10 / 90)
        assert rates["bounced"] == pytest.approx(5)
        assert one.per_hour == pytest.approx(180)

    def test_what_the_channel_never_told_is_unknown_not_nought(self, member: Membership) -> None:
        campaign = sent(member, "A", unsubscribed=0)

        (one,) = comparing.compare(member, [campaign.public_id])
        rates = {rate.key: rate.of(one) for rate in comparing.RATES}

        assert (rates["delivered"], rates["read"]) == (None, None)
        assert rates["unsubscribed"] == 0

    def test_all_runs_count_and_the_pauses_between_them_do_not(self, member: Membership) -> None:
        campaign = sent(member, "A", runs=3)

        (one,) = comparing.compare(member, [campaign.public_id])

        assert (one.runs, one.targets, one.messages["accepted"]) == (3, 270, 240)
        assert one.seconds == 3 * 1800

    def test_a_campaign_without_a_run_has_no_rates(self, member: Membership) -> None:
        draft = making.make_campaign(member.workspace)

        (one,) = comparing.compare(member, [draft.public_id])

        assert {rate.of(one) for rate in comparing.RATES} == {None}
        assert one.per_hour is None

    @pytest.mark.parametrize(
        ("values", "is_better_high", "best"),
        [
            ([1.0, 3.0, None], True, {1}),
            ([1.0, 3.0, 1.0], False, {0, 2}),
            ([2.0, 2.0], True, set()),
            ([None, 2.0], True, set()),
        ],
    )
    def test_the_best_is_marked_only_where_there_is_a_choice(
        self, values: list[float | None], is_better_high: bool, best: set[int]
    ) -> None:
        assert comparing.best_of(values, is_better_high=is_better_high) == best

    def test_three_queries_for_any_number(
        self, member: Membership, django_assert_num_queries: Callable[[int], Any]
    ) -> None:
        ids = [sent(member, str(number), runs=2).public_id for number in range(4)]

        with django_assert_num_queries(3):
            comparing.compare(member, ids)


class TestPage:
    def test_shows_campaigns_side_by_side_in_the_order_of_the_address(
        self, client: Client, member: Membership
    ) -> None:
        one, two = sent(member, "Alpha", delivered=60), sent(member, "Beta", delivered=70)

        page = page_of(client, member, two, one)
        text = words(page)

        assert text.index("Beta") < text.index("Alpha")
        assert "87.5% best 75.0%" in text
        assert 'class="fill-series-2"' in page.content.decode()

    def test_begins_with_a_choice_of_those_that_were_started(
        self, client: Client, member: Membership
    ) -> None:
        sent(member, "Alpha")
        making.make_campaign(member.workspace, name="Draftling")

        text = words(client.get(base(member) + "statistics/"))

        assert "Alpha" in text
        assert "Draftling" not in text

    def test_searching_keeps_what_was_chosen(self, client: Client, member: Membership) -> None:
        one, two = sent(member, "Alpha"), sent(member, "Beta")
        sent(member, "Gamma")

        part = client.get(
            f"{base(member)}statistics/?id={one.public_id}&q=beta",
            HTTP_HX_REQUEST="true",
            HTTP_HX_TARGET="candidates",
        )

        assert f"?id={one.public_id}&amp;id={two.public_id}" in part.content.decode()
        assert "Gamma" not in words(part)
        assert "<html" not in part.content.decode()

    def test_shows_at_most_eight_and_says_so(self, client: Client, member: Membership) -> None:
        many = [sent(member, f"No {number}") for number in range(9)]

        text = words(page_of(client, member, *many))

        assert "Only the first 8 of those chosen are shown." in text
        assert "Add a campaign" not in text

    def test_a_file_holds_the_same_with_harmless_names(self, client: Client, member: Membership) -> None:
        campaign = sent(member, "=cmd()", delivered=60)

        answer = client.get(f"{base(member)}statistics/campaigns.csv?id={campaign.public_id}")
        text = b"".join(answer.streaming_content).decode("utf-8-sig")  # type: ignore[arg-type]
        (row,) = csv.DictReader(io.StringIO(text))

        assert (row["name"], row["people"], row["messages_accepted"]) == ("'=cmd()", "90", "80")
        assert (row["delivered_percent"], row["read_percent"]) == ("75.000", "")

    def test_a_stranger_compares_nothing_of_others(self, member: Membership) -> None:
        campaign = sent(member, "Secret")
        mallory = making.make_member(name="Mallory")
        client = signed_in(mallory)

        assert "Secret" not in words(page_of(client, mallory, campaign))
        assert page_of(client, member, campaign).status_code == 404
        assert client.get(f"{base(member)}statistics/campaigns.csv").status_code == 404
