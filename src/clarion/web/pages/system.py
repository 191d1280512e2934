"""All workspaces of the installation, for its administrators: making one, and switching campaigns on and off."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from clarion.runtime.signin import letters
from clarion.web.confirm import confirm_page, is_confirmed
from clarion.web.parts import Column, Confirm
from clarion.workspaces import operations, queries
from clarion.workspaces.actors import of_administrator
from clarion.workspaces.errors import WorkspaceInvalid

if TYPE_CHECKING:
    from clarion.web.http import PersonRequest
    from clarion.workspaces.models import Workspace

COLUMNS = [
    Column(label=gettext_lazy("Workspace")),
    Column(label=gettext_lazy("Campaigns")),
    Column(label=gettext_lazy("Members"), style="table__end"),
    Column(label=gettext_lazy("Since")),
]


class NewWorkspaceForm(forms.Form):
    """A workspace to be made."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=operations.NAME_LENGTH)
    slug = forms.CharField(
        label=gettext_lazy("Short name"),
        max_length=operations.SLUG_LENGTH,
        help_text=gettext_lazy("Stands in its addresses, for good: small letters, digits and hyphens."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none"}),
    )
    owner = forms.CharField(
        label=gettext_lazy("Owner’s e-mail address"),
        required=False,
        max_length=254,
        help_text=gettext_lazy(
            "Who has an account becomes its owner at once, others are invited. Without one it is you."
        ),
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )


def of_administrators(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Let only system administrators in; for everybody else there is nothing here."""

    @login_required
    @wraps(view)
    def guarded(request: PersonRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.user.is_superuser:
            raise Http404
        return view(request, *args, **kwargs)

    return guarded


@of_administrators
@require_http_methods(["GET", "HEAD", "POST"])
def workspaces(request: PersonRequest) -> HttpResponse:
    """All of them, and a form to make one; the link of an invitation is shown once, in the answer to it."""
    form = NewWorkspaceForm(request.POST if request.method == "POST" else None)
    made: dict[str, Any] = {}
    if request.method == "POST" and form.is_valid():
        try:
            workspace, secret = operations.open_workspace(by=request.user, **form.cleaned_data)
        except WorkspaceInvalid as error:
            for field, sentence in error.fields.items():
                form.add_error(field, sentence)
        else:
            if secret is None:
                messages.success(request, _("“%(name)s” is there.") % {"name": workspace.name})
                return HttpResponseRedirect(reverse("system_workspace", args=[workspace.slug]))
            path = reverse("join", kwargs={"secret": secret})
            base = settings.CLARION_PUBLIC_URL or request.build_absolute_uri("/").rstrip("/")
            invitation = queries.open_invitation(secret)
            is_mailed = invitation is not None and letters.invite(invitation, secret)
            made = {
                "name": workspace.name, "email": form.cleaned_data["owner"], "link": f"{base}{path}",
                "is_mailed": is_mailed,
            }  # fmt: skip
            form = NewWorkspaceForm()
    rows = queries.all_workspaces(request.user)
    context = {
        "rows": rows,
        "noun": ngettext("workspace", "workspaces", len(rows)),
        "columns": COLUMNS,
        "form": form,
        "made": made,
        "tab": "workspaces",
    }
    return render(request, "system/workspaces.html", context, status=422 if form.errors else 200)


@of_administrators
@require_safe
def workspace(request: PersonRequest, slug: str) -> HttpResponse:
    """One of them: whether campaigns are switched on in it, and why not."""
    one = _found(request, slug)
    context = {"one": one, "question": _question(one), "owners": queries.owners_of(request.user, one)}
    return render(request, "system/workspace.html", context)


@of_administrators
@require_POST
def switch(request: PersonRequest, slug: str) -> HttpResponse:
    """Switch campaigns off, once that was confirmed, or on again, as `to` says."""
    one = _found(request, slug)
    back = reverse("system_workspace", args=[slug])
    is_on = request.POST.get("to") == "on"
    if not is_on and not is_confirmed(request):
        return confirm_page(request, _question(one), back=back)
    by = of_administrator(request.user, one)
    operations.switch_campaigns(by=by, is_on=is_on, reason=request.POST.get("reason", ""))
    said = (
        _("Campaigns are switched on.") if is_on else _("Campaigns are switched off: nothing more is sent.")
    )
    messages.success(request, said)
    return HttpResponseRedirect(back)


def _question(one: Workspace) -> Confirm:
    return Confirm(
        title=_("Switch campaigns off in “%(name)s”?") % {"name": one.name},
        text=_(
            "Nothing more leaves it, within a second, and its members do not see the pages of campaigns. "
            "Campaigns keep their place and go on when you switch them on again."
        ),
        label=_("Switch off"),
    )


def _found(request: PersonRequest, slug: str) -> Workspace:
    found = next((one for one in queries.all_workspaces(request.user) if one.slug == slug), None)
    if found is None:
        raise Http404
    return found
