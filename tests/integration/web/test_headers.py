"""What browsers are told to refuse: on every address there is, whoever asks, and whatever is answered."""

import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.urls.converters import IntConverter, UUIDConverter

from tests.factories import Cast, make_user
from tests.integration.web.test_walls import addresses, visiting
from tests.integration.web.test_walls import things as things

pytestmark = pytest.mark.django_db

#: Pages that our own pages show in a frame.
FRAMES = {
    "campaigns:preview_frame", "campaigns:message", "moderation_frame", "template_frame", "template_version_frame",
}  # fmt: skip


def others() -> Iterator[tuple[str, str]]:
    """Return the name of each address that is not inside a workspace, and the address with somebody's values."""

    def walk(patterns: list[URLPattern | URLResolver], begin: str, prefix: str) -> Iterator[tuple[str, str]]:
        for one in patterns:
            route = getattr(one.pattern, "_route", None)
            kinds = one.pattern.converters
            if route is None or "workspace" in kinds:
                continue
            for name, kind in kinds.items():
                value = str(uuid.UUID(int=7)) if isinstance(kind, UUIDConverter) else "7"
                value = value if isinstance(kind, UUIDConverter | IntConverter) else "some"
                route = route.replace(f"<{kind_name(route, name)}{name}>", value)
            if isinstance(one, URLResolver):
                yield from walk(
                    one.url_patterns,
                    f"{begin}{route}",
                    f"{prefix}{one.namespace}:" if one.namespace else prefix,
                )
            else:
                yield f"{prefix}{one.name}", f"{begin}{route}"

    def kind_name(route: str, name: str) -> str:
        before = route.partition(f"{name}>")[0].rpartition("<")[2]
        return before

    return walk(get_resolver().url_patterns, "/", "")


def faults(name: str, answer: HttpResponse) -> Iterator[str]:
    told = {header.lower(): value for header, value in answer.items()}
    if told.get("x-content-type-options") != "nosniff":
        yield f"{name}: may be read as another type"
    if told.get("referrer-policy") not in ("same-origin", "no-referrer"):
        yield f"{name}: tells others where one was"
    if told.get("cross-origin-opener-policy") != "same-origin":
        yield f"{name}: shares its window"
    if told.get("x-frame-options") != (
        "SAMEORIGIN" if name in FRAMES and answer.status_code == 200 else "DENY"
    ):
        yield f"{name}: {told.get('x-frame-options')} frames"
    if told.get("content-type", "").startswith("text/html"):
        yield from (f"{name}: {fault}" for fault in faults_of_policy(told.get("content-security-policy", "")))


def faults_of_policy(policy: str) -> Iterator[str]:
    rules: dict[str, Any] = {
        words[0]: set(words[1:]) for part in policy.split(";") if (words := part.split())
    }
    if rules.get("default-src") not in ({"'none'"}, {"'self'"}):
        yield f"default-src {rules.get('default-src')}"
    scripts = rules.get("script-src", rules.get("default-src", set()))
    if not scripts <= {"'none'", "'self'"}:
        yield f"script-src {scripts}"
    if rules.get("object-src", rules.get("default-src")) != {"'none'"}:
        yield "object-src"
    if rules.get("base-uri") != {"'none'"}:
        yield "base-uri"
    if not rules.get("frame-ancestors", {"*"}) <= {"'none'", "'self'"}:
        yield "frame-ancestors"
    if "form-action" not in rules:
        yield "form-action"


def test_every_answer_tells_browsers_what_to_refuse(cast: Cast, things: dict[str, uuid.UUID]) -> None:
    root = Client()
    root.force_login(make_user(name="Root", email="root@example.test", is_superuser=True))
    inside = [(one.name, one.url(cast.workspace.slug, things)) for one in addresses()]
    outside = list(others())
    found: set[str] = set()
    for clients, places in ([visiting(cast.alice)], inside), ([root, Client()], outside):
        for client in clients:
            for name, url in places:
                found |= set(faults(name, client.get(url)))

    assert len(outside) > 40
    assert not found, sorted(found)
