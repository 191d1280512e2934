"""Every component in every state on one page: for whoever builds a page, and for the browser tests."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import translation

from clarion.web import navigation, statuses
from clarion.web.charts import bar_geometry
from clarion.web.context import Shell
from clarion.web.live import Scope, live_response
from clarion.web.pages import gallery_sample as sample


class SampleForm(forms.Form):
    """A field of every kind."""

    name = forms.CharField(label="Name", help_text="Shown in lists; recipients never see it.")
    mail = forms.EmailField(label="Email")
    zone = forms.ChoiceField(label="Time zone", choices=[("UTC", "UTC"), ("Europe/Berlin", "Europe/Berlin")])
    notes = forms.CharField(label="Notes", widget=forms.Textarea(attrs={"rows": 3}), required=False)
    date = forms.DateField(label="Date", widget=forms.DateInput(attrs={"type": "date"}))
    time = forms.TimeField(label="Time", widget=forms.TimeInput(attrs={"type": "time"}))
    agree = forms.BooleanField(
        label="Start by itself after approval", help_text="Otherwise it waits for you."
    )
    order = forms.ChoiceField(
        label="Order", choices=[("a", "All at once"), ("b", "One after the other")], widget=forms.RadioSelect
    )


@dataclass(frozen=True)
class SampleShell:
    """The frame as it looks inside a workspace, without one."""

    theme: str
    language: str
    direction: str
    workspace = SimpleNamespace(name="Acme Retail", slug="acme")
    workspaces = (
        SimpleNamespace(name="Acme Retail", slug="acme"),
        SimpleNamespace(name="Acme Care", slug="care"),
    )
    person = "Nadia Karim"
    role = "Campaign manager"
    search_url = "/ui/"

    @property
    def groups(self) -> list[navigation.Group]:
        return [
            replace(
                group,
                entries=tuple(
                    replace(
                        entry,
                        url="/ui/",
                        current=entry.name == "campaigns",
                        count=4 if entry.name == "moderation" else 0,
                    )
                    for entry in group.entries
                ),
            )
            for group in navigation.NAVIGATION
        ]


@login_not_required
def gallery(request: HttpRequest) -> HttpResponse:
    """The page itself. `?language=ar` shows it from right to left."""
    with translation.override(request.GET.get("language", translation.get_language() or "en")):
        real = Shell(request)
        shell = SampleShell(real.theme, real.language, real.direction)
        broken = SampleForm({"name": "", "mail": "nobody", "zone": "UTC", "date": "", "time": "09:30"})
        broken.is_valid()
        context = {
            "shell": shell,
            "form": SampleForm(initial={"date": "2026-11-24", "time": "09:30", "order": "a", "zone": "UTC"}),
            "broken": broken,
            "kinds": [(kind, list(looks)) for kind, looks in statuses.KINDS.items() if kind != "campaign"],
            "campaign_states": list(statuses.CAMPAIGN),
            "channels": list(statuses.CHANNELS),
            **sample.context(),
        }
        if "toasts" in request.GET:
            messages.success(request, "Draft saved.")
            messages.warning(request, "The sender answers slowly.")
            messages.error(request, "The file could not be read: it is empty.")
        return render(request, "gallery/gallery.html", context)


@login_not_required
def live(request: HttpRequest) -> HttpResponse:
    """Numbers that grow for a minute."""
    done = min(48_210, 20_000 + int(time.time()) % 60 * 400)
    scope = Scope(
        values={"progress_done": done, "progress_percent": 100 * done // 48_210, "rate": 193},
        bars={"progress": bar_geometry(sample.parts(done), total=48_210)},
    )
    return live_response(request, scope, final=False)


@login_not_required
def drawer(request: HttpRequest) -> HttpResponse:
    """What the drawer shows; on its own a page."""
    events = sample.events(datetime(2026, 11, 21, 12, 4, tzinfo=UTC), timedelta(seconds=41))
    return render(request, "gallery/drawer.html", {"events": events, "shell": Shell(request)})


@login_not_required
def post(request: HttpRequest) -> HttpResponse:
    """Takes any form and says what came."""
    words = ", ".join(f"{name}={value}" for name, value in request.POST.items() if "csrf" not in name)
    messages.success(request, f"Received: {words}")
    return HttpResponseRedirect(reverse("gallery"))
