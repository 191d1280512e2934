"""Promises of what may be said, of how it is put into a request, and of the settings."""

from typing import Any

import pytest

from clarion.channels.base import ConfigInvalid
from clarion.channels.viber import CHANNEL, content
from clarion.channels.viber.payload import body_of
from clarion.channels.viber.tests.making import given, make_config, make_message
from clarion.channels.viber.tests.server import SERVICE, TOKEN
from clarion.engine.messages import RenderFailed

PICTURE: dict[str, Any] = {"image_url": "https://shop.example/{{ n }}.jpg"}
BUTTON: dict[str, Any] = {"button_label": "Shop {{ n }}", "button_url": "https://shop.example/?n={{ n }}"}


def body(settings: dict[str, Any] | None = None, **fields: Any) -> dict[str, Any]:
    post = make_message(variables={"n": 7}, **fields).payload
    return body_of(post, make_config(**(settings or {})), own="3.48", number=5)


def test_a_text_with_a_picture_and_a_button_is_put_into_one_message() -> None:
    assert body(**PICTURE, **BUTTON) == {
        "service_id": SERVICE, "dest": "491511234500", "seq": 5, "type": 108, "label": "promotion", "ttl": 86_400,
        "message": {
            "#txt": "Hello", "#img": "https://shop.example/7.jpg", "#caption": "Shop 7",
            "#action": "https://shop.example/?n=7",
        },
    }  # fmt: skip


@pytest.mark.parametrize(
    ("settings", "fields", "kind", "has_ids"),
    [
        ({}, {}, 225, True),
        ({"label": "transaction"}, {}, 206, True),
        ({}, {"text": "", **PICTURE}, 107, False),
        ({"two_way": True}, {"text": "", **PICTURE}, 207, True),
        ({}, BUTTON, 109, False),
        ({"two_way": True}, BUTTON, 209, True),
        ({"two_way": True}, PICTURE | BUTTON, 208, True),
    ],
    ids=str,
)
def test_the_layout_decides_the_type_and_ours_goes_along_where_viber_takes_it(
    settings: dict[str, Any], fields: dict[str, Any], kind: int, has_ids: bool
) -> None:
    said = body(settings, **fields)

    assert said["type"] == kind
    assert said["message"].get("#tracking_data") == ("3.48" if has_ids else None)


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"text": " "}, "text"),
        ({"text": "{{ x"}, "text"),
        ({"text": "x" * 1001}, "text"),
        ({"text": 1}, "text"),
        ({"text": "x", "html": "<p>x</p>"}, "html"),
        ({"text": "x", **PICTURE}, "button_label"),
        ({"text": "", **PICTURE, **BUTTON}, "text"),
        ({"text": "x", "button_label": "Shop"}, "button_url"),
        ({"text": "x", "button_url": "https://a.example"}, "button_label"),
        ({"text": "x", "button_label": "L" * 31, "button_url": "https://a.example"}, "button_label"),
        ({"text": "x", "button_label": "L", "button_url": "javascript:x"}, "button_url"),
        ({"text": "", "image_url": "http://a.example/x.jpg"}, "image_url"),
    ],
    ids=str,
)
def test_what_viber_would_refuse_is_refused_when_it_is_saved(fields: dict[str, Any], field: str) -> None:
    with pytest.raises(ConfigInvalid) as refusal:
        content.check(fields)
    assert list(refusal.value.problems) == [field]


@pytest.mark.parametrize(
    ("fields", "variables"),
    [
        ({"text": "{{ n }}"}, {"n": "x" * 1001}),
        ({"text": "{{ n }}"}, {"n": " "}),
        ({"text": "{{ n }}"}, {}),
        ({"button_label": "{{ n }}", "button_url": "https://a.example"}, {"n": "x" * 31}),
        ({"button_label": "B", "button_url": "{{ n }}"}, {"n": "javascript:alert(1)"}),
        ({"text": "", "image_url": "{{ n }}"}, {"n": "http://a.example/x.jpg"}),
    ],
    ids=str,
)
def test_what_does_not_fit_for_one_recipient_fails_for_that_one(
    fields: dict[str, Any], variables: dict[str, Any]
) -> None:
    with pytest.raises(RenderFailed):
        make_message(variables=variables, **fields)


def test_links_of_the_text_and_the_button_are_followed() -> None:
    checked = content.check({"text": "https://a.example/x", **PICTURE, **BUTTON})

    assert CHANNEL.links_of(checked) == ["https://a.example/x", "https://shop.example/?n={{ n }}"]


@pytest.mark.parametrize(
    "changes",
    [
        {"service_id": 0}, {"service_id": ""}, {"service_id": 1.5}, {"token": ""}, {"source": ""},
        {"source": "a name that is longer than Viber takes"}, {"label": "advice"}, {"ttl": 29}, {"ttl": 1_209_601},
        {"base_url": "http://viber.example"}, {"base_url": "ftp://x"}, {"connections": 0},
    ],
    ids=str,
)  # fmt: skip
def test_a_bad_setting_is_told_at_its_field(changes: dict[str, Any]) -> None:
    with pytest.raises(ConfigInvalid) as refusal:
        given(**changes)
    assert set(refusal.value.problems) == set(changes)


def test_what_was_checked_is_checked_again_to_the_same() -> None:
    settings = given()

    assert CHANNEL.check_config(settings) == settings
    once = content.check({"text": "Hello\r\n", **PICTURE, **BUTTON})
    assert content.check(once) == once


def test_a_url_says_everything() -> None:
    said = CHANNEL.config_from_url(f"viber+http://{SERVICE}:{TOKEN}@127.0.0.1:8080/v?ttl=60", "Shop")
    checked = CHANNEL.check_config(said)

    assert (checked["service_id"], checked["token"], checked["source"]) == (SERVICE, TOKEN, "Shop")
    assert (checked["base_url"], checked["ttl"]) == ("http://127.0.0.1:8080/v", 60)
    with pytest.raises(ConfigInvalid):
        CHANNEL.config_from_url(f"viber://{SERVICE}:{TOKEN}@", "")
