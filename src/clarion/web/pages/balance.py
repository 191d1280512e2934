"""What the workspace has to spend on campaigns, and every movement of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from clarion.campaigns import queries as campaigns
from clarion.deliveries.money import queries as spending
from clarion.web.csv_answers import csv_answer
from clarion.web.keyset import keys_of
from clarion.web.links import changed_query, workspace_url
from clarion.web.money_forms import CorrectionForm, CurrencyForm, TopUpForm, WarningForm
from clarion.web.parts import Option
from clarion.workspaces.actors import of_member
from clarion.workspaces.models import EntryKind
from clarion.workspaces.money import amounts, operations, queries
from clarion.workspaces.money.errors import BalanceTooLow, MoneyInvalid
from clarion.workspaces.permissions import Permission

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django import forms
    from django.http.response import HttpResponseBase

    from clarion.web.http import PageRequest
    from clarion.workspaces.models import Account, LedgerEntry

_FORMS: dict[str, type[forms.Form]] = {
    "top_up": TopUpForm,
    "correct": CorrectionForm,
    "on": CurrencyForm,
    "warn": WarningForm,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """An entry in words. `url` leads to its campaign; empty when there is none any more."""

    entry: LedgerEntry
    label: str
    amount: str
    balance: str
    url: str


@require_http_methods(["GET", "HEAD", "POST"])
def balance(request: PageRequest, workspace: str) -> HttpResponse:
    """Show how it stands; `do` says what is done: top_up, correct, warn, on or off."""
    do = request.POST.get("do", "") if request.method == "POST" else ""
    made: dict[str, forms.Form] = {
        name: form(request.POST if do == name else None) for name, form in _FORMS.items()
    }
    if request.method == "POST" and _done(request, do, made.get(do)):
        return HttpResponseRedirect(workspace_url(request, "balance"))
    account = queries.account_for(request.member)
    is_wrong = any(form.errors for form in made.values())
    context: dict[str, Any] = {
        "account": account, "forms": made, "is_on": request.workspace.has_balance,
        "may_manage": request.member.may(Permission.MANAGE_MONEY),
        **(_standing(request, account) if account is not None else {}),
    }  # fmt: skip
    return render(request, "money/balance.html", context, status=422 if is_wrong else 200)


@require_safe
def ledger_csv(request: PageRequest, workspace: str) -> HttpResponseBase:
    """The whole ledger as a file."""
    account = queries.account_for(request.member)
    if account is None:
        raise Http404
    return csv_answer(queries.ledger_lines(account), name=f"ledger-{request.workspace.slug}.csv")


def _done(request: PageRequest, do: str, form: forms.Form | None) -> bool:
    by = of_member(request.member)
    if do == "off":
        operations.switch_off(by=by)
        messages.success(request, _("Campaigns cost nothing from their next run on."))
        return True
    if form is None or not form.is_valid():
        return False
    try:
        if do == "on":
            operations.switch_on(by=by, **form.cleaned_data)
            messages.success(request, _("Campaigns are paid from the balance, from their next run on."))
        elif do == "top_up":
            operations.top_up(by=by, **form.cleaned_data)
            messages.success(request, _("The balance is topped up."))
        elif do == "warn":
            operations.warn_below(by=by, **form.cleaned_data)
            messages.success(request, _("The warning is set."))
        else:
            operations.correct(by=by, **form.cleaned_data)
            messages.success(request, _("The balance is corrected."))
    except (MoneyInvalid, BalanceTooLow) as problem:
        form.add_error(next(iter(form.fields)), str(problem))
        return False
    return True


def _standing(request: PageRequest, account: Account) -> dict[str, Any]:
    now = spending.standing(account)
    asked = request.GET.get("kind", "")
    kind = EntryKind(asked) if asked in EntryKind.values else None
    page = queries.entries_of(account, kind=kind, **keys_of(request))
    return {
        "tiles": [
            (_("Available"), amounts.told(now.available, now.currency), _("for campaigns to come")),
            (_("Reserved"), amounts.told(now.reserved, now.currency), _("for campaigns under way")),
            (_("Balance"), amounts.told(now.balance, now.currency), _("both together")),
        ],
        "rows": _shown(request, account, page.rows),
        "kinds": [Option(value="", label=_("All entries"), checked=kind is None)]
        + [Option(value=one.value, label=one.label, checked=one is kind) for one in EntryKind],
        "is_narrowed": kind is not None,
        "here": workspace_url(request, "balance"),
        "newer_url": changed_query(request, before=page.newer, after="") if page.newer else "",
        "older_url": changed_query(request, after=page.older, before="") if page.older else "",
    }


def _shown(request: PageRequest, account: Account, entries: Sequence[LedgerEntry]) -> list[Shown]:
    wanted = {entry.campaign_id for entry in entries if entry.campaign_id is not None}
    there = dict(campaigns.campaigns_for(request.member).filter(pk__in=wanted).values_list("pk", "public_id"))
    return [
        Shown(
            entry=entry,
            label=str(EntryKind(entry.kind).label),
            amount=amounts.told(entry.amount, account.currency),
            balance=amounts.told(entry.balance, account.currency),
            url=workspace_url(request, "campaigns:detail", id=there[entry.campaign_id])
            if entry.campaign_id in there
            else "",
        )
        for entry in entries
    ]
