"""Who may be written to, and how often: the workspace's rules, and the words by which people answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import get_language_info
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from clarion.audience import operations, queries
from clarion.audience.errors import RulesInvalid
from clarion.audience.stopwords import DEFAULTS
from clarion.web.links import workspace_url
from clarion.web.optout_forms import RulesForm, WordsForm, cap_rows
from clarion.workspaces.actors import of_member

if TYPE_CHECKING:
    from collections.abc import Sequence

    from clarion.web.http import PageRequest
    from clarion.web.optout_forms import CapForm


@dataclass(frozen=True, slots=True, kw_only=True)
class Language:
    """A language whose words are known: how it calls itself, some of its words, and whether they are our own."""

    code: str
    name: str
    words: str
    is_own: bool
    url: str


@require_http_methods(["GET", "HEAD", "POST"])
def rules(request: PageRequest, workspace: str) -> HttpResponse:
    """Show the rules; change the caps (`do=caps`) or the others (`do=rules`)."""
    now = queries.rules_of(request.workspace)
    initial = {
        "soft_bounces": now.soft_bounces, "soft_days": now.soft_days, "page_text": now.page_text,
        "confirms": now.confirms,
    }  # fmt: skip
    do = request.POST.get("do", "") if request.method == "POST" else ""
    form = RulesForm(request.POST if do == "rules" else None, initial=initial)
    rows = cap_rows(queries.caps_of(request.workspace), request.POST if do == "caps" else None)
    problems: Sequence[str] = []
    if do == "caps":
        problems = _save_caps(request, rows)
    elif do == "rules" and form.is_valid():
        operations.set_opt_out_rules(by=of_member(request.member), **form.cleaned_data)
    is_wrong = bool(problems or form.errors or any(row.errors for row in rows))
    if do and not is_wrong:
        messages.success(request, _("The rules are saved."))
        return HttpResponseRedirect(workspace_url(request, "optout_rules"))
    context = {"form": form, "rows": rows, "problems": problems, "languages": _languages(request)}
    return render(request, "optout/rules.html", context, status=422 if is_wrong else 200)


def _save_caps(request: PageRequest, rows: Sequence[CapForm]) -> Sequence[str]:
    """Save them when every row is right; return what is wrong with them together."""
    wrong = [row for row in rows if not row.is_valid()]  # each is looked at, so that each shows its mistakes
    if wrong:
        return []
    said = [row.said for row in rows]
    try:
        operations.set_caps(by=of_member(request.member), caps=[one for one in said if one is not None])
    except RulesInvalid as error:
        return error.problems
    return []


@require_http_methods(["GET", "HEAD", "POST"])
def words(request: PageRequest, workspace: str, language: str) -> HttpResponse:
    """Show and change a language's words."""
    known = queries.words_of(request.workspace)
    if language not in known:
        raise Http404
    own = {row.language: row for row in queries.own_words_of(request.workspace)}.get(language)
    form = WordsForm(
        request.POST if request.method == "POST" else None, initial=WordsForm.initial_of(known[language], own)
    )
    if request.method == "POST" and form.is_valid():
        try:
            operations.set_answer_words(
                by=of_member(request.member), language=language, words=form.words, replies=form.replies
            )
        except RulesInvalid as error:
            form.add_error("stop", error.problems[0])
        else:
            messages.success(request, _("The words are saved."))
            return HttpResponseRedirect(workspace_url(request, "optout_rules") + "#words")
    context = {"form": form, "language": language, "name": _name_of(language), "is_own": own is not None}
    return render(request, "optout/words.html", context, status=422 if form.errors else 200)


@require_POST
def reset_words(request: PageRequest, workspace: str, language: str) -> HttpResponse:
    """Go back to the program's own words of a language."""
    if language not in DEFAULTS:
        raise Http404
    operations.reset_answer_words(by=of_member(request.member), language=language)
    messages.success(request, _("The words are those of the program again."))
    return HttpResponseRedirect(workspace_url(request, "optout_rules") + "#words")


def _languages(request: PageRequest) -> list[Language]:
    own = {row.language for row in queries.own_words_of(request.workspace)}
    return [
        Language(
            code=code,
            name=_name_of(code),
            words=", ".join(found.stop[:4]),
            is_own=code in own,
            url=workspace_url(request, "optout_words", language=code),
        )
        for code, found in sorted(queries.words_of(request.workspace).items())
    ]


#: What Django names only by its scripts.
_OWN_NAMES = {"zh": "中文"}


def _name_of(language: str) -> str:
    if language in _OWN_NAMES:
        return _OWN_NAMES[language]
    try:
        return str(get_language_info(language)["name_local"])
    except KeyError:
        return language
