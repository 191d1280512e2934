"""One person of a run: what is known of the messages to them, as the page of a campaign and of a one-off show it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from clarion.audience.masking import mask, mask_name
from clarion.deliveries import details, queries, reasons, unknowns
from clarion.deliveries.states import Stage
from clarion.deliveries.unknowns import Choice
from clarion.web import people_rows, reveal
from clarion.web.parts import Action, Confirm
from clarion.web.templatetags.ui import grouped

if TYPE_CHECKING:
    from clarion.deliveries.details import Details
    from clarion.deliveries.recipients import Person
    from clarion.deliveries.rendering import Copy
    from clarion.web.campaign_page import CampaignPage
    from clarion.web.http import PageRequest

#: The message's own styles and pictures are shown, no script runs, and no page but ours embeds it.
MESSAGE_POLICY = {
    "default-src": ["'none'"],
    "style-src": ["'self'", "'unsafe-inline'"],
    "img-src": ["'self'", "data:", "https:"],
    "frame-ancestors": ["'self'"],
    # A message comes from its author, also where it is opened without its frame.
    "base-uri": ["'none'"],
    "form-action": ["'none'"],
}


def person_parts(
    request: PageRequest,
    page: CampaignPage,
    found: Details,
    seen: str,
    *,
    message_url: Callable[[int], str],
    reveal_url: str,
) -> dict[str, Any]:
    """Return what `campaign/_person.html` shows. `message_url` tells where the message of a step is a document."""
    return {
        "page": page,
        "shown": show(page, found.person),
        "messages_": found.messages,
        "values": sorted(found.person.variables.items()) if page.may_see_people else [],
        "copies": _copies(page, found.person, seen, message_url),
        "reveal": reveal.action(request, reveal_url),
        "unknown": unknown_actions(page, {"ids": str(found.person.id)}, 1)
        if found.person.stage is Stage.UNKNOWN
        else [],
    }


def message_of(request: PageRequest, page: CampaignPage, number: int, step: int) -> HttpResponse:
    """Return the message of a step to one person, made again, as a document; 404 when there is none."""
    found = details.delivery_details(page.run, number) if page.run is not None else None
    if page.run is None or found is None:
        raise Http404
    for one in queries.steps_of(page.run):
        if one.step == step:
            copy = details.copy_of(page.run, one, found.person)
            if copy.html and not copy.problem and request.GET.get("as") != "text":
                return HttpResponse(copy.html)
            return render(request, "campaign/message.html", {"copy": copy})
    raise Http404


def show(page: CampaignPage, person: Person) -> people_rows.Shown:
    """Return the person as the reader may see them: names and addresses are masked without the permission."""
    first = person.first_message
    why = ""
    stage = person.stage.name.lower()
    if person.skip is not None:
        why = str(person.skip.label)
    elif first is not None and first.not_before is not None and first.waits_for is not None:
        stage, why = "deferred", reasons.sentence_of(first.waits_for)
    elif first is not None and person.stage not in (Stage.SENT, Stage.PENDING, Stage.IN_FLIGHT):
        why = reasons.sentence_of(first.reason)
    see = page.may_see_people
    return people_rows.Shown(
        person=person,
        name=person.name if see else mask_name(person.name),
        address=person.address if see else mask(person.address),
        stage=stage,
        why=why,
        # Not looked up anew for each of many rows: people lie below their table.
        url=f"{page.urls['recipients']}{person.id}/{page.run_query}",
    )


def question(choice: Choice, count: int) -> Confirm:
    """Return the question before unknown messages are settled."""
    n = {"n": grouped(count)}
    if choice is Choice.SENT:
        return Confirm(
            title=_("Mark as sent?"),
            text=_("They count as sent from now on. Nothing is sent."),
            facts=[
                ngettext(
                    "%(n)s message is taken for delivered to the provider.",
                    "%(n)s messages are taken for delivered to the provider.",
                    count,
                )
                % n
            ],
            label=_("Mark as sent"),
            danger=False,
        )
    return Confirm(
        title=_("Send again?"),
        text=_("Nobody knows whether the provider took the first ones."),
        facts=[
            ngettext("%(n)s message is sent again.", "%(n)s messages are sent again.", count) % n,
            _("Whoever got the first one gets a second."),
        ],
        label=_("Send again"),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownCopy:
    """A message again: its address as a document, and what stands beside it."""

    url: str
    copy: Copy


def _copies(
    page: CampaignPage, person: Person, seen: str, message_url: Callable[[int], str]
) -> list[ShownCopy]:
    """Return the person's messages again, for those who may see them."""
    if page.run is None or not page.may_see_people:
        return []
    sent = {message.step for message in person.messages}
    return [
        ShownCopy(
            url=with_ticket(message_url(step.step), seen),
            copy=details.copy_of(page.run, step, person),
        )
        for step in queries.steps_of(page.run)
        if step.step in sent
    ]


def with_ticket(url: str, seen: str) -> str:
    """Return the address with a ticket of `web.reveal`."""
    return f"{url}{'&' if '?' in url else '?'}{seen}" if seen else url


def unknown_actions(page: CampaignPage, fields: dict[str, str], count: int) -> list[Action]:
    """Return what may be done about so many unknown messages, those that the fields name."""
    if page.run is None or not page.may_settle:
        return []
    again = unknowns.may_send_again(page.campaign, page.run)
    url = page.urls["unknowns"] + page.run_query
    return [
        Action(
            label=Choice.SENT.label,
            icon="check",
            url=url,
            method="post",
            fields={**fields, "choice": Choice.SENT.value},
            confirm=question(Choice.SENT, count),
        ),
        Action(
            label=Choice.AGAIN.label,
            icon="rotate-ccw",
            url=url,
            method="post",
            fields={**fields, "choice": Choice.AGAIN.value},
            confirm=question(Choice.AGAIN, count) if again else None,
            disabled="" if again else _("This campaign does not send any more."),
        ),
    ]
