"""What can go wrong with a workspace's money. All carry sentences for people."""

from django.utils.translation import gettext as _

from clarion.workspaces.money import amounts


class MoneyInvalid(ValueError):
    """What was said makes no sense; the message says why."""


class BalanceTooLow(Exception):
    """There is not enough that is not reserved already. Amounts are in millionths."""

    def __init__(self, *, needed: int, available: int, currency: str) -> None:
        self.needed, self.available, self.currency = needed, available, currency
        super().__init__(
            _("It costs about %(needed)s, and %(available)s is available: %(missing)s is missing.")
            % {
                "needed": amounts.told(needed, currency),
                "available": amounts.told(available, currency),
                "missing": amounts.told(needed - available, currency),
            }
        )
