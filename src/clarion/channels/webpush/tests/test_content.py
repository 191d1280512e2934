"""Promises of settings, subscriptions and contents."""

from typing import Any

import orjson
import pytest

from clarion.channels.base import ConfigInvalid
from clarion.channels.webpush import CHANNEL, config, content, subscription, vapid
from clarion.channels.webpush.tests.making import KEY, make_message
from clarion.channels.webpush.tests.server import AUTH, BROWSER
from clarion.engine.messages import RenderFailed

KEYS = {"p256dh": vapid.encode(BROWSER.public), "auth": vapid.encode(AUTH)}
ENDPOINT = "https://updates.push.services.mozilla.com/wpush/v2/gAAAAABq"
ADDRESS = f"{ENDPOINT} {KEYS['p256dh']} {KEYS['auth']}"


def test_a_subscription_has_one_form_whatever_a_page_sends() -> None:
    said = orjson.dumps({"endpoint": ENDPOINT, "expirationTime": None, "keys": KEYS}).decode()

    assert CHANNEL.normalise_address(said) == ADDRESS
    assert CHANNEL.normalise_address(ADDRESS) == ADDRESS
    assert len(ADDRESS) <= subscription.MAX_ADDRESS


@pytest.mark.parametrize(
    "said",
    [
        "", "x", "{}", "[]", '{"endpoint": 1, "keys": {}}', f"javascript:x {KEYS['p256dh']} {KEYS['auth']}",
        f"{ENDPOINT} AAAA {KEYS['auth']}", f"{ENDPOINT} {KEYS['p256dh']} AAAA", f"{ENDPOINT} !!! {KEYS['auth']}",
        f"https://x.example/{'y' * 700} {KEYS['p256dh']} {KEYS['auth']}", "z" * 10_000,
    ],
)  # fmt: skip
def test_what_is_no_subscription_is_refused(said: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        CHANNEL.normalise_address(said)


@pytest.mark.parametrize(
    ("endpoint", "is_allowed"),
    [
        ("https://fcm.googleapis.com/fcm/send/x", True),
        ("https://updates.push.services.mozilla.com/wpush/v2/x", True),
        ("https://web.push.apple.com/x", True),
        ("https://wns2-par02p.notify.windows.com/w/?token=x", True),
        ("https://push.example.com:8443/x", True),
        ("http://127.0.0.1:8091/x", True),
        ("http://fcm.googleapis.com/x", False),
        ("https://fcm.googleapis.com:22/x", False),
        ("https://fcm.googleapis.com.evil.example/x", False),
        ("https://evilpush.apple.com/x", False),
        ("https://user@fcm.googleapis.com/x", False),
        ("http://push.example.com:8443/x", False),
        ("https://push.example.com/x", False),
        ("https://169.254.169.254/latest", False),
        ("http://127.0.0.1:5432/", False),
        ("https://[::1]/x", False),
    ],
)
def test_an_endpoint_leads_to_a_push_service_and_nowhere_else(endpoint: str, is_allowed: bool) -> None:
    further = ("push.example.com:8443", "127.0.0.1:8091")

    assert subscription.is_allowed(endpoint, further) is is_allowed


def test_a_message_to_anywhere_else_is_not_even_made() -> None:
    with pytest.raises(RenderFailed, match="no push service"):
        make_message(f"https://internal.example/ {KEYS['p256dh']} {KEYS['auth']}")


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"subject": ""}, "subject"), ({"subject": "{{ x"}, "subject"), ({"link": "javascript:x"}, "link"),
        ({"icon": "icon.png"}, "icon"), ({"urgency": "soon"}, "urgency"), ({"ttl": -1}, "ttl"), ({"ttl": "x"}, "ttl"),
        ({"ttl": 99 * 24 * 3600}, "ttl"), ({"topic": "two words"}, "topic"), ({"topic": "x" * 33}, "topic"),
        ({"html": "<p>x</p>"}, "html"), ({"text": "x" * 5001}, "text"),
    ],
    ids=str,
)  # fmt: skip
def test_a_bad_content_is_told_at_its_field(fields: dict[str, Any], field: str) -> None:
    with pytest.raises(ConfigInvalid) as refusal:
        content.check({"subject": "Hello"} | fields)
    assert list(refusal.value.problems) == [field]


@pytest.mark.parametrize(
    ("fields", "variables"),
    [
        ({"text": "{{ n }}"}, {"n": "ä" * 2500}), ({"subject": "{{ n }}"}, {"n": " "}), ({"text": "{{ n }}"}, {}),
        ({"link": "{{ n }}"}, {"n": "javascript:alert(1)"}),
    ],
    ids=["too long", "no title", "missing", "no address"],
)  # fmt: skip
def test_what_does_not_fit_for_one_recipient_fails_for_that_one(
    fields: dict[str, Any], variables: dict[str, Any]
) -> None:
    with pytest.raises(RenderFailed):
        make_message(ADDRESS, variables, **fields)


def test_a_sender_with_a_key_pair_of_its_own_gets_one_and_keeps_it() -> None:
    made = config.check(
        {"subject": "ops@example.com", "keys": "own", "origins": "https://Shop.example/\nhttps://a.example"}
    )

    assert vapid.public_of(made["private_key"]) == made["public_key"]
    assert made["subject"] == "mailto:ops@example.com"
    assert made["origins"] == ["https://shop.example", "https://a.example"]
    assert config.check(made) == made


@pytest.mark.parametrize(("given", "keys"), [({}, "workspace"), ({"private_key": KEY}, "own")], ids=str)
def test_whose_key_pair_it_is_follows_from_what_is_given(given: dict[str, str], keys: str) -> None:
    made = config.check({"subject": "ops@example.com", **given})

    assert made["keys"] == keys
    assert bool(made["private_key"]) == bool(made["public_key"]) == bool(given)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"subject": ""}, "subject"), ({"subject": "ftp://x"}, "subject"), ({"private_key": "x"}, "private_key"),
        ({"origins": "https://a.example/path"}, "origins"), ({"origins": "*"}, "origins"),
        ({"identity_key": "short"}, "identity_key"), ({"services": "https://x"}, "services"),
        ({"newcomers": "maybe"}, "newcomers"), ({"connections": 0}, "connections"),
    ],
    ids=str,
)  # fmt: skip
def test_a_bad_setting_is_told_at_its_field(changes: dict[str, Any], field: str) -> None:
    with pytest.raises(ConfigInvalid) as refusal:
        config.check({"subject": "ops@example.com", "private_key": KEY} | changes)
    assert list(refusal.value.problems) == [field]


@pytest.mark.anyio
async def test_a_check_says_what_pages_need() -> None:
    found = await CHANNEL.check_credentials(
        CHANNEL.check_config(CHANNEL.config_from_url(f"webpush:?private_key={KEY}", "ops@example.com"))
    )

    assert found.ok
    assert ("Public key", vapid.public_of(KEY)) in found.lines
    assert KEY not in repr(found)
