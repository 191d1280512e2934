"""The page of the documentation that is made from the OpenAPI document."""

from collections.abc import Iterator
from typing import Any

from clarion.api import document, interface, problems

_HEAD = """# REST API

The machine-readable description (OpenAPI 3.1) is served to whoever is signed in at `/api/v1/openapi.json`.
[Using the API](../howto/api.md) begins with a token and a first request.

"""


def page() -> str:
    """Return the reference of every address as Markdown."""
    schema = interface.schema("https://clarion.example")
    parts = [_HEAD, document.DESCRIPTION, "\n## Problems\n\n| code | status | when |\n|---|---|---|\n"]
    for code, (status, title) in problems.OWN.items():
        parts.append(f"| `{code}` | {status} | {title} |\n")
    for kind, status in problems.STATUSES.items():
        says = (kind.__doc__ or "").strip().splitlines()[0]
        parts.append(f"| `{problems.code_of(kind)}` | {status} | {says} |\n")
    tag = ""
    for path, operations in schema["paths"].items():
        for method, one in operations.items():
            if one["tags"][0] != tag:
                tag = one["tags"][0]
                parts.append(f"\n## {tag}\n")
            parts.append("\n" + "\n".join(_operation(method, path, one, schema)) + "\n")
    parts.append("\n## Shapes\n")
    for name, shape in schema["components"]["schemas"].items():
        parts.append("\n" + "\n".join(_shape(name, shape)) + "\n")
    return "".join(parts)


def _operation(method: str, path: str, one: dict[str, Any], schema: dict[str, Any]) -> Iterator[str]:
    yield f"### `{method.upper()} {path}`\n"
    yield f"{one['summary']}. {one['description']}\n"
    for each in one["parameters"]:
        if each["in"] == "query":
            says = f": {each['description']}" if each.get("description") else ""
            needed = ", required" if each["required"] else ""
            yield f"- `{each['name']}` ({_kind(each['schema'])}{needed}){says}"
    if body := one.get("requestBody"):
        ((kind, content),) = body["content"].items()
        yield f"- Body: {_kind(content['schema'])}" + (f", `{kind}`" if kind != "application/json" else "")
    for status, answer in one["responses"].items():
        if status < "400":
            content = answer.get("content", {}).get("application/json")
            yield f"- {status}: {_kind(content['schema']) if content else 'no JSON'}"


def _shape(name: str, shape: dict[str, Any]) -> Iterator[str]:
    yield f"### {name}\n"
    if "description" in shape:
        yield f"{shape['description']}\n"
    required = shape.get("required", ())
    for field, about in shape.get("properties", {}).items():
        says = f": {about['description']}" if about.get("description") else ""
        example = f" Such as `{_short(about['examples'][0])}`." if about.get("examples") else ""
        needed = ", required" if field in required else ""
        yield f"- `{field}` ({_kind(about)}{needed}){says}{example}"


def _short(example: Any) -> str:
    import orjson

    return orjson.dumps(example).decode()


def _kind(schema: dict[str, Any]) -> str:
    """Return what a value is, in a few words."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if "anyOf" in schema:
        return " or ".join(dict.fromkeys(_kind(one) for one in schema["anyOf"]))
    if "enum" in schema:
        return "one of " + ", ".join(f"`{one}`" for one in schema["enum"])
    kind = schema.get("type", "any JSON")
    if kind == "array":
        return f"list of {_kind(schema.get('items', {}))}"
    return str(schema.get("format") or kind)
