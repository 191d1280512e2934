"""What WhatsApp's calls tell. The payloads are worded after Meta's reference of webhooks, read in November 2026."""

from datetime import UTC, datetime
from typing import Any

import pytest

from clarion.channels.base import HookAnswer, HookRefused, HookRequest, HookUnreadable
from clarion.channels.events import Notice, NoticeKind, ReceiptEvent, ReceiptKind, Reply
from clarion.channels.testing_receipts import Payload, ReceiptContract
from clarion.channels.waba import CHANNEL
from clarion.channels.waba.tests.making import call, entries, make_settings, status, value
from clarion.channels.waba.tests.server import VERIFY_TOKEN

PRICING = {"billable": True, "pricing_model": "PMP", "type": "regular", "category": "marketing"}
AT = datetime.fromtimestamp(1_790_000_000, UTC)


def failed(code: int) -> dict[str, Any]:
    words = {"code": code, "title": "Title", "message": "Message", "error_data": {"details": "The details."}}
    return status("failed", errors=[words])


def written(kind: str, **part: Any) -> dict[str, Any]:
    return {
        "from": "4915112345678", "id": "wamid.in", "timestamp": "1790000000", "type": kind, kind: part,
        "context": {"from": "15550100", "id": "wamid.out"},
    }  # fmt: skip


class TestWabaReceipts(ReceiptContract):
    channel = CHANNEL
    config = make_settings()

    def payloads(self) -> list[Payload]:
        def told(one: dict[str, Any], kind: ReceiptKind, code: str, detail: str = "") -> Payload:
            return Payload(
                request=call(entries(value(statuses=[one]))),
                events=[
                    {
                        "kind": kind, "code": code, "detail": detail, "run_id": 3, "delivery_id": 48,
                        "address": "+4915112345678", "occurred_at": AT,
                    }
                ],
            )  # fmt: skip

        price = "marketing, PMP, regular, billable"
        person = {"address": "+4915112345678", "provider_id": "wamid.out", "event_id": "wamid.in"}
        answers = [
            (written("text", body="Stop ✋"), "Stop ✋"),
            (written("button", text="Stop", payload="x"), "Stop"),
            (written("interactive", type="button_reply", button_reply={"id": "1", "title": "Yes"}), "Yes"),
            (written("image", caption="Look", id="7"), "Look"),
        ]
        return [
            told(status("sent", pricing=PRICING), ReceiptKind.TAKEN, "sent", price),
            told(status("delivered", pricing=PRICING), ReceiptKind.DELIVERED, "delivered", price),
            told(status("read"), ReceiptKind.READ, "read"),
            told(failed(131026), ReceiptKind.BOUNCED_SOFT, "failed 131026", "The details."),
            told(failed(131049), ReceiptKind.BOUNCED_SOFT, "failed 131049", "The details."),
            told(failed(131050), ReceiptKind.UNSUBSCRIBED, "failed 131050", "The details."),
            told(status("teleported"), ReceiptKind.UNKNOWN, "teleported"),
            *(
                Payload(request=call(entries(value(messages=[one]))), events=[person | {"text": text}])
                for one, text in answers
            ),
        ]

    def forged(self) -> list[HookRequest]:
        told = entries(value(statuses=[status("delivered")]))
        other = call(entries(value(statuses=[status("read")])))
        good = call(told)
        return [
            call(told, secret="wrong"),
            call(told, signature=""),
            call(told, signature=good.headers["x-hub-signature-256"].removeprefix("sha256=")),
            call(told, signature="sha1=ümlaut"),
            HookRequest(method="POST", body=good.body, headers=other.headers),
            HookRequest(method="GET", query="hub.mode=subscribe&hub.verify_token=no&hub.challenge=7"),
        ]


def items(*values: dict[str, Any], **how: Any) -> list[Any]:
    return CHANNEL.receipts(call(entries(*values, **how)), make_settings())


def test_a_call_that_gathers_much_is_taken_whole_and_in_order() -> None:
    many = [
        value(statuses=[status("sent", f"3.{n * 16}"), status("delivered", f"3.{n * 16}")], messages=[])
        for n in range(1, 251)
    ]
    many.append(value(messages=[written("text", body="STOP")]))

    found = items(*many)

    assert len(found) == 501
    assert [one.delivery_id for one in found[:4]] == [16, 16, 32, 32]
    assert isinstance(found[-1], Reply)


def test_what_is_about_another_number_account_or_program_is_left_out() -> None:
    other = value(statuses=[status("delivered")])
    other["metadata"] = {"phone_number_id": "999999999"}
    foreign = value(statuses=[status("delivered", "somebody's own"), {"id": "wamid.x", "status": "read"}])
    paused = {"event": "PAUSED", "message_template_name": "x", "message_template_language": "en"}

    assert items(other, foreign) == []
    assert items(paused, field="message_template_status_update", account="777777") == []
    assert items(value(statuses=[status("sent", "0.0")])) == []


def test_the_challenge_is_answered_to_whoever_knows_the_verify_token() -> None:
    query = f"hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token={VERIFY_TOKEN}"

    (answer,) = CHANNEL.receipts(HookRequest(method="GET", query=query), make_settings())

    assert isinstance(answer, HookAnswer)
    assert answer.body == b"1158201444"
    with pytest.raises(HookRefused):
        CHANNEL.receipts(HookRequest(method="GET", query=query), make_settings(verify_token=""))


@pytest.mark.parametrize(
    ("field", "told", "notice"),
    [
        (
            "message_template_status_update",
            {"event": "PAUSED", "other_info": {"title": "FIRST_PAUSE", "description": "Low quality."}},
            Notice(
                kind=NoticeKind.TEMPLATE_STATUS, value="PAUSED", detail="FIRST_PAUSE: Low quality.", occurred_at=AT
            ),
        ),
        (
            "message_template_status_update",
            {"event": "REJECTED", "reason": "INVALID_FORMAT"},
            Notice(kind=NoticeKind.TEMPLATE_STATUS, value="REJECTED", detail="INVALID_FORMAT", occurred_at=AT),
        ),
        (
            "message_template_status_update",
            {"event": "REINSTATED"},
            Notice(kind=NoticeKind.TEMPLATE_STATUS, value="APPROVED", occurred_at=AT),
        ),
        (
            "message_template_quality_update",
            {"previous_quality_score": "GREEN", "new_quality_score": "RED"},
            Notice(kind=NoticeKind.TEMPLATE_QUALITY, value="RED", occurred_at=AT),
        ),
        (
            "template_category_update",
            {"previous_category": "UTILITY", "new_category": "MARKETING"},
            Notice(kind=NoticeKind.TEMPLATE_CATEGORY, value="MARKETING", occurred_at=AT),
        ),
        (
            "business_capability_update",
            {"max_daily_conversations_per_business": "TIER_10K"},
            Notice(kind=NoticeKind.DAILY_LIMIT, value="10000", occurred_at=AT),
        ),
        (
            "phone_number_quality_update",
            {"display_phone_number": "15550100", "event": "DOWNGRADE", "current_limit": "TIER_250"},
            Notice(kind=NoticeKind.DAILY_LIMIT, value="250", occurred_at=AT),
        ),
    ],
    ids=lambda one: str(one)[:30],
)  # fmt: skip
def test_what_becomes_of_templates_and_limits_is_told(
    field: str, told: dict[str, Any], notice: Notice
) -> None:
    (found,) = items(told, field=field)

    assert found == notice


def test_what_changes_nothing_is_no_notice() -> None:
    assert items({"event": "LOCKED"}, field="message_template_status_update") == []
    assert items({"correct_category": "MARKETING"}, field="template_category_update") == []
    assert (
        items(
            {"display_phone_number": "4930", "current_limit": "TIER_250"}, field="phone_number_quality_update"
        )
        == []
    )
    assert items({"anything": 1}, field="security") == []


def test_pressing_stop_in_whatsapp_counts_as_writing_it() -> None:
    one = {
        "wa_id": "4915112345678",
        "category": "marketing_messages",
        "value": "stop",
        "timestamp": 1_790_000_000,
    }
    (reply,) = items(value(user_preferences=[one]), field="user_preferences")

    assert isinstance(reply, Reply)
    assert (reply.address, reply.text) == ("+4915112345678", "STOP")
    assert items(value(user_preferences=[one | {"value": "resume"}]), field="user_preferences") == []


@pytest.mark.parametrize("body", [b"{", b"[]", b"7", b'{"entry": 7}'])
def test_what_is_signed_and_no_call_is_unreadable(body: bytes) -> None:
    with pytest.raises(HookUnreadable):
        CHANNEL.receipts(call(body), make_settings())


def test_strange_shapes_inside_break_nothing() -> None:
    strange = [
        {"entry": [7, {"changes": 7}, {"changes": [7, {"field": "messages", "value": 7}]}]},
        entries(value(statuses=[7, {"status": 7, "errors": [7], "pricing": 7, "timestamp": "x"}], messages=[{}, 7])),
        entries(value(messages=[written("text") | {"text": 7}, written("interactive", type=7), {"from": "abc"}])),
        entries({"metadata": 7}),
    ]  # fmt: skip
    for one in strange:
        for event in CHANNEL.receipts(call(one), make_settings()):
            assert not isinstance(event, ReceiptEvent)
