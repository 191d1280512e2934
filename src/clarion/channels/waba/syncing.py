"""Asking the Graph API which templates an account has, and what it allows the number."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from clarion.channels.base import ProviderAccount, ProviderTemplate, SyncFailed
from clarion.channels.http import HttpClient, HttpReply
from clarion.channels.waba import codes, limits, shapes
from clarion.channels.waba.config import Config
from clarion.channels.waba.transport import client_of
from clarion.engine.outcomes import REASONS, Deferred, Refused, Unknown
from clarion.lib.sentences import said

#: Templates asked for at a time, pages that are read (an account has at most 6,000 templates), and octets of a page.
PAGE = 100
MAX_PAGES = 80
MAX_OCTETS = 4_000_000
_FIELDS = "id,name,language,status,category,quality_score,rejected_reason,parameter_format,components"
_NUMBER_FIELDS = (
    "display_phone_number,verified_name,quality_rating,status,throughput,"
    "whatsapp_business_manager_messaging_limit"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """What the Graph API says of the sender's number."""

    shown: str
    name: str
    quality: str
    status: str
    throughput: str
    tier: str
    #: People a day; 0 for no limit, None when it was not told.
    per_day: int | None
    raw: Mapping[str, Any] = field(default_factory=dict)


async def account_of(config: Config) -> ProviderAccount:
    """Return the account's templates and the number's limit. Raises SyncFailed, with a sentence without secrets."""
    http = client_of(config, connections=1, answer_octets=MAX_OCTETS)
    try:
        number = await number_of(http, config)
        templates = await _templates(http, config)
    finally:
        await http.aclose()
    return ProviderAccount(templates=templates, per_day=number.per_day, quality=number.quality)


async def number_of(http: HttpClient, config: Config) -> Number:
    """Return what is said of the number. Raises SyncFailed."""
    told = await _asked(http, f"/{config.phone_number_id}", {"fields": _NUMBER_FIELDS})
    throughput = told.get("throughput")
    tier = _word(told.get("whatsapp_business_manager_messaging_limit"))
    return Number(
        shown=_word(told.get("display_phone_number")), name=_word(told.get("verified_name")),
        quality=_word(told.get("quality_rating")).upper(), status=_word(told.get("status")),
        throughput=_word(throughput.get("level")) if isinstance(throughput, dict) else "",
        tier=tier, per_day=limits.per_day(tier), raw=told,
    )  # fmt: skip


async def _templates(http: HttpClient, config: Config) -> list[ProviderTemplate]:
    found: list[ProviderTemplate] = []
    query = {"fields": _FIELDS, "limit": str(PAGE)}
    for _page in range(MAX_PAGES):
        told = await _asked(http, f"/{config.business_account_id}/message_templates", query)
        rows = told.get("data")
        found += [_template(row) for row in rows or () if isinstance(row, dict)]
        after = _after(told)
        if not after or not rows:
            return found
        query = {**query, "after": after}
    raise SyncFailed(said("The account lists more templates than it can have."))


def _template(row: Mapping[str, Any]) -> ProviderTemplate:
    shape, problem = shapes.shape_of(row)
    quality = row.get("quality_score")
    rejected = _word(row.get("rejected_reason"))
    return ProviderTemplate(
        provider_id=str(row.get("id") or "")[:40], name=shape["name"], language=shape["language"],
        status=_word(row.get("status")).upper()[:40], category=shape["category"],
        quality=(_word(quality.get("score")) if isinstance(quality, dict) else "").upper()[:40],
        note="" if rejected.upper() == "NONE" else rejected[:500], shape=shape, problem=problem,
    )  # fmt: skip


def _after(told: Mapping[str, Any]) -> str:
    """Return the cursor of the next page; it is taken out of `next`, which holds the access token, where need be."""
    paging = told.get("paging")
    if not isinstance(paging, dict) or not paging.get("next"):
        return ""
    cursors = paging.get("cursors")
    after = _word(cursors.get("after")) if isinstance(cursors, dict) else ""
    return after or dict(parse_qsl(urlsplit(_word(paging["next"])).query)).get("after", "")


async def _asked(http: HttpClient, path: str, query: Mapping[str, str]) -> dict[str, Any]:
    reply = await http.request("GET", path, query=query)
    if not isinstance(reply, HttpReply):
        raise SyncFailed(sentence_of(reply))
    if not reply.is_success:
        raise SyncFailed(sentence_of(codes.outcome_of(reply)))
    try:
        told = reply.json()
    except ValueError:
        told = None
    if not isinstance(told, dict):
        raise SyncFailed(said("The answer is not that of the Graph API."))
    return told


def sentence_of(outcome: Deferred | Refused | Unknown) -> str:
    """Return an outcome without an answer as a sentence for a person, with the provider's code and words."""
    said = " ".join(part for part in (outcome.code, outcome.detail) if part)
    sentence = REASONS[outcome.reason].sentence
    return f"{sentence} ({said})" if said else sentence


def _word(value: Any) -> str:
    return value if isinstance(value, str) else ""
