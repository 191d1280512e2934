"""Examples of what is asked and answered, put together for the OpenAPI document from what its shapes say."""

from __future__ import annotations

from typing import Any

#: What fields of these names hold in an example, where their shape gives none.
_BY_NAME: dict[str, Any] = {
    "action": "campaign.pause", "actions": ["pause", "cancel"], "actor": "Ana", "address": "ana@shop.example",
    "amount": "250.00", "author": "Ana", "available": "245.50", "balance": "250.00", "balance_change": "-4.50",
    "beginning": "clarion_9fK2", "by": "Ana", "campaign": "Spring sale", "campaign_name": "Spring sale",
    "category": "marketing", "channel": "email", "channels": ["email"], "choices": ["Basic", "Plus"],
    "code": "550 5.1.1", "colour": "#1f6feb", "columns": ["email", "first_name"], "content_type": "image/png",
    "cure": "Correct or remove the address.", "currency": "EUR", "cursor": "WzE5OF0", "default_country": "DE",
    "description": "From the shop", "detail": "550 5.1.1 No such user", "digest": "9f86d081884c7d65",
    "email": "ana@shop.example", "file_name": "people.csv", "first_name": "Ana", "format": "csv", "group": "Berlin",
    "halt_reason": "Wrong price.", "html": "<p>Hello Ana</p>", "key": "order-4711", "kind": "campaign",
    "label": "Orders", "language": "de", "last_name": "Berg", "launch": "now", "level": "warn",
    "link": "https://clarion.example/join/3fT…/", "locale": "de", "missed_policy": "ask", "name": "Spring sale",
    "next": "WzE5OF0", "note": "Invoice 7", "notes": "Agreed with sales.", "object_name": "Spring sale",
    "outcome": "accepted", "path": "orders.csv", "pause_cause": "person", "phone": "+4930123456",
    "pii_policy": "shown", "prefix": "49", "preheader": "Only today", "price": "0.045", "provider_id": "7f3a@mail",
    "reason": "Agreed with sales.", "repeat_unit": "day", "reserved": "4.50", "reserved_change": "4.50",
    "result": "delivered", "role": "author", "scopes": ["edit", "launch"], "secret": "clarion_9fK2…",
    "senders": ["Shop mail"], "sentence": "All is set.", "slug": "acme",
    "source": {"mode": "text", "source": "Hello {{ first_name }}"}, "state": "active", "status": "sending",
    "status_reason": "Agreed with sales.", "stop": ["stop"], "subject": "Hello", "tag": "spring", "tags": ["spring"],
    "text": "Agreed with sales.", "title": "Paused by Ana", "types": ["campaign.state"],
    "url": "https://shop.example/hook", "variables": ["first_name"], "via": "web", "warn_below": "50.00",
    "window_zone": "Europe/Berlin", "zone": "Europe/Berlin",
}  # fmt: skip
_BY_FORMAT = {
    "uuid": "4f9a2d3c-8b7e-4c1f-9d2a-6e5b1c0a7f34", "date-time": "2030-03-01T09:00:00Z", "date": "2030-03-01",
    "time": "09:00:00", "email": "ana@shop.example", "uri": "https://shop.example/hook",
}  # fmt: skip
#: Shapes within shapes deeper than this are left empty where they may be.
_DEEPEST = 5


def example_of(about: dict[str, Any], shapes: dict[str, Any], name: str = "", depth: int = 0) -> Any:
    """Return a value that fits the shape: the shape's own example where it has one, else one put together."""
    if "$ref" in about:
        about = shapes[about["$ref"].rpartition("/")[2]]
    if about.get("examples"):
        return about["examples"][0]
    for word in ("const", "example"):
        if word in about:
            return about[word]
    if "enum" in about:
        return _BY_NAME[name] if _BY_NAME.get(name) in about["enum"] else about["enum"][0]
    for word in ("anyOf", "oneOf", "allOf"):
        if word in about:
            return example_of(about[word][0], shapes, name, depth)
    return _of_kind(about, shapes, name, depth)


def _of_kind(about: dict[str, Any], shapes: dict[str, Any], name: str, depth: int) -> Any:
    kind = about.get("type")
    known = _BY_NAME.get(name)
    if kind == "object" and "properties" in about:
        return {
            field: example_of(one, shapes, field, depth + 1)
            for field, one in about["properties"].items()
            if depth < _DEEPEST or field in about.get("required", ())
        }
    if kind == "object":
        return known if isinstance(known, dict) else {}
    if kind == "array":
        if isinstance(known, list) and about.get("items", {}).get("type") == "string":
            return known
        is_short = depth >= _DEEPEST and not about.get("minItems")
        return [] if is_short else [example_of(about.get("items", {}), shapes, name, depth + 1)]
    if kind in ("integer", "number"):
        return max(about.get("minimum", 1), 1)
    if kind == "boolean":
        return about.get("default", True)
    if kind == "string":
        return _BY_FORMAT.get(
            about.get("format", ""), known if isinstance(known, str) else about.get("default") or "…"
        )
    return known


def add(schema: dict[str, Any]) -> None:
    """Give every JSON body and answer of the document an example; problems have theirs."""
    shapes = schema["components"]["schemas"]
    for operations in schema["paths"].values():
        for operation in operations.values():
            for body in (operation.get("requestBody", {}), *operation["responses"].values()):
                content = body.get("content", {}).get("application/json")
                if content and "example" not in content:
                    content["example"] = example_of(content["schema"], shapes)
