"""Pages of senders that live on a phone, and of the groups it is in."""

from collections.abc import Iterator

import pytest

from clarion.audience import operations as audience
from clarion.audience.livesheets import rereading
from clarion.audience.models import LiveSheet
from clarion.campaigns.states import Status
from clarion.channels.whatsapp.tests import server
from clarion.deliveries import building, ledger
from clarion.deliveries.models import Recipient
from clarion.senders import operations as senders
from clarion.senders.models import Sender
from clarion.workspaces.actors import of_member
from tests import ledgers
from tests.acceptance.smtp import Running
from tests.factories import Cast, client_of, make_cast

pytestmark = pytest.mark.django_db


@pytest.fixture
def gateway() -> Iterator[server.Gateway]:
    far = server.Gateway()
    running = Running({"far": far})
    yield far
    running.close()


@pytest.fixture
def cast() -> Cast:
    return make_cast()


def form(gateway: server.Gateway) -> dict[str, str]:
    return {
        "name": "Shop phone", "lanes": "1", "base_url": gateway.url, "session": "default", "api_key": server.KEY,
        "callback_secret": "calls-s3cret", "receipts": "all", "delay_min": "0", "delay_max": "0",
        "typing_seconds": "0",
    }  # fmt: skip


@pytest.fixture
def sender(cast: Cast, gateway: server.Gateway) -> Sender:
    answer = client_of(cast.alice).post("/w/acme/senders/new/whatsapp/?protocol=waha", form(gateway))
    assert answer.status_code == 302, answer.content.decode()
    return Sender.objects.get()


def test_a_phone_that_is_not_linked_gets_its_code_and_one_that_is_says_so(
    cast: Cast, sender: Sender, gateway: server.Gateway
) -> None:
    alice, page = client_of(cast.alice), f"/w/acme/senders/{sender.public_id}/"
    gateway.is_linked = False

    card = alice.get(f"{page}link/", headers={"HX-Request": "true"}).content.decode()
    code = alice.get(f"{page}link/code.png")
    whole = alice.get(page).content.decode()

    assert "SCAN_QR_CODE" in card
    assert f"{page}link/code.png" in card
    assert (code["Content-Type"], code.content) == ("image/png", server.PNG)
    assert "no-store" in code["Cache-Control"]
    assert f"{page}link/" in whole
    assert server.KEY not in whole + card
    gateway.is_linked = True
    assert "A phone is linked." in alice.get(f"{page}link/").content.decode()
    assert alice.get(f"{page}link/code.png").status_code == 404
    for other in (cast.bob, cast.vera):
        assert client_of(other).get(f"{page}link/code.png").status_code == 403
    for path in ("link/", "link/code.png"):
        assert client_of(cast.mallory).get(page + path).status_code == 404


def test_a_gateway_that_does_not_answer_is_told_on_the_card(cast: Cast, sender: Sender) -> None:
    config = {**sender.config, "base_url": "http://127.0.0.1:9", "api_key": server.KEY}
    senders.update_sender(sender=sender, by=of_member(cast.alice), name="Shop phone", config=config)

    card = client_of(cast.alice).get(f"/w/acme/senders/{sender.public_id}/link/").content.decode()

    assert "The gateway does not tell" in card


def test_a_group_is_kept_and_its_members_are_the_audience_of_each_run(
    cast: Cast, sender: Sender, gateway: server.Gateway
) -> None:
    alice = client_of(cast.alice)
    gateway.people += ["77777@lid"]

    shown = alice.get("/w/acme/sources/new-group/").content.decode()
    answer = alice.post(
        "/w/acme/sources/new-group/", {"group": server.GROUP, "when_unreadable": "FAIL", "keep_hours": "24"}
    )

    assert "Regulars" in shown
    assert "Choir (12 members)" in shown
    assert answer.status_code == 302
    sheet = rereading.reread(LiveSheet.objects.get())
    assert (sheet.name, sheet.problem, sheet.channel) == ("Regulars", "", "whatsapp")
    page = alice.get(f"/w/acme/sources/{sheet.public_id}/").content.decode()
    assert 'name="keep_hours"' in page
    assert 'name="url"' not in page
    assert reached(cast, sheet, sender) == ["+491511234500", "+491511234501", "+491511234502"]
    gateway.people = ["491511234509"]
    again = rereading.reread(sheet)
    assert again.difference == {"added": 1, "removed": 3, "changed": 0}
    assert client_of(cast.mallory).get(f"/w/acme/sources/{sheet.public_id}/").status_code == 404


def reached(cast: Cast, sheet: LiveSheet, sender: Sender) -> list[str]:
    source = audience.create_sheet_source(by=of_member(cast.alice), sheet=sheet)
    campaign = ledgers.make_campaign(cast.alice, status=Status.BUILDING, source=source)
    campaign.steps.update(channel="whatsapp", sender=sender)
    building.build(campaign.pk)
    run = campaign.runs.get()
    while building.build_run(run):
        pass
    run.refresh_from_db()
    assert run.built_at is not None
    assert ledger.check(run).findings == []
    return list(
        Recipient.objects.filter(run_id=run.pk, skip=None).order_by("id").values_list("address", flat=True)
    )


def test_a_group_of_anothers_sender_is_not_read(cast: Cast, sender: Sender) -> None:
    url = f"group://{sender.public_id}/{server.GROUP}"
    sheet = audience.create_sheet(by=of_member(cast.mallory), name="Theirs", url=url, channel="whatsapp")

    assert "is gone" in rereading.reread(sheet).problem


def test_changing_a_groups_settings_keeps_the_group(cast: Cast, sender: Sender) -> None:
    url = f"group://{sender.public_id}/{server.GROUP}"
    sheet = audience.create_sheet(by=of_member(cast.alice), name="Regulars", url=url, channel="whatsapp")

    answer = client_of(cast.alice).post(
        f"/w/acme/sources/{sheet.public_id}/",
        {"name": "Old friends", "when_unreadable": "KEEP", "keep_hours": "48"},
    )

    assert answer.status_code == 302
    sheet.refresh_from_db()
    assert (sheet.name, sheet.url, sheet.when_unreadable, sheet.keep_hours) == (
        "Old friends",
        url,
        "KEEP",
        48,
    )
