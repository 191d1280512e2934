"""What a call may say, and how it is put together."""

from typing import Any

import pytest

from clarion.channels.base import ConfigInvalid
from clarion.channels.voice import CHANNEL, content, speech
from clarion.channels.voice.composer import Composer
from clarion.channels.voice.dispositions import Disposition, of_cause
from clarion.channels.voice.tests.making import CONTEXT, make_config, make_message
from clarion.engine.messages import Claim, RenderFailed


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"text": " "}, "text"),
        ({"text": "Hello {{ name"}, "text"),
        ({"html": "<p>Hello</p>"}, "html"),
        ({"media_url": "/etc/passwd"}, "media_url"),
        ({"media_url": "sound:../../etc/passwd and more"}, "media_url"),
        ({"voice": "en us"}, "voice"),
        ({"amd": "sometimes"}, "amd"),
        ({"keys": "A | Yes"}, "keys"),
        ({"keys": "1 | Yes\n1 | No"}, "keys"),
        ({"keys": "1 | Talk | shout"}, "keys"),
        ({"keys": "0 | Speak to us | connect"}, "connect_to"),
        ({"connect": "all"}, "connect_to"),
        ({"retries": "6"}, "retries"),
        ({"at_once": "1001"}, "at_once"),
        ({"retry_busy": "soon"}, "retry_busy"),
    ],
)
def test_what_cannot_be_said_is_refused_when_it_is_saved(fields: dict[str, Any], name: str) -> None:
    with pytest.raises(ConfigInvalid) as refusal:
        content.check({"text": "Hello"} | fields)

    assert set(refusal.value.problems) == {name}


def test_what_was_checked_is_fine_when_it_is_checked_again() -> None:
    once = content.check({"text": "Hello", "keys": "1 | Yes", "retries": "3", "media_url": "sound:hello"})

    assert content.check(once) == once


def test_a_call_is_filled_in_for_its_person() -> None:
    call = make_message("+4915112345", text="Hello {{ first_name }}", media_url="", attempt=2).payload

    assert (call.to, call.attempt, call.text, call.plan.caller_id) == (
        "+4915112345",
        2,
        "Hello Ada",
        "+493012345",
    )
    assert call.speech_url == f"https://clarion.example/s/{call.speech}.wav"


def test_the_same_text_has_one_recording_and_its_name_depends_on_our_key() -> None:
    def name(text: str, *, voice: str = "", key: bytes = b"k" * 32) -> str:
        return speech.name_of(key=key, engine="espeak-ng", voice=voice, speed=0, text=text)

    assert name("Hello") == name("Hello")
    assert len({name("Hello"), name("Hello!"), name("Hello", voice="de"), name("Hello", key=b"x" * 32)}) == 4


@pytest.mark.parametrize(
    "fields", [{"media_url": "{{ nothing }}", "text": "{{ empty }}"}, {"media_url": "{{ bad }}"}]
)
def test_who_would_get_a_silent_call_gets_none(fields: dict[str, str]) -> None:
    composer = Composer(checked=content.check({"text": "x"} | fields), config=make_config(), context=CONTEXT)
    variables = {"nothing": "", "empty": "", "bad": "file:///etc/passwd"}

    with pytest.raises(RenderFailed):
        composer.compose(
            Claim(run_id=1, delivery_id=16, attempt=1, address="+4930123456", variables=variables)
        )


@pytest.mark.parametrize(
    ("cause", "dialled", "disposition"),
    [
        (17, "", Disposition.BUSY),
        (0, "NOANSWER", Disposition.NO_ANSWER),
        (16, "", Disposition.FAILED),
        (41, "", Disposition.FAILED),
        (28, "", Disposition.INVALID),
    ],
)
def test_causes_say_what_became_of_a_call(cause: int, dialled: str, disposition: Disposition) -> None:
    assert of_cause(cause, dialled) is disposition


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"url": "pbx.example.com"}, "url"),
        ({"url": "http://pbx.example.com:8088"}, "url"),
        ({"password": ""}, "username"),
        ({"endpoint": "PJSIP/trunk"}, "endpoint"),
        ({"endpoint": "{number}"}, "endpoint"),
        ({"caller_id": "Shop"}, "caller_id"),
        ({"audio": "folder", "audio_folder": "voice"}, "audio_folder"),
        ({"amd_context": "a context"}, "amd_context"),
        ({"connections": "0"}, "connections"),
        ({"protocol": "h323"}, "protocol"),
    ],
)
def test_settings_that_cannot_work_are_refused(changes: dict[str, Any], name: str) -> None:
    with pytest.raises(ConfigInvalid) as refusal:
        CHANNEL.check_config(make_config() | changes)

    assert set(refusal.value.problems) == {name}


def test_an_address_of_a_command_line_becomes_settings() -> None:
    config = CHANNEL.config_from_url(
        "ari://u:p%40ss@127.0.0.1:8088?endpoint=PJSIP/{digits}@t&connections=3", "+493012345"
    )
    checked = CHANNEL.check_config(config)

    assert (checked["url"], checked["password"], checked["connections"]) == (
        "http://127.0.0.1:8088",
        "p@ss",
        3,
    )
    assert checked["caller_id"] == "+493012345"
    with pytest.raises(ConfigInvalid):
        CHANNEL.config_from_url("ari://u:p@host?colour=red", "")
