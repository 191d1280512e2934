"""The OpenAPI document: what is said of all endpoints, and what every operation has in common."""

from typing import Any

from clarion.api import examples, problems, rights

DESCRIPTION = """Everything a screen does, for programs.

Each request carries a token: `Authorization: Bearer clarion_…`. It acts for its member, in the workspace it was made
in, as far as the member's role and the token's scopes go; what belongs to another workspace is not there (404).

A write may carry an `Idempotency-Key`: whoever sends it again with the same key within a day gets the first answer,
marked `Idempotency-Replayed: true`, and nothing is done twice. The same key with another request is refused (409).

Long lists come in pages: `next` is the cursor of the following one. Moments are in UTC. Whoever may not see personal
data gets addresses and names shortened. What goes wrong is told as problem+json (RFC 9457) with a stable `code`.
`RateLimit` and `RateLimit-Policy` tell how many requests the token has left in this minute.
"""
_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "The write is done once for this key, however often it is sent.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
    "example": "order-4711",
}
#: Statuses that every operation can answer with, and the code whose title says when.
_ALWAYS = {
    "401": "unauthorized", "403": "not_allowed", "404": "not_found", "422": "invalid",
    "429": "too_many_requests", "503": "unavailable",
}  # fmt: skip
_OF_WRITES = {"400": "bad_request", "409": "key_reused", "413": "too_large", "415": "unsupported_media_type"}


def completed(schema: dict[str, Any], base: str) -> dict[str, Any]:
    """Return the document with its server, the idempotency key of writes and the problems of every operation."""
    schema["servers"] = [{"url": f"{base.rstrip('/')}/api/v1"}]
    for operations in schema["paths"].values():
        for method, operation in operations.items():
            is_write = method not in ("get", "head")
            needs = rights.told(operation["operationId"])
            operation["description"] = f"{operation['description']} {needs}".strip()
            if is_write:
                operation.setdefault("parameters", []).append(_KEY)
            for status, code in (_ALWAYS | (_OF_WRITES if is_write else {})).items():
                operation["responses"].setdefault(status, _problem(code))
            operation["responses"] = {
                str(k): v for k, v in sorted(operation["responses"].items(), key=_status)
            }
    schemas = schema["components"]["schemas"]
    schemas["Problem"] = _problem_schema()
    schema["components"]["schemas"] = {
        name: schemas[name] for name in sorted(_used(schema["paths"], schemas))
    }
    schema["components"]["examples"] = {
        code: _problem_example(code) for code in (_ALWAYS | _OF_WRITES).values()
    }
    examples.add(schema)
    return schema


def _used(part: Any, schemas: dict[str, Any], found: set[str] | None = None) -> set[str]:
    """Return the names of the schemas that something refers to: filters are told as parameters, one by one."""
    found = set() if found is None else found
    if isinstance(part, dict):
        kind, _slash, name = str(part.get("$ref", "")).rpartition("/")
        if kind == "#/components/schemas" and name not in found:
            found.add(name)
            _used(schemas[name], schemas, found)
    for one in part.values() if isinstance(part, dict) else part if isinstance(part, list) else ():
        _used(one, schemas, found)
    return found


def _status(pair: tuple[Any, Any]) -> str:
    return str(pair[0])


def _problem(code: str) -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/Problem"}
    told = {code: {"$ref": f"#/components/examples/{code}"}}
    return {
        "description": problems.OWN[code][1],
        "content": {problems.CONTENT_TYPE: {"schema": schema, "examples": told}},
    }


def _problem_example(code: str) -> dict[str, Any]:
    status, title = problems.OWN[code]
    kind = f"urn:clarion:problem:{code}"
    return {"value": {"type": kind, "title": title, "status": status, "code": code, "detail": title}}


def _problem_schema() -> dict[str, Any]:
    from clarion.api.shapes.common import Problem

    return Problem.model_json_schema()
