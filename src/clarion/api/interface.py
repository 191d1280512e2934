"""All endpoints together: the URLs behind /api/v1/, and the OpenAPI document."""

from __future__ import annotations

from typing import Any

import orjson
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.http.request import RawPostDataException
from django.urls import path
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError
from ninja.operation import Operation
from ninja.parser import Parser
from ninja.renderers import BaseRenderer
from ninja.security import HttpBearer

from clarion.api import document, problems, rights
from clarion.api.endpoints import (
    balance,
    campaign_acts,
    campaign_parts,
    campaign_trials,
    campaign_within,
    campaigns,
    contact_acts,
    contact_bulk,
    contacts,
    deliveries,
    exports,
    gathered_people,
    imports,
    lists,
    media,
    members,
    one_offs,
    people,
    planning,
    prices,
    rules,
    segments,
    sender_names,
    sender_trials,
    senders,
    sheets,
    sources,
    statistics,
    suppressions,
    template_versions,
    templates,
    tokens,
    trail,
    webhooks,
    workspace,
)


class Bearer(HttpBearer):
    """A token of a member, made on the page of tokens: `Authorization: Bearer clarion_…`."""

    def authenticate(self, request: HttpRequest, token: str) -> Any:
        """Return the token that let the request in: whoever comes here was admitted before."""
        return getattr(request, "token", None)


class ReadParser(Parser):
    """Bodies as they were read when the request was admitted."""

    def parse_body(self, request: HttpRequest) -> Any:
        """Return the body's JSON."""
        return request.said  # type: ignore[attr-defined]


class PlainRenderer(BaseRenderer):
    """Answers as orjson writes them."""

    media_type = "application/json"

    def render(self, request: HttpRequest, data: Any, *, response_status: int) -> bytes:
        """Return the answer's octets."""
        return orjson.dumps(data, default=str)


class Interface(NinjaAPI):
    """All endpoints, each known by the name of its function."""

    def get_openapi_operation_id(self, operation: Operation) -> str:
        """Return the name of the operation, for programs that are made from the document."""
        return operation.view_func.__name__


api = Interface(
    title="Clarion",
    version="1",
    description=document.DESCRIPTION,
    docs_url=None,
    openapi_url=None,
    auth=Bearer(),
    parser=ReadParser(),
    renderer=PlainRenderer(),
    openapi_extra={"info": {"license": {"name": "Apache-2.0", "identifier": "Apache-2.0"}}},
    urls_namespace="api-v1",
)
api.add_decorator(rights.asking, mode="view")
for _tag, *_nouns in (
    ("Workspace", workspace, members, tokens, trail),
    ("Senders", senders, sender_trials, sender_names),
    ("Campaigns", campaigns, campaign_parts, campaign_trials, campaign_acts, campaign_within),
    ("One-offs", one_offs),
    ("Planning and figures", planning, statistics),
    ("Triggered campaigns", people),
    ("Runs and deliveries", deliveries, gathered_people),
    ("Exports", exports),
    ("Sources", sources, sheets),
    ("Contacts", contacts, contact_acts, contact_bulk, imports),
    ("Lists", lists),
    ("Segments", segments),
    ("Suppressions and rules", suppressions, rules),
    ("Templates and media", templates, template_versions, media),
    ("Money", prices, balance),
    ("Webhooks", webhooks),
):
    for _noun in _nouns:
        api.add_router("", _noun.router, tags=[_tag])


def _problem(_request: HttpRequest, problem: problems.Problem | type[problems.Problem]) -> HttpResponse:
    assert isinstance(problem, problems.Problem)  # noqa: S101 - classes are not raised
    return problems.response(problem)


def _invalid(_request: HttpRequest, error: Any) -> HttpResponse:
    return problems.response(problems.of_fields(error.errors, skipping=1))


def _of_domain(_request: HttpRequest, error: Any) -> HttpResponse:
    problem = problems.of_error(error)
    if problem is None:
        raise error
    return problems.response(problem)


def _gone(_request: HttpRequest, _error: Any) -> HttpResponse:
    return problems.response(problems.own("not_found"))


def _bad(_request: HttpRequest, error: Any) -> HttpResponse:
    if isinstance(error, AuthenticationError):
        return problems.response(problems.own("unauthorized"))
    return problems.response(problems.own("bad_request", str(error)))


def _laid(_request: HttpRequest, _error: Any) -> HttpResponse:
    """Rows or a file came where JSON is read: they were laid down, and there is no body any more."""
    return problems.response(problems.own("unsupported_media_type"))


def _mistake(_request: HttpRequest, error: Any) -> HttpResponse:
    raise error


api.add_exception_handler(problems.Problem, _problem)
api.add_exception_handler(ValidationError, _invalid)
api.add_exception_handler(Http404, _gone)
api.add_exception_handler(HttpError, _bad)
api.add_exception_handler(RawPostDataException, _laid)
api.add_exception_handler(Exception, _mistake)
for _kind in problems.STATUSES:
    api.add_exception_handler(_kind, _of_domain)


@api.get("/openapi.json", include_in_schema=False, auth=None)
def openapi(request: HttpRequest) -> HttpResponse:
    """The description of all endpoints as OpenAPI 3.1."""
    content = orjson.dumps(schema(settings.CLARION_PUBLIC_URL), option=orjson.OPT_INDENT_2)
    return HttpResponse(content, content_type="application/json")


def schema(base: str) -> dict[str, Any]:
    """Return the OpenAPI document of the server at that address."""
    return document.completed(api.get_openapi_schema(path_prefix=""), base)


urlpatterns = [path("", api.urls)]
