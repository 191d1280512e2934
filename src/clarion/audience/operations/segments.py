"""Segments: made, changed, deleted."""

from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from clarion.audience import segments
from clarion.audience.errors import SegmentInUse, SegmentNameTaken
from clarion.audience.models import Segment
from clarion.audience.queries.segments import campaigns_using
from clarion.workspaces import audit
from clarion.workspaces.actors import Actor
from clarion.workspaces.permissions import Permission


def create_segment(*, by: Actor, name: str, rule: Any, is_once: bool = False) -> Segment:
    """Make a segment of a rule's JSON. Raises RuleInvalid and SegmentNameTaken.

    With `is_once` it is for the one source that will have it: it is not offered elsewhere, and goes with that.
    """
    by.require(Permission.EDIT if is_once else Permission.MANAGE_AUDIENCE)
    kept = segments.to_json(segments.parse(rule))
    try:
        with transaction.atomic():
            made = Segment.objects.create(
                workspace=by.workspace, name=name.strip(), rule=kept, created_by=by.user, is_once=is_once
            )
            _record(by, "segment.created", made, {"rule": (None, kept)})
    except IntegrityError:
        raise SegmentNameTaken from None
    return made


def update_segment(*, by: Actor, segment: Segment, name: str, rule: Any) -> Segment:
    """Rename a segment or change its rule. Raises RuleInvalid and SegmentNameTaken.

    The rule cannot be changed while a campaign goes by it that was submitted or launched and is not over: raises
    SegmentInUse.
    """
    by.require(Permission.MANAGE_AUDIENCE)
    kept = segments.to_json(segments.parse(rule))
    try:
        with transaction.atomic():
            row = Segment.objects.select_for_update().get(workspace=by.workspace, pk=segment.pk)
            changes = {
                field: (old, new)
                for field, old, new in (("name", row.name, name.strip()), ("rule", row.rule, kept))
                if old != new
            }
            if "rule" in changes and (names := campaigns_using(row, with_drafts=False)):
                raise SegmentInUse(names)
            if changes:
                row.name, row.rule, row.changed_at = name.strip(), kept, timezone.now()
                row.save(update_fields=["name", "rule", "changed_at"])
                _record(by, "segment.changed", row, changes)
    except IntegrityError:
        raise SegmentNameTaken from None
    return row


def delete_segment(*, by: Actor, segment: Segment) -> None:
    """Delete a segment. Its contacts stay. Raises SegmentInUse while a campaign that is not over goes by it."""
    by.require(Permission.MANAGE_AUDIENCE)
    with transaction.atomic():
        row = Segment.objects.select_for_update().get(workspace=by.workspace, pk=segment.pk)
        if names := campaigns_using(row, with_drafts=True):
            raise SegmentInUse(names)
        _record(by, "segment.deleted", row, {"rule": (row.rule, None)})
        row.delete()


def _record(by: Actor, action: str, segment: Segment, changes: dict[str, tuple[Any, Any]]) -> None:
    audit.record(
        by=by,
        action=action,
        kind="segment",
        object_id=str(segment.public_id),
        object_name=segment.name,
        changes=changes,
    )
