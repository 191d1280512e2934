"""Events of the installation's trail in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from clarion.web.parts import Event

if TYPE_CHECKING:
    from datetime import datetime

    from django.utils.functional import Promise

    from clarion.workspaces.access.models import SystemEvent

#: What an event is called, and its mark.
WORDS: dict[str, tuple[str | Promise, str]] = {
    "signin.done": (_("Signed in"), "ok"),
    "signin.failed": (_("Sign-in failed"), "bad"),
    "signin.out": (_("Signed out"), "idle"),
    "session.end": (_("Session ended"), "idle"),
    "password.change": (_("Password changed"), "warn"),
    "password.reset": (_("Password chosen by a link"), "warn"),
    "password.link": (_("Link to a new password made"), "warn"),
    "factor.add": (_("Second factor added"), "ok"),
    "factor.remove": (_("Second factor removed"), "warn"),
    "factor.renew": (_("Recovery codes made anew"), "warn"),
    "account.email": (_("E-mail address changed"), "warn"),
    "account.join": (_("Account made"), "ok"),
    "account.close": (_("Account closed"), "bad"),
    "account.open": (_("Account opened again"), "ok"),
    "account.promote": (_("Made a system administrator"), "warn"),
    "account.demote": (_("No system administrator any more"), "warn"),
    "sso.link": (_("Joined with single sign-on"), "ok"),
    "sso.add": (_("Provider of single sign-on added"), "warn"),
    "sso.change": (_("Provider of single sign-on changed"), "warn"),
    "sso.remove": (_("Provider of single sign-on removed"), "warn"),
    "mail.chosen": (_("System sender chosen"), "warn"),
    "mail.off": (_("System sender taken away"), "warn"),
    "mail.test": (_("Test mail sent"), "idle"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """An event as pages show it."""

    number: int
    at: datetime
    title: str
    mark: str
    who: str
    by: str
    detail: str
    place: str


def line_of(event: SystemEvent) -> Event:
    """Return the event as an item of a timeline."""
    told = words_of(event)
    return Event(
        title=told.title,
        when=told.at,
        body=" · ".join(filter(None, (told.detail, told.place))),
        actor=told.by,
        mark=told.mark,
    )


def words_of(event: SystemEvent) -> Told:
    """Return the event in words; one that nobody knows is called by its code."""
    title, mark = WORDS.get(event.action, (event.action, "idle"))
    return Told(
        number=event.number,
        at=event.at,
        title=str(title),
        mark=mark,
        who=event.who,
        by=event.by,
        detail=event.detail,
        place=" · ".join(filter(None, (event.device, event.address))),
    )
