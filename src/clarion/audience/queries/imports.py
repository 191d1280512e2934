"""Imports as members see them."""

from uuid import UUID

from django.db.models import QuerySet

from clarion.audience.models import Import
from clarion.workspaces.models import Membership


def imports_for(member: Membership) -> QuerySet[Import]:
    """Return the workspace's imports, newest first."""
    return (
        Import.objects.filter(workspace=member.workspace)
        .select_related("add_to", "created_by")
        .order_by("-pk")
    )


def import_for(member: Membership, public_id: UUID) -> Import | None:
    """Return the workspace's import of that id."""
    return imports_for(member).filter(public_id=public_id).first()
