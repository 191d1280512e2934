"""The sandbox keeps the contract of all transports, and does what its config and the address say."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from clarion.channels.base import ConfigInvalid, StepContext
from clarion.channels.events import ReceiptKind
from clarion.channels.sandbox import CHANNEL, outbox
from clarion.channels.sandbox.transport import BAD_TOKEN, Transport
from clarion.channels.testing import Case, HandOvers, TransportContract
from clarion.engine.messages import Claim, Message
from clarion.engine.outcomes import Accepted, Deferred, Refused, Unknown

CONTEXT = StepContext(
    workspace_id=1, run_id=7, campaign_public_id="c", public_url="https://c.example.test", token_key=b"k" * 32
)


def make_message(address: str, *, attempt: int = 1, delivery_id: int = 1) -> Message:
    content = CHANNEL.check_content({"subject": "Hello {{ name }}", "text": "Bye: {{ unsubscribe_url }}"})
    claim = Claim(
        run_id=7, delivery_id=delivery_id, attempt=attempt, address=address, variables={"name": "Ana"}
    )
    return CHANNEL.composer(content, {}, CONTEXT).compose(claim)


def make_transport(**config: Any) -> Transport:
    return CHANNEL.transport(CHANNEL.check_config(config))


class TestContract(TransportContract):
    asked_seconds = 1.0

    @asynccontextmanager
    async def provider(self, case: Case) -> AsyncIterator[tuple[Transport, Callable[[], int]]]:
        records: list[Any] = []
        token = BAD_TOKEN if case is Case.REFUSES_CREDENTIALS else self.secret
        transport = Transport(CHANNEL.check_config({"token": token}), outbox=records.append)
        yield transport, lambda: len(records)
        await transport.aclose()

    def message(self, case: Case) -> Message:
        local = {
            Case.THROTTLES: "defer",
            Case.THROTTLES_FOR: "defer",
            Case.REFUSES_RECIPIENT: "refuse",
            Case.LOSES_CONNECTION: "unknown",
            Case.HANGS: "slow",
        }.get(case, "ana")
        return make_message(f"{local}@example.test")


@pytest.mark.anyio
class TestBehaviour:
    async def test_a_deferred_message_is_accepted_at_the_second_attempt(self) -> None:
        transport = make_transport()

        first = await transport.send(make_message("defer@example.test"), HandOvers())
        second = await transport.send(make_message("defer@example.test", attempt=2), HandOvers())

        assert isinstance(first, Deferred)
        assert isinstance(second, Accepted)

    async def test_shares_divide_the_addresses_and_give_the_same_answer_again(self) -> None:
        transport = make_transport(refuse_share=0.2, unknown_share=0.1)
        messages = [make_message(f"p{number}@example.test") for number in range(400)]

        first = [await transport.send(message, HandOvers()) for message in messages]
        again = [await transport.send(message, HandOvers()) for message in messages]

        kinds = Counter(map(type, first))
        assert list(map(type, first)) == list(map(type, again))
        assert 50 < kinds[Refused] < 110
        assert 20 < kinds[Unknown] < 65
        assert sum(kinds.values()) == 400

    async def test_accepted_messages_lie_in_the_outbox_with_their_text(self, tmp_path: Path) -> None:
        transport = make_transport(outbox=str(tmp_path))

        await asyncio.gather(
            *(
                transport.send(make_message(f"p{number}@example.test", delivery_id=number), HandOvers())
                for number in range(20)
            )
        )
        await transport.aclose()

        records = [record for record, _ in outbox.read(tmp_path)]
        assert {record["delivery_id"] for record in records} == set(range(20))
        assert records[0]["subject"] == "Hello Ana"
        assert records[0]["text"].startswith("Bye: https://c.example.test/u/7.")

    async def test_receipts_come_due_once_each_and_not_before_their_time(self, tmp_path: Path) -> None:
        transport = make_transport(outbox=str(tmp_path), receipt_delay_seconds=60)
        before = datetime.now(UTC)
        for number, local in enumerate(("ana", "bounce", "complain")):
            await transport.send(make_message(f"{local}@example.test", delivery_id=number), HandOvers())
        await transport.aclose()

        early, offset = outbox.receipts_due(tmp_path, offset=0, now=before + timedelta(seconds=30))
        due, offset = outbox.receipts_due(tmp_path, offset=offset, now=before + timedelta(seconds=90))
        later, _ = outbox.receipts_due(tmp_path, offset=offset, now=before + timedelta(days=1))

        assert early == []
        assert [event.kind for event in due] == [
            ReceiptKind.DELIVERED,
            ReceiptKind.BOUNCED_HARD,
            ReceiptKind.COMPLAINT,
        ]
        assert [(event.run_id, event.delivery_id) for event in due] == [(7, 0), (7, 1), (7, 2)]
        assert later == []

    async def test_a_half_written_line_is_left_for_later(self, tmp_path: Path) -> None:
        (tmp_path / outbox.FILE_NAME).write_bytes(b'{"run_id": 1}\n{"run_id": 2')

        assert [record for record, _ in outbox.read(tmp_path)] == [{"run_id": 1}]

    async def test_the_check_says_that_nothing_leaves(self) -> None:
        result = await CHANNEL.check_credentials(CHANNEL.check_config({}))

        assert result.ok
        assert ("sandbox", "nothing leaves this machine") in result.lines


class TestConfig:
    @pytest.mark.parametrize(
        ("config", "field"),
        [
            ({"refuse_share": 2}, "refuse_share"),
            ({"refuse_share": 0.7, "bounce_share": 0.7}, "refuse_share"),
            ({"latency_seconds": "soon"}, "latency_seconds"),
            ({"connections": 0}, "connections"),
            ({"outbox": 5}, "outbox"),
        ],
    )
    def test_a_bad_field_is_named(self, config: dict[str, Any], field: str) -> None:
        with pytest.raises(ConfigInvalid) as caught:
            CHANNEL.check_config(config)

        assert list(caught.value.problems) == [field]

    def test_an_address_has_one_form(self) -> None:
        assert CHANNEL.normalise_address(" Ana@Example.TEST ") == "ana@example.test"
        with pytest.raises(ValueError, match="not a mail address"):
            CHANNEL.normalise_address("ana example.test")
