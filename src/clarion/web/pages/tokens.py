"""Keys for programs: the member's own, and for whoever manages members everybody's."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_POST

from clarion.web.confirm import confirm_page, is_confirmed
from clarion.web.links import workspace_url
from clarion.web.parts import Action, Column, Confirm
from clarion.workspaces import operations, queries
from clarion.workspaces.actors import of_member
from clarion.workspaces.errors import NotAllowed, TokenInvalid
from clarion.workspaces.permissions import Permission, Role, permissions_of

if TYPE_CHECKING:
    from clarion.web.http import PageRequest
    from clarion.workspaces.models import ApiToken, Membership

COLUMNS = [
    Column(label=gettext_lazy("Token")),
    Column(label=gettext_lazy("May do")),
    Column(label=gettext_lazy("Last used")),
    Column(label=gettext_lazy("Good until")),
    Column(label=gettext_lazy("Actions"), style="table__actions", hidden_label=True),
]
#: Days that are offered; 0 for no end.
_DAYS = (30, 90, 365, 0)


class TokenForm(forms.Form):
    """What a new token may do, and for how long."""

    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=80,
        help_text=gettext_lazy("Of the program that will have it, such as “Shop”."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    scopes = forms.MultipleChoiceField(
        label=gettext_lazy("It may"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy(
            "Every token sees what its member sees, with addresses and names shortened. Choose only what it needs."
        ),
    )
    days = forms.TypedChoiceField(label=gettext_lazy("It ends"), coerce=int, initial=90)
    per_minute = forms.IntegerField(
        label=gettext_lazy("Requests a minute"),
        initial=operations.PER_MINUTE,
        min_value=1,
        max_value=operations.MOST_PER_MINUTE,
    )

    def __init__(self, *args: Any, member: Membership, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        scopes, days = self.fields["scopes"], self.fields["days"]
        assert isinstance(scopes, forms.MultipleChoiceField)  # noqa: S101 - tells the type checker
        assert isinstance(days, forms.ChoiceField)  # noqa: S101
        mine = permissions_of(Role(member.role)) - {Permission.VIEW}
        scopes.choices = [(one.value, one.label) for one in Permission if one in mine]
        days.choices = [(n, _after(n)) for n in _DAYS]


def _after(days: int) -> str:
    if not days:
        return _("Never")
    return ngettext("After %(n)d day", "After %(n)d days", days) % {"n": days}


@require_http_methods(["GET", "HEAD", "POST"])
def token_list(request: PageRequest, workspace: str) -> HttpResponse:
    """The tokens, and a form for another; its secret is shown once, in the answer to that."""
    form = TokenForm(request.POST if request.method == "POST" else None, member=request.member)
    made: dict[str, Any] = {}
    if request.method == "POST" and form.is_valid():
        made = _made(request, form)
    found = queries.tokens_for(request.member)
    context = {
        "rows": [_row(request, one) for one in found],
        "noun": ngettext("token", "tokens", len(found)),
        "columns": COLUMNS,
        "form": TokenForm(member=request.member) if made else form,
        "made": made,
        "sees_all": request.member.may(Permission.MANAGE_MEMBERS),
    }
    response = render(request, "tokens/list.html", context, status=422 if form.errors else 200)
    response["Cache-Control"] = "no-store"
    return response


def _made(request: PageRequest, form: TokenForm) -> dict[str, Any]:
    said = form.cleaned_data
    ends = timezone.now() + timedelta(days=said["days"]) if said["days"] else None
    try:
        token, secret = operations.create_token(
            by=of_member(request.member), member=request.member, name=said["name"], scopes=said["scopes"],
            expires_at=ends, per_minute=said["per_minute"],
        )  # fmt: skip
    except TokenInvalid as refusal:
        for name, sentence in refusal.fields.items():
            form.add_error(name if name in form.fields else None, sentence)
    except NotAllowed as refusal:
        form.add_error("scopes", str(refusal))
    else:
        return {"name": token.name, "secret": secret}
    return {}


def _row(request: PageRequest, token: ApiToken) -> dict[str, Any]:
    labels = [str(Permission(one).label) for one in token.scopes if one != Permission.VIEW]
    return {
        "token": token,
        "whose": token.membership.user if token.membership_id != request.member.pk else None,
        "scopes": labels or [_("See only")],
        "revoke": Action(
            label=_("Revoke"), icon="x", method="post", style="danger",
            url=workspace_url(request, "token_revoke", id=token.public_id), confirm=_question(token),
        ),
    }  # fmt: skip


def _question(token: ApiToken) -> Confirm:
    return Confirm(
        title=_("Revoke “%(name)s”?") % {"name": token.name},
        text=_("The program that has it is refused from its next request. This cannot be taken back."),
        label=_("Revoke"),
    )


@require_POST
def revoke(request: PageRequest, workspace: str, id: UUID) -> HttpResponse:
    """End a token, once that was confirmed."""
    token = queries.token_for(request.member, id)
    if token is None:
        raise Http404
    back = workspace_url(request, "tokens")
    if not is_confirmed(request):
        return confirm_page(request, _question(token), back=back)
    operations.revoke_token(by=of_member(request.member), token=token)
    messages.success(request, _("The token is revoked."))
    return HttpResponseRedirect(back)
