"""Pages about who may be written to: the estimate's waterfall with its people, the rules, and suppressions in bulk."""

from datetime import timedelta

import pytest
from django.utils import timezone

from clarion.audience import operations
from clarion.audience.models import (
    AnswerWords,
    Contact,
    FrequencyCap,
    OptOutRules,
    Source,
    SourceKind,
    Suppression,
)
from clarion.campaigns.models import Step
from clarion.campaigns.states import Status
from clarion.workspaces import actors
from clarion.workspaces.models import AuditEvent
from tests import ledgers
from tests.factories import client_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("contexts")]


@pytest.fixture
def people() -> ledgers.People:
    return ledgers.make_people()


def url(people: ledgers.People, rest: str) -> str:
    return f"/w/{people.workspace.slug}/{rest}"


class TestWho:
    @pytest.fixture
    def campaign(self, people: ledgers.People):
        Contact.objects.bulk_create(
            Contact(
                workspace=people.workspace, email=f"p{n}@example.test", first_name="Ada", last_name=f"N{n}"
            )
            for n in range(60)
        )
        operations.add_suppression(
            by=actors.of_member(people.alice), channel="email", address="p7@example.test"
        )
        source = Source.objects.create(workspace=people.workspace, kind=SourceKind.CONTACTS)
        return ledgers.make_campaign(people.alice, status=Status.DRAFT, source=source)

    def test_each_step_opens_its_people_page_by_page(self, people: ledgers.People, campaign) -> None:
        client = client_of(people.alice)
        who = url(people, f"campaigns/{campaign.public_id}/who/")

        first = client.get(who)
        out = client.get(f"{who}?step=suppressed").content.decode()

        page = first.content.decode()
        assert "p0@example.test" in page
        assert "p7@example.test" not in page
        rest = client.get(who + first.context["next_url"]).content.decode()
        assert "p59@example.test" in rest
        assert "p0@example.test" not in rest
        assert ("p7@example.test" in out, "p0@example.test" in out) == (True, False)
        edit = client.get(url(people, f"campaigns/{campaign.public_id}/edit/")).content.decode()
        assert f"{who}?step=suppressed" in edit
        assert client.get(f"{who}?step=nonsense").status_code == 404

    def test_each_channel_of_a_cascade_has_its_own_waterfall(self, people: ledgers.People, campaign) -> None:
        Step.objects.create(
            campaign=campaign, position=1, tier=1, channel="sms", sender=ledgers.make_sender(people.workspace),
            body_source={}, body_content={},
        )  # fmt: skip
        Contact.objects.filter(workspace=people.workspace, email="p3@example.test").update(
            phone="+4930123456"
        )
        client = client_of(people.alice)
        who = url(people, f"campaigns/{campaign.public_id}/who/")

        by_sms = client.get(f"{who}?channel=sms")
        without = client.get(f"{who}?channel=sms&step=no_address").content.decode()

        counts = {row.name: row.count for row in by_sms.context["rows"]}
        assert counts == {"matched": 60, "no_address": 59, "will_receive": 1}
        assert "+4930123456" in by_sms.content.decode()
        assert ("N3<" in without, "N4<" in without) == (False, True)
        by_mail = {row.name: row.count for row in client.get(f"{who}?channel=push").context["rows"]}
        assert by_mail == {"matched": 60, "suppressed": 1, "will_receive": 59}
        assert [tab.current for tab in by_sms.context["tabs"]] == [False, True]

    def test_who_may_not_see_addresses_sees_none_and_a_stranger_nothing(
        self, people: ledgers.People, campaign
    ) -> None:
        who = url(people, f"campaigns/{campaign.public_id}/who/")

        page = client_of(people.vera).get(who).content.decode()

        assert "p0@example.test" not in page
        assert "Ada" not in page
        assert client_of(people.mallory).get(who).status_code == 404

    def test_caps_are_ignored_with_a_reason_by_whoever_may(self, people: ledgers.People, campaign) -> None:
        FrequencyCap.objects.create(workspace=people.workspace, messages=2, days=7)
        caps = url(people, f"campaigns/{campaign.public_id}/caps/")
        client = client_of(people.alice)
        assert "At most 2 messages in 7 days" in client.get(caps.replace("/caps/", "/who/")).content.decode()

        refused = client_of(people.bob).post(caps, {"ignored": "1", "reason": "x"})
        client.post(caps, {"ignored": "1", "reason": ""})
        campaign.refresh_from_db()
        assert (refused.status_code, campaign.ignores_caps) == (403, False)
        client.post(caps, {"ignored": "1", "reason": "A recall"})

        campaign.refresh_from_db()
        assert campaign.ignores_caps
        assert AuditEvent.objects.get(action="campaign.ignore_caps").reason == "A recall"
        client.post(caps, {"ignored": "0"})
        campaign.refresh_from_db()
        assert not campaign.ignores_caps
        assert client_of(people.mallory).post(caps, {"ignored": "1", "reason": "x"}).status_code == 404


class TestRules:
    def test_caps_are_changed_row_by_row(self, people: ledgers.People) -> None:
        client, page = client_of(people.alice), url(people, "opt-out/")
        said = {
            "do": "caps", "rows": ["1", "2", "3"], "cap0-channel": "*", "cap0-messages": "4", "cap0-days": "7",
            "cap1-channel": "sms", "cap1-messages": "1", "cap1-days": "1", "cap2-channel": "",
        }  # fmt: skip

        assert client.post(page, said).status_code == 302
        wrong = client.post(page, said | {"cap1-days": ""})
        twice = client.post(page, said | {"cap1-channel": "*", "cap1-days": "7"})

        caps = FrequencyCap.objects.values_list("channel", "messages", "days")
        assert list(caps) == [("", 4, 7), ("sms", 1, 1)]
        assert (wrong.status_code, "Say how many." in wrong.content.decode()) == (422, True)
        assert (twice.status_code, "same channel and days" in twice.content.decode()) == (422, True)
        shown = client.get(page).content.decode()
        assert 'value="4"' in shown

    def test_bounces_and_the_page_are_changed(self, people: ledgers.People) -> None:
        client, page = client_of(people.alice), url(people, "opt-out/")

        client.post(
            page, {"do": "rules", "soft_bounces": "5", "soft_days": "14", "page_text": "We write rarely."}
        )

        row = OptOutRules.objects.get()
        assert (row.soft_bounces, row.soft_days, row.page_text) == (5, 14, "We write rarely.")
        assert client.post(page, {"do": "rules", "soft_bounces": "-1", "soft_days": "0"}).status_code == 422

    def test_words_are_a_workspaces_own_until_they_are_set_back(self, people: ledgers.People) -> None:
        client, page = client_of(people.alice), url(people, "opt-out/words/de/")
        assert "abmelden" in client.get(page).content.decode()

        client.post(page, {"stop": "Schluss\nschluss!\n", "start": "los", "stop_reply": "Gut."})
        nothing = client.post(page, {"stop": " \n?"})

        row = AnswerWords.objects.get()
        assert (row.language, row.stop, row.start, row.stop_reply) == ("de", ["Schluss"], ["los"], "Gut.")
        assert nothing.status_code == 422
        client.post(f"{page}reset/")
        assert not AnswerWords.objects.exists()
        assert client.get(url(people, "opt-out/words/xx/")).status_code == 404

    def test_is_for_those_who_manage_the_workspace(self, people: ledgers.People) -> None:
        for rest in ("opt-out/", "opt-out/words/en/"):
            assert client_of(people.bob).get(url(people, rest)).status_code == 403
            assert client_of(people.mallory).get(url(people, rest)).status_code == 404
        assert client_of(people.mallory).post(url(people, "opt-out/words/en/reset/")).status_code == 404


class TestSuppressions:
    @pytest.fixture
    def some(self, people: ledgers.People) -> list[Suppression]:
        now = timezone.now()
        return Suppression.objects.bulk_create(
            Suppression(
                workspace=people.workspace, channel="email", address=f"p{n}@example.test",
                reason="BOUNCED" if n % 2 else "UNSUBSCRIBED", origin=origin, created_at=now - timedelta(days=days),
            )
            for n, (origin, days) in enumerate([("run 4", 0), ("run 5", 20), ("answer to Shop", 3), ("old.csv", 90)])
        )  # fmt: skip

    @pytest.mark.parametrize(
        ("query", "shown"),
        [
            ("", {0, 1, 2, 3}), ("origin=campaign", {0, 1}), ("origin=answer", {2}), ("origin=person", {3}),
            ("days=7", {0, 2}), ("reason=BOUNCED&days=30", {1}), ("days=nonsense&origin=%00", {0, 1, 2, 3}),
        ],
    )  # fmt: skip
    def test_are_narrowed_by_reason_source_and_time_and_exported_so(
        self, people: ledgers.People, some: list[Suppression], query: str, shown: set[int]
    ) -> None:
        client = client_of(people.alice)
        page = client.get(url(people, f"suppressions/?{query}")).content.decode()
        file = b"".join(client.get(url(people, f"suppressions/export.csv?{query}"))).decode()  # type: ignore[arg-type]

        assert {n for n in range(4) if f"p{n}@example.test" in page} == shown
        assert {n for n in range(4) if f"p{n}@example.test" in file} == shown

    def test_many_are_removed_for_a_reason_that_is_kept(
        self, people: ledgers.People, some: list[Suppression]
    ) -> None:
        client, remove = client_of(people.alice), url(people, "suppressions/remove/")
        asked = client.post(remove, {"all": "1", "reason": "BOUNCED"})
        assert "Write to 2 addresses again?" in asked.content.decode()
        wordless = client.post(
            remove, {"all": "1", "reason": "BOUNCED", "confirmed": "1", "seen": "2", "why": " "}
        )
        assert (wordless.status_code, Suppression.objects.count()) == (422, 4)

        yes = {
            "all": "1",
            "reason": "BOUNCED",
            "confirmed": "1",
            "seen": "1",
            "why": "The mail server was ill",
        }
        client.post(remove, yes)

        assert set(Suppression.objects.values_list("address", flat=True)) == {
            "p0@example.test", "p2@example.test", "p3@example.test",
        }  # fmt: skip
        event = AuditEvent.objects.get(action="suppression.removed_many")
        assert (event.reason, event.changes) == ("The mail server was ill", {"bounced": [1, 0]})

    def test_the_selected_are_removed_and_no_others(
        self, people: ledgers.People, some: list[Suppression]
    ) -> None:
        remove = url(people, "suppressions/remove/")
        said = {"selected": [some[0].pk, some[3].pk, "x"], "confirmed": "1", "seen": "2", "why": "A mistake"}
        other = client_of(people.mallory)
        assert other.post(remove, said).status_code == 404
        assert other.post(f"/w/{people.mallory.workspace.slug}/suppressions/remove/", said).status_code == 302
        assert client_of(people.vera).post(remove, said).status_code == 403
        assert Suppression.objects.count() == 4

        client_of(people.alice).post(remove, said)

        assert set(Suppression.objects.values_list("pk", flat=True)) == {some[1].pk, some[2].pk}
