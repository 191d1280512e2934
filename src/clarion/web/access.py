"""What a member's role does not include is answered with 403 before anything is read or written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.core.exceptions import PermissionDenied

if TYPE_CHECKING:
    from clarion.web.http import PageRequest
    from clarion.workspaces.permissions import Permission


def require(request: PageRequest, permission: Permission) -> None:
    """Raise PermissionDenied unless the member may."""
    if not request.member.may(permission):
        raise PermissionDenied
