"""Promises of the content and of what is made from it."""

from dataclasses import replace
from typing import Any

import pytest

from clarion.channels.base import ConfigInvalid, StepContext
from clarion.channels.sms import CHANNEL, pdu
from clarion.channels.sms.tests.making import make_config
from clarion.engine.messages import Claim, Message, RenderFailed
from clarion.lib import tokens

CONTEXT = StepContext(
    workspace_id=1,
    run_id=3,
    campaign_public_id="c",
    public_url="https://clarion.example.test",
    token_key=b"k" * 32,
)


def compose(text: str, *, settings: dict[str, Any] | None = None, **variables: Any) -> Message:
    config = {"host": "h", "system_id": "i", "source": "Shop", **(settings or {})}
    composer = CHANNEL.composer(CHANNEL.check_content({"text": text}), CHANNEL.check_config(config), CONTEXT)
    return composer.compose(
        Claim(run_id=3, delivery_id=300, attempt=1, address="+4915112345678", variables=variables)
    )


def read(message: Message) -> list[pdu.ShortMessage]:
    return [pdu.read_short_message(body) for body in message.payload.bodies]


def test_the_text_is_filled_in_and_addressed() -> None:
    (one,) = read(compose("Hello {{ name }} <b>\n", name="Ana & Bob"))

    assert one.text == b"Hello Ana & Bob <b>"
    assert (one.dest_ton, one.dest_npi, one.dest) == (1, 1, b"4915112345678")
    assert (one.source_ton, one.source, one.registered_delivery) == (5, b"Shop", 0)


def test_one_foreign_letter_makes_it_ucs2() -> None:
    (one,) = read(compose("Hello {{ name }}", name="Яна"))

    assert one.data_coding == 8
    assert one.text.decode("utf-16-be") == "Hello Яна"


def test_a_long_text_costs_as_many_as_it_has_parts_by_what_is_filled_in() -> None:
    template = "{{ name }}" + "x" * 150

    assert compose(template, name="Ana").cost == 1
    assert compose(template, name="Ana-Maria-Sofia").cost == 2
    assert compose(template, name="Яна").cost == 3
    assert compose(template, name="Яна", settings={"long_messages": "payload"}).cost == 3


def test_the_reference_of_parts_is_the_deliverys() -> None:
    assert {one.text[3] for one in read(compose("x" * 200))} == {300 & 0xFF}


@pytest.mark.parametrize(
    ("text", "variables", "words"),
    [
        ("Hello {{ name }}", {}, "name"),
        ("{{ name }}", {"name": " "}, "empty for this recipient"),
        ("{{ name }}", {"name": "x" * 1000}, "The text takes 7 messages; at most 6 are allowed."),
    ],
)
def test_what_cannot_be_sent_fails_alone_with_a_sentence(
    text: str, variables: dict[str, Any], words: str
) -> None:
    with pytest.raises(RenderFailed, match=words):
        compose(text, **variables)


def test_nothing_is_sent_to_what_is_no_number() -> None:
    checked = CHANNEL.check_config({"host": "h", "system_id": "i"})
    composer = CHANNEL.composer({"text": "x"}, checked, CONTEXT)

    with pytest.raises(RenderFailed, match="not a phone number"):
        composer.compose(Claim(run_id=3, delivery_id=1, attempt=1, address="ana@example.test", variables={}))


@pytest.mark.parametrize(
    ("content", "field"),
    [
        ({"text": ""}, "text"), ({"text": " "}, "text"), ({"text": "{{ name"}, "text"), ({"text": 5}, "text"),
        ({"text": "x" * 10_001}, "text"), ({"html": "<p>x</p>"}, "html"),
    ],
)  # fmt: skip
def test_a_content_that_does_not_fit_is_refused_at_its_field(content: dict[str, Any], field: str) -> None:
    with pytest.raises(ConfigInvalid) as refusal:
        CHANNEL.check_content(content)
    assert list(refusal.value.problems) == [field]


def test_a_link_to_unsubscribe_can_be_written() -> None:
    (one,) = read(compose("Stop: {{ unsubscribe_url }}"))

    assert one.text.startswith(b"Stop: https://clarion.example.test/u/3.300.")


def test_the_validity_travels_along() -> None:
    (one,) = read(compose("x", settings={"validity_minutes": 120}))

    assert one.validity == b"000000020000000R"
    assert make_config(validity_minutes=120).validity() == one.validity


def test_a_followed_link_is_put_into_the_text() -> None:
    text = {"text": "Sale: https://shop.test/{{ name }}."}
    context = replace(CONTEXT, links=tuple(CHANNEL.links_of(text)))
    config = CHANNEL.check_config({"host": "h", "system_id": "i", "source": "Shop"})
    claim = Claim(run_id=3, delivery_id=300, attempt=1, address="+4915112345678", variables={"name": "Ana"})

    (one,) = read(CHANNEL.composer(text, config, context).compose(claim))

    token = tokens.make("click", b"k" * 32, 3, 300)
    assert context.links == ("https://shop.test/{{ name }}",)
    assert one.text.decode() == f"Sale: https://clarion.example.test/c/{token}/1."
