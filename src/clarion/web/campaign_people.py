"""The choice of contacts in the compose form: lists, segments or all, and the lists and segments to leave out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from clarion.audience import operations, queries
from clarion.audience.models import LiveSheet, Segment, Source, SourceKind
from clarion.workspaces.actors import of_member

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from clarion.web.campaign_form import CampaignForm

#: When it is settled who is meant.
LATER, FIXED, CHOSEN = "later", "fixed", "chosen"
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


def segments_of(form: CampaignForm) -> list[Segment]:
    """Return the segments that can be chosen: the workspace's, and the one that was made for this campaign."""
    found = list(queries.segments_for(form.member))
    own = form.campaign.source
    if own is not None and own.pk:
        found += [one for one in own.segments.filter(is_once=True) if one not in found]
    return found


def is_chosen(source: Source | None) -> bool:
    """Whether the source means contacts that were picked one by one."""
    return bool(source is not None and source.kind == SourceKind.CONTACTS and source.fixed_at and source.name)


def moment_of(source: Source | None) -> str:
    """Return when it is settled who is meant by the source."""
    if source is not None and is_chosen(source):
        return CHOSEN
    return FIXED if source is not None and source.fixed_at is not None else LATER


def moments(source: Source | None) -> list[tuple[str, str]]:
    """Return the choices of when it is settled who is meant."""
    found = [(LATER, _("Whoever fits when it is sent")), (FIXED, _("Whoever fits now"))]
    return [(CHOSEN, str(source)), *found] if is_chosen(source) else found


def chosen(form: CampaignForm, data: Mapping[str, Any]) -> Source | None:
    """Return the source of contacts that the form asks for: the one that is there when it means the same.

    None when nothing was chosen yet. Raises SourceInvalid.
    """
    by, before, kind = of_member(form.member), form.campaign.source, SourceKind(data["audience"])
    wanted = _wanted(form, data)
    for name, its_kind in (("lists", SourceKind.LISTS), ("segments", SourceKind.SEGMENTS)):
        if kind != its_kind:
            wanted[name] = []
        elif not wanted[name]:
            return None
    moment = data["people"] or moment_of(before)
    if moment == CHOSEN and kind is not SourceKind.CONTACTS:
        moment = LATER
    if before and before.kind == kind and moment == moment_of(before) and _is_same(before, wanted):
        return before
    without = _without(wanted)
    if moment == CHOSEN:
        people = queries.members_of(before) if before is not None else []
        return operations.create_chosen_source(by=by, contacts=people, without=without)
    is_fixed = moment == FIXED
    if kind is SourceKind.LISTS:
        return operations.create_list_source(by=by, lists=wanted["lists"], without=without, is_fixed=is_fixed)
    if kind is SourceKind.SEGMENTS:
        return operations.create_segment_source(
            by=by, segments=wanted["segments"], without=without, is_fixed=is_fixed
        )
    return operations.create_contacts_source(by=by, without=without, is_fixed=is_fixed)


def but_for(form: CampaignForm, data: Mapping[str, Any], upload: Source) -> Source:
    """Return the source of a file without whom the form leaves out. Raises SourceInvalid."""
    before, wanted = form.campaign.source, _wanted(form, data, only_without=True)
    if (
        before is not None
        and before.kind == SourceKind.UPLOAD
        and before.table == upload
        and _is_same(before, wanted)
    ):
        return before
    return operations.leave_out(by=of_member(form.member), upload=upload, without=_without(wanted))


def live(form: CampaignForm, data: Mapping[str, Any], sheet: LiveSheet) -> Source:
    """Return the source of a live spreadsheet without whom the form leaves out. Raises SourceInvalid."""
    before, wanted = form.campaign.source, _wanted(form, data, only_without=True)
    if (
        before is not None
        and before.kind == SourceKind.SHEET
        and before.sheet == sheet
        and _is_same(before, wanted)
    ):
        return before
    return operations.create_sheet_source(by=of_member(form.member), sheet=sheet, without=_without(wanted))


def _wanted(
    form: CampaignForm, data: Mapping[str, Any], *, only_without: bool = False
) -> dict[str, list[Any]]:
    wanted = {
        name: [one for one in found if str(one.public_id) in data[name]]
        for name, found in offered(form).items()
    }
    return wanted | ({"lists": [], "segments": []} if only_without else {})


def _without(wanted: Mapping[str, list[Any]]) -> operations.Without:
    return operations.Without(lists=wanted["without_lists"], segments=wanted["without_segments"])


def _is_same(before: Source, wanted: Mapping[str, list[Any]]) -> bool:
    ids = {name: {str(one.public_id) for one in found} for name, found in wanted.items()}
    return {name: set(found) for name, found in initial(before).items()} == ids
