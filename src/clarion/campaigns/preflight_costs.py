"""What is checked about money before a campaign may go; nothing in workspaces without a balance."""

from django.utils.translation import gettext as _

from clarion.campaigns import cascade, costs
from clarion.campaigns.costs import Size
from clarion.campaigns.findings import Findings, Level, Section
from clarion.workspaces.money import amounts
from clarion.workspaces.money.errors import BalanceTooLow


def look_at(found: Findings) -> None:
    """Tell what it will cost, and whether that is there. Only where people are counted; a launch looks by itself."""
    if not found.recipients or not found.campaign.workspace.has_balance:
        return
    cost = costs.foretold(found.campaign, found.steps, Size(recipients=found.recipients, ways=found.ways))
    if cost is None:
        return
    found.cost = cost
    for channel in cost.unpriced:
        found.add(
            "price_missing", Level.WARN, Section.REVIEW,
            _("There is no price for %(channel)s: its messages cost nothing.")
            % {"channel": cascade.label(channel)},
            cure_url_name="prices",
        )  # fmt: skip
    if not cost.suffices:
        told = str(BalanceTooLow(needed=cost.amount, available=cost.available, currency=cost.currency))
        found.add("balance_low", Level.BLOCK, Section.REVIEW, told, cure_url_name="balance")
        return
    sentence = (
        _("It costs %(cost)s; %(available)s is available.")
        if cost.is_exact
        else _("It costs about %(cost)s; %(available)s is available.")
    ) % {
        "cost": amounts.told(cost.amount, cost.currency),
        "available": amounts.told(cost.available, cost.currency),
    }
    if cost.fallbacks:
        sentence += " " + _("Fallbacks may cost %(more)s more.") % {
            "more": amounts.told(cost.fallbacks, cost.currency)
        }
    found.add("balance", Level.PASS, Section.REVIEW, sentence)
