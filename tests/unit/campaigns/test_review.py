"""What counts of a snapshot, and how two of them are told apart."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clarion.campaigns import review


def snapshot(**changes: Any) -> dict[str, Any]:
    """Return a snapshot whose message or audience has the changes, by their dotted names."""
    taken: dict[str, Any] = {
        "messages": {
            "0": {
                "tier": 0,
                "channel": "email",
                "template": {"id": "t1", "version": 3, "label": "Newsletter"},
                "text": {"subject": "Hello", "source": "<p>One</p>\n<p>Two</p>\n<p>Three</p>", "text": ""},
                "compiled": "ab" * 32,
                "sender": {"id": "s1", "label": "Shop", "settings": {"from_address": "shop@example.test"}},
            }
        },
        "audience": {"kind": "LISTS", "lists": [["l1", "VIP"]], "only_new": False},
        "seen": {"recipients": 10, "warnings": []},
    }
    for path, value in changes.items():
        *way, last = path.split("__")
        place = taken
        for key in way:
            place = place[key]
        place[last] = value
    return taken


#: Dotted path (with __) → another value, and what the difference is called.
COUNTED = {
    "messages__0__text__subject": ("Bye", "Subject"),
    "messages__0__template__version": (4, "Version of the template"),
    "messages__0__template__id": ("t2", "Template"),
    "messages__0__compiled": ("cd" * 32, "Message as it is sent"),
    "messages__0__sender__id": ("s2", "Sender"),
    "messages__0__sender__settings__from_address": ("ceo@example.test", "From address"),
    "messages__0__sender__settings__smarthost": ("10.0.0.1", "Smarthost"),
    "messages__0__channel": ("sms", "Channel"),
    "audience__lists": ([["l1", "VIP"], ["l2", "New"]], "Lists"),
    "audience__only_new": (True, "Only people who are new since the last run"),
}


class TestWhatCounts:
    @pytest.mark.parametrize("path", COUNTED)
    def test_a_change_has_another_digest_and_is_named(self, path: str) -> None:
        value, label = COUNTED[path]
        before, after = snapshot(), snapshot(**{path: value})

        assert review.digest(before) != review.digest(after)
        assert [one.label for one in review.differences(before, after)] == [label]
        assert review.sentence(review.differences(before, after)) == f"Changed since the approval: {label}."

    @pytest.mark.parametrize(
        ("path", "value"),
        [
            ("messages__0__sender__label", "Another name"),
            ("messages__0__template__label", "Another name"),
            ("seen", {"recipients": 99, "warnings": ["Oh."]}),
            ("messages__0__sender__settings__reply_to", ""),
        ],
    )
    def test_names_figures_and_empty_settings_do_not(self, path: str, value: Any) -> None:
        before, after = snapshot(), snapshot(**{path: value})

        assert review.digest(before) == review.digest(after)
        assert review.differences(before, after) == []

    def test_the_order_of_keys_does_not(self) -> None:
        taken = snapshot()
        turned = {key: taken[key] for key in reversed(taken)}

        assert review.digest(taken) == review.digest(turned)

    @given(
        st.recursive(
            st.none() | st.booleans() | st.integers(0, 3) | st.text("ab", max_size=2),
            lambda inner: st.dictionaries(st.sampled_from("abcl"), inner, max_size=3),
            max_leaves=6,
        ),
        st.recursive(
            st.none() | st.booleans() | st.integers(0, 3) | st.text("ab", max_size=2),
            lambda inner: st.dictionaries(st.sampled_from("abcl"), inner, max_size=3),
            max_leaves=6,
        ),
    )
    def test_there_are_differences_exactly_when_the_digests_differ(self, one: Any, other: Any) -> None:
        before, after = snapshot(messages__0__text={"x": one}), snapshot(messages__0__text={"x": other})

        assert bool(review.differences(before, after)) == (review.digest(before) != review.digest(after))


class TestDifferences:
    def test_a_text_is_compared_line_by_line(self) -> None:
        after = snapshot(messages__0__text__source="<p>One</p>\n<p>2</p>\n<p>Three</p>\n<p>Four</p>")

        (difference,) = review.differences(snapshot(), after)

        assert [(line.kind, line.text) for line in difference.lines] == [
            ("same", "<p>One</p>"),
            ("removed", "<p>Two</p>"),
            ("added", "<p>2</p>"),
            ("same", "<p>Three</p>"),
            ("added", "<p>Four</p>"),
        ]

    def test_what_is_the_same_far_from_a_change_is_left_out(self) -> None:
        lines = [f"line {n}" for n in range(100)]
        before = snapshot(messages__0__text__source="\n".join(lines))
        after = snapshot(messages__0__text__source="\n".join([*lines[:50], "new", *lines[50:]]))

        (difference,) = review.differences(before, after)

        assert [line.kind for line in difference.lines] == ["gap", "same", "same", "added", "same", "same"]

    def test_a_huge_text_is_neither_compared_nor_shown(self) -> None:
        before = snapshot(messages__0__text__source="a\n" * (review.LINES_MAX + 1))
        after = snapshot(messages__0__text__source="b\n" * 10)

        (difference,) = review.differences(before, after)

        assert [line.kind for line in difference.lines] == ["gap"]

    def test_many_changed_lines_are_cut(self) -> None:
        before = snapshot(messages__0__text__source="a\n" * 1000)
        after = snapshot(messages__0__text__source="b\n" * 1000)

        (difference,) = review.differences(before, after)

        assert len(difference.lines) == review.SHOWN_MAX + 1
        assert difference.lines[-1].text == "… and 1600 lines more"

    def test_another_text_is_not_told_twice(self) -> None:
        after = snapshot(messages__0__text__subject="Bye", messages__0__compiled="cd" * 32)

        assert [one.label for one in review.differences(snapshot(), after)] == ["Subject"]

    def test_things_are_called_by_their_names(self) -> None:
        after = snapshot(messages__0__sender={"id": "s2", "label": "Outlet", "settings": {}})

        sender = review.differences(snapshot(), after)[0]

        assert (sender.label, sender.before, sender.after) == ("Sender", "Shop", "Outlet")

    def test_a_second_message_has_its_number(self) -> None:
        after = snapshot()
        after["messages"]["1"] = {"tier": 1, "channel": "sandbox", "text": {"subject": "Hi"}}

        labels = [one.label for one in review.differences(snapshot(), after)]

        assert "Message 2: Subject" in labels
        assert "Message 2: Channel" in labels


def test_the_facts_leave_out_long_texts_and_digests() -> None:
    labels = [one.label for one in review.told(snapshot())]

    assert {"Sender", "Template", "Subject", "From address", "Lists"} <= set(labels)
    assert not {"Message", "Message as it is sent"} & set(labels)
