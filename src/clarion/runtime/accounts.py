"""How people get in: nobody signs up by themselves; an administrator makes or invites users."""

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth has no types
    """Closes the open sign-up."""

    def is_open_for_signup(self, _request: HttpRequest) -> bool:
        """Answer no to everybody."""
        return False
