"""Segments: a rule about contacts as a tree, read strictly, said in words, and compiled to one SQL condition.

`docs/reference/segments.md` describes the JSON.
"""

from clarion.audience.segments.compiling import Compiled, compiled, today_in
from clarion.audience.segments.explaining import Answer, explain
from clarion.audience.segments.parsing import Problem, RuleInvalid, parse, parse_text
from clarion.audience.segments.tree import Condition, Group, Node, Not, campaigns_in, lists_in, to_json
from clarion.audience.segments.wording import sentence

__all__ = [
    "Answer",
    "Compiled",
    "Condition",
    "Group",
    "Node",
    "Not",
    "Problem",
    "RuleInvalid",
    "campaigns_in",
    "compiled",
    "explain",
    "lists_in",
    "parse",
    "parse_text",
    "sentence",
    "to_json",
    "today_in",
]
