"""Asking a gateway on behalf of a person: how its session stands, the code to scan, groups and who is in them."""

import binascii
from collections.abc import Callable
from typing import Any

from clarion.channels.base import CheckResult
from clarion.channels.http import HttpReply
from clarion.channels.linked import Group, LinkState, Member, Members, Unreadable
from clarion.channels.whatsapp.config import Config
from clarion.channels.whatsapp.gateways import Ask, Gateway, number_of, outcome_of
from clarion.channels.whatsapp.transport import Line, link_state
from clarion.engine.outcomes import REASONS, Deferred, Refused, Unknown
from clarion.lib.sentences import said

_PNG = b"\x89PNG\r\n\x1a\n"
#: Largest picture of a code, in octets, and the most people of a group.
MAX_CODE = 500_000
MAX_MEMBERS = 20_000
_UNLINKED = said("The gateway answers, but no phone is linked to this session. Scan its code first.")


async def state_of(config: Config) -> LinkState:
    """Return how the session stands; what keeps it from being told is its `problem`."""
    line = Line(config)
    try:
        found = await link_state(line)
    finally:
        await line.aclose()
    return found if isinstance(found, LinkState) else LinkState(is_linked=False, problem=sentence_of(found))


async def code_of(config: Config) -> bytes:
    """Return the code to scan, a PNG. Raises Unreadable."""
    line = Line(config)
    try:
        found = await line.request(line.gateway.code())
        if not isinstance(found, HttpReply):
            raise Unreadable(sentence_of(found))
        if not found.is_success:
            raise Unreadable(sentence_of(outcome_of(line.gateway, found)))
        picture = line.gateway.code_of(found)
    except (ValueError, binascii.Error):
        picture = b""
    finally:
        await line.aclose()
    if not picture.startswith(_PNG) or len(picture) > MAX_CODE:
        raise Unreadable(said("The gateway shows no code just now."))
    return picture


async def groups_of(config: Config) -> list[Group]:
    """Return the groups that the phone is in, by name. Raises Unreadable."""
    gateway, told = await _told(config, lambda gateway: gateway.groups())
    try:
        found = gateway.groups_of(told)
    except (TypeError, KeyError, AttributeError):
        raise Unreadable(said("The gateway’s answer is not a list of groups.")) from None
    return sorted(found, key=lambda group: (group.name.casefold(), group.id))


async def members_of(config: Config, group: str) -> Members:
    """Return who is in the group, by number, and how many hide theirs. Raises Unreadable."""
    gateway, told = await _told(config, lambda gateway: gateway.members(group))
    try:
        everybody = gateway.members_of(told)
    except (TypeError, KeyError, AttributeError):
        raise Unreadable(said("The gateway’s answer does not say who is in the group.")) from None
    if len(everybody) > MAX_MEMBERS:
        raise Unreadable(said("The group has more than %(n)s members.", n=MAX_MEMBERS))
    by_number: dict[str, Member] = {}
    for one in everybody:
        number = number_of(one.address)
        if number:
            by_number[number] = Member(address=number, is_admin=one.is_admin)
    hidden = sum(1 for one in everybody if not number_of(one.address))
    return Members(found=[by_number[number] for number in sorted(by_number)], hidden=hidden)


async def check_credentials(config: Config) -> CheckResult:
    """Ask how the session stands; send nothing."""
    state = await state_of(config)
    if state.problem:
        return CheckResult(ok=False, problem=state.problem)
    lines = [("Gateway", config.base_url), ("Session", config.session), ("State", state.word)]
    if state.number:
        lines.append(("Number", state.number))
    problem = "" if state.is_linked else _UNLINKED
    return CheckResult(ok=state.is_linked, lines=lines, problem=problem)


async def _told(config: Config, ask: Callable[[Gateway], Ask]) -> tuple[Gateway, Any]:
    """Return the gateway and what it answered. Raises Unreadable."""
    line = Line(config)
    try:
        told = await line.told(ask(line.gateway))
    finally:
        await line.aclose()
    if isinstance(told, Deferred | Refused):
        raise Unreadable(sentence_of(told))
    return line.gateway, told


def sentence_of(outcome: Deferred | Refused | Unknown) -> str:
    """Return what happened, for a person."""
    words = " ".join(part for part in (outcome.code, outcome.detail) if part)
    sentence = REASONS[outcome.reason].sentence
    return f"{sentence} ({words})" if words else sentence
