"""What a run's table of people is narrowed to: the query string, read leniently, and its controls."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from clarion.deliveries import reasons
from clarion.deliveries.states import Result, Skip, Stage
from clarion.deliveries.wanted import NO_CODE as NO_CODE
from clarion.deliveries.wanted import (
    NO_RESULT,
    NOT_OPENED,
    NOT_SKIPPED,
    Wanted,
    missed_label,
    number,
    result_label,
)
from clarion.web.links import changed_query
from clarion.web.parts import Chip, Option, Tab

if TYPE_CHECKING:
    from collections.abc import Sequence

    from clarion.deliveries.models import Run
    from clarion.deliveries.queries import ProblemGroup
    from clarion.web.http import PageRequest

#: Stages always offered; the others only when somebody is there.
_ALWAYS = (Stage.SENT, Stage.PENDING, Stage.FAILED)
_ORDER = (
    Stage.SENT, Stage.PARTLY, Stage.PENDING, Stage.IN_FLIGHT, Stage.FAILED, Stage.UNKNOWN, Stage.SKIPPED,
    Stage.CANCELLED, Stage.EXPIRED,
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters(Wanted):
    """Conditions as the query string says them, and the place in the table."""

    after: int | None = None
    before: int | None = None

    def arguments(self) -> dict[str, Any]:
        """Return the arguments of `recipients.recipients_page`."""
        return {
            "stage": self.stage, "skip": self.skip, "not_skipped": self.not_skipped, "result": self.result,
            "reason": self.reason, "code": self.code, "no_receipt": self.no_receipt,
            "not_opened": self.not_opened, "q": self.q, "missed": self.missed,
            "after": self.after, "before": self.before,
        }  # fmt: skip


def read(request: PageRequest) -> Filters:
    """Return what the query string asks for."""
    get = request.GET
    return Filters.read(get, after=number(get.get("after", "")), before=number(get.get("before", "")))


def stages(request: PageRequest, run: Run, filters: Filters) -> list[Tab]:
    """Return the choice of stages with how many people are in each."""
    tabs = [
        Tab(
            label=_("All"),
            url=_without_place(request, status=None),
            current=filters.stage is None,
            count=run.total,
        )
    ]
    for stage in _ORDER:
        count = getattr(run, stage.name.lower())
        if count or stage in _ALWAYS or stage is filters.stage:
            url = _without_place(request, status=stage.name.lower())
            tabs.append(Tab(label=stage.label, url=url, current=stage is filters.stage, count=count))
    return tabs


def results(filters: Filters) -> list[Option]:
    """Return the choice of what was heard since."""
    chosen = filters.query().get("result", "")
    options = [("", _("Any result")), (NO_RESULT, _("No receipt yet")), (NOT_OPENED, _("Not opened"))]
    options += [(result.name.lower(), result_label(result)) for result in Result if result]
    return [Option(value=value, label=label, checked=value == chosen) for value, label in options]


def reason_options(groups: Sequence[ProblemGroup], filters: Filters) -> list[Option]:
    """Return the choice of reasons: those that this run knows."""
    seen = {group.reason.code: group.reason.sentence for group in groups if not group.came_back}
    if filters.reason is not None:
        seen.setdefault(filters.reason, reasons.sentence_of(filters.reason))
    options = [Option(value="", label=_("Any reason"), checked=filters.reason is None)]
    return options + [
        Option(value=str(code), label=sentence, checked=code == filters.reason)
        for code, sentence in sorted(seen.items())
    ]


def code_options(groups: Sequence[ProblemGroup], filters: Filters) -> list[Option]:
    """Return the choice of the provider's codes: those that this run's problems know."""
    seen = {code.code or NO_CODE for group in groups if not group.came_back for code in group.codes}
    chosen = None if filters.code is None else filters.code or NO_CODE
    seen |= {chosen} if chosen else set()
    options = [Option(value="", label=_("Any code"), checked=chosen is None)]
    return options + [
        Option(value=code, label=_("Without a code") if code == NO_CODE else code, checked=code == chosen)
        for code in sorted(seen)
    ]


def skips(run: Run, filters: Filters) -> list[Option]:
    """Return the choice of why somebody was left out: what this run knows; empty when nobody was."""
    known = [skip for skip in Skip if run.waterfall.get(skip.name.lower()) or skip is filters.skip]
    if not known and not filters.not_skipped:
        return []
    asks_nothing = filters.skip is None and not filters.not_skipped
    options = [
        Option(value="", label=_("Skipped or not"), checked=asks_nothing),
        Option(value=NOT_SKIPPED, label=_("Not skipped"), checked=filters.not_skipped),
    ]
    return options + [
        Option(value=skip.name.lower(), label=skip.label, checked=skip is filters.skip) for skip in known
    ]


def chips(request: PageRequest, filters: Filters) -> list[Chip]:
    """Return the active filters beyond the stage, each with the page without it."""
    told: list[tuple[str, str, str]] = []
    if filters.q:
        told.append(("q", filters.q, f"“{filters.q}”"))
    if filters.skip is not None:
        label = _("Skipped: %(reason)s") % {"reason": filters.skip.label}
        told.append(("skip", filters.skip.name.lower(), label))
    if filters.not_skipped:
        told.append(("skip", NOT_SKIPPED, _("Not skipped")))
    if filters.result is not None:
        told.append(("result", filters.result.name.lower(), result_label(filters.result)))
    if filters.no_receipt:
        told.append(("result", NO_RESULT, _("No receipt yet")))
    if filters.not_opened:
        told.append(("result", NOT_OPENED, _("Not opened")))
    if filters.reason is not None:
        told.append(("reason", str(filters.reason), reasons.sentence_of(filters.reason)))
    if filters.code is not None:
        label = _("Code %(code)s") % {"code": filters.code} if filters.code else _("Without a code")
        told.append(("code", filters.code or NO_CODE, label))
    if filters.missed is not None:
        told.append(("missed", filters.missed.word, missed_label(filters.missed)))
    return [
        Chip(label=label, url=_without_place(request, **{name: None}), name=name, value=value)
        for name, value, label in told
    ]


def _without_place(request: PageRequest, **changes: object) -> str:
    """Return this page's query string changed, from the first page on."""
    return changed_query(request, after=None, before=None, **changes)
