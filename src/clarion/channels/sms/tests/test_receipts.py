"""What a provider brings is read in every form that is about, and never mistaken for something else."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clarion.channels.events import Part, ReceiptEvent, ReceiptKind, Reply
from clarion.channels.sms import pdu
from clarion.channels.sms.encoding import Alphabet, encode, split
from clarion.channels.sms.pdu import BodyInvalid, Command, ShortMessage, Tlv
from clarion.channels.sms.receipts import KINDS, STATES, fields_of, given_id, read
from clarion.channels.sms.tests.making import make_config

TEXT = b"id:0123456789 sub:001 dlvrd:001 submit date:2611211158 done date:2611211200 stat:DELIVRD err:000 text:Hello"


def body(text: bytes = b"", *, esm_class: int = 0x04, **facts: Any) -> bytes:
    defaults: dict[str, Any] = {"source": b"4915112345670", "source_ton": 1, "source_npi": 1, "dest": b"Shop"}
    return pdu.short_message_body(ShortMessage(text=text, esm_class=esm_class, **{**defaults, **facts}))


def receipt(*args: Any, config: dict[str, Any] | None = None, **facts: Any) -> ReceiptEvent:
    event = read(Command.DELIVER_SM, body(*args, **facts), make_config(**(config or {})))
    assert isinstance(event, ReceiptEvent)
    return event


def reply(*args: Any, **facts: Any) -> Reply:
    event = read(Command.DELIVER_SM, body(*args, **{"esm_class": 0, **facts}), make_config())
    assert isinstance(event, Reply)
    return event


class TestReceipts:
    def test_the_text_form(self) -> None:
        event = receipt(TEXT)

        assert (event.kind, event.provider_id, event.code) == (ReceiptKind.DELIVERED, "0123456789", "DELIVRD")
        assert event.address == "+4915112345670"
        assert "Hello" not in str(event.raw)

    @pytest.mark.parametrize(("number", "state"), STATES.items())
    def test_the_form_of_parameters_wins_over_the_text(self, number: int, state: str) -> None:
        event = receipt(
            TEXT,
            tlvs={
                Tlv.RECEIPTED_MESSAGE_ID: b"tlv-1\0",
                Tlv.MESSAGE_STATE: bytes([number]),
                Tlv.NETWORK_ERROR_CODE: b"\x03\x00\x1b",
            },
        )

        assert (event.provider_id, event.kind) == ("tlv-1", KINDS[state])
        assert event.code.split()[0] == state

    @pytest.mark.parametrize(
        ("stat", "kind", "code"),
        [
            ("DELIVRD", ReceiptKind.DELIVERED, "DELIVRD 27"),
            ("UNDELIV", ReceiptKind.BOUNCED_SOFT, "UNDELIV 27"),
            ("EXPIRED", ReceiptKind.BOUNCED_SOFT, "EXPIRED 27"),
            ("DELETED", ReceiptKind.BOUNCED_SOFT, "DELETED 27"),
            ("REJECTD", ReceiptKind.BOUNCED_SOFT, "REJECTD 27"),
            ("ACCEPTD", ReceiptKind.DELAYED, "ACCEPTD 27"),
            ("Undeliverable", ReceiptKind.BOUNCED_SOFT, "UNDELIV 27"),
            ("UNKNOWN", ReceiptKind.UNKNOWN, "UNKNOWN 27"),
            ("SANGASONG", ReceiptKind.UNKNOWN, "SANGASONG 27"),
        ],
    )
    def test_the_state_is_kept_as_it_is_called_apart_from_what_it_means(
        self, stat: str, kind: ReceiptKind, code: str
    ) -> None:
        event = receipt(f"id:1 stat:{stat} err:27".encode())

        assert (event.kind, event.code) == (kind, code)

    def test_one_without_its_mark_is_known_by_its_fields(self) -> None:
        assert receipt(TEXT, esm_class=0).provider_id == "0123456789"

    def test_an_intermediate_one_and_data_sm_are_read(self) -> None:
        assert receipt(b"id:7 stat:ENROUTE", esm_class=0x20).kind is ReceiptKind.DELAYED
        data = b"\0\1\1491511\0\0\0\0\x04\0\0" + pdu.tlv(Tlv.RECEIPTED_MESSAGE_ID, b"9") + pdu.tlv(
            Tlv.MESSAGE_STATE, b"\2"
        )  # fmt: skip
        event = read(Command.DATA_SM, data, make_config())
        assert isinstance(event, ReceiptEvent)
        assert (event.provider_id, event.kind) == ("9", ReceiptKind.DELIVERED)

    def test_a_duplicate_is_the_same_event_and_another_state_is_another(self) -> None:
        assert receipt(TEXT).event_id == receipt(TEXT).event_id
        assert receipt(TEXT).event_id != receipt(TEXT.replace(b"DELIVRD", b"ENROUTE")).event_id

    @pytest.mark.parametrize(
        ("setting", "answer", "told"),
        [
            ("same", "00A1", "00A1"),
            ("answer_hex", "1A2B", "6699"),
            ("answer_hex", "1a2b", "0000006699"),
            ("receipt_hex", "6699", "1A2B"),
            ("receipt_hex", "0006699", "1a2b"),
            ("answer_hex", "not-a-number", "not-a-number"),
        ],
    )
    def test_ids_meet_in_spite_of_their_ways_of_writing(self, setting: str, answer: str, told: str) -> None:
        config = make_config(message_ids=setting)

        event = receipt(f"id:{told} stat:DELIVRD".encode(), config={"message_ids": setting})

        assert event.provider_id == given_id(answer, config)

    @given(
        order=st.permutations(["id", "sub", "dlvrd", "submit date", "done date", "stat", "err"]),
        values=st.fixed_dictionaries(
            {
                "id": st.from_regex(r"[A-Za-z0-9-]{1,36}", fullmatch=True),
                "stat": st.sampled_from(sorted(KINDS)),
                "err": st.from_regex(r"[0-9]{3}", fullmatch=True),
            }
        ),
        upper=st.booleans(),
        text=st.binary(max_size=60),
        left_out=st.sets(st.sampled_from(["sub", "dlvrd", "submit date", "done date", "err"])),
    )
    def test_any_order_case_and_gap_is_read_and_the_text_behind_never_matters(
        self, order: list[str], values: dict[str, str], upper: bool, text: bytes, left_out: set[str]
    ) -> None:
        all_values = {
            "sub": "001",
            "dlvrd": "000",
            "submit date": "2611211158",
            "done date": "261121120000",
        } | values
        words = " ".join(
            f"{name.upper() if upper else name}:{all_values[name]}" for name in order if name not in left_out
        )

        found = fields_of(words.encode() + b" text:" + text)

        assert found["id"] == values["id"]
        assert found["stat"] == values["stat"]
        assert found.get("err") == (None if "err" in left_out else values["err"])

    @given(st.binary(max_size=300))
    def test_no_octets_break_it(self, octets: bytes) -> None:
        for command in (Command.DELIVER_SM, Command.DATA_SM):
            try:
                event = read(command, octets, make_config())
            except BodyInvalid:
                continue
            assert isinstance(event, ReceiptEvent | Reply)
        assert read(Command.DELIVER_SM, body(octets[:200]), make_config()) is not None


class TestAnswers:
    @pytest.mark.parametrize("text", ["Stop", "Größe {€}", "Привет 😀"])
    def test_the_words_are_read_in_their_alphabet(self, text: str) -> None:
        alphabet, (octets,) = split(text)

        event = reply(octets, data_coding=alphabet.data_coding)

        assert (event.address, event.text, event.to) == ("+4915112345670", text, "Shop")

    def test_latin_and_what_is_no_septet_are_read_too(self) -> None:
        assert reply("Grün".encode("latin-1"), data_coding=3).text == "Grün"
        assert reply("Grün".encode("latin-1"), data_coding=0).text == "Grün"

    def test_a_short_code_stays_what_it_is(self) -> None:
        assert reply(b"hi", source=b"80800", source_ton=3).address == "80800"

    @pytest.mark.parametrize("header", [b"\x05\x00\x03\x2a\x03\x02", b"\x06\x08\x04\x00\x2a\x03\x02"])
    def test_a_part_tells_which_it_is(self, header: bytes) -> None:
        event = reply(header + encode("middle", Alphabet.GSM), esm_class=0x40)

        assert (event.text, event.part) == ("middle", Part(reference=42, number=2, count=3))

    def test_parts_joined_by_parameters_and_whole_payloads(self) -> None:
        sar = {
            Tlv.SAR_MSG_REF_NUM: b"\0\x2a",
            Tlv.SAR_TOTAL_SEGMENTS: b"\2",
            Tlv.SAR_SEGMENT_SEQNUM: b"\1",
        }

        assert reply(b"a", tlvs=sar).part == Part(reference=42, number=1, count=2)
        assert reply(b"", tlvs={Tlv.MESSAGE_PAYLOAD: b"x" * 500}).text == "x" * 500

    def test_an_answer_with_a_colon_is_no_receipt(self) -> None:
        assert reply(b"my id: 77, stop: now").text == "my id: 77, stop: now"
