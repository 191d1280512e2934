"""Which people of a run are wanted: one set of conditions for reading them, acting on them and exporting them."""

from __future__ import annotations

from ninja import Schema
from pydantic import Field

from clarion.api import problems
from clarion.api.shapes.common import ResultWord, SkipWord, StageWord
from clarion.deliveries.states import Result, Skip, Stage
from clarion.deliveries.unreached import Missed
from clarion.deliveries.wanted import NO_CODE, NOT_SKIPPED, SEARCH_FROM, Wanted
from clarion.engine.outcomes import Reason


class Conditions(Schema):
    """All that is said has to hold."""

    status: StageWord | None = None
    skip: SkipWord | None = Field(None, description="Why somebody was left out; `none` for whoever was not.")
    result: ResultWord | None = Field(None, description="The last that the provider said.")
    no_receipt: bool = Field(False, description="Sent, and nothing was heard since.")
    not_opened: bool = False
    reason: str | None = Field(None, max_length=60, description="A reason's name, such as mailbox_full.")
    code: str | None = Field(None, max_length=20, description="The provider's code; `-` for none.")
    missed: str | None = Field(
        None,
        max_length=40,
        description="Of several channels: where somebody stands with one of them, counted from 0. Whom it could not"
        " reach: `1`, or by why `1.no_address`, `1.duplicate`, `1.suppressed`, `1.no_consent`. Everybody:"
        " `1.people`; with a message that was not called off: `1.messages`; with one that was: `1.called_off`; for"
        " whom none was made: `1.not_needed`.",
    )
    q: str = Field("", max_length=320, description="An address or its beginning, a name, a provider's id.")

    def meant(self) -> Wanted:
        """Return what is asked for. Raises `invalid` for what would be left out, so that nobody else is taken."""
        reason, words = (self.reason or "").upper(), self.q.strip()
        if reason and reason not in Reason.__members__:
            raise problems.own("invalid", errors=[{"field": "reason", "detail": "There is no such reason."}])
        if 0 < len(words) < SEARCH_FROM:
            detail = f"Give {SEARCH_FROM} characters or more."
            raise problems.own("invalid", errors=[{"field": "q", "detail": detail}])
        missed = Missed.read(self.missed or "")
        if self.missed and missed is None:
            detail = "Give a channel's number, and a step of its waterfall, such as 1.no_address."
            raise problems.own("invalid", errors=[{"field": "missed", "detail": detail}])
        return Wanted(
            missed=missed,
            stage=Stage[self.status.upper()] if self.status else None,
            skip=Skip[self.skip.upper()] if self.skip and self.skip != NOT_SKIPPED else None,
            not_skipped=self.skip == NOT_SKIPPED,
            result=Result[self.result.upper()] if self.result else None,
            no_receipt=self.no_receipt,
            not_opened=self.not_opened,
            reason=Reason[reason].value if reason else None,
            code="" if self.code == NO_CODE else self.code,
            q=words,
        )
