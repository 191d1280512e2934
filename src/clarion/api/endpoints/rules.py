"""Who may be written to, and how often: caps, consent, and the words by which people answer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ninja import Router, Schema, Status
from pydantic import Field

from clarion.api import problems
from clarion.api.frame import actor
from clarion.api.shapes.common import SMALL, ChannelWord, Input
from clarion.audience import operations, queries
from clarion.workspaces import operations as workspaces
from clarion.workspaces.permissions import Permission

router = Router()


class Cap(Input):
    """At most so many messages in so many days, to one person."""

    channel: ChannelWord | None = Field(None, description="Null for all together.")
    messages: int = Field(ge=1, le=SMALL, examples=[3])
    days: int = Field(ge=1, le=SMALL, examples=[7])


class CapsIn(Input):
    """All caps: they replace those there are."""

    caps: list[Cap] = Field(max_length=50)


class CapOut(Schema):
    """At most so many messages in so many days, to one person."""

    channel: str | None
    messages: int
    days: int


def _caps(request: Any) -> list[dict[str, Any]]:
    found = queries.caps_of(request.member.workspace)
    return [{"channel": one.channel or None, "messages": one.messages, "days": one.days} for one in found]


@router.get("/caps", response=list[CapOut], summary="List frequency caps")
def list_caps(request: Any) -> Any:
    """The workspace's frequency caps, those over all channels first."""
    return _caps(request)


@router.put("/caps", response=list[CapOut], summary="Set frequency caps")
def set_caps(request: Any, said: CapsIn) -> Any:
    """Let these be the caps, in place of those there are; needs `manage_members`."""
    caps = [(one.channel or "", one.messages, one.days) for one in said.caps]
    operations.set_caps(by=actor(request), caps=caps)
    return _caps(request)


class Rules(Input):
    """When an address is given up, how the preference page looks, and where consent is needed."""

    soft_bounces: int = Field(
        ge=0, le=SMALL, description="After so many messages that came back; 0 for never."
    )
    soft_days: int = Field(ge=1, le=SMALL, description="Within so many days.")
    page_text: str = Field("", max_length=500, description="At the top of the preference page.")
    consent_channels: Sequence[ChannelWord] = Field(
        default_factory=list, max_length=20, description="Only who gave consent is written to on these."
    )


def _rules(request: Any) -> dict[str, Any]:
    workspace = request.member.workspace
    now = queries.rules_of(workspace)
    names = ("soft_bounces", "soft_days", "page_text")
    return {**{name: getattr(now, name) for name in names}, "consent_channels": workspace.consent_channels}


@router.get("/opt-out/rules", response=Rules, summary="Show the rules of opting out")
def show_rules(request: Any) -> Any:
    """When an address is given up, and where consent is needed; needs `manage_members`."""
    actor(request).require(Permission.MANAGE_MEMBERS)
    return _rules(request)


@router.put("/opt-out/rules", response=Rules, summary="Set the rules of opting out")
def set_rules(request: Any, said: Rules) -> Any:
    """Set all of them; they hold from the next message on, consent from the next run on."""
    by = actor(request)
    operations.set_opt_out_rules(
        by=by, soft_bounces=said.soft_bounces, soft_days=said.soft_days, page_text=said.page_text
    )
    workspaces.require_consent(by=by, channels=said.consent_channels)
    return _rules(request)


class WordsIn(Input):
    """Words by which people answer in a language, and what they are told back; empty for the program's own."""

    stop: Sequence[str] = Field(max_length=200, examples=[["stop", "unsubscribe"]])
    stop_alone: Sequence[str] = Field(default_factory=list, max_length=200)
    start: Sequence[str] = Field(default_factory=list, max_length=200)
    help: Sequence[str] = Field(default_factory=list, max_length=200)
    stop_reply: str = Field("", max_length=300)
    start_reply: str = Field("", max_length=300)
    help_reply: str = Field("", max_length=300)


class WordsOut(Schema):
    """A language's words, and whether they are the workspace's own."""

    language: str
    own: bool
    stop: Sequence[str]
    stop_alone: Sequence[str]
    start: Sequence[str]
    help: Sequence[str]


_LISTS, _REPLIES = ("stop", "stop_alone", "start", "help"), ("stop_reply", "start_reply", "help_reply")


def _words(request: Any, language: str) -> dict[str, Any]:
    workspace = request.member.workspace
    found = queries.words_of(workspace)[language]
    own = {row.language for row in queries.own_words_of(workspace)}
    lists = {name: list(getattr(found, name)) for name in _LISTS}
    return {"language": language, "own": language in own, **lists}


def _need(request: Any, language: str) -> str:
    actor(request).require(Permission.MANAGE_MEMBERS)
    if language not in queries.words_of(request.member.workspace):
        raise problems.own("not_found")
    return language


@router.get("/opt-out/words", response=list[WordsOut], summary="List words of opting out")
def list_words(request: Any) -> Any:
    """The words of every language by which people answer; needs `manage_members`."""
    actor(request).require(Permission.MANAGE_MEMBERS)
    return [_words(request, code) for code in sorted(queries.words_of(request.member.workspace))]


@router.put("/opt-out/words/{str:language}", response=WordsOut, summary="Set words of opting out")
def set_words(request: Any, language: str, said: WordsIn) -> Any:
    """Let the workspace have its own words of a language."""
    code = _need(request, language)
    operations.set_answer_words(
        by=actor(request), language=code, words={name: getattr(said, name) for name in _LISTS},
        replies={name: getattr(said, name) for name in _REPLIES},
    )  # fmt: skip
    return _words(request, code)


@router.delete("/opt-out/words/{str:language}", response={204: None}, summary="Reset words of opting out")
def reset_words(request: Any, language: str) -> Any:
    """Go back to the program's own words of a language."""
    if not operations.reset_answer_words(by=actor(request), language=_need(request, language)):
        raise problems.own("not_found", "The workspace has no words of its own in this language.")
    return Status(204, None)
