"""Promises of what may be said, of how it is put into each gateway's request, and of the settings."""

from typing import Any

import pytest

from clarion.channels.base import ConfigInvalid
from clarion.channels.whatsapp import CHANNEL, content
from clarion.channels.whatsapp.tests.making import given, make_config, make_message
from clarion.channels.whatsapp.tests.server import KEY
from clarion.channels.whatsapp.transport import gateway_of
from clarion.engine.messages import RenderFailed

PICTURE: dict[str, Any] = {"attachment": "image", "media_url": "https://shop.example/{{ n }}.png?x=1"}


def body(protocol: str, typing: float = 0, **fields: Any) -> tuple[str, Any]:
    post = make_message(variables={"n": 7}, **fields).payload
    ask = gateway_of(make_config(protocol)).send(post, typing=typing)
    return ask.path, ask.json


def test_waha_gets_a_text_and_a_file() -> None:
    assert body("waha", text="Hello {{ n }}\n") == (
        "/api/sendText",
        {"session": "default", "chatId": "491511234500@c.us", "text": "Hello 7", "linkPreview": False},
    )
    assert body("waha", **PICTURE) == (
        "/api/sendImage",
        {
            "session": "default", "chatId": "491511234500@c.us", "caption": "Hello",
            "file": {"url": "https://shop.example/7.png?x=1", "mimetype": "image/png", "filename": "7.png"},
        },
    )  # fmt: skip


def test_evolution_gets_a_text_and_a_file() -> None:
    assert body("evolution", typing=1.5, preview=True) == (
        "/message/sendText/shop",
        {"number": "491511234500", "text": "Hello", "linkPreview": True, "delay": 1500},
    )
    path, said = body(
        "evolution", attachment="document", media_url="https://a.example/x", file_name="Sale.pdf"
    )
    assert path == "/message/sendMedia/shop"
    assert (said["mediatype"], said["mimetype"], said["media"], said["fileName"], said["caption"]) == (
        "document", "application/pdf", "https://a.example/x", "Sale.pdf", "Hello",
    )  # fmt: skip


def test_green_api_gets_a_text_and_a_file() -> None:
    assert body("greenapi", typing=2.0) == (
        f"/waInstance1101000001/sendMessage/{KEY}",
        {"chatId": "491511234500@c.us", "message": "Hello", "linkPreview": False, "typingTime": 2000},
    )
    path, said = body("greenapi", attachment="video", media_url="https://a.example/x", text="")
    assert path.startswith("/waInstance1101000001/sendFileByUrl/")
    assert said == {"chatId": "491511234500@c.us", "urlFile": "https://a.example/x", "fileName": "video.mp4"}


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"text": " "}, "text"),
        ({"text": "{{ x"}, "text"),
        ({"text": "x" * 1025, "attachment": "image", "media_url": "https://a.example/x.png"}, "text"),
        ({"text": "x" * 20_001}, "text"),
        ({"text": 1}, "text"),
        ({"text": "x", "html": "<p>x</p>"}, "html"),
        ({"text": "x", "attachment": "sticker"}, "attachment"),
        ({"text": "x", "attachment": "image"}, "media_url"),
        ({"text": "x", "attachment": "image", "media_url": "file:///etc/passwd"}, "media_url"),
        ({"text": "x", "attachment": "document", "media_url": "https://a.example", "file_name": "../x"}, "file_name"),
    ],
    ids=str,
)  # fmt: skip
def test_what_whatsapp_would_refuse_is_refused_when_it_is_saved(fields: dict[str, Any], field: str) -> None:
    with pytest.raises(ConfigInvalid) as refusal:
        content.check(fields)
    assert list(refusal.value.problems) == [field]


@pytest.mark.parametrize(
    ("fields", "variables"),
    [
        ({"text": "{{ n }}"}, {"n": " "}),
        ({"text": "{{ n }}"}, {}),
        ({"text": "{{ n }}", **PICTURE}, {"n": "x" * 1025}),
        ({"attachment": "image", "media_url": "{{ n }}"}, {"n": "nothing"}),
    ],
    ids=str,
)
def test_what_does_not_fit_for_one_recipient_fails_for_that_one(
    fields: dict[str, Any], variables: dict[str, Any]
) -> None:
    with pytest.raises(RenderFailed):
        make_message(variables=variables, **fields)


def test_links_of_the_text_are_followed_and_that_of_the_file_is_not() -> None:
    checked = content.check({"text": "See https://a.example/x", **PICTURE})

    assert CHANNEL.links_of(checked) == ["https://a.example/x"]


@pytest.mark.parametrize(
    ("protocol", "changes", "field"),
    [
        ("waha", {"api_key": ""}, "api_key"),
        ("waha", {"base_url": "http://waha.example"}, "base_url"),
        ("waha", {"base_url": ""}, "base_url"),
        ("waha", {"session": "two words"}, "session"),
        ("waha", {"callback_secret": ""}, "callback_secret"),
        ("waha", {"delay_min": 5, "delay_max": 4}, "delay_max"),
        ("waha", {"delay_max": 601}, "delay_max"),
        ("waha", {"typing_seconds": 21}, "typing_seconds"),
        ("evolution", {"session": ""}, "session"),
        ("greenapi", {"session": "shop"}, "session"),
    ],
    ids=str,
)
def test_a_bad_setting_is_told_at_its_field(protocol: str, changes: dict[str, Any], field: str) -> None:
    with pytest.raises(ConfigInvalid) as refusal:
        given(protocol, **changes)
    assert list(refusal.value.problems) == [field]


def test_what_was_checked_is_checked_again_to_the_same() -> None:
    settings = given("greenapi")

    assert CHANNEL.check_config(settings) == settings
    once = content.check({"text": "Hello\r\n", **PICTURE})
    assert content.check(once) == once


def test_a_url_says_everything() -> None:
    said = CHANNEL.config_from_url(
        f"evolution+http://shop:{KEY}@127.0.0.1:8080/api?delay_min=0&delay_max=0", ""
    )
    checked = CHANNEL.check_config(said)

    assert (checked["protocol"], checked["base_url"]) == ("evolution", "http://127.0.0.1:8080/api")
    assert (checked["session"], checked["api_key"], checked["receipts"]) == ("shop", KEY, "none")
    with pytest.raises(ConfigInvalid):
        CHANNEL.config_from_url("whatsapp://x", "")


@pytest.mark.parametrize("typed", ["+49 1511 2345678", "4915112345678@c.us", "4915112345678@s.whatsapp.net"])
def test_an_address_has_one_form(typed: str) -> None:
    assert CHANNEL.normalise_address(typed) == "+4915112345678"
