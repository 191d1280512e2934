"""Promises of the words about how many messages a text takes."""

import pytest

from clarion.web import sms_size


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("Hello", "1 message · 155 characters left"),
        ("x" * 159 + "\n", "1 message · 1 character left"),
        ("x" * 161, "2 messages · 145 characters left"),
        ("я" * 71, "2 messages · 63 characters left"),
        (" ", "SMS"),
    ],
)
def test_the_size_is_told_of_what_is_sent(text: str, size: str) -> None:
    assert sms_size.said(text)[0] == size


def test_characters_that_make_it_longer_are_named_with_what_to_write_instead() -> None:
    beside = sms_size.said("It’s\u00a0😀 \u200bя ю")[1]

    assert beside == (
        "Only 70 characters fit into a message because of “’” (write “'”), U+00A0 (write a space), “😀”, U+200B, “я”…"
    )
    assert sms_size.said("It's fine €")[1] == ""
