"""The price list: what a message costs on which channel, by which sender, to which numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from clarion.channels import registry
from clarion.lib.sentences import spoken
from clarion.senders.prices import csvfile, operations, queries
from clarion.senders.prices.errors import PriceInvalid, PriceListInvalid
from clarion.web.csv_answers import csv_answer
from clarion.web.links import workspace_url
from clarion.web.money_forms import PriceFileForm, PriceForm
from clarion.web.parts import Action, Confirm
from clarion.workspaces.actors import of_member
from clarion.workspaces.money import amounts
from clarion.workspaces.money.queries import account_for
from clarion.workspaces.permissions import Permission

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.http.response import HttpResponseBase

    from clarion.senders.models import Price
    from clarion.web.http import PageRequest
    from clarion.workspaces.models import Account


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A price in words, and the button that removes it for whoever may."""

    price: Price
    channel: str
    amount: str
    unit: str
    remove: Action | None


@require_http_methods(["GET", "HEAD", "POST"])
def prices(request: PageRequest, workspace: str) -> HttpResponse:
    """Show the list; set a price (`do=set`), take one out (`remove`), or put a file in its place (`import`)."""
    account = account_for(request.member)
    do = request.POST.get("do", "") if request.method == "POST" else ""
    form = PriceForm(request.workspace, request.POST if do == "set" else None)
    file_form = PriceFileForm(*((request.POST, request.FILES) if do == "import" else ()))
    problems: Sequence[str] = []
    if request.method == "POST":
        if account is None:
            raise Http404
        try:
            if _done(request, do, form, file_form, account):
                return HttpResponseRedirect(workspace_url(request, "prices"))
        except PriceListInvalid as error:
            problems = error.problems
    may_manage = request.member.may(Permission.MANAGE_MONEY)
    context = {
        "account": account, "form": form, "file_form": file_form, "problems": problems, "may_manage": may_manage,
        "rows": [_row(request, one, account, may_manage=may_manage) for one in queries.prices_for(request.member)]
        if account is not None else [],
    }  # fmt: skip
    is_wrong = bool(problems or form.errors or file_form.errors)
    return render(request, "money/prices.html", context, status=422 if is_wrong else 200)


@require_safe
def prices_csv(request: PageRequest, workspace: str) -> HttpResponseBase:
    """The list as a file, which may be read in again."""
    account = account_for(request.member)
    if account is None:
        raise Http404
    rows = csvfile.lines(queries.prices_for(request.member), account.currency)
    return csv_answer(rows, name=f"prices-{request.workspace.slug}.csv")


def _done(request: PageRequest, do: str, form: PriceForm, file_form: PriceFileForm, account: Account) -> bool:
    by = of_member(request.member)
    if do == "remove":
        number = request.POST.get("price", "")
        found = (
            queries.price_for(request.member, int(number)) if number.isascii() and number.isdigit() else None
        )
        if found is None:
            raise Http404
        operations.remove_price(by=by, price=found)
        messages.success(request, _("The price is removed."))
        return True
    if do == "set" and form.is_valid():
        try:
            operations.set_price(by=by, said=form.said)
        except PriceInvalid as error:
            for field, sentence in error.fields.items():
                form.add_error("begins" if field == "prefix" else field, sentence)
            return False
        messages.success(request, _("The price is set."))
        return True
    if do == "import" and file_form.is_valid():
        data: bytes = file_form.cleaned_data["file"]
        said = csvfile.read(data, workspace=request.workspace, currency=account.currency)
        count = operations.replace_prices(by=by, said=said)
        done = ngettext("The list has %(n)d price now.", "The list has %(n)d prices now.", count)
        messages.success(request, done % {"n": count})
        return True
    return False


def _row(request: PageRequest, price: Price, account: Account, *, may_manage: bool) -> Row:
    remove = Action(
        label=_("Remove"), icon="trash-2", url=workspace_url(request, "prices"), method="post", style="ghost",
        fields={"do": "remove", "price": str(price.pk)},
        confirm=Confirm(
            title=_("Remove this price?"), text=_("Runs under way keep the prices that they began with."),
            label=_("Remove"),
        ),
    )  # fmt: skip
    known = price.channel in registry.CHANNELS
    return Row(
        price=price,
        channel=spoken(registry.get(price.channel).label) if known else price.channel,
        amount=amounts.told(price.amount, account.currency),
        unit=_unit(price),
        remove=remove if may_manage else None,
    )


def _unit(price: Price) -> str:
    if price.period:
        return ngettext("begun second", "begun %(n)d seconds", price.period) % {"n": price.period}
    return _("part") if price.channel == "sms" else _("message")
