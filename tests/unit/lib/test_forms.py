"""Forms as browsers and providers write them."""

from urllib.parse import parse_qsl, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clarion.lib import forms


@given(st.lists(st.tuples(st.text(min_size=1), st.text()), max_size=20))
def test_reads_whatever_a_form_was_made_of(pairs: list[tuple[str, str]]) -> None:
    pairs = [
        (one.encode("utf-8", "replace").decode(), two.encode("utf-8", "replace").decode())
        for one, two in pairs
    ]

    assert forms.pairs(urlencode(pairs), most=20) == pairs


@pytest.mark.parametrize("text", ["", "&", "a", "a=", "=b", "a=b=c", "a=1&&b=2&", "a=%", "a=%4", "a=+%2B"])
def test_reads_odd_forms_as_the_library_does(text: str) -> None:
    assert forms.pairs(text, most=10) == parse_qsl(text, keep_blank_values=True)


@pytest.mark.parametrize("text", ["a=%ff", "a=1&b=2&c=3"])
def test_refuses_octets_that_are_no_text_and_too_many_fields(text: str) -> None:
    with pytest.raises(ValueError, match=r"fields|decode"):
        forms.pairs(text, most=2)
