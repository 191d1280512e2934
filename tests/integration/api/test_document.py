"""The OpenAPI document, and the API held against it."""

import re
import uuid
from collections.abc import Iterator
from io import BytesIO
from typing import Any

import jsonschema_rs
import pytest
from django.apps import apps
from django.core import signals
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections

from clarion.api import interface, problems
from clarion.audience import operations as audience
from clarion.campaigns.operations import Addressee, Said, send_one_off
from clarion.campaigns.states import Status
from clarion.content import operations as content
from clarion.deliveries.exporting import operations as exporting
from clarion.deliveries.wanted import Wanted
from clarion.senders import operations as senders
from clarion.senders.prices import operations as prices
from clarion.webhooks import operations as webhooks
from clarion.workspaces import operations as workspaces
from clarion.workspaces.actors import of_member
from clarion.workspaces.money import operations as money
from clarion.workspaces.permissions import Role
from tests import ledgers
from tests.factories import Cast
from tests.integration.api.asking import asking, secret_of

DOMAIN = ("workspaces", "audience", "content", "senders", "webhooks", "campaigns", "deliveries")
#: A picture of one dot.
PIXEL = bytes.fromhex(
    "47494638396101000100800000ffffff00000021f90400000000002c00000000010001000002024401003b"
)
#: Written whenever a token is used.
UNWATCHED = {"ApiToken"}


def everything() -> dict[str, list[str]]:
    """Return every row of the domain."""
    models = [model for label in DOMAIN for model in apps.get_app_config(label).get_models()]
    return {
        m.__name__: sorted(map(repr, m.objects.values_list())) for m in models if m.__name__ not in UNWATCHED
    }


@pytest.fixture
def things(cast: Cast) -> dict[str, Any]:
    """Return the id of one of everything in Acme, by the noun of its address."""
    by = of_member(cast.alice)
    ana = audience.create_contact(by=by, fields={"email": "hidden@shop.example", "last_name": "hidden"})
    news = audience.create_list(by=by, name="News")
    audience.add_to_list(by=by, the_list=news, contact_ids=[ana.pk])
    rule = {"all": [{"field": "email", "op": "filled"}]}
    segment = audience.create_segment(by=by, name="S", rule=rule)
    audience.add_suppression(by=by, channel="email", address="hidden-2@shop.example")
    sender = senders.create_sender(by=by, channel="sandbox", name="Own", config={})
    source = {"mode": "text", "source": "Hi"}
    template = content.create_template(by=by, channel="sandbox", name="T", source=source)
    campaign = ledgers.make_campaign(cast.alice, status=Status.PAUSED)
    run = ledgers.make_run(campaign, sent=2, failed=1)
    export = exporting.create_export(run=run, wanted=Wanted(), kind="CSV", by=by)
    assert campaign.source is not None
    here = "http://127.0.0.1:9999/hook"
    webhook, _secret = webhooks.create_endpoint(by=by, url=here, kinds=["campaign"])
    told = webhooks.queue_test(by=by, endpoint=webhook)
    audience.define_attribute(by=by, label="Orders", kind="NUMBER")
    table = audience.create_import(by=by, file=BytesIO(b"email\neve@shop.example\n"), file_name="f.csv")
    picture = content.store_media(by=by, file=BytesIO(PIXEL), name="dot.gif")
    money.switch_on(by=by, currency="EUR")
    price = prices.set_price(by=by, said=prices.Said(channel="sms", amount=45_000))
    invitation, _secret = workspaces.invite(by=by, email="eve@shop.example", role=Role.VIEWER)
    to = Addressee(address="hidden-3@shop.example")
    said = Said(body={"mode": "text", "source": "hidden"})
    one_off = send_one_off(by=by, sender=sender, to=to, said=said)
    token = workspaces.create_token(by=by, member=cast.alice, name="Other", scopes=[])[0]
    ids = {
        "imports": table, "media": picture, "members": cast.vera, "invitations": invitation, "tokens": token,
        "webhooks": webhook, "contacts": ana, "one-offs": one_off,
        "lists": news, "segments": segment, "senders": sender, "templates": template,
        "campaigns": campaign, "sources": campaign.source,
    }  # fmt: skip
    suppression = cast.workspace.suppression_set.get()
    return {name: one.public_id for name, one in ids.items()} | {
        "prices": price.pk, "{name}": "orders", "{language}": "en", "{recipient}": 1, "{step}": "suppressed",
        "suppressions": suppression.pk, "{export}": export.public_id, "{number}": run.number,
        "{action}": "archive", "{request_id}": told.public_id,
    }  # fmt: skip


def filled(path: str, things: dict[str, Any]) -> str:
    """Return an address with the ids of what there is."""
    noun = path.split("/")[1]
    for name, value in things.items():
        path = path.replace(name, str(value)) if name.startswith("{") else path
    return path.replace("{id}", str(things.get(noun, uuid.uuid4())))


def operations(schema: dict[str, Any]) -> list[tuple[str, str]]:
    return [(method.upper(), path) for path, found in schema["paths"].items() for method in found]


@pytest.mark.django_db
def test_a_stranger_finds_nothing_by_any_address(cast: Cast, things: dict[str, Any]) -> None:
    mallorys, before = asking(cast.mallory), everything()
    hidden = {str(one) for one in things.values() if isinstance(one, uuid.UUID)} | {"hidden@shop.example"}
    wrong = []
    for method, path in operations(interface.schema("")):
        if "{" not in path:
            if method == "GET":
                answer = mallorys.get(path)
                body = b"".join(answer) if answer.streaming else answer.content
                wrong += [(method, path, one) for one in hidden & {*body.decode().split('"')}]
            continue
        answer = mallorys(method, filled(path, things), {} if method in ("PATCH", "PUT", "POST") else None)
        if answer.status_code not in (404, 422):
            wrong.append((method, path, answer.status_code))

    assert wrong == []
    assert everything() == before


def test_every_problem_has_a_title_a_stable_code_and_a_status() -> None:
    codes = [problems.code_of(kind) for kind in problems.STATUSES]

    assert all(re.fullmatch(r"[a-z_]+", one) for one in [*codes, *problems.OWN])
    assert {"transition_refused", "campaign_invalid", "push_refused", "not_allowed"} <= {*codes}


def test_every_operation_says_what_it_is_and_how_it_fails() -> None:
    schema = interface.schema("https://clarion.example")
    names = []
    for path, found in schema["paths"].items():
        for method, one in found.items():
            names.append(one["operationId"])
            assert all(one[part] for part in ("summary", "description", "tags")), path
            assert {"401", "403", "404", "422", "429"} <= set(one["responses"]), path
            writes = any(each["name"] == "Idempotency-Key" for each in one["parameters"])
            assert writes == (method != "get"), path
    assert len(names) == len(set(names)) > 40
    assert schema["servers"] == [{"url": "https://clarion.example/api/v1"}]


def test_every_body_and_every_answer_has_an_example_that_its_shape_allows() -> None:
    document = interface.schema("https://clarion.example")
    parts, told = document["components"], 0
    for path, found in document["paths"].items():
        for method, one in found.items():
            for body in (one.get("requestBody", {}), *one["responses"].values()):
                for kind, about in body.get("content", {}).items():
                    if not kind.endswith("json"):
                        continue
                    names = [each["$ref"].rpartition("/")[2] for each in about.get("examples", {}).values()]
                    for example in [parts["examples"][name]["value"] for name in names] or [about["example"]]:
                        jsonschema_rs.validate({"components": parts, **about["schema"]}, example)
                        assert example != {}, (method, path)
                        told += 1

    assert told > 500


@pytest.fixture
def application() -> Iterator[Any]:
    """Lend the program as servers call it, with the test's own connection left open between requests."""
    ends = (signals.request_started, signals.request_finished)
    for one in ends:
        one.disconnect(close_old_connections)
    yield get_wsgi_application()
    for one in ends:
        one.connect(close_old_connections)


@pytest.mark.django_db
def test_what_a_fuzzer_sends_is_answered_as_the_document_says(
    cast: Cast, things: dict[str, Any], application: Any
) -> None:
    """Generated requests, good and bad, a few for each operation; none may be answered by a mistake."""
    import schemathesis
    from hypothesis import HealthCheck, Phase, given, settings
    from hypothesis import seed as seeded
    from schemathesis.checks import not_a_server_error
    from schemathesis.specs.openapi.checks import (
        content_type_conformance,
        response_schema_conformance,
        status_code_conformance,
    )

    document = interface.schema("http://testserver")
    for path, found in document["paths"].items():
        for one in found.values():
            for each in one["parameters"]:
                if each["in"] == "path":  # of what is there: what is not is all alike
                    known = things.get(f"{{{each['name']}}}", things.get(path.split("/")[1]))
                    each["schema"] = {"const": known if isinstance(known, int) else str(known)}
    schemathesis.serializer("application/x-ndjson")(lambda _context, value: str(value).encode())
    schema = schemathesis.openapi.from_dict(document)
    secret = secret_of(cast.alice, per_minute=1_000_000)
    headers = {"Authorization": f"Bearer {secret}", "Accept-Encoding": "identity"}
    checks = [
        not_a_server_error,
        status_code_conformance,
        content_type_conformance,
        response_schema_conformance,
    ]
    for found in schema.get_all_operations():
        operation = found.ok()

        @seeded(1)
        @settings(
            max_examples=3, database=None, deadline=None, phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )  # fmt: skip
        @given(case=operation.as_strategy())
        def ask(case: Any) -> None:
            response = case.call(app=application, base_url="http://testserver/api/v1", headers=headers)
            case.validate_response(response, checks=checks)

        ask()
