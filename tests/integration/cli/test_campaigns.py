"""`clarion campaign`, `run` and `deliveries`: what they print and how they end."""

import json
from typing import Any

import pytest

from clarion.campaigns.models import Campaign
from clarion.campaigns.states import Status
from clarion.deliveries.models import Delivery, Run
from clarion.workspaces.models import AuditEvent
from tests.integration.cli.running import clarion
from tests.runs import MadeRun, make_run

pytestmark = pytest.mark.django_db


@pytest.fixture
def made() -> MadeRun:
    return make_run(count=3)


def id_of(made: MadeRun) -> str:
    return str(made.campaign.public_id)


class TestCampaign:
    def test_list_prints_a_table_and_an_array(self, made: MadeRun) -> None:
        table = clarion("campaign", "list").stdout.splitlines()
        array = json.loads(clarion("campaign", "list", "--json").stdout)

        assert table[0].split() == ["ID", "STATUS", "SENT", "TARGET", "CREATED", "NAME"]
        assert table[1].startswith(f"{id_of(made)[:8]}  sending     0       3")
        assert [one["campaign"] for one in array] == [id_of(made)]

    def test_list_narrows_by_status_and_knows_them(self, made: MadeRun) -> None:
        assert json.loads(clarion("campaign", "list", "--status", "draft", "--json").stdout) == []
        assert clarion("campaign", "list", "--status", "sleepy").exit_code == 2

    def test_show_takes_the_beginning_of_an_id_and_prints_the_totals(self, made: MadeRun) -> None:
        shown = json.loads(clarion("campaign", "show", id_of(made)[:6], "--json").stdout)

        assert (shown["campaign"], shown["run"], shown["status"]) == (id_of(made), made.run.pk, "sending")
        assert (shown["total"], shown["pending"], shown["in_flight"], shown["sent"]) == (3, 3, 0, 0)

    def test_several_campaigns_that_begin_so_are_listed(self, made: MadeRun) -> None:
        twin = make_run(count=1).campaign
        Campaign.objects.filter(pk=made.campaign.pk).update(public_id=id_of(made)[:-1] + "1")
        Campaign.objects.filter(pk=twin.pk).update(public_id=id_of(made)[:-1] + "0")

        result = clarion("campaign", "show", id_of(made)[:-1])

        assert result.exit_code == 2
        assert result.stderr.count(id_of(made)[:-1]) == 3

    def test_pause_is_done_by_the_command_line_with_the_reason(self, made: MadeRun) -> None:
        result = clarion("campaign", "pause", id_of(made), "--reason", "Wrong price.", "--json")

        shown = json.loads(result.stdout)
        event = AuditEvent.objects.get(action="campaign.pause")
        assert (result.exit_code, shown["status"], shown["reason"]) == (0, "paused", "Wrong price.")
        assert (event.via, event.actor_name, event.reason) == ("cli", "command line", "Wrong price.")

    @pytest.mark.parametrize(("verb", "status"), [("cancel", "cancelled"), ("stop", "stopped")])
    def test_what_is_called_off_where_nobody_sends_is_settled_at_once(
        self, made: MadeRun, verb: str, status: str
    ) -> None:
        shown = json.loads(clarion("campaign", verb, id_of(made), "--json").stdout)

        assert (shown["status"], shown["pending"], shown["cancelled"]) == (status, 0, 3)
        assert Run.objects.get(pk=made.run.pk).finished_at is not None

    def test_what_the_state_does_not_allow_is_code_3_and_says_what_would(self, made: MadeRun) -> None:
        Campaign.objects.filter(pk=made.campaign.pk).update(status=Status.DRAFT, started_at=None)

        result = clarion("campaign", "pause", id_of(made))

        assert result.exit_code == 3
        assert result.stderr.strip() == (
            f"The campaign {made.campaign.name} is draft: only one that is scheduled, building or sending can be"
            " paused."
        )

    @pytest.mark.parametrize("words", ["00000000", "nonsense", ""])
    def test_an_unknown_id_is_code_2(self, words: str) -> None:
        assert clarion("campaign", "pause", words).exit_code == 2


class TestRun:
    def test_show_takes_a_number_or_a_campaign(self, made: MadeRun) -> None:
        by_number = json.loads(clarion("run", "show", str(made.run.pk), "--json").stdout)
        by_campaign = json.loads(clarion("run", "show", id_of(made), "--json").stdout)

        assert by_number == by_campaign
        assert (by_number["total"], by_number["pending"], by_number["steps"][0]["accepted"]) == (3, 3, 0)

    def test_an_unknown_number_is_code_2(self) -> None:
        assert clarion("run", "show", "999999").exit_code == 2


class TestDeliveries:
    def rows(self, *arguments: str) -> list[dict[str, Any]]:
        result = clarion("deliveries", *arguments, "--json")
        assert result.exit_code == 0, result.output
        return [json.loads(line) for line in result.stdout.splitlines()]

    def test_lists_all_of_a_large_run_once_in_order(self) -> None:
        made = make_run(count=1203)

        rows = self.rows(id_of(made))

        assert [row["address"] for row in rows] == [f"person{n}@example.test" for n in range(1, 1204)]
        assert {row["status"] for row in rows} == {"pending"}

    def test_narrows_by_status_and_stops_at_the_limit(self, made: MadeRun) -> None:
        Delivery.objects.filter(run_id=made.run.pk, id=32).update(
            stage=4, problem=4, reason=301, code="550 5.1.1"
        )

        failed = self.rows(str(made.run.pk), "--status", "failed")

        assert [(row["address"], row["reason"], row["code"]) for row in failed] == [
            ("person2@example.test", "address_unknown", "550 5.1.1")
        ]
        assert len(self.rows(id_of(made), "--limit", "2")) == 2

    def test_an_unknown_status_is_code_2(self, made: MadeRun) -> None:
        assert clarion("deliveries", id_of(made), "--status", "lost").exit_code == 2
