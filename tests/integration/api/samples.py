"""Bodies that make sense, made of the examples that the OpenAPI document gives."""

from typing import Any


def body_of(operation: dict[str, Any], schema: dict[str, Any]) -> Any:
    """Return what an operation may be sent: JSON, octets where it takes rows or a file, None where it takes nothing."""
    content = operation.get("requestBody", {}).get("content")
    if not content:
        return None
    if "application/json" not in content:
        return b"{}\n"
    return value_of(content["application/json"]["schema"], schema)


def value_of(about: dict[str, Any], schema: dict[str, Any]) -> Any:
    """Return an example of a shape: of what is required, and of what has an example."""
    if "$ref" in about:
        about = schema["components"]["schemas"][about["$ref"].rpartition("/")[2]]
    if about.get("examples"):
        return about["examples"][0]
    for name in ("anyOf", "allOf"):
        if name in about:
            return value_of(about[name][0], schema)
    if "enum" in about:
        return about["enum"][0]
    kind = about.get("type")
    if kind == "object":
        wanted = {*about.get("required", ())}
        return {
            name: value_of(each, schema)
            for name, each in about.get("properties", {}).items()
            if name in wanted or each.get("examples")
        }
    if kind == "array":
        return [value_of(about["items"], schema)] if about.get("minItems") else []
    if kind in ("integer", "number"):
        return about.get("minimum", 1)
    return {"boolean": True, "string": "news", None: None}.get(kind)
