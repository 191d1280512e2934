"""What went wrong, as RFC 9457 has it: application/problem+json with a stable code for each kind."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
from django.http import HttpResponse
from django.utils.translation import gettext as _

from clarion.audience import errors as audience
from clarion.audience.segments import RuleInvalid
from clarion.campaigns import errors as campaigns
from clarion.channels.base import ConfigInvalid, SyncFailed
from clarion.channels.linked import Unreadable
from clarion.content import errors as content
from clarion.deliveries import errors as deliveries
from clarion.senders import errors as senders
from clarion.senders.naming import errors as naming
from clarion.senders.prices import errors as prices
from clarion.webhooks import errors as webhooks
from clarion.workspaces import errors as workspaces
from clarion.workspaces.money import errors as money

CONTENT_TYPE = "application/problem+json"
TYPES = "urn:clarion:problem:"
_BREAK = re.compile(r"(?<=[a-z])(?=[A-Z])")

Errors = Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Problem(Exception):
    """What is answered in place of what was asked for. `errors` says it field by field."""

    status: int
    code: str
    detail: str
    errors: Errors = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    #: Further members, such as the state that a campaign is in.
    more: Mapping[str, Any] = field(default_factory=dict)


#: Codes that no error of the domain has, with their titles and statuses.
OWN: dict[str, tuple[int, str]] = {
    "bad_request": (400, "The request cannot be read."),
    "unauthorized": (401, "A token is needed."),
    "not_allowed": (403, "The role or the token does not include this."),
    "not_found": (404, "There is no such thing here."),
    "method_not_allowed": (405, "Another method is needed."),
    "key_reused": (409, "The idempotency key was used for another request."),
    "key_under_way": (409, "A request with this idempotency key has no answer yet."),
    "too_large": (413, "The request is too large."),
    "unsupported_media_type": (415, "The content is of another type than is understood."),
    "invalid": (422, "What was sent makes no sense."),
    "cursor_invalid": (422, "This cursor was not given out here."),
    "too_many_requests": (429, "The token has used up its requests of this minute."),
    "internal_error": (500, "The program made a mistake; its log says more."),
    "unavailable": (503, "The database does not answer."),
}
_C, _A, _T, _D = campaigns, audience, content, deliveries
#: Error of the domain → status. Its code is its name, in small letters with underscores.
STATUSES: dict[type[Exception], int] = {
    workspaces.NotAllowed: 403, campaigns.OwnWork: 403,
    _C.TransitionRefused: 409, _C.AwaitsRelease: 409, _C.ReviewStale: 409, _C.CampaignInvalid: 422,
    _A.AddressTaken: 409, _A.ListNameTaken: 409, _A.ListInUse: 409, _A.SegmentInUse: 409,
    _A.SegmentNameTaken: 409, _A.ContactInvalid: 422, _A.SourceInvalid: 422, _A.NoAddressColumn: 422,
    _A.CsvInvalid: 422, _A.RowsInvalid: 422, RuleInvalid: 422,
    _T.NameTaken: 409, _T.TemplateInUse: 409, _T.TemplateArchived: 409, _T.TemplateChanged: 409,
    _T.ContentInvalid: 422, _T.TrialFailed: 503,
    _D.RunInvalid: 409, _D.PushRefused: 409, _D.RetryRefused: 409, _D.RefreshRefused: 409,
    _D.UnknownsRefused: 409, _D.ExportRefused: 409,
    senders.SecretsLost: 503, workspaces.NameInvalid: 422, webhooks.EndpointInvalid: 422,
    senders.NameTaken: 409, senders.SenderInUse: 409, senders.NothingToSync: 409, senders.LimitInvalid: 422,
    naming.NameRefused: 409,
    ConfigInvalid: 422, Unreadable: 409, SyncFailed: 409,
    _A.AttributeInvalid: 422, _A.BulkEditNotPossible: 409, _A.ImportNotPossible: 409, _A.MappingInvalid: 422,
    _A.RulesInvalid: 422, _A.SheetInvalid: 422, _A.SheetInUse: 409,
    _T.MediaInvalid: 422, _T.MediaInUse: 409, _T.BrandingInvalid: 422,
    money.MoneyInvalid: 422, money.BalanceTooLow: 409, prices.PriceInvalid: 422, prices.PriceListInvalid: 422,
    workspaces.MemberRefused: 409, workspaces.TokenInvalid: 422, workspaces.WorkspaceInvalid: 422,
}  # fmt: skip


def code_of(kind: type[Exception]) -> str:
    """Return the stable code of an error of the domain."""
    return _BREAK.sub("_", kind.__name__).lower()


def own(code: str, detail: str = "", **rest: Any) -> Problem:
    """Return one of the API's own problems."""
    status, title = OWN[code]
    return Problem(status, code, detail or title, **rest)


def of_error(error: Exception) -> Problem | None:
    """Return what an error of the domain is told as; None for one that is a mistake of the program."""
    for kind in type(error).__mro__:
        if kind in STATUSES:
            return Problem(STATUSES[kind], code_of(type(error)), _sentence(error), _errors(error))
    return None


def _sentence(error: Exception) -> str:
    if isinstance(error, content.TemplateChanged):
        if error.is_gone:
            return _("Somebody else has taken this language out of the template meanwhile.")
        return _("Somebody else has changed this text meanwhile; their version is among the versions.")
    if isinstance(error, workspaces.NotAllowed):
        named = str(error)
        return (
            _("The role or the token does not include this: %(what)s") % {"what": named}
            if named
            else OWN["not_allowed"][1]
        )
    return str(error) or _said_by_its_name(error)


def _said_by_its_name(error: Exception) -> str:
    return (type(error).__doc__ or "").strip().splitlines()[0] or type(error).__name__


def _errors(error: Exception) -> Errors:
    """Return what an error says field by field."""
    fields: Mapping[str, str] = getattr(error, "fields", {}) or {}
    problems = getattr(error, "problems", {})
    if isinstance(problems, Mapping):
        fields = {**problems, **fields}
    found: list[Mapping[str, Any]] = [{"field": name, "detail": text} for name, text in fields.items()]
    told = set(fields.values())
    if not isinstance(problems, Mapping):
        for one in problems:
            if isinstance(one, content.Problem):
                found.append({"field": one.field, "line": one.line, "detail": one.sentence})
            elif isinstance(one, tuple):
                found.append({"line": one[0], "detail": one[1]})
            elif str(one) not in told:
                found.append({"field": "", "detail": str(one)})
    return found


def written(problem: Problem) -> bytes:
    """Return the problem as the body of an answer."""
    body: dict[str, Any] = {
        "type": TYPES + problem.code,
        "title": OWN[problem.code][1] if problem.code in OWN else problem.code.replace("_", " ").capitalize(),
        "status": problem.status,
        "code": problem.code,
        "detail": problem.detail,
    }
    if problem.errors:
        body["errors"] = list(problem.errors)
    return orjson.dumps(body | dict(problem.more), default=str)


def of_fields(found: Sequence[Mapping[str, Any]], *, skipping: int = 0) -> Problem:
    """Return what is wrong with a body, field by field, as pydantic found it.

    The first `skipping` steps of a field's place are left out.
    """
    errors = [
        {
            "field": ".".join(str(part) for part in one["loc"][skipping:] if part != "said"),
            "detail": one["msg"],
        }
        for one in found
    ]
    return own("invalid", errors=errors)


def response(problem: Problem) -> HttpResponse:
    """Return the problem as an answer."""
    answer = HttpResponse(written(problem), status=problem.status, content_type=CONTENT_TYPE)
    for name, value in problem.headers.items():
        answer[name] = value
    return answer
