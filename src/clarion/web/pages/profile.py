"""One's own name, language, theme and time zone."""

from __future__ import annotations

from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from clarion.web import languages
from clarion.web.context import LANGUAGE, LAST_WORKSPACE, THEME_COOKIE
from clarion.web.cookies import remember
from clarion.web.http import PersonRequest
from clarion.workspaces import operations, queries
from clarion.workspaces.models import User
from clarion.workspaces.permissions import Role


class ProfileForm(forms.Form):
    """What a person may choose about themselves."""

    name = forms.CharField(
        label=pgettext_lazy("person", "Name"),
        max_length=120,
        required=False,
        help_text=_("How others see you in lists and in the audit log."),
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    language = forms.ChoiceField(label=_("Language"), required=False)
    theme = forms.ChoiceField(
        label=_("Theme"),
        required=False,
        choices=[("", _("As the system")), ("light", _("Light")), ("dark", _("Dark"))],
    )
    zone = forms.ChoiceField(
        label=_("Time zone"), required=False, help_text=_("All times on all pages are shown in it.")
    )

    is_told_of_trouble = forms.BooleanField(
        label=_("Write to me when something breaks"),
        required=False,
        help_text=_(
            "A mail when a sender is blocked or its provider is down, when a campaign fails or is paused by the "
            "program, and to system administrators when no process sends."
        ),
    )

    def __init__(self, *args: Any, is_administrator: bool = True, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not is_administrator:
            del self.fields["is_told_of_trouble"]
        self._offer("zone", [("", _("The workspace's")), *zones()])
        self._offer("language", [("", _("As the workspace")), *languages.choices()])

    def _offer(self, name: str, choices: list[tuple[str, Any]]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 - tells the type checker
        field.choices = choices


def zones() -> list[tuple[str, str]]:
    named = sorted(name for name in available_timezones() if "/" in name)
    return [("UTC", "UTC"), *((name, name.replace("_", " ")) for name in named)]


def _locale(request: PersonRequest) -> str:
    """The locale of the workspace that was opened last; empty where there was none."""
    slug = request.session.get(LAST_WORKSPACE)
    memberships = queries.memberships_for(request.user)
    return next((one.workspace.locale for one in memberships if one.workspace.slug == slug), "")


def _is_administrator(user: User) -> bool:
    """Whether there is something whose troubles they are written to about."""
    roles = (Role.ADMIN, Role.OWNER)
    return user.is_superuser or any(one.role in roles for one in queries.memberships_for(user))


@login_required
def profile(request: PersonRequest) -> HttpResponse:
    """Show and change it; the answer already comes in the new language and theme."""
    user = request.user
    kept = ("name", "language", "theme", "zone", "is_told_of_trouble")
    initial = {name: getattr(user, name) for name in kept}
    form = ProfileForm(request.POST or None, initial=initial, is_administrator=_is_administrator(user))
    if request.method != "POST" or not form.is_valid():
        return render(request, "account/profile.html", {"form": form})
    chosen = form.cleaned_data
    language = chosen["language"]
    operations.update_profile(
        user=user,
        name=chosen["name"],
        language=language,
        theme=chosen["theme"],
        zone=chosen["zone"],
        is_told_of_trouble=chosen.get("is_told_of_trouble"),
    )
    request.session[LANGUAGE] = language or languages.spoken(_locale(request))
    with translation.override(request.session[LANGUAGE] or translation.get_language()):
        messages.success(request, translation.gettext("Your profile is saved."))
    response = HttpResponseRedirect(reverse("profile"))
    remember(response, settings.LANGUAGE_COOKIE_NAME, language, secure=request.is_secure())
    remember(response, THEME_COOKIE, chosen["theme"], secure=request.is_secure())
    return response
