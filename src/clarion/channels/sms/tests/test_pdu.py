"""Promises of the codec: what is written is read again, and no octets whatever break it."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clarion.channels.sms import pdu
from clarion.channels.sms.pdu import Command, ShortMessage

octet = st.integers(0, 255)


def text(most: int) -> st.SearchStrategy[bytes]:
    return st.binary(max_size=most - 1).map(lambda value: value.replace(b"\0", b"x"))


messages = st.builds(
    ShortMessage,
    service_type=text(6), source_ton=octet, source_npi=octet, source=text(21), dest_ton=octet, dest_npi=octet,
    dest=text(21), esm_class=octet, protocol_id=octet, priority=octet, schedule=text(17), validity=text(17),
    registered_delivery=octet, replace_if_present=octet, data_coding=octet, default_message=octet,
    text=st.binary(max_size=254), tlvs=st.dictionaries(st.integers(0, 65535), st.binary(max_size=300), max_size=5),
)  # fmt: skip


@given(messages)
def test_a_short_message_is_read_as_it_was_written(message: ShortMessage) -> None:
    assert pdu.read_short_message(pdu.short_message_body(message)) == message


@given(st.lists(st.tuples(st.integers(0, 2**32 - 1), st.binary(max_size=60)), max_size=8), st.data())
def test_pdus_are_found_however_the_stream_is_cut(
    bodies: list[tuple[int, bytes]], data: st.DataObject
) -> None:
    stream = b"".join(pdu.packed(Command.SUBMIT_SM, number, body) for number, body in bodies)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=6)))
    reader = pdu.Reader()

    pieces = [stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    found = [(one.sequence, one.body) for piece in pieces for one in reader.feed(piece)]

    assert found == bodies


@given(st.lists(st.binary(max_size=200), max_size=5))
def test_any_octets_are_pdus_or_refused(pieces: list[bytes]) -> None:
    reader = pdu.Reader(limit=1000)
    with contextlib.suppress(pdu.NotSmpp):
        for piece in pieces:
            for one in reader.feed(piece):
                assert len(one.body) <= 984


@given(
    st.one_of(
        st.binary(max_size=400), messages.map(pdu.short_message_body).map(lambda body: body[:-1] + b"\xff")
    )
)
def test_any_body_is_read_or_refused(body: bytes) -> None:
    with contextlib.suppress(pdu.BodyInvalid):
        pdu.read_short_message(body)
    with contextlib.suppress(pdu.BodyInvalid):
        pdu.read_bind(body)
    assert len(pdu.read_id(body)) <= 65
    assert isinstance(pdu.read_bind_resp(body)[0], str)


@pytest.mark.parametrize("length", [0, 15, pdu.MAX_PDU + 1, 0xFFFFFFFF])
def test_an_impossible_length_is_no_smpp(length: int) -> None:
    header = pdu.HEADER.pack(length, Command.ENQUIRE_LINK, 0, 1)

    with pytest.raises(pdu.NotSmpp):
        list(pdu.Reader().feed(header))


def test_a_bind_holds_the_fields_of_the_standard() -> None:
    body = pdu.bind_body(system_id=b"clarion", password=b"secret", system_type=b"VMA")

    assert body == b"clarion\0secret\0VMA\0\x34\0\0\0"
    assert pdu.read_bind(body) == (b"clarion", b"secret", b"VMA", 0x34)


@pytest.mark.parametrize(
    "field", [{"system_id": b"x" * 16}, {"password": b"x" * 9}, {"system_type": b"a\0b"}]
)
def test_a_field_that_does_not_fit_is_refused(field: dict[str, bytes]) -> None:
    with pytest.raises(ValueError, match="too long"):
        pdu.bind_body(**{"system_id": b"", "password": b"", "system_type": b"", **field})  # type: ignore[arg-type]


def test_too_many_optional_parameters_are_refused() -> None:
    body = pdu.short_message_body(ShortMessage()) + b"".join(
        pdu.tlv(tag, b"") for tag in range(pdu.MAX_TLVS + 1)
    )

    with pytest.raises(pdu.BodyInvalid):
        pdu.read_short_message(body)
