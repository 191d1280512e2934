"""What a message template may not do, told before it is saved.

Fuel bounds how many steps a template takes, not how much text a step makes: `a ~ a` doubles, `x|indent(9999)`
multiplies, and a worker that fills in such a template dies with all it holds. So every expression gets a
*weight*: how many times longer than the longest value it uses its result may be, guessed upwards. A name that is
bound (`set`, `with`, `for`) has the weight of what it is bound to. Above `MAX_WEIGHT` the template is refused.
Statements that make weights unknowable (macros, recursion) are refused as such.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from math import prod

import minijinja

from clarion.lib import templating
from clarion.lib.template_tags import Token, statement_of, tags_of, tags_with_text, tokens_of

#: How many times longer than the longest value an expression may become.
MAX_WEIGHT = 10_000

#: How many times longer than the longest value a whole field may become.
MAX_WRITTEN = 100_000

#: Largest number as an argument of a filter that multiplies.
MAX_ARGUMENT = 10_000

#: Longest source of one field, in characters. Gmail shows the first 102 kB of a mail.
MAX_SOURCE = 500_000

#: Deepest nesting of loops.
MAX_LOOPS = 4

#: So many problems are enough to read at once.
MAX_PROBLEMS = 10

#: What a loop over data multiplies a captured text by, and a `range` or an argument that is a variable.
_LOOP_FACTOR = 30
_UNKNOWN_FACTOR = 1000

_REFUSED = {
    "macro": "macros are not available",
    "call": "macros are not available",
    "block": "blocks are not available",
    "import": "other templates cannot be used from here",
    "from": "other templates cannot be used from here",
    "include": "other templates cannot be used from here",
    "extends": "other templates cannot be used from here",
    "autoescape": "escaping cannot be switched off",
}

#: Filters whose result is as many times longer as their argument says.
_MULTIPLIERS = frozenset({"indent", "tojson", "batch", "slice", "range"})
#: Filters that put an argument between or in place of others.
_INSERTERS = frozenset({"replace", "join"})
#: Filters whose result, written out, is longer by punctuation or escapes.
_STRETCHERS = frozenset(
    [
        "tojson",
        "pprint",
        "urlencode",
        "escape",
        "e",
        "forceescape",
        "list",
        "select",
        "reject",
        "selectattr",
        "rejectattr",
        "map",
        "batch",
        "slice",
        "unique",
        "sort",
        "zip",
        "split",
        "items",
        "dictsort",
        "groupby",
        "lines",
        "chain",
    ]
)
_STRETCH = 6
#: Filters that return a number whatever they are given.
_NUMERIC = frozenset({"int", "float", "round", "length", "count", "abs"})
#: Functions that templates of others may use.
_HIDDEN = frozenset({"debug", "namespace"})
_WORDS = frozenset(
    [
        "and",
        "or",
        "not",
        "in",
        "is",
        "if",
        "else",
        "elif",
        "for",
        "recursive",
        "true",
        "false",
        "none",
        "True",
        "False",
        "None",
        "set",
        "with",
        "endwith",
        "endfor",
        "endset",
        "do",
        "filter",
        "as",
        "loop",
    ]
)
_GROWERS = _MULTIPLIERS | _INSERTERS | {"tojson", "pprint", "list"}


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong, and in which line of the source (from 1)."""

    line: int
    sentence: str


@dataclass(slots=True)
class _Capture:
    """An open `{% set name %}`: what its text weighs so far."""

    name: str
    weight: int = 0


@dataclass(slots=True)
class _Walk:
    """What the walk over the tags knows. Weights only grow, so leaving a scope needs no bookkeeping."""

    weights: dict[str, int] = field(default_factory=dict)
    captures: list[_Capture] = field(default_factory=list)
    #: How often the body of each open loop may be taken.
    loops: list[int] = field(default_factory=list)
    #: What everything written out weighs together.
    written: int = 0
    #: Multipliers of open `{% filter %}` blocks.
    filters: list[int] = field(default_factory=list)


class _Refuse(Exception):
    """The sentence, without a full stop."""


def lint(source: str, *, name: str = "template", is_html: bool = False) -> list[Problem]:
    """Return what is wrong with the source, by line; an empty list when it may be used."""
    if len(source) > MAX_SOURCE:
        return [Problem(1, f"The text is longer than {MAX_SOURCE:,} characters.")]
    # Weights first: compiling already works out constant expressions, `'x' * 10 ** 12` among them.
    return _growth(source) or _syntax(source, name, is_html)


def _growth(source: str) -> list[Problem]:
    """Statements and expressions that are refused; works on any text, a template or not."""
    walk = _Walk()
    problems = []
    for line, tag, before in tags_with_text(source):
        try:
            _write(walk, before // 100)
            _step(walk, tag)
        except _Refuse as refused:
            sentence = str(refused)
            problems.append(Problem(line, f"{sentence[:1].upper()}{sentence[1:]}."))
            if len(problems) == MAX_PROBLEMS:
                break
    return problems


def _syntax(source: str, name: str, is_html: bool) -> list[Problem]:
    """What the template language itself says; it stops at the first."""
    env = templating.environment()
    try:
        env.add_template(f"{name}.html" if is_html else f"{name}.txt", source)
    except minijinja.TemplateError as error:
        return [Problem(error.line or 1, f"{_readable(error.detail or error.kind)}.")]
    return [problem for line, tag in tags_of(source) for problem in _unknown_names(env, line, tag)]


def _readable(detail: str) -> str:
    """The language's own words, a little plainer."""
    plain = detail.replace("expected end of variable block", "expected “}}”")
    plain = plain.replace("expected end of block", "expected “%}”").replace(
        "unexpected end of input", "the text ends here"
    )
    return plain[:1].upper() + plain[1:]


def _unknown_names(env: minijinja.Environment, line: int, tag: str) -> Iterator[Problem]:
    """Filters, tests and functions that do not exist: the language itself tells only when it comes to them."""
    tokens = tokens_of(tag)
    for at, token in enumerate(tokens):
        if token.kind != "name":
            continue
        before = tokens[at - 1].text if at else ""
        after = tokens[at + 1].text if at + 1 < len(tokens) else ""
        if (before == "|" or (at == 1 and before == "filter")) and not _exists(
            env, f"''|{token.text}", "UnknownFilter"
        ):
            yield Problem(line, f"There is no filter “{token.text}”.")
        elif (
            before in ("is", "not")
            and _is_test(tokens, at)
            and not _exists(env, f"'' is {token.text}", "UnknownTest")
        ):
            yield Problem(line, f"There is no test “{token.text}”.")
        elif _is_call(token.text, before, after) and (
            token.text in _HIDDEN or not _exists(env, f"{token.text}()", "UnknownFunction")
        ):
            yield Problem(line, f"There is no function “{token.text}”.")


def _is_test(tokens: Sequence[Token], at: int) -> bool:
    before = tokens[at - 1].text
    return before == "is" or (
        before == "not" and at > 1 and tokens[at - 2].text == "is" and tokens[at].text not in _WORDS
    )


def _is_call(name: str, before: str, after: str) -> bool:
    return after == "(" and before not in ("|", ".", "is", "not", "filter") and name not in _WORDS


def _exists(env: minijinja.Environment, probe: str, unknown: str) -> bool:
    try:
        env.eval_expr(probe)
    except minijinja.TemplateError as error:
        return error.kind != unknown
    except Exception:  # noqa: BLE001 - a filter of ours was called without what it needs: so it exists
        return True
    return True


def _step(walk: _Walk, tag: str) -> None:
    """Take one tag into account. Raises _Refuse."""
    word = statement_of(tag)
    if word in _REFUSED:
        raise _Refuse(f"“{word}”: {_REFUSED[word]}")
    tokens = tokens_of(tag)
    if not word:
        _emit(walk, _weight(walk, tokens))
    elif word == "for":
        _begin_loop(walk, tokens)
    elif word == "endfor" and walk.loops:
        walk.loops.pop()
    elif word in ("set", "with"):
        _assign(walk, word, tokens)
    elif word == "endset" and walk.captures:
        capture = walk.captures.pop()
        _bind(walk, [capture.name], max(1, capture.weight))
    elif word == "filter":
        walk.filters.append(_weight(walk, [Token("op", "|"), *tokens[1:]]))
    elif word == "endfilter" and walk.filters:
        walk.filters.pop()
    elif word in ("if", "elif", "do"):
        _weight(walk, tokens[1:])


def _begin_loop(walk: _Walk, tokens: Sequence[Token]) -> None:
    walk.loops.append(_LOOP_FACTOR)
    if len(walk.loops) > MAX_LOOPS:
        raise _Refuse(f"more than {MAX_LOOPS} loops inside each other")
    if tokens and tokens[-1].text == "recursive":
        raise _Refuse("loops cannot be recursive")
    at = next((i for i, token in enumerate(tokens) if token.text == "in"), len(tokens))
    weight = _weight(walk, tokens[at + 1 :])
    is_range = at + 1 < len(tokens) and tokens[at + 1].text == "range"
    walk.loops[-1] = weight if is_range else max(weight, _LOOP_FACTOR)
    _bind(walk, [t.text for t in tokens[1:at] if t.kind == "name"], weight)


def _write(walk: _Walk, weight: int) -> None:
    """Count what is written out, as often as the loops around it may be taken."""
    walk.written += weight * prod(walk.loops)
    if walk.written > MAX_WRITTEN:
        walk.written = 0  # told once; another loop is told for itself
        raise _Refuse("the loops could make a text of any length")


def _assign(walk: _Walk, word: str, tokens: Sequence[Token]) -> None:
    names = [
        token.text
        for token, after in pairwise([*tokens[1:], Token("op", "")])
        if token.kind == "name" and after.text in ("=", ",", ")") and token.text not in _WORDS
    ]
    if word == "set" and not any(token.text == "=" for token in tokens):
        walk.captures.append(_Capture(tokens[1].text if len(tokens) > 1 else ""))
    elif word == "set" and any(token.text == "." for token in tokens[: tokens.index(Token("op", "="))]):
        raise _Refuse("a value inside another cannot be set")
    else:
        _bind(walk, names, _weight(walk, tokens[1:]))


def _bind(walk: _Walk, names: Sequence[str], weight: int) -> None:
    for name in names:
        walk.weights[name] = max(weight, walk.weights.get(name, 1))


def _emit(walk: _Walk, weight: int) -> None:
    for factor in walk.filters:
        weight *= factor
    _limit(weight)
    _write(walk, weight)
    for capture in walk.captures:
        capture.weight += weight * prod(walk.loops)
        _limit(capture.weight)


def _limit(weight: int) -> None:
    if weight > MAX_WEIGHT:
        raise _Refuse("this could make a text of any length")


def _weight(walk: _Walk, tokens: Sequence[Token]) -> int:
    """Return how many times longer than the longest value the result may be. Raises _Refuse."""
    total, factor = 0, 1
    for at, token in enumerate(tokens):
        before = tokens[at - 1].text if at else ""
        after = tokens[at + 1].text if at + 1 < len(tokens) else ""
        if token.kind == "string":
            total += 1 + len(token.text) // 100
            if token.text[1:-1] in _GROWERS:
                raise _Refuse(f"use the filter {token.text[1:-1]} itself instead of its name as a text")
        elif token.kind == "name" and (before == "|" or (token.text == "range" and after == "(")):
            factor *= _factor(token.text, _arguments(tokens, at + 1))
        elif token.kind == "name" and before != "." and token.text not in _WORDS:
            total += walk.weights.get(token.text, 1)
        elif token.text == "*":
            factor *= _repetition(tokens, at)
        _limit(factor)
    weight = max(1, total) * factor
    _limit(weight)
    return weight


def _arguments(tokens: Sequence[Token], at: int) -> Sequence[Token]:
    """The tokens inside the parentheses that open at `at`, if any do."""
    if at >= len(tokens) or tokens[at].text != "(":
        return ()
    depth = 0
    for end in range(at, len(tokens)):
        depth += {"(": 1, ")": -1}.get(tokens[end].text, 0)
        if depth == 0:
            return tokens[at + 1 : end]
    return tokens[at + 1 :]


def _factor(name: str, arguments: Sequence[Token]) -> int:
    """By what a filter, or `range`, may multiply the length."""
    factor = _STRETCH if name in _STRETCHERS else 1
    has_names = any(
        token.kind == "name" and token.text not in _WORDS and after.text != "="
        for token, after in pairwise([*arguments, Token("op", "")])
    )
    if name in _MULTIPLIERS:
        if has_names and name != "range":
            raise _Refuse(f"“{name}” needs a number that is written out")
        if any(token.text in ("*", "**", "+") for token in arguments):
            raise _Refuse(f"“{name}” needs a plain number")
        largest = max(
            (float(token.text.replace("_", "")) for token in arguments if token.kind == "number"), default=1
        )
        if largest > MAX_ARGUMENT:
            raise _Refuse(f"the number of “{name}” is too large")
        factor *= max(1, int(largest), _UNKNOWN_FACTOR if has_names else 1)
    elif name in _INSERTERS:
        longest = max((len(token.text) for token in arguments if token.kind == "string"), default=1)
        factor *= max(longest, _UNKNOWN_FACTOR if has_names else 1)
    return factor


def _repetition(tokens: Sequence[Token], at: int) -> int:
    """`*` repeats a text when one side is a text, so one side must be seen to be small or both to be numbers."""
    literals = [
        float(token.text.replace("_", ""))
        for token in (*tokens[at - 1 : at], *tokens[at + 1 : at + 2])
        if token.kind == "number"
    ]
    ahead = next(
        (i for i in range(at + 1, len(tokens)) if tokens[i].text in (",", "+", "-", "~", "*", "/")),
        len(tokens),
    )
    right = [tokens[i].text for i in range(at + 1, ahead) if i and tokens[i - 1].text == "|"]
    left = tokens[at - 1].text if at > 1 and tokens[at - 2].text == "|" else ""
    if left in _NUMERIC and ((right and right[-1] in _NUMERIC) or literals):
        return 1
    if literals:
        return max(1, int(min(literals)))
    raise _Refuse("to multiply, make both sides numbers first: “price|float * count|int”")
