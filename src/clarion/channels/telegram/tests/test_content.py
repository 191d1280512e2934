"""Promises of what may be said, and of how it is put into a request."""

from typing import Any

import orjson
import pytest

from clarion.channels.base import ConfigInvalid
from clarion.channels.telegram import CHANNEL, config, content
from clarion.channels.telegram.tests.making import file, make_message
from clarion.channels.telegram.tests.server import TOKEN
from clarion.engine.messages import RenderFailed


def body(chat: int | str = 42, variables: dict[str, Any] | None = None, **fields: Any) -> dict[str, Any]:
    said: dict[str, Any] = orjson.loads(make_message(chat, variables, **fields).payload.body)
    return said


def test_a_plain_text_is_sent_as_it_is() -> None:
    assert body(text="1 < 2 *x* {{ n }}", variables={"n": "<b>"}) == {
        "chat_id": 42, "text": "1 < 2 *x* <b>", "link_preview_options": {"is_disabled": True},
    }  # fmt: skip


@pytest.mark.parametrize("style", ["html", "markdown"])
def test_what_fills_a_marked_text_in_marks_nothing(style: str) -> None:
    text = "<b>{{ n }}</b>" if style == "html" else "*{{ n }}*"

    said = body(text=text, format=style, variables={"n": "a*b</b><i>&"})

    assert said["text"] == "<b>a*b&lt;&#x2f;b&gt;&lt;i&gt;&amp;</b>"
    assert said["parse_mode"] == "HTML"


@pytest.mark.parametrize(("media", "method"), [("photo", "sendPhoto"), ("document", "sendDocument")])
def test_a_photo_or_a_document_takes_the_text_as_its_caption(media: str, method: str) -> None:
    message = make_message(attachment=media, media_url="https://shop.example/{{ n }}.png", variables={"n": 7})

    assert message.payload.method == method
    assert orjson.loads(message.payload.body) == {
        "chat_id": 42, media: "https://shop.example/7.png", "caption": "Hello",
    }  # fmt: skip


def test_buttons_are_filled_in_each_on_a_row() -> None:
    said = body(
        buttons="Shop | https://shop.example/?c={{ id }}\nStop {{ id }} | {{ unsubscribe_url }}",
        variables={"id": 5},
    )

    first, second = said["reply_markup"]["inline_keyboard"]
    assert first == [{"text": "Shop", "url": "https://shop.example/?c=5"}]
    assert second[0]["text"] == "Stop 5"
    assert second[0]["url"].startswith("https://clarion.example/u/1.7.")


def test_a_channel_is_addressed_by_its_name_and_flags_are_heeded() -> None:
    said = body("@my_channel", silent=True, preview=True)

    assert said == {"chat_id": "@my_channel", "text": "Hello", "disable_notification": True}


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"text": " "}, "text"),
        ({"text": "<div>", "format": "html"}, "text"),
        ({"text": "*x", "format": "markdown"}, "text"),
        ({"text": "{{ x"}, "text"),
        ({"text": "x" * 4097}, "text"),
        ({"text": "x" * 1025, "attachment": "photo", "media_url": "https://a.example/x.png"}, "text"),
        ({"text": "x", "html": "<p>x</p>"}, "html"),
        ({"text": "x", "format": "rtf"}, "format"),
        ({"text": "x", "attachment": "video"}, "attachment"),
        ({"text": "x", "attachment": "photo"}, "media_url"),
        ({"text": "x", "attachment": "photo", "media_url": "file:///etc/passwd"}, "media_url"),
        ({"text": "x", "buttons": "No address"}, "buttons"),
        ({"text": "x", "buttons": "Bad | javascript:x"}, "buttons"),
        ({"text": "x", "buttons": f"{'L' * 65} | https://a.example"}, "buttons"),
        ({"text": "x", "buttons": "B | https://a.example\n" * 21}, "buttons"),
        ({"text": 1}, "text"),
    ],
    ids=str,
)
def test_what_telegram_would_refuse_is_refused_when_it_is_saved(fields: dict[str, Any], field: str) -> None:
    with pytest.raises(ConfigInvalid) as refusal:
        content.check(fields)
    assert list(refusal.value.problems) == [field]


def test_marks_do_not_count_in_the_limit() -> None:
    text = f'<a href="https://{"x" * 3000}.example">{"y" * 4000}</a>'

    assert len(body(text=text, format="html")["text"]) > 4096


@pytest.mark.parametrize(
    ("fields", "variables"),
    [
        ({"text": "{{ n }}"}, {"n": "x" * 4097}),
        ({"text": "{{ n }}"}, {"n": " "}),
        ({"text": "{{ n }}"}, {}),
        ({"buttons": "{{ n }} | https://a.example"}, {"n": "x" * 65}),
        ({"buttons": "B | {{ n }}"}, {"n": "javascript:alert(1)"}),
        ({"attachment": "photo", "media_url": "{{ n }}"}, {"n": "nothing"}),
    ],
    ids=str,
)
def test_what_does_not_fit_for_one_recipient_fails_for_that_one(
    fields: dict[str, Any], variables: dict[str, Any]
) -> None:
    with pytest.raises(RenderFailed):
        make_message(variables=variables, **fields)


def test_what_was_checked_is_checked_again_to_the_same() -> None:
    once = content.check({"text": "*x*", "format": "markdown", "buttons": "A | https://a.example\r\n\r\n"})

    assert content.check(once) == once
    settings = config.check({"token": TOKEN})
    assert config.check(settings) == settings


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        (" 42 ", "42"),
        ("-1001234", "-1001234"),
        ("@My_Channel", "@my_channel"),
        ("https://t.me/My_Channel", "@my_channel"),
    ],
)
def test_an_address_has_one_form(typed: str, stored: str) -> None:
    assert CHANNEL.normalise_address(typed) == stored
    assert CHANNEL.normalise_address(stored) == stored


@pytest.mark.parametrize("typed", ["", "0", "4 2", "@ab", "ada@example.com", "9" * 25])
def test_what_is_no_chat_is_refused(typed: str) -> None:
    with pytest.raises(ValueError, match="chat"):
        CHANNEL.normalise_address(typed)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"token": ""}, "token"), ({"token": "abc"}, "token"), ({"api_url": "http://bots.example"}, "api_url"),
        ({"api_url": "ftp://x"}, "api_url"), ({"username": "two words"}, "username"),
        ({"connections": 0}, "connections"),
        ({"newcomers": "maybe"}, "newcomers"),
    ],
    ids=str,
)  # fmt: skip
def test_a_bad_setting_is_told_at_its_field(changes: dict[str, Any], field: str) -> None:
    with pytest.raises(ConfigInvalid) as refusal:
        config.check({"token": TOKEN} | changes)
    assert list(refusal.value.problems) == [field]


def test_a_url_says_everything() -> None:
    given = CHANNEL.config_from_url(f"telegram+http://{TOKEN}@127.0.0.1:8081?connections=5", "@my_shop_bot")
    checked = CHANNEL.check_config(given)

    assert (checked["token"], checked["api_url"]) == (TOKEN, "http://127.0.0.1:8081")
    assert (checked["username"], checked["connections"]) == ("my_shop_bot", 5)
    with pytest.raises(ConfigInvalid):
        CHANNEL.config_from_url("telegram://api.telegram.org", "")


def test_a_file_without_a_choice_is_a_photo_if_it_is_a_picture() -> None:
    assert content.check({"attachments": [file()]})["attachment"] == "photo"
    assert content.check({"attachments": [file("a.pdf", "application/pdf")]})["attachment"] == "document"
    assert content.check({"attachments": [file()], "attachment": "document"})["attachment"] == "document"


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"attachments": [file(), file()]}, "attachments"),
        ({"attachments": [file("a.pdf", "application/pdf")], "attachment": "photo"}, "attachments"),
        ({"attachments": [file() | {"content_b64": "?"}]}, "attachments"),
        ({"attachments": "no list"}, "attachments"),
        ({"attachments": [file()], "media_url": "https://a.example/b.png"}, "media_url"),
        ({"attachments": [file()], "text": "x" * 1025}, "text"),
    ],
)
def test_files_that_telegram_would_not_take_are_refused_when_saved(fields: dict[str, Any], name: str) -> None:
    with pytest.raises(ConfigInvalid) as refusal:
        content.check({"text": "Hello"} | fields)

    assert list(refusal.value.problems) == [name]
