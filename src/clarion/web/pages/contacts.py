"""Contacts: the grid with its search and filters."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_safe

from clarion.audience import attributes, queries
from clarion.audience.models import ContactState
from clarion.web import typed
from clarion.web.keyset import keys_of, page_links
from clarion.web.links import changed_query, workspace_url
from clarion.web.masking import may_see
from clarion.web.parts import Action, Chip, Column, FilterGroup, Option
from clarion.workspaces.permissions import Permission

if TYPE_CHECKING:
    from clarion.audience.models import Attribute, List
    from clarion.web.http import PageRequest

#: A search of fewer characters is none.
SEARCH_FROM = 3

COLUMNS = [
    Column(label=gettext_lazy("Contact")),
    Column(label=gettext_lazy("State")),
    Column(label=gettext_lazy("Phone")),
    Column(label=gettext_lazy("Tags")),
    Column(label=gettext_lazy("Added")),
]


@require_safe
def contact_list(request: PageRequest, workspace: str) -> HttpResponse:
    """The grid, or only its results when the filters ask."""
    wanted, chosen = wanted_of(request)
    page = queries.contacts_page(request.member, wanted, **keys_of(request))
    may_manage = request.member.may(Permission.MANAGE_AUDIENCE)
    rows = page.rows if page else ()
    context = {
        "rows": rows,
        "is_late": page is None,
        "noun": ngettext("contact on this page", "contacts on this page", len(rows)),
        "columns": COLUMNS,
        "chips": _chips(request, wanted, chosen),
        "clear_url": workspace_url(request, "contacts"),
        # Asked for by the template, since the results alone do not show them.
        "groups": partial(_groups, request, wanted, chosen),
        "words": typed.words(request.GET, "q"),
        "is_seeing": request.member.may(Permission.VIEW_PII),
        "is_narrowed": wanted.is_narrow,
        "may_manage": may_manage,
        "bulk": _bulk_buttons(request),
        "change_url": f"{workspace_url(request, 'contact_change')}{_narrowing(request)}"
        if may_manage
        else "",
        "first_actions": _first_actions(request),
        **page_links(request, page or queries.NO_ROWS),
    }
    is_fragment = (
        request.htmx and request.htmx.target == "results" and not request.htmx.history_restore_request
    )
    return render(request, "contacts/list.html#results" if is_fragment else "contacts/list.html", context)


def wanted_of(request: PageRequest) -> tuple[queries.Filter, List | None]:
    """Return the filter that the query string says, and its list."""
    words = typed.words(request.GET, "q")
    chosen = _list_of(request)
    # Who may not see addresses may not guess them letter by letter either, nor what is said of somebody: they find
    # whose whole address they know.
    is_seeing = request.member.may(Permission.VIEW_PII)
    name, _colon, value = typed.words(request.GET, "attribute", 2_000).partition(":")
    is_asked = is_seeing and name.strip() and value.strip()
    wanted = queries.Filter(
        search=words if len(words) >= SEARCH_FROM else "",
        is_whole=len(words) >= SEARCH_FROM and not is_seeing,
        list_id=chosen.pk if chosen else None,
        state=request.GET.get("state", ""),
        tag=typed.words(request.GET, "tag"),
        attribute=name.strip() if is_asked else "",
        value=_held(request, name.strip(), value.strip()) if is_asked else "",
    )
    return wanted, chosen


def _held(request: PageRequest, name: str, value: str) -> str:
    """Return the value in the form in which it is stored, where its attribute is defined."""
    known: Attribute | None = attributes.defined(request.workspace).get(name)
    try:
        return attributes.read(known, value) if known else value
    except ValueError:
        return value


def _narrowing(request: PageRequest) -> str:
    """Return the query string without the place on the page."""
    changed = changed_query(request, after="", before="")
    return changed if changed.startswith("?") else ""


def _list_of(request: PageRequest) -> List | None:
    try:
        return queries.list_for(request.member, UUID(request.GET.get("list", "")))
    except ValueError:
        return None


def _groups(request: PageRequest, wanted: queries.Filter, chosen: List | None) -> list[FilterGroup]:
    states = [
        Option(value=value, label=label, checked=value == wanted.state)
        for value, label in ContactState.choices
    ]
    lists = [
        Option(value=str(one.public_id), label=one.name, count=one.member_count, checked=one == chosen)
        for one in queries.lists_for(request.member)[:50]
    ]
    tags = [
        Option(value=one, label=one, checked=one == wanted.tag) for one in queries.tags_of(request.member, 30)
    ]
    groups = [
        FilterGroup(name="state", label=_("State"), options=[_any(not wanted.state), *states], kind="radio")
    ]
    if lists:
        groups.append(
            FilterGroup(name="list", label=_("List"), options=[_any(not chosen), *lists], kind="radio")
        )
    if tags:
        groups.append(
            FilterGroup(name="tag", label=_("Tag"), options=[_any(not wanted.tag), *tags], kind="radio")
        )
    if may_see(request.member) and (values := _attribute_options(request, wanted)):
        options = [_any(not wanted.attribute), *values]
        groups.append(FilterGroup(name="attribute", label=_("Attribute"), options=options, kind="radio"))
    return groups


def _attribute_options(request: PageRequest, wanted: queries.Filter) -> list[Option]:
    """Return the values that can be chosen from: those of yes or no and of choices; and the one that is in the URL."""
    found = []
    for one in attributes.defined(request.workspace).values():
        values = [attributes.YES, attributes.NO] if one.kind == "BOOLEAN" else one.choices
        if one.kind in ("BOOLEAN", "CHOICE"):
            found += [(one.name, value, f"{one.label}: {value}") for value in values]
    if wanted.attribute and (wanted.attribute, wanted.value) not in [pair[:2] for pair in found]:
        found.append((wanted.attribute, wanted.value, f"{wanted.attribute}: {wanted.value}"))
    return [
        Option(
            value=f"{name}:{value}", label=label, checked=(name, value) == (wanted.attribute, wanted.value)
        )
        for name, value, label in found[:60]
    ]


def _any(checked: bool) -> Option:
    return Option(value="", label=_("All"), checked=checked)


def _chips(request: PageRequest, wanted: queries.Filter, chosen: List | None) -> list[Chip]:
    labels = dict(ContactState.choices)
    held = f"{wanted.attribute}:{wanted.value}" if wanted.attribute else ""
    active = [
        ("state", wanted.state, str(labels.get(wanted.state, ""))),
        ("list", str(chosen.public_id) if chosen else "", chosen.name if chosen else ""),
        ("tag", wanted.tag, wanted.tag),
        ("attribute", held, held.replace(":", ": ", 1)),
    ]
    return [
        Chip(
            label=label,
            url=changed_query(request, **{name: "", "after": "", "before": ""}),
            name=name,
            value=value,
        )
        for name, value, label in active
        if value and label
    ]


def _bulk_buttons(request: PageRequest) -> list[dict[str, Any]]:
    if not request.member.may(Permission.MANAGE_AUDIENCE):
        return []
    return [
        {"label": _("Change"), "icon": "list-checks", "value": "change"},
        {"label": _("Write to them"), "icon": "send", "url": workspace_url(request, "contacts_campaign")},
        {"label": _("Activate"), "icon": "circle-check", "value": "ACTIVE"},
        {"label": _("Do not contact"), "icon": "shield-off", "value": "DO_NOT_CONTACT"},
        {"label": _("Delete"), "icon": "trash-2", "value": "delete"},
    ]


def _first_actions(request: PageRequest) -> list[Action]:
    if not request.member.may(Permission.MANAGE_AUDIENCE):
        return []
    return [
        Action(
            label=_("Import contacts"),
            url=workspace_url(request, "import_new"),
            icon="file-up",
            style="primary",
        ),
        Action(label=_("New contact"), url=workspace_url(request, "contact_new"), icon="plus"),
    ]
