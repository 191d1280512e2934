"""What a run has cost, in the words of its page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from clarion.deliveries.money import queries
from clarion.web.parts import Fact
from clarion.workspaces.money import amounts

if TYPE_CHECKING:
    from clarion.deliveries.models import Run


def facts(run: Run) -> list[Fact]:
    """Return what the run has cost; nothing of one whose messages cost nothing."""
    spent = queries.spent_by_run(run)
    if spent is None:
        return []

    def told(amount: int) -> str:
        return amounts.told(amount, spent.currency)

    rows = [Fact(label=_("Charged"), value=told(spent.charged))]
    if spent.refunded:
        rows += [
            Fact(label=_("Given back"), value=told(spent.refunded)),
            Fact(label=_("Together"), value=told(spent.net)),
        ]
    if spent.accepted:
        rows.append(Fact(label=_("Each accepted message"), value=told(spent.each)))
    if spent.held:
        rows.append(Fact(label=_("Held for messages on their way or unknown"), value=told(spent.held)))
    if spent.reserved:
        rows.append(Fact(label=_("Reserved for the rest"), value=told(spent.reserved)))
    return rows
