"""Settings and contents are checked field by field, and URLs are read."""

import json
from typing import Any

import pytest

from clarion.channels.base import ConfigInvalid
from clarion.channels.email import CHANNEL, config, content
from clarion.channels.email.client import choose_mechanism
from clarion.channels.email.html_text import text_of

GOOD = {"host": "mx.example.test", "from_address": "shop@example.test"}


class TestConfig:
    def test_defaults_are_filled_in_and_checking_again_changes_nothing(self) -> None:
        checked = CHANNEL.check_config(GOOD)

        assert (checked["port"], checked["security"], checked["verify_certificate"]) == (
            587,
            "starttls",
            True,
        )
        assert CHANNEL.check_config(json.loads(json.dumps(checked))) == checked

    @pytest.mark.parametrize(
        ("change", "field"),
        [
            ({"host": ""}, "host"),
            ({"host": "mx example"}, "host"),
            ({"port": 0}, "port"),
            ({"port": "many"}, "port"),
            ({"security": "ssl"}, "security"),
            ({"security": "none", "username": "u", "password": "p"}, "security"),
            ({"auth": "plain"}, "username"),
            ({"auth": "ntlm"}, "auth"),
            ({"from_address": "shop"}, "from_address"),
            ({"from_address": ""}, "from_address"),
            ({"return_path": "x@"}, "return_path"),
            ({"connections": 101}, "connections"),
            ({"command_timeout": -1}, "command_timeout"),
            ({"verify_certificate": "perhaps"}, "verify_certificate"),
            ({"ca_file": "/nonexistent/ca.pem"}, "ca_file"),
            ({"dkim_keys": [["s1", "no key"]]}, "dkim_keys"),
            ({"dkim_keys": "x"}, "dkim_keys"),
            ({"list_id": "a b"}, "list_id"),
            ({"username": 5}, "username"),
        ],
        ids=str,
    )
    def test_a_bad_field_is_named_with_a_sentence(self, change: dict[str, Any], field: str) -> None:
        with pytest.raises(ConfigInvalid) as caught:
            CHANNEL.check_config({**GOOD, **change})

        assert list(caught.value.problems) == [field]
        assert caught.value.problems[field].endswith(".")

    def test_all_bad_fields_are_named_at_once(self) -> None:
        with pytest.raises(ConfigInvalid) as caught:
            CHANNEL.check_config({"port": -1})

        assert set(caught.value.problems) == {"host", "from_address", "port"}

    def test_a_header_cannot_be_put_into_a_name(self) -> None:
        assert (
            CHANNEL.check_config({**GOOD, "from_name": "A\r\nBcc: x@y.test"})["from_name"]
            == "A Bcc: x@y.test"
        )

    def test_the_secrets_do_not_show(self) -> None:
        settings = config.Config.of(CHANNEL.check_config({**GOOD, "username": "u", "password": "s3cret"}))

        assert "s3cret" not in repr(settings)
        assert {"password", "dkim_keys"} == CHANNEL.secrets


class TestUrl:
    @pytest.mark.parametrize(
        ("url", "expected"),
        [
            ("smtp://mx.example.test", {"host": "mx.example.test", "security": "none"}),
            ("smtp://127.0.0.1:2525", {"host": "127.0.0.1", "port": 2525, "security": "none"}),
            (
                "smtp+starttls://us%40er:p%3Aw%2F@mx.example.test",
                {"username": "us@er", "password": "p:w/", "security": "starttls"},
            ),
            ("smtps://[::1]:465?connections=5&verp=yes", {"host": "::1", "connections": "5", "verp": "yes"}),
            ("smtp://u:p@mx.example.test", {"allow_cleartext_login": True}),
        ],
    )
    def test_a_url_gives_settings_that_pass(self, url: str, expected: dict[str, Any]) -> None:
        found = config.config_from_url(url)

        assert found.items() >= expected.items()
        assert CHANNEL.check_config({**found, "from_address": "shop@example.test"})["host"] == found["host"]

    @pytest.mark.parametrize(
        "url",
        ["", "mx.example.test", "http://mx.example.test", "smtp://", "smtp://h:port", "smtp://h?colour=red"],
    )
    def test_anything_else_is_refused(self, url: str) -> None:
        with pytest.raises(ConfigInvalid):
            config.config_from_url(url)


class TestContent:
    @pytest.mark.parametrize(
        ("change", "field"),
        [
            ({"subject": ""}, "subject"),
            ({"subject": "{{ x"}, "subject"),
            ({"html": "", "text": " "}, "html"),
            ({"html": "{% include 'x' %}"}, "html"),
            ({"text": 5}, "text"),
            ({"from_address": "x"}, "from_address"),
            ({"attachments": [{"filename": "", "content_b64": ""}]}, "attachments"),
            ({"attachments": [{"filename": "a", "content_b64": "%%"}]}, "attachments"),
            ({"attachments": [{"filename": "a", "content_type": "multipart/mixed"}]}, "attachments"),
            ({"attachments": [{"filename": "a", "cid": "x>\r\nBcc: y"}]}, "attachments"),
            ({"attachments": [{"filename": "a", "content_b64": "A" * 9_500_000}]}, "attachments"),
        ],
        ids=lambda value: str(value)[:40],
    )
    def test_a_bad_field_is_named_with_a_sentence(self, change: dict[str, Any], field: str) -> None:
        with pytest.raises(ConfigInvalid) as caught:
            content.check({"subject": "Hi", "html": "<p>Hi</p>", **change})

        assert list(caught.value.problems) == [field]

    def test_a_file_name_is_no_path(self) -> None:
        checked = content.check(
            {
                "subject": "Hi",
                "text": "x",
                "attachments": [{"filename": "../../etc/passwd", "content_b64": ""}],
            }
        )

        assert checked["attachments"][0]["filename"] == "passwd"


class TestAddresses:
    @pytest.mark.parametrize(
        ("address", "expected"),
        [
            (" Ana@Example.TEST ", "ana@example.test"),
            ("a.b+c_d@sub.example.test", "a.b+c_d@sub.example.test"),
            ("ana@bücher.example", "ana@xn--bcher-kva.example"),
            ("Änne@example.test", "änne@example.test"),
        ],
    )
    def test_an_address_has_one_form(self, address: str, expected: str) -> None:
        assert CHANNEL.normalise_address(address) == expected
        assert CHANNEL.normalise_address(expected) == expected

    @pytest.mark.parametrize(
        "address",
        [
            "",
            "ana",
            "ana@",
            "@example.test",
            "a b@example.test",
            "ana@example",
            "a..b@example.test",
            ".a@example.test",
            "ana@-x.test",
            "ana@x_y.test",
            "a@b@example.test",
            "ana@[127.0.0.1]",
            "x" * 65 + "@example.test",
            "ana@" + "x" * 250 + ".test",
            "ana@example.test\r\nRCPT TO:<x@y.test>",
        ],
    )
    def test_what_is_none_is_refused_with_a_sentence(self, address: str) -> None:
        with pytest.raises(ValueError, match=r"\.$"):
            CHANNEL.normalise_address(address)


@pytest.mark.parametrize(
    ("wanted", "offered", "expected"),
    [
        ("auto", {"LOGIN", "PLAIN"}, "PLAIN"),
        ("auto", {"LOGIN", "XOAUTH2"}, "LOGIN"),
        ("auto", {"XOAUTH2"}, "XOAUTH2"),
        ("auto", {"CRAM-MD5"}, None),
        ("login", {"PLAIN"}, None),
        ("xoauth2", {"PLAIN", "XOAUTH2"}, "XOAUTH2"),
    ],
)
def test_the_way_of_signing_in_is_chosen_from_the_servers_list(
    wanted: str, offered: set[str], expected: str | None
) -> None:
    assert choose_mechanism(wanted, frozenset(offered)) == expected


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<p>One</p><p>Two<br>three</p>", "One\n\nTwo\nthree\n"),
        ("<ul><li>a</li><li>b</li></ul><ol><li>c<li>d</ol>", "- a\n- b\n\n1. c\n2. d\n"),
        ("<a href='https://x.test'>https://x.test</a> <a href='#top'>up</a>", "https://x.test up\n"),
        ("<a href='mailto:a@x.test'>write</a>", "write (a@x.test)\n"),
        ("<style>p{}</style><title>t</title><p>&lt;a&gt; &amp; b&nbsp;c</p>", "<a> & b c\n"),
        ("<table><tr><td>a</td><td>b</td></tr><tr><td>c</td><td>d</td></tr></table>", "a b\nc d\n"),
        ("<div style='display: none'>x</div><p>y</p>", "y\n"),
        (
            "<p>{{ a < b }}{% if x %}<b>{{ name|default('<you>') }}</b>{% endif %}</p>",
            "{{ a < b }}{% if x %}{{ name|default('<you>') }}{% endif %}\n",
        ),
        ("<pre>a\n  b</pre>", "a\n  b\n"),
        ("<p></p>  ", ""),
        ("<a href='{{ unsubscribe_url }}'>no more</a>", "no more ({{ unsubscribe_url }})\n"),
    ],
)
def test_a_text_is_made_from_html(html: str, expected: str) -> None:
    assert text_of(html) == expected
