"""The choice of contacts in the compose form: lists, segments or all, and the lists and segments to leave out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from clarion.audience import operations
from clarion.audience.models import Source, SourceKind
from clarion.workspaces.actors import of_member

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from clarion.web.campaign_form import CampaignForm

KINDS = frozenset({SourceKind.LISTS, SourceKind.SEGMENTS, SourceKind.CONTACTS})
#: Field of the form → relation of the source.
_RELATIONS = {
    "lists": "lists",
    "segments": "segments",
    "without_lists": "excluded_lists",
    "without_segments": "excluded_segments",
}


def offered(form: CampaignForm) -> dict[str, Sequence[Any]]:
    """Return what can be chosen in each of the fields."""
    return {
        "lists": form.all_lists,
        "segments": form.all_segments,
        "without_lists": form.all_lists,
        "without_segments": form.all_segments,
    }


def choices(form: CampaignForm) -> dict[str, list[tuple[Any, bool]]]:
    """Return what can be chosen, each with whether it is."""
    return {
        name: [(one, str(one.public_id) in (form[name].value() or [])) for one in found]
        for name, found in offered(form).items()
    }


def initial(source: Source | None) -> dict[str, list[str]]:
    """Return the fields' values for a source."""
    if source is None or not source.pk:
        return {name: [] for name in _RELATIONS}
    return {
        name: [str(one.public_id) for one in getattr(source, relation).all()]
        for name, relation in _RELATIONS.items()
    }


def chosen(form: CampaignForm, data: Mapping[str, Any]) -> Source | None:
    """Return the source of contacts that the form asks for: the one that is there when it means the same.

    None when nothing was chosen yet. Raises SourceInvalid.
    """
    by, before, kind = of_member(form.member), form.campaign.source, SourceKind(data["audience"])
    wanted = {
        name: [one for one in found if str(one.public_id) in data[name]]
        for name, found in offered(form).items()
    }
    for name, its_kind in (("lists", SourceKind.LISTS), ("segments", SourceKind.SEGMENTS)):
        if kind != its_kind:
            wanted[name] = []
        elif not wanted[name]:
            return None
    ids = {name: {str(one.public_id) for one in found} for name, found in wanted.items()}
    if before and before.kind == kind and {n: set(of) for n, of in initial(before).items()} == ids:
        return before
    without = operations.Without(lists=wanted["without_lists"], segments=wanted["without_segments"])
    if kind is SourceKind.LISTS:
        return operations.create_list_source(by=by, lists=wanted["lists"], without=without)
    if kind is SourceKind.SEGMENTS:
        return operations.create_segment_source(by=by, segments=wanted["segments"], without=without)
    return operations.create_contacts_source(by=by, without=without)
