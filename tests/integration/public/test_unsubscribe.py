"""Unsubscribing by the link in a message: a page with a button, one click, idempotent, undone by its owner only."""

import re

import pytest
from django.conf import settings
from django.test import Client

from clarion.audience import operations
from clarion.audience.models import Suppression
from clarion.deliveries import ledger, optout
from clarion.deliveries.models import Delivery, Receipt, Recipient, Run, RunStep, Waiting
from clarion.deliveries.states import Skip, Stage
from clarion.lib import keys, tokens
from tests.runs import MadeRun, add_run, make_run

pytestmark = pytest.mark.django_db


def link(made: MadeRun, recipient: int = 1) -> str:
    key = keys.derive(settings.SECRET_KEY, keys.TOKENS)
    return f"/u/{tokens.make('unsubscribe', key, made.run.pk, recipient * 16)}"


def counters(run: Run) -> tuple[int, int]:
    run.refresh_from_db()
    return run.pending, run.skipped


class TestPage:
    def test_opening_it_changes_nothing_and_shows_little(self, client: Client) -> None:
        made = make_run(count=2)

        for _again in range(2):
            answer = client.get(link(made))

        page = answer.content.decode()
        assert answer.status_code == 200
        assert "Workspace" in page
        assert "p•••@e•••.test" in page
        assert "person1" not in page
        assert not Suppression.objects.exists()
        assert answer["X-Robots-Tag"] == "noindex, nofollow"
        assert answer["Referrer-Policy"] == "no-referrer"
        assert "no-store" in answer["Cache-Control"]
        assert not answer.cookies
        assert "<script" not in page

    def test_the_button_unsubscribes_and_pressing_again_is_harmless(self) -> None:
        made = make_run(count=2)
        client = Client(enforce_csrf_checks=True)

        for _again in range(2):
            answer = client.post(link(made))
            assert (answer.status_code, "You are unsubscribed" in answer.content.decode()) == (200, True)

        row = Suppression.objects.get()
        assert (row.address, row.channel, row.reason) == ("person1@example.test", "sandbox", "UNSUBSCRIBED")
        assert "You are unsubscribed" in client.get(link(made)).content.decode()

    def test_one_click_of_a_mail_program_is_answered_without_a_redirect(self) -> None:
        made = make_run(count=1)

        answer = Client(enforce_csrf_checks=True).post(
            link(made), "List-Unsubscribe=One-Click", content_type="application/x-www-form-urlencoded"
        )

        assert answer.status_code == 200
        assert Suppression.objects.count() == 1

    def test_a_mistake_is_taken_back_but_a_complaint_is_not(self, client: Client) -> None:
        made = make_run(count=2)
        client.post(link(made, 1))
        operations.suppress(
            workspace=made.workspace,
            channel="sandbox",
            address="person2@example.test",
            reason="COMPLAINED",
            origin="",
        )

        first = client.post(link(made, 1), {"act": "undo"}).content.decode()
        second = client.post(link(made, 2), {"act": "undo"}).content.decode()

        assert "You are subscribed again" in first
        assert "You are unsubscribed" in second
        assert [row.reason for row in Suppression.objects.all()] == ["COMPLAINED"]

    @pytest.mark.parametrize("kind", ["forged", "other kind", "gone", "nonsense"])
    def test_a_bad_link_gets_a_calm_404(self, client: Client, kind: str) -> None:
        made = make_run(count=1)
        key = keys.derive(settings.SECRET_KEY, keys.TOKENS)
        url = {
            "forged": re.sub(r"\.16\.", ".32.", link(made)),
            "other kind": f"/u/{tokens.make('bounce', key, made.run.pk, 16)}",
            "gone": f"/u/{tokens.make('unsubscribe', key, made.run.pk + 1, 16)}",
            "nonsense": "/u/%00%ff'--",
        }[kind]

        for answer in (client.get(url), client.post(url)):
            assert answer.status_code == 404
            assert "no longer works" in answer.content.decode()
        assert not Suppression.objects.exists()

    def test_other_methods_are_refused(self, client: Client) -> None:
        assert client.delete(link(make_run(count=1))).status_code == 405


class TestPending:
    def test_what_is_pending_for_the_address_is_skipped_in_every_open_run_of_the_workspace(self) -> None:
        first = make_run(count=3)
        second = add_run(first.workspace, first.sender, count=3)
        elsewhere = make_run(count=3)
        Delivery.objects.filter(run_id=first.run.pk, id=16).update(stage=Stage.SENT)
        Run.objects.filter(pk=first.run.pk).update(pending=2, sent=1)
        Waiting.objects.create(run_id=second.run.pk, delivery_id=16, step=0, not_before=second.run.built_at)

        optout.opt_out(first.run.pk, 16)

        assert counters(first.run) == (2, 0)
        assert counters(second.run) == (2, 1)
        assert counters(elsewhere.run) == (3, 0)
        skipped = Recipient.objects.get(run_id=second.run.pk, id=1)
        assert (skipped.stage, skipped.skip) == (Stage.SKIPPED, Skip.SUPPRESSED)
        message = Delivery.objects.get(run_id=second.run.pk, id=16)
        assert (message.stage, message.problem) == (Stage.SKIPPED, Stage.SKIPPED)
        assert not Waiting.objects.exists()
        assert "conservation" not in {finding.rule for finding in ledger.check(second.run).findings}

    def test_a_message_in_flight_is_left_to_its_worker(self) -> None:
        made = make_run(count=2)
        Delivery.objects.filter(run_id=made.run.pk, id=16).update(
            stage=Stage.IN_FLIGHT, claim_id=1, claimed_at=made.run.built_at
        )
        Run.objects.filter(pk=made.run.pk).update(pending=1, in_flight=1)

        optout.opt_out(made.run.pk, 16)

        assert counters(made.run) == (1, 0)
        assert Delivery.objects.get(run_id=made.run.pk, id=16).stage == Stage.IN_FLIGHT

    def test_the_ledger_stays_right_and_the_wish_is_counted_once(self) -> None:
        made = make_run(count=3)

        for _again in range(3):
            assert optout.opt_out(made.run.pk, 32)

        assert counters(made.run) == (2, 1)
        assert Receipt.objects.get().delivery_id == 32
        assert RunStep.objects.get(run=made.run).unsubscribed == 1
        report = ledger.check(made.run)
        assert [(finding.rule, finding.sentence) for finding in report.findings] == []
