"""From calls to what each is answered, many at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from uuid import UUID

import structlog
from django.db import OperationalError, transaction
from django.utils import translation
from pydantic import ValidationError

from clarion.api import admitting, bodies, keys, operations, problems, rights
from clarion.api.endpoints import people as endpoint
from clarion.deliveries import pushing
from clarion.workspaces.actors import of_member

if TYPE_CHECKING:
    from clarion.api.models import KeptAnswer
    from clarion.workspaces.models import ApiToken, Membership

log = structlog.get_logger(__name__)

JSON = "application/json"
ACCEPTED = 202
#: Milliseconds to wait for another process that answers the same idempotency key: the others would wait too.
PATIENCE_MS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A request to push people. `path` is the whole of it, with the query."""

    path: str
    authorization: str
    content_type: str
    idempotency_key: str
    language: str
    body: bytes
    #: What its lines in the log are called.
    request_id: str = ""


@dataclass(slots=True, kw_only=True)
class Answer:
    """What is answered."""

    status: int
    body: bytes
    content_type: str = JSON
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wish:
    """A call that may go ahead, and whose it is; `place` is its number."""

    place: int
    member: Membership
    people: Sequence[pushing.Person]
    claim: operations.Claim | None
    call: Call


def of_problem(problem: problems.Problem) -> Answer:
    """Return what is answered in place of what was asked for."""
    return Answer(
        status=problem.status, body=problems.written(problem), content_type=problems.CONTENT_TYPE,
        headers=dict(problem.headers),
    )  # fmt: skip


def answered(campaign: UUID, calls: Sequence[Call]) -> list[Answer]:
    """Push the people of calls to one campaign, and return what each call is answered, in their order.

    What is wrong with one is told to that one alone. Whoever is told that people were taken is told so after the
    commit.
    """
    answers: dict[int, Answer] = {}
    wishes: list[_Wish] = []
    admitted = _admitted(calls)
    for place, call in enumerate(calls):
        with translation.override(call.language):
            try:
                wishes.append(_wish(place, call, admitted[place]))
            except problems.Problem as problem:
                answers[place] = of_problem(problem)
    for wave in _waves(wishes):
        answers |= _done(campaign, wave)
    for place, found in enumerate(admitted):
        if found is not None:
            answers[place].headers |= found[1].headers
    return [answers[place] for place in range(len(calls))]


_Admitted = tuple["ApiToken", operations.Pace]


def _admitted(calls: Sequence[Call]) -> list[_Admitted | None]:
    """Return each call's token and how that stands with this call; None for whoever has no good token."""
    secrets = [admitting.secret_in(call.authorization) for call in calls]
    found = {secret: admitting.admit(secret, count) for secret, count in Counter(secrets).items() if secret}
    told: list[_Admitted | None] = []
    seen: Counter[str] = Counter()
    counts = Counter(secrets)
    for secret in secrets:
        seen[secret] += 1
        one = found.get(secret)
        if one is None:
            told.append(None)
            continue
        token, pace = one
        used = pace.used - counts[secret] + seen[secret]
        told.append((token, operations.Pace(limit=pace.limit, used=used, reset=pace.reset)))
    return told


def _wish(place: int, call: Call, found: _Admitted | None) -> _Wish:
    """Return what the call wants. Raises Problem."""
    if found is None:
        raise admitting.unauthorized()
    token, pace = found
    admitting.check(pace)
    admitting.enter(token)
    member = token.membership
    said = bodies.parsed(call.body, call.content_type) if call.body else None
    key = keys.checked(call.idempotency_key) if call.idempotency_key else ""
    rights.check("push", member, {})
    try:
        people = endpoint.people_of(endpoint.PushIn.model_validate(said))
    except ValidationError as error:
        raise problems.of_fields(error.errors(include_url=False)) from None
    except ValueError as refusal:
        raise problems.own("invalid", str(refusal)) from None
    claim = operations.Claim(member.pk, key, keys.fingerprint("POST", call.path, call.body)) if key else None
    return _Wish(place=place, member=member, people=people, claim=claim, call=call)


def _waves(wishes: Sequence[_Wish]) -> Iterator[list[_Wish]]:
    """Part calls into groups of one workspace whose keys differ, and that are no more people than a call may bring."""
    waiting = list(wishes)
    while waiting:
        wave: list[_Wish] = []
        later: list[_Wish] = []
        taken: set[tuple[int, str]] = set()
        size = 0
        for one in waiting:
            key = (one.claim.member_id, one.claim.key) if one.claim else None
            fits = not wave or (
                one.member.workspace_id == wave[0].member.workspace_id
                and key not in taken
                and size + len(one.people) <= pushing.PUSH_MAX
            )
            if not fits:
                later.append(one)
                continue
            wave.append(one)
            size += len(one.people)
            if key is not None:
                taken.add(key)
        yield wave
        waiting = later


def _done(campaign: UUID, wave: Sequence[_Wish]) -> dict[int, Answer]:
    """Return the answers to a group of calls by their places. If one is refused, each goes by itself."""
    if len(wave) > 1:
        # What went wrong was undone for all; each is told by itself what is wrong with it.
        with suppress(Exception):
            return _together(campaign, wave)
    return {one.place: _alone(campaign, one) for one in wave}


def _alone(campaign: UUID, one: _Wish) -> Answer:
    with translation.override(one.call.language):
        try:
            return _together(campaign, [one])[one.place]
        except problems.Problem as problem:
            return of_problem(problem)
        except operations.StillUnderWay:
            return of_problem(problems.own("key_under_way", headers={"Retry-After": "1"}))
        except OperationalError:
            log.warning("api.database_lost", request=one.call.request_id, exc_info=True)
            return of_problem(problems.own("unavailable", headers={"Retry-After": "5"}))
        except Exception as error:
            told = problems.of_error(error)
            if told is None and isinstance(error, ValueError):
                told = problems.own("invalid", str(error))
            if told is None:
                log.exception("api.failed", request=one.call.request_id, path=one.call.path)
                told = problems.own("internal_error")
            return of_problem(told)


def _together(campaign: UUID, wave: Sequence[_Wish]) -> dict[int, Answer]:
    claims = [one.claim for one in wave if one.claim is not None]
    if not claims:
        return _pushed(campaign, wave)
    with transaction.atomic():
        answers = {}
        before = operations.claim_keys(claims, patience_ms=PATIENCE_MS)
        for one in wave:
            if one.claim is not None and (kept := before.get((one.claim.member_id, one.claim.key))):
                answers[one.place] = _kept(kept, one.claim)
        answers |= _pushed(campaign, [one for one in wave if one.place not in answers])
    return answers


def _kept(kept: KeptAnswer, claim: operations.Claim) -> Answer:
    if bytes(kept.fingerprint) != claim.fingerprint:
        return of_problem(problems.own("key_reused"))
    return Answer(
        status=kept.status or ACCEPTED, body=bytes(kept.body), content_type=kept.content_type,
        headers={"Idempotency-Replayed": "true"},
    )  # fmt: skip


def _pushed(campaign: UUID, wave: Sequence[_Wish]) -> dict[int, Answer]:
    """Push, and keep the answers to those who have a key. Raises for all what is wrong with one."""
    if not wave:
        return {}
    found = pushing.push_calls(
        public_id=campaign, calls=[(of_member(one.member, via="api"), one.people) for one in wave]
    )
    answers = {}
    for one, pushed in zip(wave, found, strict=True):
        if pushed is None:
            raise problems.own("not_found")
        answers[one.place] = Answer(status=ACCEPTED, body=endpoint.written(pushed))
    keep = [
        operations.Kept(one.claim.member_id, one.claim.key, ACCEPTED, answers[one.place].body, JSON)
        for one in wave
        if one.claim is not None
    ]
    if keep:
        operations.keep_answers(keep)
    return answers
