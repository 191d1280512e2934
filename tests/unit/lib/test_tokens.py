"""Tokens carry numbers, and only ours are read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clarion.lib import tokens

KEY = b"k" * 32
numbers = st.lists(st.integers(min_value=0, max_value=2**63 - 1), min_size=1, max_size=4)


@given(values=numbers)
def test_what_was_put_in_comes_out(values: list[int]) -> None:
    assert tokens.read("bounce", KEY, tokens.make("bounce", KEY, *values)) == tuple(values)


@given(values=numbers, place=st.integers(min_value=0), character=st.sampled_from("0123456789abcdef."))
def test_a_changed_token_is_nothing(values: list[int], place: int, character: str) -> None:
    token = tokens.make("bounce", KEY, *values)
    at = place % len(token)
    changed = token[:at] + character + token[at + 1 :]

    assert changed == token or tokens.read("bounce", KEY, changed) is None


def test_a_mail_system_may_fold_the_case() -> None:
    assert tokens.read("bounce", KEY, tokens.make("bounce", KEY, 7, 42).upper()) == (7, 42)


@pytest.mark.parametrize(
    "text", ["", ".", "7", "7.42", "7.42.", ".abc", "٧.42.abc", "7.42." + "a" * 500, "\0"]
)
def test_anything_else_is_nothing(text: str) -> None:
    assert tokens.read("bounce", KEY, text) is None


def test_kinds_and_keys_are_apart() -> None:
    token = tokens.make("bounce", KEY, 7, 42)

    assert tokens.read("unsubscribe", KEY, token) is None
    assert tokens.read("bounce", b"other", token) is None


def test_a_long_key_counts_to_its_end() -> None:
    token = tokens.make("bounce", b"k" * 100 + b"a", 7)

    assert tokens.read("bounce", b"k" * 100 + b"a", token) == (7,)
    assert tokens.read("bounce", b"k" * 100 + b"b", token) is None


@pytest.mark.parametrize("values", [(), (-1,)])
def test_negative_numbers_and_nothing_are_refused(values: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="non-negative"):
        tokens.make("bounce", KEY, *values)
