"""The page of the documentation that is made from the table of events."""

import json
from collections.abc import Iterator

from clarion.webhooks import events
from clarion.webhooks.models import Kind

_HEAD = """# Events of webhooks

What is posted to a webhook is a JSON array of such events. [The how-to](../howto/webhooks.md) tells how to receive and
verify them. `clarion.webhooks.events.schema(type)` returns the JSON schema (2020-12) of each type; new fields may come
without notice, and nothing that is here goes without another `version`.

## What every event has

"""


def page() -> str:
    """Return the reference of every type of events as Markdown."""
    parts = [_HEAD, "| field | type | meaning |\n|---|---|---|\n"]
    parts += [
        f"| `{name}` | {shape['type']} | {shape['description']} |\n"
        for name, shape in events.ENVELOPE.items()
    ]
    parts.append("| `data` | object | What is told, by the type, as below. |\n")
    for kind in [*Kind, None]:
        parts.append(f"\n## `{kind.value}`\n" if kind is not None else "\n## The test event\n")
        for name, one in events.TYPES.items():
            if one.kind == kind:
                parts.append("\n" + "\n".join(_type(name, one)) + "\n")
    return "".join(parts)


def _type(name: str, one: events.EventType) -> Iterator[str]:
    yield f"### `{name}`\n"
    form, comma, note = one.key.partition(",")
    yield f"{one.about} Its key: `{form}`{comma}{note}.\n"
    yield "| field | type | meaning |\n|---|---|---|"
    for field, shape in one.fields.items():
        kind = shape["type"] if isinstance(shape["type"], str) else " or ".join(shape["type"])
        note = " (not always there)" if field in one.optional else ""
        yield f"| `{field}` | {kind} | {shape['description']}{note} |"
    yield "\n```json"
    yield json.dumps(events.example(name), indent=2)
    yield "```"
