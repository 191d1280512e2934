"""Accepting an invitation: as who one is signed in as, or by making an account."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from allauth.account.signals import user_logged_in
from django import forms
from django.contrib import messages
from django.contrib.auth import login, password_validation
from django.contrib.auth.views import redirect_to_login
from django.core.cache import cache
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from clarion.content import branding
from clarion.runtime.signin import letters
from clarion.workspaces import operations, queries
from clarion.workspaces.errors import InvitationVoid
from clarion.workspaces.models import User

if TYPE_CHECKING:
    from django.http import HttpRequest

    from clarion.workspaces.models import Invitation, Membership

#: Nobody is written to again before so many seconds.
LETTER_SECONDS = 60
_BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


class AccountForm(forms.Form):
    """The account of somebody new."""

    name = forms.CharField(
        label=pgettext_lazy("person", "Name"),
        max_length=120,
        help_text=gettext_lazy("How others see you in lists and in the audit log."),
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    password = forms.CharField(
        label=gettext_lazy("Password"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def __init__(self, *args: Any, email: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._email = email

    def clean(self) -> dict[str, Any]:
        """Hold the password to the rules for everybody's."""
        data = super().clean() or {}
        if data.get("password"):
            somebody = User(email=self._email, name=data.get("name", ""))
            try:
                password_validation.validate_password(data["password"], somebody)
            except forms.ValidationError as refusal:
                self.add_error("password", refusal)
        return data


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def join(request: HttpRequest, secret: str) -> HttpResponse:
    """Show what one is invited to; join it."""
    invitation = queries.open_invitation(secret)
    if invitation is None:
        return _private(render(request, "account/join_void.html", status=404))
    user = request.user
    if user.is_authenticated:
        return _private(_as_oneself(request, secret, invitation, user))
    if queries.has_account(invitation.email):
        return _private(redirect_to_login(request.get_full_path()))
    if not letters.is_proven(secret, request.GET.get(letters.PROOF, "")):
        return _private(_to_be_proven(request, secret, invitation))
    return _private(_as_new(request, secret, invitation))


def _as_oneself(request: HttpRequest, secret: str, invitation: Invitation, user: User) -> HttpResponse:
    is_for_them = user.email == invitation.email
    if request.method == "POST" and is_for_them:
        try:
            membership = operations.accept_invitation(secret=secret, user=user)
        except InvitationVoid:
            return render(request, "account/join_void.html", status=404)
        return _welcome(request, membership)
    context = {
        "invitation": invitation,
        "is_for_them": is_for_them,
        "brand": branding.brand_of(invitation.workspace),
    }
    return render(request, "account/join.html", context)


def _to_be_proven(request: HttpRequest, secret: str, invitation: Invitation) -> HttpResponse:
    """Write to the invited address, once in a while: only who reads it makes an account by it."""
    is_asked = request.method == "POST"
    if is_asked and cache.add(f"invited-{invitation.pk}", 1, LETTER_SECONDS):
        letters.confirm_invited(invitation, secret)
    context = {
        "invitation": invitation,
        "is_unproven": True,
        "is_asked": is_asked,
        "brand": branding.brand_of(invitation.workspace),
    }
    return render(request, "account/join.html", context)


def _as_new(request: HttpRequest, secret: str, invitation: Invitation) -> HttpResponse:
    form = AccountForm(request.POST if request.method == "POST" else None, email=invitation.email)
    if request.method == "POST" and form.is_valid():
        try:
            membership = operations.join_as_new(secret=secret, **form.cleaned_data)
        except InvitationVoid:
            return HttpResponseRedirect(request.get_full_path())
        login(request, membership.user, backend=_BACKEND)
        answer = _welcome(request, membership)
        # So that the session is listed, the trail tells of it, and the browser is known.
        user_logged_in.send(sender=User, request=request, user=membership.user, response=answer)
        return answer
    context = {"invitation": invitation, "form": form, "brand": branding.brand_of(invitation.workspace)}
    return render(request, "account/join.html", context, status=422 if form.errors else 200)


def _welcome(request: HttpRequest, membership: Membership) -> HttpResponse:
    messages.success(request, _("Welcome to %(name)s.") % {"name": membership.workspace.name})
    return HttpResponseRedirect(f"/w/{membership.workspace.slug}/")


def _private(answer: HttpResponse) -> HttpResponse:
    """The address is a secret: it goes into no index, and into no other site's log."""
    answer["X-Robots-Tag"] = "noindex, nofollow"
    # With "no-referrer" a browser sends the form from the origin "null", which is refused as a forgery.
    answer["Referrer-Policy"] = "same-origin"
    return answer
