"""Suppressions as members see them."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from django.db import models
from django.db.models import Count, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from clarion.audience.csvfile import safe_cell
from clarion.audience.models import Suppression, SuppressionReason
from clarion.audience.queries.contacts import PAGE, Page, keyset_page
from clarion.workspaces.models import Membership, Workspace


class Origin(models.TextChoices):
    """Where a suppression came from, by the beginning of its `origin`."""

    CAMPAIGN = "campaign", _("A campaign’s message")
    ANSWER = "answer", _("An answer")
    PERSON = "person", _("A person or a file")


#: What the program writes as the origin; all else was written by a person.
_BEGINNINGS = {Origin.CAMPAIGN: "run ", Origin.ANSWER: "answer to "}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which suppressions are meant; what is empty does not narrow. `search` is the beginning of an address.

    With `is_whole` it is all of one.
    """

    search: str = ""
    is_whole: bool = False
    reason: str = ""
    channel: str = ""
    origin: str = ""
    #: Added within so many days.
    days: int | None = None

    @property
    def is_narrowed(self) -> bool:
        return bool(self.search or self.reason or self.channel or self.origin or self.days)


def has_more_suppressions(workspace: Workspace, channel: str, *, than: int) -> bool:
    """Whether more than so many addresses of a channel are suppressed: no more of them are counted."""
    found = Suppression.objects.filter(workspace=workspace, channel=channel)
    return found.values("pk")[: than + 1].count() > than


def suppressions_wanted(workspace: Workspace, wanted: Wanted) -> QuerySet[Suppression]:
    """Return the workspace's suppressions that are meant."""
    found = Suppression.objects.filter(workspace=workspace)
    if wanted.search:
        words = wanted.search.strip().lower()
        found = found.filter(address=words) if wanted.is_whole else found.filter(address__startswith=words)
    if wanted.reason in SuppressionReason.values:
        found = found.filter(reason=wanted.reason)
    if wanted.channel:
        found = found.filter(channel=wanted.channel)
    if wanted.origin == Origin.PERSON:
        for beginning in _BEGINNINGS.values():
            found = found.exclude(origin__startswith=beginning)
    elif wanted.origin in Origin.values:
        found = found.filter(origin__startswith=_BEGINNINGS[Origin(wanted.origin)])
    if wanted.days:
        found = found.filter(created_at__gt=timezone.now() - timedelta(days=wanted.days))
    return found


def suppressions_page(
    member: Membership,
    *,
    wanted: Wanted,
    after: int | None = None,
    before: int | None = None,
    limit: int = PAGE,
) -> Page[Suppression]:
    """Return a page of the workspace's suppressions that are meant, newest first."""
    return keyset_page(suppressions_wanted(member.workspace, wanted), after=after, before=before, limit=limit)


def suppression_counts(found: QuerySet[Suppression]) -> dict[str, int]:
    """Return how many there are for each reason."""
    rows = found.order_by().values_list("reason").annotate(n=Count("pk"))
    return {reason: n for reason, n in rows if n}


def suppression_for(member: Membership, key: int) -> Suppression | None:
    """Return the workspace's suppression with that key."""
    return Suppression.objects.filter(workspace=member.workspace, pk=key).first()


def suppression_rows(member: Membership, wanted: Wanted) -> Iterator[list[str]]:
    """Yield the header and the suppressions of the member's workspace, as `suppression_lines` does."""
    return suppression_lines(member.workspace, wanted)


def suppression_lines(workspace: Workspace, wanted: Wanted) -> Iterator[list[str]]:
    """Yield the header and the workspace's suppressions that are meant, safe to open in a spreadsheet."""
    yield ["address", "channel", "reason", "origin", "created_at"]
    rows = suppressions_wanted(workspace, wanted).order_by("pk")
    for row in rows.iterator(chunk_size=5000):
        origin = safe_cell(row.origin)
        yield [safe_cell(row.address), row.channel, row.reason, origin, row.created_at.isoformat()]
