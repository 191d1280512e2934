"""Campaigns from a file to the ledger, and what comes back, through gateways of the tests' own."""

import hmac
import html
import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from clarion.audience import operations as audience
from clarion.audience.livesheets import rereading
from clarion.audience.models import LiveSheet, Suppression
from clarion.campaigns import operations as campaigns
from clarion.campaigns.models import Campaign
from clarion.campaigns.states import Status
from clarion.channels.viber.tests import server as viber
from clarion.channels.voice.tests import telephony
from clarion.channels.voice.twilio import transport as twilio_calls
from clarion.channels.whatsapp.tests import server as whatsapp
from clarion.deliveries import ledger, livesheets
from clarion.deliveries.inbox import applying
from clarion.deliveries.models import Answer, Delivery, ProviderMessage, Recipient, Run, RunStep, StrayEvent
from clarion.deliveries.states import Result, Stage
from clarion.hooks import receiving
from clarion.runtime import orders
from clarion.runtime.orders import Order
from clarion.senders.models import Sender, SenderStatus
from clarion.workspaces import actors
from tests.acceptance.smtp import Running
from tests.factories import make_workspace
from tests.travelling import Worker

pytestmark = pytest.mark.django_db(transaction=True)

SECRET = "calls-s3cret"


@pytest.fixture(autouse=True)
def _nothing_remembered() -> Iterator[None]:
    receiving._remembered.clear()
    yield
    receiving._remembered.clear()


def sent(
    folder: Path,
    server: Any,
    channel: str,
    url: str,
    *endings: str,
    sender: str = "",
    fields: tuple[str, ...] = (),
) -> Run:
    """Order a campaign to numbers with these endings, and return its run when nothing more comes of it."""
    (folder / "text.txt").write_text("Hello {{ name|default('you') }}, see https://shop.example/x")
    lines = ["phone,name", *(f"+4915112345{ending},Person {ending}" for ending in endings)]
    (folder / "people.csv").write_text("\n".join(lines))
    order = Order(
        name="Spring", channel=channel, sender_url=url, subject="", sender=sender, html=None, mjml=None,
        text=folder / "text.txt", csv=folder / "people.csv", rate=None,
        fields=fields,
    )  # fmt: skip
    orders.place(orders.check(order), by=actors.operator(make_workspace()))
    with Worker(None, folder) as worker:  # type: ignore[arg-type]  # it travels nowhere
        worker.look()
    return Run.objects.get()


def ring(path: str, told: Any, **headers: str) -> None:
    sender = Sender.objects.get()
    body = json.dumps(told).encode()
    if "viber" in headers:
        key = headers.pop("viber")
        headers["X-Viber-Content-Signature"] = hmac.new(key.encode(), body, "sha256").hexdigest()
    answer = Client(enforce_csrf_checks=True).post(
        f"/hooks/{sender.public_id}/{path}", body, content_type="application/json", headers=headers
    )
    assert answer.status_code == 204
    applying.apply_due()


def stages(run: Run) -> list[Stage]:
    return [
        Stage(one)
        for one in Delivery.objects.filter(run_id=run.pk).order_by("id").values_list("stage", flat=True)
    ]


@pytest.mark.parametrize("protocol", ["waha", "evolution", "greenapi"])
def test_a_whatsapp_campaign_is_sent_once_and_receipts_and_stop_find_it(
    protocol: str, tmp_path: Path
) -> None:
    gateway = whatsapp.Gateway(protocol=protocol)
    running = Running({"gateway": gateway})
    url = (
        f"{protocol}+http://{whatsapp.SESSION[protocol]}:{whatsapp.KEY}@127.0.0.1:{gateway.port}"
        f"?delay_min=0&delay_max=0&receipts=all&callback_secret={SECRET}"
    )
    try:
        run = sent(tmp_path, gateway, "whatsapp", url, "01", "02", whatsapp.NOBODY)
    finally:
        running.close()

    assert stages(run) == [Stage.SENT, Stage.SENT, Stage.FAILED]
    assert Campaign.objects.get().status == Status.COMPLETED
    assert len(gateway.taken) == 2
    assert ledger.check(run).findings == []
    assert Suppression.objects.filter(channel="whatsapp", address="+491511234591").exists()
    own = ProviderMessage.objects.order_by("delivery_id").first()
    assert own is not None
    receipt, answer = _calls(protocol, own.provider_id)
    bearer = {"Authorization": f"Bearer {SECRET}"}
    ring("", receipt, **bearer)
    ring("messages-upsert", answer, **bearer)
    ring("messages-upsert", answer, **bearer)

    assert Delivery.objects.get(run_id=run.pk, id=own.delivery_id).result == Result.UNSUBSCRIBED
    step = RunStep.objects.get(run=run)
    assert (step.accepted, step.delivered, step.replied) == (2, 1, 1)
    assert Answer.objects.get().meaning == "STOP"
    assert Suppression.objects.filter(channel="whatsapp", address="+491511234501").exists()


@pytest.mark.parametrize("protocol", ["waha", "evolution", "greenapi"])
def test_a_campaign_to_a_group_is_sent_to_everybody_who_is_in_it_at_each_launch(
    protocol: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(livesheets, "_JUST_READ", timedelta(hours=1))  # however slow the machine is
    gateway = whatsapp.Gateway(protocol=protocol)
    running = Running({"gateway": gateway})
    url = (
        f"{protocol}+http://{whatsapp.SESSION[protocol]}:{whatsapp.KEY}@127.0.0.1:{gateway.port}"
        f"?delay_min=0&delay_max=0&callback_secret={SECRET}"
    )
    try:
        sent(tmp_path, gateway, "whatsapp", url, "77")
        gateway.taken.clear()
        sender, first = Sender.objects.get(), Campaign.objects.get()
        by = actors.operator(first.workspace)
        place = f"group://{sender.public_id}/{whatsapp.GROUP}"
        sheet = audience.create_sheet(by=by, name="Regulars", url=place, channel="whatsapp")
        runs = [_to_group(first, sheet, tmp_path, by)]
        gateway.people = [*whatsapp.PEOPLE[1:], "491511234508"]
        runs.append(_to_group(first, sheet, tmp_path, by))
    finally:
        running.close()

    everybody = [[f"+{one}" for one in sorted(whatsapp.PEOPLE)]]
    everybody.append(["+491511234500", "+491511234502", "+491511234508"])
    for run, expected in zip(runs, everybody, strict=True):
        people = Recipient.objects.filter(run_id=run.pk)
        assert sorted(people.values_list("address", flat=True)) == expected
        assert stages(run) == [Stage.SENT] * 3
        assert ledger.check(run).findings == []
    chats = [str(body.get("chatId") or body["number"]).partition("@")[0] for _path, body in gateway.taken]
    assert sorted(chats[:3]) == [one.removeprefix("+") for one in everybody[0]]
    assert sorted(chats[3:]) == [one.removeprefix("+") for one in everybody[1]]


def _to_group(like: Campaign, sheet: LiveSheet, folder: Path, by: actors.Actor) -> Run:
    """Send a copy of a campaign to whoever is in the group now, and return its run."""
    rereading.reread(sheet)
    campaign = campaigns.duplicate(campaign=like, by=by)
    campaigns.set_source(campaign=campaign, source=audience.create_sheet_source(by=by, sheet=sheet), by=by)
    campaigns.start(campaign=campaign, by=by)
    with Worker(None, folder) as worker:  # type: ignore[arg-type]  # it travels nowhere
        worker.look()
    return campaign.runs.get()


def _calls(protocol: str, provider_id: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return a receipt of the message and a STOP of its recipient, as the gateway calls us with them."""
    number = "491511234501"
    key = {"remoteJid": f"{number}@s.whatsapp.net", "fromMe": False, "id": "A1"}
    text = {"typeMessage": "textMessage", "textMessageData": {"textMessage": "STOP"}}
    ack = {"id": f"true_{number}@c.us_{provider_id}", "to": f"{number}@c.us", "ack": 2, "ackName": "DEVICE"}
    said = {"id": f"false_{number}@c.us_A1", "from": f"{number}@c.us", "fromMe": False, "body": "STOP"}
    return {
        "waha": ({"event": "message.ack", "payload": ack}, {"event": "message", "payload": said}),
        "evolution": (
            {"event": "messages.update", "data": {"keyId": provider_id, "fromMe": True, "status": "DELIVERY_ACK"}},
            {"event": "messages.upsert", "data": {"key": key, "message": {"conversation": "STOP"}}},
        ),
        "greenapi": (
            {"typeWebhook": "outgoingMessageStatus", "idMessage": provider_id, "status": "delivered"},
            {
                "typeWebhook": "incomingMessageReceived", "idMessage": "A1", "messageData": text,
                "senderData": {"chatId": f"{number}@c.us"},
            },
        ),
    }[protocol]  # fmt: skip


def test_a_phone_that_is_not_linked_stops_the_sender_and_says_what_to_do(tmp_path: Path) -> None:
    gateway = whatsapp.Gateway(is_linked=False)
    running = Running({"gateway": gateway})
    url = f"waha+http://default:{whatsapp.KEY}@127.0.0.1:{gateway.port}?delay_min=0&delay_max=0"
    try:
        run = sent(tmp_path, gateway, "whatsapp", url, "01", "02")
    finally:
        running.close()

    sender = Sender.objects.get()
    assert sender.status == SenderStatus.BLOCKED
    assert "SCAN_QR_CODE" in sender.status_reason
    assert stages(run) == [Stage.PENDING, Stage.PENDING]
    assert gateway.taken == []
    assert ledger.check(run).findings == []


def test_a_viber_campaign_is_sent_once_and_its_statuses_and_leavers_come_back(tmp_path: Path) -> None:
    far = viber.Viber()
    running = Running({"far": far})
    url = f"viber+http://{viber.SERVICE}:{viber.TOKEN}@127.0.0.1:{far.port}"
    try:
        run = sent(tmp_path, far, "viber", url, "01", "02", "03", viber.BLOCKED, viber.WAITS, sender="Shop")
    finally:
        running.close()

    assert stages(run) == [Stage.SENT] * 3 + [Stage.FAILED, Stage.UNKNOWN]
    assert ledger.check(run).findings == []
    assert {one["message"]["#tracking_data"] for one in far.taken} == {
        f"{run.pk}.{n * 16}" for n in (1, 2, 3)
    }
    tokens = dict(ProviderMessage.objects.values_list("delivery_id", "provider_id"))
    ring(
        "",
        {"message_token": tokens[16], "message_status": 0, "phone_number": "491511234501"},
        viber=viber.TOKEN,
    )
    ring(
        "",
        {"message_token": tokens[32], "message_status": 1, "tracking_data": f"{run.pk}.32"},
        viber=viber.TOKEN,
    )
    ring("", {"message_token": tokens[48], "message_status": 2}, viber=viber.TOKEN)
    leaver = {"event": "unsubscribed", "message_token": "77", "phone_number": "491511234599"}
    ring("", leaver, viber=viber.TOKEN)

    results = (
        Delivery.objects.filter(run_id=run.pk, stage=Stage.SENT)
        .order_by("id")
        .values_list("result", flat=True)
    )
    assert list(results) == [Result.DELIVERED, Result.READ, Result.BOUNCED]
    assert Suppression.objects.get(address="+491511234599").reason == "UNSUBSCRIBED"
    assert Suppression.objects.get(address="+491511234594").channel == "viber"
    assert not StrayEvent.objects.exists()


def test_calls_by_a_provider_on_the_web_are_followed_asked_about_and_answered_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(twilio_calls, "LOOK_SECONDS", 0.02)
    far = telephony.Provider()
    running = Running({"provider": far})
    url = f"twilio://{telephony.SID}:{telephony.TOKEN}@?base_url=http://127.0.0.1:{far.port}"
    keys = ("keys=1 | Yes\n9 | No more calls | stop", "retries=0")
    try:
        run = sent(tmp_path, far, "voice", url, "00", "03", sender="+493012345", fields=keys)
    finally:
        running.close()
    assert stages(run) == [Stage.SENT, Stage.FAILED]

    ended = {"CallSid": "CA" + "0" * 32, "CallStatus": "completed", "CallDuration": "12"}
    called(far.taken[0]["StatusCallback"], ended, status=204)
    called(far.taken[0]["StatusCallback"], ended, status=204)
    step = RunStep.objects.get(run=run)
    assert (step.accepted, step.delivered) == (1, 1)

    document = called(far.taken[0]["Url"], {"CallSid": "CA1"})
    assert b"Hello Person 00" in document
    action = html.unescape(document.decode().partition('action="')[2].partition('"')[0])
    assert b"<Hangup/>" in called(action, {"CallSid": "CA1", "Digits": "9", "To": "+491511234500"})
    assert Suppression.objects.get().channel == "voice"
    assert ledger.check(run).findings == []


def called(url: str, fields: dict[str, str], *, status: int = 200) -> bytes:
    """Return what a request of the provider is answered, its events applied."""
    request = telephony.signed(url, fields)
    answer = Client(enforce_csrf_checks=True).post(
        url.removeprefix(settings.CLARION_PUBLIC_URL), request.body,
        content_type="application/x-www-form-urlencoded", headers=dict(request.headers),
    )  # fmt: skip
    assert answer.status_code == status
    applying.apply_due()
    return bytes(answer.content)
