"""Live spreadsheets as members see them."""

from datetime import timedelta
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone

from clarion.audience.models import LiveSheet, Source, SourceKind, WhenUnreadable
from clarion.workspaces.models import Membership, Workspace

_NAMED = 5


def sheets_for(member: Membership) -> QuerySet[LiveSheet]:
    """Return the workspace's live spreadsheets, by name."""
    return sheets_of(member.workspace)


def sheets_of(workspace: Workspace) -> QuerySet[LiveSheet]:
    """Return the workspace's live spreadsheets, by name."""
    found = LiveSheet.objects.filter(workspace=workspace)
    return found.select_related("workspace", "copy", "created_by").order_by("name")


def sheet_for(member: Membership, public_id: UUID) -> LiveSheet | None:
    """Return the workspace's live spreadsheet of that id."""
    return sheets_for(member).filter(public_id=public_id).first()


def campaigns_with(sheet: LiveSheet) -> list[str]:
    """Return the names of the first campaigns that have the sheet."""
    used = Source.objects.filter(sheet=sheet, kind=SourceKind.SHEET, campaign__isnull=False)
    return list(used.order_by("campaign__name").values_list("campaign__name", flat=True).distinct()[:_NAMED])


def usable_copy(sheet: LiveSheet) -> Source | None:
    """Return the copy that a run may use after the last try: the new one, or an old one where that is wanted."""
    if sheet.copy is None or not sheet.problem:
        return sheet.copy
    if sheet.when_unreadable != WhenUnreadable.KEEP or sheet.current_at is None:
        return None
    is_young = sheet.current_at > timezone.now() - timedelta(hours=sheet.keep_hours)
    return sheet.copy if is_young else None
