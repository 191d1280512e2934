"""The trail of sign-ins, and the providers of single sign-on, for system administrators."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import requests
from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from clarion.web import typed
from clarion.web.confirm import confirm_page, is_confirmed
from clarion.web.pages.system import of_administrators
from clarion.web.parts import Action, Column, Confirm
from clarion.web.trail_words import WORDS, words_of
from clarion.workspaces.access import operations, queries
from clarion.workspaces.errors import WorkspaceInvalid

if TYPE_CHECKING:
    from clarion.web.http import PersonRequest
    from clarion.workspaces.models import IdentityProvider

#: Seconds that a provider has to say what it is.
PATIENCE = 10

COLUMNS = [
    Column(label=gettext_lazy("What")),
    Column(label=gettext_lazy("Whose account")),
    Column(label=gettext_lazy("From where")),
    Column(label=gettext_lazy("When")),
]


class ProviderForm(forms.Form):
    """A provider of single sign-on."""

    name = forms.CharField(
        label=gettext_lazy("Name"), max_length=40, help_text=gettext_lazy("“Sign in with …”, on the button.")
    )
    slug = forms.CharField(
        label=gettext_lazy("Short name"),
        max_length=40,
        help_text=gettext_lazy("Stands in the address below, for good: small letters, digits and hyphens."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none"}),
    )
    issuer = forms.CharField(
        label=gettext_lazy("Issuer"),
        max_length=500,
        help_text=gettext_lazy("Such as https://login.example.org/realms/main."),
        widget=forms.URLInput(attrs={"autocomplete": "off"}),
    )
    client_id = forms.CharField(
        label=gettext_lazy("Client ID"), max_length=191, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    secret = forms.CharField(
        label=gettext_lazy("Client secret"),
        required=False,
        max_length=500,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=gettext_lazy("Sealed, and never shown again. Empty keeps the one that is there."),
    )
    domains = forms.CharField(
        label=gettext_lazy("Domains"),
        required=False,
        max_length=2000,
        help_text=gettext_lazy(
            "Owners of verified addresses there get an account, without any rights, when they first come. "
            "Separated by commas; empty for nobody: only who has an account comes in."
        ),
    )
    is_active = forms.BooleanField(label=gettext_lazy("Offer it"), required=False, initial=True)


@of_administrators
@require_safe
def trail(request: PersonRequest) -> HttpResponse:
    """Who got in, who was kept out, and what was changed, newest first."""
    who, action = typed.words(request.GET, "q"), request.GET.get("what", "")
    before = request.GET.get("before", "")
    found = queries.events_for(
        request.user,
        who=who,
        action=action if action in WORDS else "",
        before=int(before) if before.isascii() and before.isdigit() and len(before) < 18 else None,
        limit=queries.PAGE_SIZE + 1,
    )
    rows = [words_of(one) for one in found[: queries.PAGE_SIZE]]
    context = {
        "rows": rows,
        "older": rows[-1].number if len(found) > queries.PAGE_SIZE else None,
        "columns": COLUMNS,
        "who": who,
        "what": action,
        "words": [(key, title) for key, (title, _mark) in WORDS.items()],
        "tab": "trail",
    }
    return render(request, "system/trail.html", context)


@of_administrators
@require_http_methods(["GET", "HEAD", "POST"])
def providers(request: PersonRequest) -> HttpResponse:
    """All of them, and a form for another."""
    form = ProviderForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid() and _saved(request, form, None):
        return HttpResponseRedirect(reverse("system_sso"))
    context = {
        "rows": queries.providers(),
        "given": settings.CLARION_OIDC,
        "callback": _callback("…"),
        "given_callback": _callback(operations.RESERVED_SLUG),
        "form": form,
        "tab": "sso",
    }
    return render(request, "system/sso.html", context, status=422 if form.errors else 200)


@of_administrators
@require_http_methods(["GET", "HEAD", "POST"])
def provider(request: PersonRequest, slug: str) -> HttpResponse:
    """One of them, to be changed."""
    one = _found(slug)
    initial = {
        "name": one.name, "slug": one.slug, "issuer": one.issuer, "client_id": one.client_id,
        "domains": ", ".join(one.domains), "is_active": one.is_active,
    }  # fmt: skip
    form = ProviderForm(request.POST if request.method == "POST" else None, initial=initial)
    form.fields["slug"].disabled = True
    if form.is_bound and form.is_valid() and _saved(request, form, one):
        return HttpResponseRedirect(reverse("system_sso"))
    remove = Action(
        label=_("Remove"), icon="x", method="post", style="danger", confirm=_question(one),
        url=reverse("system_sso_delete", args=[slug]),
    )  # fmt: skip
    context = {"one": one, "form": form, "callback": _callback(slug), "remove": remove, "tab": "sso"}
    return render(request, "system/sso_one.html", context, status=422 if form.errors else 200)


@of_administrators
@require_POST
def provider_delete(request: PersonRequest, slug: str) -> HttpResponse:
    """Remove it, once that was confirmed."""
    one = _found(slug)
    if not is_confirmed(request):
        return confirm_page(request, _question(one), back=reverse("system_sso_one", args=[slug]))
    operations.delete_provider(by=request.user, provider=one)
    messages.success(request, _("“%(name)s” is removed.") % {"name": one.name})
    return HttpResponseRedirect(reverse("system_sso"))


def _saved(request: PersonRequest, form: ProviderForm, one: IdentityProvider | None) -> bool:
    said: dict[str, Any] = form.cleaned_data
    if problem := _problem_of(said["issuer"]):
        form.add_error("issuer", problem)
        return False
    try:
        saved = operations.save_provider(
            by=request.user, provider=one, domains=said["domains"].split(","),
            **{name: said[name] for name in ("name", "slug", "issuer", "client_id", "secret", "is_active")},
        )  # fmt: skip
    except WorkspaceInvalid as refusal:
        for name, sentence in refusal.fields.items():
            form.add_error(name, sentence)
        return False
    messages.success(request, _("“%(name)s” is saved.") % {"name": saved.name})
    return True


def _problem_of(issuer: str) -> str:
    """Ask the issuer what it is; return what is wrong with its answer."""
    base = issuer.strip().removesuffix("/.well-known/openid-configuration").rstrip("/")
    if not base.startswith(("https://", "http://localhost", "http://127.0.0.1", "http://[::1]")):
        return _("Write the issuer’s address, beginning with https://.")
    try:
        answer = requests.get(
            f"{base}/.well-known/openid-configuration", timeout=PATIENCE, allow_redirects=False
        )
        answer.raise_for_status()
        said = answer.json()
    except (requests.RequestException, ValueError):
        return _("There is no OpenID Connect provider that answers there.")
    if not isinstance(said, dict) or str(said.get("issuer", "")).rstrip("/") != base:
        return _("The provider there calls itself otherwise: %(name)s. Write that.") % {
            "name": str(said.get("issuer", "?") if isinstance(said, dict) else "?")[:200]
        }
    needed = ("authorization_endpoint", "token_endpoint", "jwks_uri")
    return (
        "" if all(said.get(name) for name in needed) else _("The provider does not say how to sign in by it.")
    )


def _callback(slug: str) -> str:
    path = reverse("openid_connect_callback", kwargs={"provider_id": "x"}).replace("/x/", f"/{slug}/")
    return f"{settings.CLARION_PUBLIC_URL}{path}"


def _question(one: IdentityProvider) -> Confirm:
    return Confirm(
        title=_("Remove “%(name)s”?") % {"name": one.name},
        text=_("Nobody comes in by it any more. Accounts stay; who has no password needs a link to one."),
        label=_("Remove"),
    )


def _found(slug: str) -> IdentityProvider:
    found = queries.provider(slug)
    if found is None:
        raise Http404
    return found
