"""One's own account: the address one signs in by, and the sessions one is signed in with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from allauth.account.decorators import reauthentication_required
from allauth.usersessions.internal.flows.sessions import end_other_sessions
from allauth.usersessions.models import UserSession
from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from clarion.runtime.signin import devices, letters
from clarion.runtime.signin.accounts import where
from clarion.senders.system import operations as system
from clarion.web.parts import Action
from clarion.web.trail_words import line_of
from clarion.workspaces.access import operations as access
from clarion.workspaces.access import queries
from clarion.workspaces.errors import WorkspaceInvalid

if TYPE_CHECKING:
    from clarion.web.http import PersonRequest


class AddressForm(forms.Form):
    """The address to sign in by from now on."""

    email = forms.EmailField(
        label=gettext_lazy("New e-mail address"),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )


@reauthentication_required()  # type: ignore[untyped-decorator]  # allauth has no types
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def email(request: PersonRequest) -> HttpResponse:
    """Ask for another address; it holds once its owner has followed the link that is written to it."""
    has_sender = system.has_sender()
    form = AddressForm(request.POST if request.method == "POST" and has_sender else None)
    if form.is_bound and form.is_valid():
        wanted = form.cleaned_data["email"].strip().lower()
        if wanted == request.user.email:
            form.add_error("email", _("This is your address already."))
        else:
            # Whose address it is already is not told: the link then says that it is not good.
            letters.confirm_address(request.user, wanted)
            text = _("A link is on its way to %(email)s. The address changes when you follow it.")
            messages.success(request, text % {"email": wanted})
            return HttpResponseRedirect(reverse("account_email"))
    context = {"form": form, "has_sender": has_sender}
    return render(request, "account/address.html", context, status=422 if form.errors else 200)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def email_confirm(request: HttpRequest, token: str) -> HttpResponse:
    """Take the new address, once its owner says so: mail readers follow links by themselves."""
    found = letters.confirmed_address(token)
    if found is None:
        return _private(render(request, "account/address_void.html", status=404))
    user, wanted = found
    if request.method == "POST":
        old = user.email
        try:
            user = access.change_email(user=user, email=wanted)
        except WorkspaceInvalid:
            return _private(render(request, "account/address_void.html", status=404))
        text = _("Your account is signed in to by %(email)s from now on.") % {"email": wanted}
        rest = _("If it was not you, tell your administrator at once.")
        letters.notice(user, _("Your e-mail address was changed"), f"{text}\n\n{rest}", to=old)
        messages.success(request, _("Your e-mail address is changed."))
        return _private(HttpResponseRedirect("/"))
    return _private(render(request, "account/address_confirm.html", {"wanted": wanted}))


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def sessions(request: PersonRequest) -> HttpResponse:
    """Show where one is signed in, and what happened to the account; end all sessions but this one."""
    if request.method == "POST":
        end_other_sessions(request, request.user)
        access.record(action="session.end", user=request.user, detail="all others", place=where(request))
        messages.success(request, _("All other sessions are ended."))
        return HttpResponseRedirect(reverse("usersessions_list"))
    rows = [_row(request, one) for one in UserSession.objects.purge_and_list(request.user)]
    rows.sort(key=lambda row: not row["is_current"])
    events = [line_of(one) for one in queries.own_events(request.user)]
    return render(request, "account/sessions.html", {"rows": rows, "events": events})


@login_required
@require_POST
def session_end(request: PersonRequest, id: int) -> HttpResponse:
    """End one of one's own sessions."""
    one = UserSession.objects.filter(pk=id, user=request.user).first()
    if one is None:
        raise Http404
    if not one.is_current():
        place = devices.name_of(one.user_agent)
        one.end()
        access.record(action="session.end", user=request.user, detail=place, place=where(request))
        messages.success(request, _("The session is ended."))
    return HttpResponseRedirect(reverse("usersessions_list"))


def nothing(request: HttpRequest, rest: str) -> HttpResponse:
    """Say that there is nothing: these pages of allauth's are not offered."""
    if rest in ("login/cancelled/", "login/error/"):
        return HttpResponseRedirect(reverse("account_login"))
    raise Http404


def _row(request: PersonRequest, one: Any) -> dict[str, Any]:
    is_current = one.is_current()
    end = Action(
        label=_("End"),
        icon="log-out",
        method="post",
        style="danger",
        url=reverse("session_end", args=[one.pk]),
    )
    return {
        "session": one,
        "device": devices.name_of(one.user_agent) or _("Unknown browser"),
        "is_current": is_current,
        "end": None if is_current else end,
    }


def _private(answer: HttpResponse) -> HttpResponse:
    """The address is a secret: it goes into no index, and into no other site's log."""
    answer["X-Robots-Tag"] = "noindex, nofollow"
    # With "no-referrer" a browser sends the form from the origin "null", which is refused as a forgery.
    answer["Referrer-Policy"] = "same-origin"
    return answer
