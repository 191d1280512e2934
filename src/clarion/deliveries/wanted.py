"""Which people of a run are wanted, as pages, exports and the command line say it: the words of a query string."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Self

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from clarion.deliveries import reasons
from clarion.deliveries.narrowing import Narrowing
from clarion.deliveries.states import Result, Skip, Stage
from clarion.deliveries.unreached import Missed

#: Shorter words are no search yet.
SEARCH_FROM = 2
#: Stands for "no code".
NO_CODE = "-"
#: Stands for "was not left out" among why somebody was.
NOT_SKIPPED = "none"
#: Stands for "nothing was heard since" among the results, and for "nothing tells that it was opened".
NO_RESULT = "none"
NOT_OPENED = "not_opened"
_LONGEST = 320


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Conditions that all hold; what cannot be understood was left out."""

    stage: Stage | None = None
    skip: Skip | None = None
    not_skipped: bool = False
    result: Result | None = None
    reason: int | None = None
    code: str | None = None
    no_receipt: bool = False
    not_opened: bool = False
    missed: Missed | None = None
    q: str = ""

    @classmethod
    def read(cls, get: Mapping[str, Any], **rest: Any) -> Self:
        """Return what the words of a query string ask for. `rest` are a subclass' own fields."""
        code = _text(get, "code")[:20] or None
        words = _text(get, "q").strip()[:_LONGEST]
        heard = _text(get, "result").split()
        return cls(
            stage=named(Stage, _text(get, "status")),
            skip=named(Skip, _text(get, "skip")),
            not_skipped=_text(get, "skip") == NOT_SKIPPED,
            result=next((Result[word.upper()] for word in heard if named(Result, word) is not None), None),
            no_receipt=NO_RESULT in heard,
            not_opened=NOT_OPENED in heard,
            reason=number(_text(get, "reason"), 32_767),
            code="" if code == NO_CODE else code,
            missed=Missed.read(_text(get, "missed")),
            q=words if len(words) >= SEARCH_FROM else "",
            **rest,
        )

    @property
    def is_narrowed(self) -> bool:
        return bool(self.stage is not None or self.is_detailed or self.q)

    @property
    def is_detailed(self) -> bool:
        """Whether more than the stage and the search narrow it."""
        return bool(
            self.skip is not None or self.not_skipped or self.result is not None or self.no_receipt
            or self.not_opened or self.reason is not None or self.code is not None or self.missed is not None
        )  # fmt: skip

    @property
    def narrowing(self) -> Narrowing:
        """The conditions that rows are tested by; the search is apart."""
        return Narrowing(
            stage=self.stage, skip=self.skip, not_skipped=self.not_skipped, result=self.result,
            reason=self.reason, code=self.code, no_receipt=self.no_receipt, not_opened=self.not_opened,
            missed=self.missed,
        )  # fmt: skip

    def query(self) -> dict[str, str]:
        """Return the words that `read` understands as this."""
        words = {
            "status": self.stage.name.lower() if self.stage is not None else "",
            "skip": self.skip.name.lower() if self.skip is not None else NOT_SKIPPED * self.not_skipped,
            "result": " ".join(self._heard()),
            "reason": str(self.reason) if self.reason is not None else "",
            "code": "" if self.code is None else self.code or NO_CODE,
            "missed": self.missed.word if self.missed is not None else "",
            "q": self.q,
        }
        return {name: value for name, value in words.items() if value}

    def _heard(self) -> Iterator[str]:
        if self.result is not None:
            yield self.result.name.lower()
        if self.no_receipt:
            yield NO_RESULT
        if self.not_opened:
            yield NOT_OPENED

    def in_words(self, *, is_private: bool = False) -> list[str]:
        """Return the conditions for people. With `is_private` what was searched for is not told."""
        told = [str(self.stage.label)] if self.stage is not None else []
        if self.skip is not None:
            told.append(_("Skipped: %(reason)s") % {"reason": self.skip.label})
        if self.not_skipped:
            told.append(_("Not skipped"))
        if self.result is not None:
            told.append(result_label(self.result))
        if self.no_receipt:
            told.append(_("No receipt yet"))
        if self.not_opened:
            told.append(_("Not opened"))
        if self.reason is not None:
            told.append(reasons.sentence_of(self.reason))
        if self.code is not None:
            told.append(_("Code %(code)s") % {"code": self.code} if self.code else _("Without a code"))
        if self.missed is not None:
            told.append(missed_label(self.missed))
        if self.q:
            told.append(_("a search") if is_private else f"“{self.q}”")
        return told


def result_label(result: Result) -> str:
    """Return what the filter by a result is called: who opened or clicked did so whatever came later."""
    return pgettext("message was read", "Opened or read") if result is Result.READ else str(result.label)


def missed_label(missed: Missed) -> str:
    """Return what the filter by where somebody stands with a channel is called."""
    reason = missed.why.label if missed.why is not None else _("Not reached")
    return _("Channel %(n)d: %(reason)s") % {"n": missed.step + 1, "reason": reason}


def named(kind: Any, name: str) -> Any:
    """Return the member of an enumeration by its name in small letters, None for any other word."""
    return kind.__members__.get(name.upper()) if name and name == name.lower() else None


def number(typed: str, largest: int = 2**53) -> int | None:
    """Return the number that was typed, None for anything else."""
    if not (typed.isascii() and typed.isdigit() and len(typed) <= 16):
        return None
    found = int(typed)
    return found if found <= largest else None


def _text(get: Mapping[str, Any], name: str) -> str:
    value = get.get(name, "")
    return value.replace("\x00", "") if isinstance(value, str) else ""
