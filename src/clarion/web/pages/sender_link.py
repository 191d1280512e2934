"""The phone behind a sender: whether it is linked, and the code to scan when it is not."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from clarion.channels.linked import Unreadable
from clarion.senders import linking
from clarion.web.sender_page import sender_of, sender_page
from clarion.workspaces.actors import of_member

if TYPE_CHECKING:
    from clarion.senders.models import Sender
    from clarion.web.http import PageRequest


@never_cache
@require_safe
def sender_link(request: PageRequest, workspace: str, id: UUID) -> HttpResponse:
    """Ask the gateway how the sender's phone stands, and show it."""
    sender = _linkable(request, id)
    context = {"link": linking.link_state(sender, by=of_member(request.member))}
    if request.htmx:
        return render(request, "senders/_link.html#state", context | {"sender": sender})
    return sender_page(request, sender, **context)


@never_cache
@require_safe
def sender_link_code(request: PageRequest, workspace: str, id: UUID) -> HttpResponse:
    """The code to scan, as a picture; 404 while there is none."""
    sender = _linkable(request, id)
    try:
        code = linking.link_code(sender, by=of_member(request.member))
    except Unreadable:
        raise Http404 from None
    return HttpResponse(code, content_type="image/png")


def _linkable(request: PageRequest, id: UUID) -> Sender:
    sender = sender_of(request, id)
    if not linking.is_linkable(sender):
        raise Http404
    return sender
