"""Everybody who has an account, for system administrators: helping who cannot get in, and keeping out who must not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from allauth.mfa.models import Authenticator
from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST, require_safe

from clarion.runtime.signin import operations
from clarion.web import typed
from clarion.web.confirm import confirm_page, is_confirmed
from clarion.web.pages.system import of_administrators
from clarion.web.parts import Action, Column, Confirm
from clarion.web.trail_words import line_of
from clarion.workspaces.access import operations as access
from clarion.workspaces.access import queries
from clarion.workspaces.errors import WorkspaceInvalid
from clarion.workspaces.queries import memberships_for

if TYPE_CHECKING:
    from clarion.web.http import PersonRequest
    from clarion.workspaces.models import User

COLUMNS = [
    Column(label=gettext_lazy("Person")),
    Column(label=gettext_lazy("Account")),
    Column(label=gettext_lazy("Second factor")),
    Column(label=gettext_lazy("Signed in last")),
]


@of_administrators
@require_safe
def people(request: PersonRequest) -> HttpResponse:
    """All of them, or those whose address has what is searched for."""
    search = typed.words(request.GET, "q")
    rows = queries.people(request.user, search=search)
    factors = set(Authenticator.objects.filter(user__in=rows).values_list("user_id", flat=True))
    context = {
        "rows": [{"one": one, "has_factor": one.pk in factors} for one in rows],
        "noun": ngettext("person", "people", len(rows)),
        "columns": COLUMNS,
        "search": search,
        "tab": "people",
    }
    return render(request, "system/people.html", context)


@of_administrators
@require_safe
def person(request: PersonRequest, id: int) -> HttpResponse:
    """One of them."""
    return _page(request, _found(request, id))


@of_administrators
@require_POST
def act(request: PersonRequest, id: int, action: str) -> HttpResponse:
    """Make a link to a new password, end sessions, take factors away, close or open the account."""
    one = _found(request, id)
    if action == "link":
        return _page(request, one, link=operations.make_reset_link(user=one, by=request.user))
    question = _questions(one).get(action)
    if question is not None and not is_confirmed(request):
        return confirm_page(request, question, back=reverse("system_person", args=[one.pk]))
    try:
        messages.success(request, _done(request, one, action))
    except WorkspaceInvalid as refusal:
        messages.error(request, str(refusal))
    return HttpResponseRedirect(reverse("system_person", args=[one.pk]))


def _done(request: PersonRequest, one: User, action: str) -> str:
    if action == "sessions":
        count = operations.end_sessions(user=one, by=request.user)
        return ngettext("%(n)d session is ended.", "%(n)d sessions are ended.", count) % {"n": count}
    if action == "factors":
        operations.remove_factors(user=one, by=request.user)
        return _("The second factor is taken away.")
    if action in ("close", "open"):
        access.set_active(user=one, is_active=action == "open", by=request.user)
        return _("The account is closed.") if action == "close" else _("The account is open again.")
    raise Http404


def _page(request: PersonRequest, one: User, *, link: str = "") -> HttpResponse:
    questions = _questions(one)
    names = {
        "link": (_("Link to a new password"), "key-round"),
        "sessions": (_("End all sessions"), "log-out"),
    }
    if Authenticator.objects.filter(user=one).exists():
        names["factors"] = (_("Take the second factor away"), "shield-off")
    if one.is_active:
        names["close"] = (_("Close the account"), "ban")
    else:
        names["open"] = (_("Open the account"), "user")
    actions = [
        Action(
            label=label, icon=icon, method="post", url=reverse("system_person_act", args=[one.pk, key]),
            confirm=questions.get(key), style="danger" if key in ("close", "factors") else "",
        )
        for key, (label, icon) in names.items()
    ]  # fmt: skip
    context = {
        "one": one,
        "actions": actions,
        "link": link,
        "memberships": memberships_for(one),
        "factors": sorted(set(Authenticator.objects.filter(user=one).values_list("type", flat=True))),
        "events": [line_of(event) for event in queries.own_events(one, limit=30)],
    }
    answer = render(request, "system/person.html", context)
    answer["Cache-Control"] = "no-store"
    return answer


def _questions(one: User) -> dict[str, Confirm]:
    who = {"who": one.email}
    return {
        "factors": Confirm(
            title=_("Take the second factor of %(who)s away?") % who,
            text=_("Their password alone lets them in then. Be sure that it is they who ask."),
            label=_("Take it away"),
        ),
        "close": Confirm(
            title=_("Close the account of %(who)s?") % who,
            text=_(
                "They are signed out at once and cannot come in. What they did stays, and so do their roles."
            ),
            label=_("Close it"),
        ),
    }


def _found(request: PersonRequest, pk: int) -> Any:
    found = queries.person(request.user, pk)
    if found is None:
        raise Http404
    return found
