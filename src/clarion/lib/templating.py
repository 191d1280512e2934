"""Message templates in the Jinja language (minijinja), rendered for one recipient after another at speed.

A `Program` holds the parts of one message (subject, HTML, text …). The text that is the same for everyone is
cut out once, and only what stands in `{{ … }}` and `{% … %}` is rendered for each recipient, in one call for
all parts together. What comes back are the values of the *holes* between the constant pieces, so that a
caller can encode the constants once and join.

Safety: a render has fuel, an undefined variable is an error, only plain data goes in (a method of a Python
object would be callable from a template), and there is no loader, so nothing can be included.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import minijinja

from clarion.lib.sentences import said

#: Steps of the template machine for one message. A large mail with a table of 200 rows uses about 10,000.
FUEL = 200_000

#: Longest template source, in characters.
MAX_SOURCE = 2_000_000

#: Longest message that is filled in, all parts together, in characters: fuel does not tell a long value from a short.
MAX_FILLED = 5_000_000

#: Stands between two holes in the rendered text. It is a control character that no message may hold.
_MARK = "\x1f"

#: What minijinja trims beside `-` marks: White_Space of Unicode.
_SPACE = "\t\n\x0b\x0c\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
_LEADING = re.compile(f"^[{_SPACE}]+")
_TRAILING = re.compile(f"[{_SPACE}]+$")

_STRINGS = r""""[^"\\]*(?:\\.[^"\\]*)*"|'[^'\\]*(?:\\.[^'\\]*)*'"""
_OPENING = re.compile(r"\{%[-+]?\s*raw\s*[-+]?%\}|\{[#{%]")
#: How what opens goes on to its end. The groups are atomic, so that no text takes more than one look; possessive
#: quantifiers would say the same, but Python before 3.11.5 matches them wrongly.
_RESTS = {
    "{{": re.compile(rf"(?>(?:{_STRINGS}|(?!\}}\}})[^\"'])*)\}}\}}", re.DOTALL),
    "{%": re.compile(rf"(?>(?:{_STRINGS}|(?!%\}})[^\"'])*)%\}}", re.DOTALL),
    "{#": re.compile(r"(?>(?:(?!#\}).)*)#\}", re.DOTALL),
}
_RAW_REST = re.compile(r"(?>(?:(?!\{%[-+]?\s*endraw\s*[-+]?%\}).)*)\{%[-+]?\s*endraw\s*[-+]?%\}", re.DOTALL)
_LOOP = re.compile(r"\{%[-+]?\s*(?:for|macro|call)\b")
_WORD = re.compile(r"\{%[-+]?\s*(\w+)")
_OPENERS = frozenset({"for", "if", "with", "filter", "autoescape", "block", "macro", "call"})
_CLOSERS = frozenset(f"end{word}" for word in (*_OPENERS, "set"))
_INNER = frozenset({"else", "elif", "set", "do", "break", "continue", "raw"})
#: Statements that need a second template, which does not exist here.
_FOREIGN = frozenset({"extends", "include", "import", "from"})


class FillFailed(Exception):
    """The template could not be filled in for one recipient: a sentence that names the missing value."""


class TemplateInvalid(ValueError):
    """The template cannot be used: a sentence that names the line."""


class _FilterRefuses(ValueError):
    """A sentence that shows nothing of the value."""


class _Room:
    """What is left of MAX_FILLED while a template with loops is filled in."""

    def __init__(self) -> None:
        self.left = MAX_FILLED

    def __call__(self, value: Any) -> Any:
        self.left -= len(value) if isinstance(value, str) else 1
        if self.left < 0:
            raise _FilterRefuses(_TOO_LONG)
        return NotImplemented  # written as always


_TOO_LONG = f"it becomes longer than {MAX_FILLED} characters"


@dataclass(frozen=True, slots=True)
class Part:
    """One template of a message. `is_html` escapes what variables bring in."""

    name: str
    source: str
    is_html: bool = False


def _date(value: Any, pattern: str = "%d.%m.%Y") -> str:
    """`{{ ordered_on|date("%d %B") }}`: an ISO 8601 day or moment in another form."""
    try:
        moment = value if isinstance(value, date) else datetime.fromisoformat(str(value))
        return moment.strftime(pattern)
    except ValueError:
        raise _FilterRefuses("the filter “date” needs a day such as 2026-03-01") from None


def _number(value: Any, decimals: int = 0, thousands: str = " ", point: str = ".") -> str:
    """`{{ points|number }}`, `{{ price|number(2, ".", ",") }}`: digits in groups of three."""
    try:
        text = f"{float(value):,.{max(0, min(int(decimals), 10))}f}"
    except (TypeError, ValueError):
        raise _FilterRefuses("the filter “number” needs a number") from None
    return text.replace(",", "\0").replace(".", point).replace("\0", thousands)


def environment(*, finalizer: Callable[[Any], Any] | None = None) -> minijinja.Environment:
    """Return an environment with our limits and filters and without templates."""
    env = minijinja.Environment(
        fuel=FUEL,
        undefined_behavior="strict",
        keep_trailing_newline=True,
        pycompat=False,
        auto_escape_callback=lambda name: "html" if name.endswith(".html") else None,
        filters={"date": _date, "number": _number},
        finalizer=finalizer,
    )
    # Each of these lets a short template make a text of any length in few steps.
    env.remove_filter("format")
    env.remove_global("namespace")
    return env


def check(part: Part) -> None:
    """Raise TemplateInvalid if the part is not a usable template."""
    if len(part.source) > MAX_SOURCE:
        raise TemplateInvalid(said("The template is longer than %(limit)s characters.", limit=MAX_SOURCE))
    try:
        environment().add_template(_file(part), part.source)
    except minijinja.TemplateError as error:
        raise TemplateInvalid(
            said("Line %(line)s: %(problem)s.", line=error.line or 1, problem=str(error.detail or error.kind))
        ) from None
    for start, end in _tokens(part.source):
        word = _WORD.match(part.source, start, end)
        if word and word[1] in _FOREIGN:
            line = part.source.count("\n", 0, start) + 1
            raise TemplateInvalid(
                said("Line %(line)s: “%(word)s” is not available here.", line=line, word=word[1])
            )


def variables_of(*parts: Part) -> frozenset[str]:
    """Return the names of the variables that the parts use, such as `first_name` or `order.id`."""
    env = environment()
    # Both listings: the short one holds `order` for `order.id`, the nested one the whole path.
    return frozenset(
        name for part in parts for name in env.undeclared_variables_in_str(part.source, nested=True)
    )


def split(source: str) -> Iterator[tuple[str, bool]]:
    """Yield the source's pieces in order, each with whether it is a template tag."""
    at = 0
    for start, end in _tokens(source):
        if start > at:
            yield source[at:start], False
        yield source[start:end], True
        at = end
    if at < len(source):
        yield source[at:], False


def _tokens(source: str) -> Iterator[tuple[int, int]]:
    """Yield where tags begin and end. What follows a tag that never ends is text: no valid template has one."""
    at = 0
    while opening := _OPENING.search(source, at):
        rest = (_RESTS.get(opening[0]) or _RAW_REST).match(source, opening.end())
        if rest is None:
            return
        yield opening.start(), rest.end()
        at = rest.end()


class Program:
    """The parts of one message, ready to be filled in for any number of recipients.

    `constants[i]` are the constant pieces of part i, always one more than it has holes; `holes` says where
    each part's values stand in what `render` returns. A part without variables has one piece and no hole.
    """

    def __init__(self, parts: Sequence[Part]) -> None:
        self._parts = list(parts)
        # Only loops make much of little; without one, counting would cost every message something.
        self._room = _Room() if any(_LOOP.search(part.source) for part in parts) else None
        self._env = environment(finalizer=self._room)
        self.constants: list[list[str]] = []
        self.holes: list[slice] = []
        bodies: list[str] = []
        count = 0
        for part in self._parts:
            check(part)
            self._env.add_template(_file(part), part.source)
            constants, tags = self._cut(part)
            self.constants.append(constants)
            self.holes.append(slice(count, count + len(tags)))
            count += len(tags)
            if tags:
                bodies.append(_scoped(part, _MARK.join(tags)))
        self.count = count
        self._env.add_template("program", _MARK.join(bodies))

    def render(self, variables: Mapping[str, Any]) -> list[str]:
        """Return the value of every hole for these variables. Raises FillFailed."""
        if not self.count:
            return []
        try:
            values = self._filled("program", variables).split(_MARK)
        except (minijinja.TemplateError, TypeError, ValueError) as error:
            raise self._explain(variables, error) from None
        except BaseException as error:
            # A panic of the Rust library is no Exception, and would end the process for one bad template.
            if type(error).__name__ != "PanicException":
                raise
            raise FillFailed("The template made the template engine fail.") from None
        if len(values) != self.count:
            values = self._render_without_marks(variables)
        return values

    def render_whole(self, variables: Mapping[str, Any]) -> list[str]:
        """Return every part in full: what a preview shows. Raises FillFailed."""
        values = self.render(variables)
        return [
            "".join([constants[0], *(v + c for v, c in zip(values[hole], constants[1:], strict=True))])
            for constants, hole in zip(self.constants, self.holes, strict=True)
        ]

    def _cut(self, part: Part) -> tuple[list[str], list[str]]:
        constants, tags = _constants_and_tags(part.source.replace(_MARK, ""))
        if tags:
            try:
                self._env.add_template("trial", _scoped(part, _MARK.join(tags)))
            except minijinja.TemplateError:
                # The splitter cannot follow, as with nested dict literals: all of it is a hole.
                return ["", ""], [part.source]
            finally:
                self._env.remove_template("trial")
        return constants, tags

    def _filled(self, name: str, variables: Mapping[str, Any]) -> str:
        if self._room is not None:
            self._room.left = MAX_FILLED
        text: str = self._env.render_template(name, **variables)
        if len(text) > MAX_FILLED:
            raise _FilterRefuses(_TOO_LONG)
        return text

    def _render_without_marks(self, variables: Mapping[str, Any]) -> list[str]:
        # A value held the mark itself. It says nothing to a reader, so it is dropped.
        clean: dict[str, Any] = {name: _without_marks(value) for name, value in variables.items()}
        try:
            values = self._filled("program", clean).split(_MARK)
        except (minijinja.TemplateError, TypeError, ValueError) as error:
            raise self._explain(variables, error) from None
        if len(values) != self.count:
            raise FillFailed("The template makes a control character (unit separator).")
        return values

    def _explain(self, variables: Mapping[str, Any], error: Exception) -> FillFailed:
        """Find the part and line at fault by rendering each part alone."""
        for part in self._parts:
            try:
                self._filled(_file(part), variables)
            except minijinja.TemplateError as found:
                return FillFailed(_sentence(part, found))
            except _FilterRefuses as found:
                return FillFailed(f"The {part.name} cannot be filled in: {found}.")
            except (TypeError, ValueError) as found:
                return FillFailed(f"The {part.name} cannot be filled in ({type(found).__name__}).")
        return FillFailed(f"The message cannot be filled in: {type(error).__name__}.")


def _file(part: Part) -> str:
    return f"{part.name}.html" if part.is_html else f"{part.name}.txt"


def _scoped(part: Part, body: str) -> str:
    """Wrap a part so that its escaping and its `set` variables end with it."""
    escape = "true" if part.is_html else "false"
    return f"{{% with %}}{{% autoescape {escape} %}}{body}{{% endautoescape %}}{{% endwith %}}"


def _sentence(part: Part, error: minijinja.TemplateError) -> str:
    place = f"in the {part.name}, line {error.line or 1}"
    detail = error.detail or ""
    if error.kind == "UndefinedError":
        name = detail.split("`")[1] if detail.count("`") >= 2 else "a value"
        return f"“{name}” is missing ({place})."
    if error.kind == "OutOfFuel":
        return f"The template takes too many steps ({place})."
    return f"The template fails ({place}): {(detail or error.kind)[:150]}."


def _without_marks(value: Any) -> Any:
    if isinstance(value, str):
        return value.replace(_MARK, "")
    if isinstance(value, Mapping):
        return {key: _without_marks(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_without_marks(inner) for inner in value]
    return value


def _constants_and_tags(source: str) -> tuple[list[str], list[str]]:
    """Cut a valid template at its outermost tags: n + 1 constant texts and the n tag groups between them."""
    constants, tags = [""], []
    depth, group, trim_next = 0, "", False
    for piece, is_tag in split(source):
        if not is_tag and depth == 0:
            text = _LEADING.sub("", piece) if trim_next else piece
            trim_next = False
            if group:
                tags.append(group)
                constants.append(text)
                group = ""
            else:
                constants[-1] += text
            continue
        if is_tag:
            if depth == 0 and not group and piece[2:3] == "-":
                constants[-1] = _TRAILING.sub("", constants[-1])
            depth += _step(piece)
            trim_next = piece[-3:-2] == "-"
        group += piece
    if group:
        tags.append(group)
        constants.append("")
    return constants, tags


def _step(tag: str) -> int:
    """Return by how much a tag changes the nesting of blocks."""
    word = _WORD.match(tag)
    if word is None or word[1] == "raw":
        return 0
    if word[1] in _OPENERS:
        return 1
    if word[1] in _CLOSERS:
        return -1
    if word[1] == "set" and "=" not in tag:
        return 1
    return 0


def safe(value: str) -> Any:
    """Mark a value of ours, such as a URL without special characters, as needing no escaping in HTML."""
    return minijinja.safe(value)
