"""One person's whole data, where a workspace masks them until they are asked for.

Asking is an audit event. It is good for whoever asked, for ten minutes, and for that person alone: the address of the
page then carries a signed ticket.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.core import signing
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from clarion.web import masking
from clarion.web.parts import Action

if TYPE_CHECKING:
    from clarion.web.http import PageRequest

_SALT = "clarion.reveal"
SECONDS = 600
#: The ticket's name in a query string.
NAME = "seen"


def ticket(request: PageRequest, what: str) -> str:
    """Return the query string that shows `what` to who asked, without the question mark."""
    return urlencode({NAME: signing.dumps([request.user.pk, what], salt=_SALT)})


def take(request: PageRequest, what: str) -> str:
    """Show `what` on this page if its address carries a ticket for it; return the ticket's query string then."""
    try:
        said = signing.loads(request.GET.get(NAME, ""), salt=_SALT, max_age=SECONDS)
    except signing.BadSignature:
        return ""
    if said != [request.user.pk, what]:
        return ""
    request.member.is_shown_people = True
    return urlencode({NAME: request.GET[NAME]})


def action(request: PageRequest, url: str) -> Action | None:
    """Return the button that asks for it; None for who sees it already, and for who may not."""
    if not masking.may_ask(request.member):
        return None
    return Action(label=_("Show this person’s data"), icon="eye", method="post", url=url)
