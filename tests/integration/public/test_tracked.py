"""Followed links and opened messages: where they lead, what is counted, and that nobody can bend them."""

from collections.abc import Callable
from io import BytesIO, StringIO
from typing import Any
from unittest.mock import patch

import pytest
from django.db import OperationalError
from django.test import Client
from django.utils import timezone

from clarion.campaigns import operations as campaigns
from clarion.campaigns.models import Campaign
from clarion.deliveries import purging
from clarion.deliveries.models import (
    Delivery,
    Hit,
    Link,
    Receipt,
    Recipient,
    Run,
    RunStep,
    TrackedQuarter,
    Tracking,
)
from clarion.deliveries.states import Result
from clarion.public.door import MOST_OF_ONE, Door
from clarion.public.tracked import PIXEL
from clarion.workspaces import actors
from clarion.workspaces.models import Workspace
from tests.following import CHROME, click_path, count_hits, make_followed, open_path
from tests.runs import MadeRun

pytestmark = pytest.mark.django_db


def get(path: str, agent: str = CHROME) -> object:
    return Client(headers={"user-agent": agent}).get(path)


def tracking(made: MadeRun) -> Tracking:
    return Tracking.objects.get(run=made.run)


class TestLinks:
    def test_a_link_leads_to_its_target_and_tells_nobody_where_from(self) -> None:
        made = make_followed()

        answer = Client().get(click_path(made, 1, 1))

        assert (answer.status_code, answer["Location"]) == (302, "https://shop.test/a?x=1&y=2")
        assert answer["Referrer-Policy"] == "no-referrer"
        assert "no-store" in answer["Cache-Control"]
        assert not answer.cookies

    def test_a_link_with_variables_leads_where_the_message_said(self) -> None:
        made = make_followed()
        Recipient.objects.filter(run_id=made.run.pk, id=2).update(variables={"city": "Bad Ems & Co"})

        assert Client().get(click_path(made, 2, 2))["Location"] == "https://shop.test/of/Bad%20Ems%20%26%20Co"

    @pytest.mark.parametrize(
        "value", ["javascript:alert(1)", "data:text/html,x", "//evil.test", "http:", "\r\nX: y"]
    )
    def test_what_a_variable_brings_in_is_gone_to_only_when_it_is_an_address(self, value: str) -> None:
        made = make_followed()
        Link.objects.filter(run=made.run, number=2).update(target="{{ city }}")
        Recipient.objects.filter(run_id=made.run.pk, id=1).update(variables={"city": value})

        assert Client().get(click_path(made, 1, 2)).status_code == 404

    def test_nobody_makes_a_link_of_their_own(self) -> None:
        made = make_followed()
        path = click_path(made, 1, 1)
        other = path.replace(f".{16}.", f".{32}.")

        image_as_link = open_path(made, 1).replace("/o/", "/c/").replace(".gif", "/1")
        numbers = [path[:-1] + number for number in ("0", "9", "99999999999")]
        bent = [other, *numbers, image_as_link, "/c/1.2.00/1", "/c/x/1"]
        for one in bent:
            assert Client().get(one).status_code == 404, one
        assert not Hit.objects.exists()

    def test_switched_off_links_lead_to_a_polite_page_until_they_are_on_again(self) -> None:
        made = make_followed()
        by = actors.system(made.workspace)
        campaigns.switch_links(campaign=made.campaign, on=False, by=by)

        answer = Client().get(click_path(made, 1, 1))

        assert answer.status_code == 410
        assert "has switched it off" in answer.content.decode()
        assert not Hit.objects.exists()
        campaigns.switch_links(campaign=made.campaign, on=True, by=by)
        assert Client().get(click_path(made, 1, 1)).status_code == 302

    def test_links_go_on_leading_somewhere_when_nothing_is_counted_any_more(self) -> None:
        made = make_followed()
        Workspace.objects.update(track_links=False)

        assert Client().get(click_path(made, 1, 1)).status_code == 302
        assert not Hit.objects.exists()

    def test_a_purged_run_leaves_a_page(self) -> None:
        made = make_followed()
        path, image = click_path(made, 1, 1), open_path(made, 1)
        Client().get(path)
        at = timezone.now()
        ended = {"status": "CANCELLED", "finished_at": at, "archived_at": at, "purged_at": at}
        Campaign.objects.filter(pk=made.campaign.pk).update(**ended)
        purging.remove_rows(made.campaign.pk)

        assert Client().get(path).status_code == 404
        assert Client().get(image).status_code == 200
        assert not Hit.objects.exists()
        assert not Link.objects.exists()


class TestCounting:
    def test_people_are_counted_once_and_their_clicks_each_time(self) -> None:
        made = make_followed()
        for person, link in ((1, 1), (1, 1), (1, 3), (2, 1)):
            get(click_path(made, person, link))
        get(open_path(made, 3))
        get(open_path(made, 3))

        count_hits()
        count_hits()

        step = RunStep.objects.get(run=made.run)
        assert (step.clicked, step.read) == (2, 3)  # whoever clicks has it open
        told = tracking(made)
        assert (told.clicks, told.opens, told.machine_clicks, told.machine_opens) == (4, 2, 0, 0)
        assert list(Link.objects.order_by("number").values_list("number", "people", "clicks")) == [
            (1, 2, 3), (2, 0, 0), (3, 1, 1),
        ]  # fmt: skip
        assert Delivery.objects.get(run_id=made.run.pk, id=16).result == Result.CLICKED
        assert Delivery.objects.get(run_id=made.run.pk, id=48).result == Result.READ
        quarter = TrackedQuarter.objects.get()
        assert (quarter.opens, quarter.clicks) == (2, 4)
        assert not Hit.objects.exists()
        details = Receipt.objects.filter(run_id=made.run.pk, result=Result.CLICKED).values_list(
            "detail", flat=True
        )
        assert set(details) == {"https://shop.test/a?x=1&y=2", "https://shop.test/c"}

    def test_programs_are_counted_apart(self) -> None:
        made = make_followed()
        get(open_path(made, 1), agent="Mozilla/5.0")
        Client(headers={"user-agent": CHROME}).head(click_path(made, 1, 1))
        for link in (1, 2, 3):
            get(click_path(made, 2, link))

        count_hits()

        step, told = RunStep.objects.get(run=made.run), tracking(made)
        assert (step.clicked, step.read, told.clicks, told.opens) == (0, 0, 0, 0)
        assert (told.machine_opens, told.machine_clicks) == (1, 4)
        assert not Receipt.objects.filter(run_id=made.run.pk).exists()

    def test_opens_are_not_kept_once_they_are_switched_off(self) -> None:
        made = make_followed()
        Campaign.objects.update(track_opens=False)

        answer = get(open_path(made, 1))

        assert answer.content.startswith(b"GIF89a")  # type: ignore[attr-defined]
        assert not Hit.objects.exists()

    def test_hits_wait_for_their_burst(self) -> None:
        from clarion.deliveries.tracking import applying

        made = make_followed()
        get(click_path(made, 1, 1))

        assert not applying.apply_due(seconds=1)
        assert Hit.objects.count() == 1

    def test_nothing_tells_whose_computer_it_was(self) -> None:
        fields = {field.name for field in Hit._meta.get_fields()}

        assert fields == {"id", "run_id", "delivery_id", "link", "at", "marks"}


def test_a_run_keeps_what_is_followed_as_it_began() -> None:
    made = make_followed()
    run = Run.objects.get(pk=made.run.pk)

    assert list(run.links.order_by("number").values_list("target", flat=True)) == [
        "https://shop.test/a?x=1&y=2", "https://shop.test/of/{{ city|urlencode }}", "https://shop.test/c",
    ]  # fmt: skip
    assert (tracking(made).follows_links, tracking(made).follows_opens) == (True, True)


def pages(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
    """What stands behind the door."""
    start_response("200 OK", [])
    return [b"pages"]


class TestDoor:
    """What goes in front of the pages answers as they do."""

    @pytest.fixture
    def made(self) -> MadeRun:
        return make_followed()

    @pytest.fixture
    def door(self) -> Door:
        return Door(pages, writes_by_itself=False)

    def ask(
        self, door: Door, path: str, method: str = "GET", agent: str = CHROME
    ) -> tuple[str, dict[str, str], bytes]:
        told: list[Any] = []
        environ = {
            "REQUEST_METHOD": method, "PATH_INFO": path, "SERVER_NAME": "testserver", "SERVER_PORT": "80",
            "HTTP_USER_AGENT": agent, "wsgi.input": BytesIO(), "wsgi.url_scheme": "http", "wsgi.errors": StringIO(),
        }  # fmt: skip
        with patch("clarion.public.door.close_old_connections"):
            body = b"".join(door(environ, lambda status, headers: told.append((status, dict(headers)))))
        return told[0][0], told[0][1], body

    def flush(self, door: Door) -> None:
        # It would end the transaction that this test is.
        with patch("clarion.public.door.close_old_connections"):
            door.flush()

    def test_it_answers_as_the_pages_do(self, made: MadeRun, door: Door) -> None:
        status, headers, body = self.ask(door, click_path(made, 1, 1))
        page = Client().get(click_path(made, 1, 1))
        assert (status, headers["Location"], body) == ("302 Found", page["Location"], b"")
        assert headers["Referrer-Policy"] == "no-referrer"
        assert "no-store" in headers["Cache-Control"]

        status, headers, body = self.ask(door, open_path(made, 1))
        assert (status, headers["Content-Type"], body) == ("200 OK", "image/gif", PIXEL)
        Hit.objects.all().delete()
        self.flush(door)
        assert sorted(Hit.objects.values_list("delivery_id", "link", "marks")) == [(16, 0, 0), (16, 1, 0)]

    def test_marks_go_with_it(self, made: MadeRun, door: Door) -> None:
        self.ask(door, click_path(made, 1, 1), "HEAD", "curl/8")
        self.flush(door)

        assert Hit.objects.get().marks == 3

    def test_a_flood_for_one_delivery_is_cut_short(self, made: MadeRun, door: Door) -> None:
        for _n in range(40):
            self.ask(door, click_path(made, 1, 1))
        self.ask(door, click_path(made, 2, 1))
        self.flush(door)

        assert Hit.objects.filter(delivery_id=16).count() == MOST_OF_ONE
        assert Hit.objects.filter(delivery_id=32).count() == 1

    def test_what_is_not_plain_goes_on_to_the_pages(self, made: MadeRun, door: Door) -> None:
        click = click_path(made, 1, 1)
        for path in (
            click_path(made, 1, 2),
            click[:-1] + "99",
            "/c/1.1.00/1",
            "/c/",
            "/o/x.gif",
            "/u/x",
            "/",
        ):
            assert self.ask(door, path)[2] == b"pages", path
        assert self.ask(door, click, "POST")[2] == b"pages"
        campaigns.switch_links(campaign=made.campaign, on=False, by=actors.system(made.workspace))
        assert self.ask(door, click)[0] == "302 Found"  # for a moment more
        assert self.ask(Door(pages, writes_by_itself=False), click)[2] == b"pages"

    def test_nothing_is_lost_while_the_database_does_not_answer(self, made: MadeRun, door: Door) -> None:
        self.ask(door, click_path(made, 1, 1))
        with (
            patch("clarion.public.door.hits.record_all", side_effect=OperationalError),
            patch("clarion.public.door.connection.close"),
        ):
            self.flush(door)
        assert not Hit.objects.exists()

        self.flush(door)

        assert Hit.objects.count() == 1
