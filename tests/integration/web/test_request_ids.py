"""Each request has an id, by which its answer and its lines in the log are joined."""

import json
import logging
from typing import Any

import pytest
import structlog
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory

from clarion.lib.proxies import networks_of
from clarion.settings.logging import dict_config
from clarion.web.request_ids import RequestIdMiddleware


def told_in(request: HttpRequest) -> tuple[str, dict[str, Any]]:
    """Return the id in the answer, and a line that is logged meanwhile."""
    lines: list[str] = []
    formatter = dict_config(log_format="json", level="info")["formatters"]["clarion"]

    def answer(_request: HttpRequest) -> HttpResponse:
        record = logging.LogRecord("django", logging.WARNING, "", 0, "It was slow.", None, None)
        lines.append(formatter["()"](formatter["log_format"]).format(record))
        return HttpResponse()

    told = RequestIdMiddleware(answer)(request)["X-Request-Id"]
    assert "request" not in structlog.contextvars.get_contextvars()
    return told, json.loads(lines[0])


def test_an_answer_and_its_lines_in_the_log_have_one_id_and_each_request_another() -> None:
    first, line = told_in(RequestFactory().get("/"))
    second, _line = told_in(RequestFactory().get("/"))

    assert line["request"] == first != second
    assert Client().get("/healthz")["X-Request-Id"]


@pytest.mark.parametrize(
    ("given", "trusted", "is_kept"),
    [
        ("proxys-own-1", "127.0.0.1", True), ("proxys-own-1", "10.0.0.1", False),
        ("ada@example.test", "127.0.0.1", False), ("short", "127.0.0.1", False), ("x" * 65, "127.0.0.1", False),
    ],
)  # fmt: skip
def test_only_a_trusted_proxys_word_is_taken(settings: Any, given: str, trusted: str, is_kept: bool) -> None:
    settings.CLARION_TRUSTED_PROXIES = networks_of(trusted)

    told, _line = told_in(RequestFactory().get("/", headers={"X-Request-Id": given}))

    assert (told == given) == is_kept
