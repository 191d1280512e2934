"""How people get in: nobody signs up by themselves; an administrator makes or invites users."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

from clarion.lib.proxies import client_address
from clarion.runtime.signin import devices, letters, limits
from clarion.senders.system import operations as system
from clarion.workspaces.access import operations as access
from clarion.workspaces.access import queries
from clarion.workspaces.models import User


def address_of(request: HttpRequest) -> str:
    """Return the visitor's address, taken from trusted proxies only; empty when it is not known."""
    return client_address(
        request.META.get("REMOTE_ADDR", ""),
        request.headers.get("X-Forwarded-For", ""),
        settings.CLARION_TRUSTED_PROXIES,
    )


def where(request: HttpRequest) -> access.Place:
    """Return what the trail keeps of a request: address and device."""
    device = devices.name_of(request.headers.get("User-Agent", ""))
    return access.Place(address=address_of(request), device=device)


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth has no types
    """Closes the open sign-up, counts failures, and writes by the system sender."""

    def is_open_for_signup(self, _request: HttpRequest) -> bool:
        """Answer no to everybody."""
        return False

    def get_client_ip(self, request: HttpRequest) -> str:
        """Return the visitor's address, as trusted proxies tell it."""
        found = address_of(request)
        if not found and settings.CLARION_TRUSTED_PROXIES != () and not request.META.get("REMOTE_ADDR"):
            found = "127.0.0.1"  # a socket of this machine, behind a proxy that says nothing
        if not found:
            raise PermissionDenied("the visitor's address is not known")
        return found

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Refuse what was tried too often."""
        email = str(credentials.get("email") or "")
        self._login_failed_rl_usage = limits.consume(request, email)
        if self._login_failed_rl_usage is None:
            raise self.validation_error("too_many_login_attempts")

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        """Keep a failure in the trail; the account is named if there is one."""
        email = str(credentials.get("email") or "").strip().lower()
        access.record(
            action="signin.failed",
            user=queries.user_by_email(email),
            who=email,
            detail="password",
            place=where(request),
        )

    def _delete_login_attempts_cached_email(self, request: HttpRequest, **credentials: Any) -> None:
        limits.clear(request, str(credentials.get("email") or ""))

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Write one of allauth's mails by the system sender; without one nothing is written."""
        if not system.has_sender():
            return
        mail = self.render_mail(template_prefix, email, {"request": self.request, "email": email, **context})
        system.post(kind=letters.NOTICE, to=email, subject=mail.subject, text=str(mail.body))

    def get_from_email(self) -> str:
        """Nothing: the system sender says from whom its mails are."""
        return ""

    def send_notification_mail(
        self,
        template_prefix: str,
        user: User,
        context: dict[str, Any] | None = None,
        email: str | None = None,
    ) -> None:
        """Tell a person what was changed in their account, where and when."""
        super().send_notification_mail(template_prefix, user, context, email or user.email)
