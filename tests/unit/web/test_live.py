"""Answers to polls."""

import json

from django.test import RequestFactory

from clarion.web.live import Scope, live_response


def test_the_same_numbers_are_sent_once() -> None:
    ask = RequestFactory()
    scope = Scope(values={"sent": 5}, bars={"progress": {"sent": [0, 50.0]}}, versions={"header": "1"})

    first = live_response(ask.get("/"), scope, final=False, scopes={"7": Scope(values={"sent": 1})})
    again = live_response(
        ask.get("/", headers={"If-None-Match": first["ETag"]}),
        scope,
        final=False,
        scopes={"7": Scope(values={"sent": 1})},
    )
    weak = live_response(
        ask.get("/", headers={"If-None-Match": f"W/{first['ETag']}"}),
        scope,
        final=False,
        scopes={"7": Scope(values={"sent": 1})},
    )
    moved = live_response(
        ask.get("/", headers={"If-None-Match": first["ETag"]}), Scope(values={"sent": 6}), final=True
    )

    body = json.loads(first.content)
    assert body["values"] == {"sent": 5}
    assert body["bars"] == {"progress": {"sent": [0, 50.0]}}
    assert body["scopes"]["7"]["values"] == {"sent": 1}
    assert weak.status_code == 304, "compressed answers have weak tags"
    assert (again.status_code, again.content) == (304, b"")
    assert json.loads(moved.content)["final"] is True
