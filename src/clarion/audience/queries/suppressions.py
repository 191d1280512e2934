"""Suppressions as members see them."""

from collections.abc import Iterator

from clarion.audience.csvfile import safe_cell
from clarion.audience.models import Suppression, SuppressionReason
from clarion.audience.queries.contacts import Page, keyset_page
from clarion.workspaces.models import Membership


def suppressions_page(
    member: Membership,
    *,
    search: str = "",
    reason: str = "",
    channel: str = "",
    after: int | None = None,
    before: int | None = None,
) -> Page[Suppression]:
    """Return a page of the workspace's suppressions, newest first. `search` is the beginning of an address."""
    found = Suppression.objects.filter(workspace=member.workspace)
    if search:
        found = found.filter(address__startswith=search.strip().lower())
    if reason in SuppressionReason.values:
        found = found.filter(reason=reason)
    if channel:
        found = found.filter(channel=channel)
    return keyset_page(found, after=after, before=before)


def suppression_for(member: Membership, key: int) -> Suppression | None:
    """Return the workspace's suppression with that key."""
    return Suppression.objects.filter(workspace=member.workspace, pk=key).first()


def suppression_rows(member: Membership) -> Iterator[list[str]]:
    """Yield the header and every suppression of the workspace, safe to open in a spreadsheet."""
    yield ["address", "channel", "reason", "origin", "created_at"]
    rows = Suppression.objects.filter(workspace=member.workspace).order_by("pk")
    for row in rows.iterator(chunk_size=5000):
        origin = safe_cell(row.origin)
        yield [safe_cell(row.address), row.channel, row.reason, origin, row.created_at.isoformat()]
