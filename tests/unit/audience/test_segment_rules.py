"""Rules of segments: what is read, what is refused and where, and how they are said."""

import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.utils import timezone

from clarion.audience import segments
from clarion.audience.segments import tree

REFERENCE = Path(__file__).parents[3] / "docs/reference/segments.md"

RULE = {
    "all": [
        {"field": "state", "op": "is", "value": "ACTIVE"},
        {"any": [
            {"field": "tag", "op": "has", "value": "vip"},
            {"field": "attribute:orders", "op": "ge", "value": "3"},
        ]},
        {"not": {"field": "attribute:renewal", "op": "before", "value": {"days": -7}}},
    ]
}  # fmt: skip


def problem_of(rule: Any) -> segments.Problem:
    with pytest.raises(segments.RuleInvalid) as refusal:
        segments.parse(rule)
    return refusal.value.problems[0]


def one(**condition: Any) -> dict[str, Any]:
    return {"all": [condition]}


def test_a_rule_comes_back_as_it_was_written() -> None:
    assert segments.to_json(segments.parse(RULE)) == RULE


def test_a_rule_is_said_in_words() -> None:
    assert segments.sentence(segments.parse(RULE)) == (
        "state is Active and (has the tag “vip” or orders is at least 3)"
        " and not (renewal is before 7 days before today)"
    )


def test_lists_are_said_by_their_names() -> None:
    known, gone = "6d7d3b5e-0d43-4c7c-8a5e-52a1c6a8a111", "6d7d3b5e-0d43-4c7c-8a5e-52a1c6a8a222"
    rule = segments.parse({"any": [
        {"field": "list", "op": "in", "value": known}, {"field": "list", "op": "not_in", "value": gone},
    ]})  # fmt: skip

    said = segments.sentence(rule, lists={known: "News"})

    assert said == "is on the list “News” or is not on the list “a list that is gone”"
    assert segments.lists_in(rule) == [known, gone]


@pytest.mark.parametrize(
    ("rule", "path"),
    [
        ([], ""),
        ({}, ""),
        ({"field": "email", "op": "empty"}, ""),
        ({"all": []}, "all"),
        ({"all": [], "any": []}, ""),
        ({"all": [{"any": "x"}]}, "all[0].any"),
        ({"not": {"all": [{"field": "nothing", "op": "equals", "value": "x"}]}}, "not.all[0].field"),
        (one(field="password", op="equals", value="x"), "all[0].field"),
        (one(field="attribute:", op="equals", value="x"), "all[0].field"),
        (one(field=["email"], op="equals", value="x"), "all[0].field"),
        (one(field="email", op="like", value="x"), "all[0].op"),
        (one(field="email", op=["equals"], value="x"), "all[0].op"),
        (one(field="email", value="x"), "all[0].op"),
        (one(field="email", op="equals", value="x", sql="1=1"), "all[0]"),
        (one(field="email", op="equals", value=""), "all[0].value"),
        (one(field="email", op="equals", value=None), "all[0].value"),
        (one(field="email", op="equals", value=["x"]), "all[0].value"),
        (one(field="email", op="equals", value="a\0b"), "all[0].value"),
        (one(field="email", op="equals", value="\ud800"), "all[0].value"),
        (one(field="email", op="equals", value="x" * 201), "all[0].value"),
        (one(field="email", op="empty", value="x"), "all[0].value"),
        (one(field="state", op="is", value="ASLEEP"), "all[0].value"),
        (one(field="list", op="in", value="News"), "all[0].value"),
        (one(field="suppressed", op="on_channel", value="pigeon"), "all[0].value"),
        (one(field="attribute:n", op="ge", value=True), "all[0].value"),
        (one(field="attribute:n", op="ge", value="1e5"), "all[0].value"),
        (one(field="attribute:n", op="ge", value=float("nan")), "all[0].value"),
        (one(field="attribute:d", op="on", value="2026-02-30"), "all[0].value"),
        (one(field="attribute:d", op="on", value={"days": 10**9}), "all[0].value"),
        (one(field="attribute:d", op="on", value={"weeks": 1}), "all[0].value"),
        (one(field="created", op="last_days", value=-1), "all[0].value"),
        (one(field="created", op="last_days", value=1.5), "all[0].value"),
    ],
)
def test_what_is_not_the_schema_is_refused_where_it_stands(rule: Any, path: str) -> None:
    problem = problem_of(rule)

    assert problem.path == path
    assert problem.sentence.endswith(".")


def test_every_problem_is_told_at_once() -> None:
    rule = {"all": [{"field": "email"}, {"field": "state", "op": "is", "value": "x"}]}

    with pytest.raises(segments.RuleInvalid) as refusal:
        segments.parse(rule)

    assert [problem.path for problem in refusal.value.problems] == ["all[0].op", "all[1].value"]


def test_depth_count_and_size_have_limits() -> None:
    condition = {"field": "email", "op": "filled"}
    deep: dict[str, Any] = {"all": [condition]}
    for _level in range(tree.MAX_DEPTH - 2):
        deep = {"not": deep}
    assert segments.parse(deep)
    assert "deep" in problem_of({"not": deep}).sentence

    assert segments.parse({"all": [condition] * tree.MAX_CONDITIONS})
    half = {"all": [condition] * (tree.MAX_CONDITIONS // 2 + 1)}
    assert "conditions" in problem_of({"any": [half, half]}).sentence
    assert "conditions" in problem_of({"all": [condition] * 100_000}).sentence

    for text in ("[" * 60_000, " " * 70_000, "{", "\ud800"):
        with pytest.raises(segments.RuleInvalid):
            segments.parse_text(text)


@pytest.mark.parametrize("text", ["'; drop table audience_contact; --", "%(x)s", "{0}", "%s%%", 'a"b'])
def test_no_text_of_a_person_is_ever_in_the_sql(text: str) -> None:
    workspace: Any = SimpleNamespace(pk=1, zone="UTC")
    rule = {"any": [
        {"field": "email", "op": "contains", "value": text}, {"field": f"attribute:{text}", "op": "ge", "value": "1"},
        {"field": f"attribute:{text}", "op": "equals", "value": text}, {"field": "tag", "op": "has", "value": text},
    ]}  # fmt: skip

    made = segments.compiled(segments.parse(rule), workspace=workspace, now=timezone.now())

    assert text not in made.sql
    assert "{" not in made.sql
    assert "%" not in made.sql.replace("%(", "")


def test_the_schema_is_documented_and_its_example_reads_as_it_says() -> None:
    text = REFERENCE.read_text("utf-8")
    for field, ops in {**tree.FIELDS, "attribute:NAME": tree.ATTRIBUTE_OPS}.items():
        for word in (field, *ops):
            assert f"`{word}`" in text, word
    example, told = re.findall(r"```json\n(.*?)```\n\nreads: \*(.*?)\*", text, re.DOTALL)[0]

    assert segments.sentence(segments.parse_text(example)) == " ".join(told.split()).removesuffix(".")
