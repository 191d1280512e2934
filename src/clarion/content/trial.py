"""Fills in a template with made-up values inside a process that may not take more than it is given.

Run as `python -m clarion.content.trial`, fed by `clarion.content.trials`. Reads {"parts": [[name, source, is_html]]}
as JSON, writes {"problems": [[part, line, sentence]]}. Imports no Django and no settings: it starts in some 40 ms
and holds no secret that a template could find.
"""

import json
import resource
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

#: Octets of address space, and seconds of processor time.
MEMORY = 512 * 1024 * 1024
CPU_SECONDS = 2

#: Longest text one part may become, in characters. Servers take mails of some 10 MB.
MAX_RENDERED = 5_000_000

#: What the language calls mistakes that no value could mend; other ones may come from the made-up values.
_FATAL = frozenset(
    {"SyntaxError", "UnknownFilter", "UnknownFunction", "UnknownTest", "UnknownMethod", "OutOfFuel"}
)


def main() -> int:
    """Limit this process, then try."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    task = json.load(sys.stdin)
    json.dump({"problems": list(problems_of(task["parts"]))}, sys.stdout)
    return 0


def problems_of(parts: list[tuple[str, str, bool]]) -> Iterator[tuple[str, int, str]]:
    """Yield at most one problem for each part."""
    from clarion.content import variables
    from clarion.lib import templating

    for name, source, is_html in parts:
        part = templating.Part(name, source, is_html)
        for values in samples(variables.used([part])):
            problem = _try(part, values)
            if problem:
                yield (name, *problem)
                break


def samples(names: Sequence[str]) -> Iterator[Mapping[str, Any]]:
    """Yield values for the variables: words, long texts, numbers, lists, and none at all."""
    words = "Zoë & <b>O’Neill</b> \"quoted\" 'x'\n"
    row = {
        "name": "A thing",
        "title": "A thing",
        "price": 12.5,
        "quantity": 3,
        "url": "https://example.test/",
    }
    for value in ("Ana", words * 40, 1_000_000, [row] * 50, ["one", "two"] * 25, None):
        yield _nested(names, value)


def _nested(names: Sequence[str], value: Any) -> dict[str, Any]:
    """Return {"order": {"id": value}, …} for `order.id`, ….  A list is given to plain names only."""
    made: dict[str, Any] = {}
    for name in names:
        *path, last = name.split(".")
        inner = made
        for step in path:
            below = inner.get(step)
            if not isinstance(below, dict):
                below = inner[step] = {}
            inner = below
        if not isinstance(inner.get(last), dict):
            inner[last] = value
    return made


def _try(part: Any, values: Mapping[str, Any]) -> tuple[int, str] | None:
    import minijinja

    from clarion.lib import templating

    env = templating.environment()
    # What is missing inside made-up values is not the template's fault.
    env.undefined_behavior = "chainable"
    name = "part.html" if part.is_html else "part.txt"
    try:
        env.add_template(name, part.source)
        rendered = env.render_template(name, **values)
    except minijinja.TemplateError as error:
        if error.kind not in _FATAL:
            return None
        sentence = (
            "The template takes too many steps"
            if error.kind == "OutOfFuel"
            else str(error.detail or error.kind)
        )
        return error.line or 0, f"{sentence[:1].upper()}{sentence[1:200]}."
    except (TypeError, ValueError, OverflowError):
        return None  # a filter of ours was given a made-up value that it cannot take
    if len(rendered) > MAX_RENDERED:
        return 0, f"Filled in, this becomes longer than {MAX_RENDERED:,} characters."
    return None


if __name__ == "__main__":
    sys.exit(main())
