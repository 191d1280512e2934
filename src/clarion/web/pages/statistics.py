"""Campaigns compared side by side: table, bars and a CSV. The address holds which."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from clarion.deliveries import comparing
from clarion.web import statistics_page, typed
from clarion.web.charts import grouped_bars
from clarion.web.csv_answers import csv_answer
from clarion.web.links import workspace_url
from clarion.web.pages.campaigns import ids_of
from clarion.web.statistics_page import LETTERS

if TYPE_CHECKING:
    from clarion.deliveries.comparing import Compared
    from clarion.web.http import PageRequest

_WORDS_LENGTH = 160


@require_safe
def statistics(request: PageRequest, workspace: str) -> HttpResponse:
    """The comparison and, while there is room, what can be added to it."""
    asked = ids_of(request.GET.getlist("id"))
    compared = comparing.compare(request.member, asked)
    ids = [one.campaign.public_id for one in compared]
    words = typed.words(request.GET, "q", _WORDS_LENGTH)
    context: dict[str, Any] = {
        "ids": ids,
        "words": words,
        "is_full": len(ids) >= comparing.MOST,
        "most": comparing.MOST,
        "own_url": workspace_url(request, "statistics"),
        "candidates": _candidates(request, ids, words),
    }
    if request.htmx and request.htmx.target == "candidates" and not request.htmx.history_restore_request:
        return render(request, "statistics.html#candidates", context)
    if len(asked) > comparing.MOST:
        context["too_many"] = _("Only the first %(n)d of those chosen are shown.") % {"n": comparing.MOST}
    return render(request, "statistics.html", context | _comparison(request, compared))


@require_safe
def statistics_csv(request: PageRequest, workspace: str) -> HttpResponseBase:
    """The same figures as a file: one line for each campaign."""
    compared = comparing.compare(request.member, ids_of(request.GET.getlist("id")))
    return csv_answer(statistics_page.csv_lines(compared), name="campaigns.csv")


def _comparison(request: PageRequest, compared: list[Compared]) -> dict[str, Any]:
    ids = [one.campaign.public_id for one in compared]
    heads = [
        {
            "letter": LETTERS[place],
            "number": place + 1,
            "one": one,
            "url": workspace_url(request, "campaigns:detail", id=one.campaign.public_id),
            "without_url": _url(request, [other for other in ids if other != one.campaign.public_id]),
        }
        for place, one in enumerate(compared)
    ]
    names, values = statistics_page.bars(compared)
    plot = ""
    if names:
        labels = [(LETTERS[place], one.campaign.name) for place, one in enumerate(compared)]
        plot = grouped_bars(names, labels, values, title=_("Rates of the campaigns, in per cent"))
    return {
        "heads": heads,
        "lines": statistics_page.lines(compared) if compared else [],
        "plot": plot,
        "csv_url": _query(workspace_url(request, "statistics_csv"), ids),
        "clear_url": workspace_url(request, "statistics"),
    }


def _candidates(request: PageRequest, ids: list[UUID], words: str) -> list[dict[str, Any]]:
    if len(ids) >= comparing.MOST:
        return []
    found = comparing.candidates(request.member, words, without=ids)
    return [{"campaign": one, "url": _url(request, [*ids, one.public_id])} for one in found]


def _url(request: PageRequest, ids: list[UUID]) -> str:
    return _query(workspace_url(request, "statistics"), ids)


def _query(url: str, ids: list[UUID]) -> str:
    return f"{url}?{'&'.join(f'id={one}' for one in ids)}" if ids else url
