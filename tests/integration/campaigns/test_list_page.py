"""The list's page: columns of one's own, filters, rows that say what is wrong, menus and drawers on demand."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from clarion.audience.models import List, Segment, Source
from clarion.campaigns.models import Campaign, Launch
from clarion.campaigns.states import Status
from clarion.campaigns.synonyms import SYNONYMS, statuses_called
from clarion.deliveries import listing
from clarion.deliveries.listing import Filters
from clarion.senders.models import Sender
from clarion.web.list_columns import CHOICES
from clarion.workspaces.models import Membership
from clarion.workspaces.permissions import Role
from tests.integration.campaigns import making
from tests.integration.campaigns.reading import base, signed_in, url, words

pytestmark = pytest.mark.django_db

PART = {"HTTP_HX_REQUEST": "true", "HTTP_HX_TARGET": "results"}
DRAWER = {"HTTP_HX_REQUEST": "true", "HTTP_HX_TARGET": "drawer-body"}


def names(member: Membership, **filters: Any) -> set[str]:
    return {row.campaign.name for row in listing.campaign_list(member, Filters(**filters)).rows}


class TestColumns:
    def test_a_person_chooses_columns_and_finds_them_again_anywhere(
        self, client: Client, member: Membership
    ) -> None:
        source_name = "customers.csv"
        campaign = making.make_launchable(member.workspace, status=Status.SENDING)
        campaign.source.name = source_name  # type: ignore[union-attr]
        campaign.source.save()  # type: ignore[union-attr]
        making.make_run(campaign, total=1_234, sent=17, failed=6)

        client.post(base(member) + "campaigns/columns/", {"column": ["list", "sent", "failed", "nonsense"]})
        text = words(signed_in(member).get(base(member) + "campaigns/", **PART))

        assert source_name in text
        assert " 17 " in text
        assert "Launch" not in text
        assert "Created" not in text
        assert str(campaign.public_id)[:8] not in text

    def test_each_column_shows_what_it_names_and_only_when_it_is_chosen(
        self, client: Client, member: Membership
    ) -> None:
        author = making.make_member(member.workspace, Role.AUTHOR, "Olga").user
        campaign = making.make_launchable(
            member.workspace, status=Status.SENDING, tags=["loyalty"], launch=Launch.SPREAD, created_by=author,
            starts_at=datetime(2024, 3, 4, 5, 6, tzinfo=UTC), started_at=datetime(2024, 3, 4, 5, 6, tzinfo=UTC),
            ends_at=datetime(2025, 4, 5, 6, 7, tzinfo=UTC), created_at=datetime(2023, 2, 3, 4, 5, tzinfo=UTC),
        )  # fmt: skip
        Source.objects.filter(pk=campaign.source_id).update(name="customers.csv")
        Sender.objects.update(name="Shop mail")
        making.make_run(campaign, total=9_876, sent=4_321, partly=765, failed=543, skipped=21)
        told = {
            "id": f">{str(campaign.public_id)[:8]}<", "tags": ">loyalty<", "launch": ">Spread over days<",
            "progress": ">5,629</span> / ", "total": ">9,855</td>", "sent": ">4,321</td>", "partly": ">765</td>",
            "failed": ">543</td>", "pending": ">4,226</td>", "channel": "Email", "sender": ">Shop mail<",
            "list": ">customers.csv<", "start": "4 Mar 2024, 06:06", "end": "5 Apr 2025, 08:07",
            "created": "3 Feb 2023, 05:05", "author": ">Olga<",
        }  # fmt: skip
        assert set(told) == set(CHOICES) - {"cost"}

        for key in told:
            client.post(base(member) + "campaigns/columns/", {"column": [key]})
            page = signed_in(member).get(base(member) + "campaigns/", **PART).content.decode()

            assert {one for one, value in told.items() if value in page} == {key}

    def test_another_member_keeps_the_usual_ones(self, client: Client, member: Membership) -> None:
        making.make_campaign(member.workspace)
        client.post(base(member) + "campaigns/columns/", {"column": ["list"]})

        bob = making.make_member(member.workspace, Role.VIEWER, "Bob")

        assert "Created" in words(signed_in(bob).get(base(member) + "campaigns/", **PART))

    def test_the_usual_ones_come_back(self, client: Client, member: Membership) -> None:
        client.post(base(member) + "campaigns/columns/", {"column": ["list"]})
        client.post(base(member) + "campaigns/columns/", {"column": ["list"], "usual": "1"})

        member.user.refresh_from_db()
        assert member.user.list_columns == []

    def test_sorting_goes_by_every_promised_column(self, client: Client, member: Membership) -> None:
        making.make_campaign(member.workspace)

        page = client.get(base(member) + "campaigns/", **PART).content.decode()

        for sort in ("name", "sender", "start", "created", "launch"):
            assert f"?sort={sort}" in page


class TestFinding:
    @pytest.mark.parametrize(("word", "statuses"), SYNONYMS.items(), ids=SYNONYMS)
    def test_other_words_for_a_state_find_it(self, word: str, statuses: frozenset[Status]) -> None:
        member = making.make_member()
        for status in Status:
            making.make_campaign(member.workspace, status=status, name=f"{status.value[:3]} one")

        assert names(member, words=word.upper()) == {f"{status.value[:3]} one" for status in statuses}

    def test_a_state_is_found_by_its_own_name(self) -> None:
        assert statuses_called("In review") == {Status.IN_REVIEW}
        assert statuses_called("in") == frozenset()

    @pytest.mark.parametrize(
        ("period", "found"),
        [("", 5), ("1h", 1), ("24h", 2), ("7d", 3), ("30d", 4)],
        ids=["all", "1h", "24h", "7d", "30d"],
    )
    def test_a_period_goes_back_as_far_as_it_says(self, period: str, found: int) -> None:
        member = making.make_member()
        for hours in (0.5, 20, 6 * 24, 29 * 24, 31 * 24):
            created = timezone.now() - timedelta(hours=hours)
            making.make_campaign(member.workspace, created_at=created, name=f"{hours} hours old")

        assert len(names(member, period=period)) == found

    def test_several_launch_types_and_tags_are_any_of_them(self) -> None:
        member = making.make_member()
        for name, launch, tags in (
            ("a", Launch.NOW, ["de"]), ("b", Launch.MANUAL, ["fr"]), ("c", Launch.SPREAD, ["it", "de"]),
        ):  # fmt: skip
            making.make_campaign(member.workspace, name=name, launch=launch, tags=tags)

        assert names(member, launches=frozenset({"NOW", "MANUAL"})) == {"a", "b"}
        assert names(member, tags=("fr", "it")) == {"b", "c"}
        assert names(member, launches=frozenset({"NOW"}), tags=("de",)) == {"a"}

    def test_chips_take_one_value_away_and_keep_the_others(self, client: Client, member: Membership) -> None:
        making.make_campaign(member.workspace, tags=["de", "q4"])

        page = client.get(base(member) + "campaigns/?tag=de&tag=q4&launch=NOW&sort=name&page=2", **PART)

        assert 'href="?tag=q4&amp;launch=NOW&amp;sort=name"' in page.content.decode()

    def test_pages_keep_filters_and_order(self, client: Client, member: Membership) -> None:
        for _ in range(listing.PAGE_SIZE + 1):
            making.make_campaign(member.workspace, tags=["de"])

        page = client.get(base(member) + "campaigns/?tag=de&sort=-name&q=Campaign", **PART).content.decode()

        assert 'href="?tag=de&amp;sort=-name&amp;q=Campaign&amp;page=2"' in page

    def test_the_rail_offers_the_tags_there_are(self, client: Client, member: Membership) -> None:
        making.make_campaign(member.workspace, tags=["loyalty"])
        making.make_campaign(making.make_workspace(), tags=["secret"])

        page = client.get(base(member) + "campaigns/").content.decode()

        assert 'name="tag" value="loyalty"' in page
        assert "secret" not in page


class TestRows:
    def test_a_missed_start_is_an_alert_in_the_row(self, client: Client, member: Membership) -> None:
        making.make_campaign(member.workspace, status=Status.SCHEDULED, missed_at=timezone.now())

        assert "Missed its start" in words(client.get(base(member) + "campaigns/", **PART))

    def test_a_pause_says_why_and_until_when(self, client: Client, member: Membership) -> None:
        resumes = timezone.now() + timedelta(hours=1)
        making.make_campaign(
            member.workspace,
            status=Status.PAUSED,
            pause_cause="WINDOW",
            resume_at=resumes,
            started_at=timezone.now(),
        )

        text = words(client.get(base(member) + "campaigns/", **PART))

        assert "outside its sending window" in text
        assert "until" in text

    def test_what_a_moderator_has_is_not_in_the_list_but_counted(
        self, client: Client, member: Membership
    ) -> None:
        making.make_campaign(member.workspace, status=Status.IN_REVIEW, name="Submitted")
        making.make_campaign(member.workspace, name="Written")
        assert "Submitted" in words(client.get(base(member) + "campaigns/"))

        member.workspace.moderation = True
        member.workspace.save()
        page = client.get(base(member) + "campaigns/")

        assert "Submitted" not in words(page)
        assert "1 in moderation" in words(page)
        assert "1 campaign " in words(page)
        assert 'value="IN_REVIEW"' not in page.content.decode()

    def test_the_part_stays_below_five_kilobytes(self, client: Client, member: Membership) -> None:
        statuses = [Status.COMPLETED] * 15 + [Status.DRAFT] * 4 + [Status.SENDING] * 3 + [Status.PAUSED] * 3
        for number, status in enumerate(statuses):
            campaign = making.make_launchable(
                member.workspace,
                status=status,
                name=f"{('Autumn', 'Winter', 'Spring')[number % 3]} newsletter No. {number}",
                tags=["retail", "de"][: number % 3],
                created_by=member.user,
            )
            if status != Status.DRAFT:
                making.make_run(
                    campaign, total=5_000 + 317 * number, sent=4_000 + 113 * number, failed=number
                )

        part = client.get(base(member) + "campaigns/", **PART, HTTP_ACCEPT_ENCODING="gzip")

        assert part["Content-Encoding"] == "gzip"
        assert len(part.content) <= 5_000


class TestCost:
    def test_a_part_costs_seven_queries_however_many_rows(
        self, client: Client, member: Membership, django_assert_max_num_queries: Callable[[int], Any]
    ) -> None:
        for _ in range(listing.PAGE_SIZE):
            making.make_run(making.make_launchable(member.workspace, status=Status.SENDING), total=3, sent=1)

        client.get(base(member) + "campaigns/", **PART)

        # Session, user, membership; counts, campaigns, runs, steps.
        with django_assert_max_num_queries(7):
            client.get(base(member) + "campaigns/?sort=sender&q=campaign", **PART)

    def test_the_drawer_costs_a_fixed_number(
        self, client: Client, member: Membership, django_assert_max_num_queries: Callable[[int], Any]
    ) -> None:
        campaign = making.make_launchable(member.workspace, status=Status.SENDING)
        making.make_run(campaign, total=3, sent=1)

        client.get(url(campaign, "info/"), **DRAWER)

        # Session, user, membership; campaign, its steps; latest run and steps of the row; run, problems.
        with django_assert_max_num_queries(10):
            client.get(url(campaign, "info/"), **DRAWER)


class TestMenu:
    def test_holds_what_the_state_allows(self, client: Client, member: Membership) -> None:
        sending = making.make_launchable(member.workspace, status=Status.SENDING)
        done = making.make_launchable(member.workspace, status=Status.COMPLETED)

        moving, ended = (words(client.get(url(one, "menu/"))) for one in (sending, done))

        assert all(
            word in moving for word in ("Open", "Info", "Analytics", "Pause", "Stop", "Cancel campaign")
        )
        assert "Archive" not in moving
        assert all(word in ended for word in ("Open", "Duplicate", "Archive"))
        assert "Pause" not in ended

    def test_a_viewer_gets_only_what_is_read(self, member: Membership) -> None:
        campaign = making.make_launchable(member.workspace, status=Status.SENDING)
        vera = making.make_member(member.workspace, Role.VIEWER, "Vera")

        text = words(signed_in(vera).get(url(campaign, "menu/")))

        assert "Info" in text
        assert "Pause" not in text


class TestInfo:
    def test_says_what_it_is_and_why_it_failed(self, client: Client, member: Membership) -> None:
        campaign = making.make_launchable(member.workspace, status=Status.FAILED, tags=["retail"])
        making.make_run(campaign, total=10, sent=4, failed=6)
        sender = campaign.steps.get().sender
        assert sender is not None
        assert campaign.source is not None
        Campaign.objects.filter(pk=campaign.pk).update(status_by="system")
        staff = List.objects.create(workspace=member.workspace, name="Our own staff")
        quiet = Segment.objects.create(workspace=member.workspace, name="Quiet since May", rule={})
        campaign.source.excluded_lists.add(staff)
        campaign.source.excluded_segments.add(quiet)

        part = client.get(url(campaign, "info/"), **DRAWER)
        page = client.get(url(campaign, "info/"))

        text = words(part)
        assert "<html" not in part.content.decode()
        assert str(campaign.public_id) in text
        assert str(sender.public_id)[:8] in text
        assert "The file has vanished." in text
        assert "retail" in text
        assert f"Without lists Our own staff {str(staff.public_id)[:8]}" in text
        assert f"Without segments Quiet since May {str(quiet.public_id)[:8]}" in text
        assert "Last moved by The program itself" in text
        assert "Duplicate" in words(page)

    def test_strangers_find_neither_menu_nor_drawer(self, member: Membership) -> None:
        campaign = making.make_launchable(member.workspace)
        mallory = signed_in(making.make_member(name="Mallory"))

        for tail in ("info/", "menu/", "row/"):
            assert mallory.get(url(campaign, tail)).status_code == 404
        assert mallory.post(base(member) + "campaigns/columns/", {"column": ["list"]}).status_code == 404


def test_the_id_of_the_list_is_where_the_drawer_is(client: Client, member: Membership) -> None:
    campaign = making.make_campaign(member.workspace)
    address = reverse("campaigns:info", args=[member.workspace.slug, campaign.public_id])

    page = client.get(base(member) + "campaigns/").content.decode()

    assert f'href="{address}" data-drawer' in page
    assert Campaign.objects.count() == 1
