"""Logs carry neither secrets nor whole addresses."""

import io
import json
import logging
from typing import Any

import pytest
import structlog

from clarion.settings.logging import configure, dict_config, redact, shorten


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("sent to anna.smith+x@shop.example.org.", "sent to a…@shop.example.org."),
        ("call +49 170 1234567 now", "call +…67 now"),
        ("at smtp://user:hunter2@mail.example.org:25", "at smtp://…@mail.example.org:25"),
        ("took 12345678901 µs, id 4711", "took 12345678901 µs, id 4711"),
    ],
)
def test_addresses_numbers_and_credentials_are_shortened(text: str, expected: str) -> None:
    assert shorten(text) == expected


def test_secrets_are_hidden_at_any_depth() -> None:
    event = {"event": "x", "config": {"password": "hunter2", "hosts": ["bob@example.org"]}, "api_token": "t"}

    cleaned = redact(None, "info", event)

    assert cleaned == {
        "event": "x",
        "config": {"password": "[hidden]", "hosts": ["b…@example.org"]},
        "api_token": "[hidden]",
    }


def test_other_libraries_lines_become_json_too(monkeypatch: pytest.MonkeyPatch) -> None:
    out = io.StringIO()
    config = dict_config(log_format="json", level="info")
    config["handlers"]["stderr"]["stream"] = out
    before = structlog.get_config()
    handlers = logging.root.handlers[:]
    try:
        configure(config)
        structlog.get_logger("clarion.test").info("delivery.accepted", to="bob@example.org")
        logging.getLogger("django.request").error("Failed for %s", "bob@example.org")
    finally:
        logging.root.handlers[:] = handlers
        structlog.configure(**before)

    lines: list[dict[str, Any]] = [json.loads(line) for line in out.getvalue().splitlines()]
    assert lines[0]["event"] == "delivery.accepted"
    assert [line.get("to", line["event"]) for line in lines] == [
        "b…@example.org",
        "Failed for b…@example.org",
    ]


def test_a_traceback_carries_no_address() -> None:
    out = io.StringIO()
    config = dict_config(log_format="text", level="info")
    handler = logging.StreamHandler(out)
    formatter = config["formatters"]["clarion"]
    handler.setFormatter(formatter["()"](formatter["log_format"]))
    logger = logging.getLogger("clarion.test.traceback")
    logger.addHandler(handler)

    try:
        raise ValueError("no such mailbox: bob@example.org")
    except ValueError:
        logger.exception("failed")

    assert "ValueError" in out.getvalue()
    assert "bob@" not in out.getvalue()
