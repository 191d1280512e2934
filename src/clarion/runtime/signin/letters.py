"""What Clarion writes to people about their accounts, by the system sender."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.core import signing
from django.urls import reverse
from django.utils import translation
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext as _

from clarion.senders.system import operations as system
from clarion.workspaces.access import queries
from clarion.workspaces.models import Invitation, User

RESET = "reset"
INVITATION = "invitation"
NOTICE = "notice"
ADDRESS = "address"

#: How long a link that confirms an address is good for, in seconds: a day.
ADDRESS_SECONDS = 86_400
_ADDRESS_SALT = "clarion.address"
_INVITED_SALT = "clarion.invited"
#: The name of what a letter's link has more than the one that is shown.
PROOF = "proof"


def ask_reset(email: str) -> None:
    """Have a link to a new password written to the address, if somebody signs in by it.

    Whether somebody does is looked up when the letter is sent, so that asking is the same for every address.
    """
    system.post(kind=RESET, to=email.strip().lower(), facts={"language": translation.get_language() or ""})


def write_reset(to: str, facts: Mapping[str, Any]) -> tuple[str, str] | None:
    """Put a reset into words; None when nobody signs in by the address."""
    user = queries.user_by_email(to)
    if user is None or not user.is_active:
        return None
    with translation.override(user.language or str(facts.get("language") or settings.LANGUAGE_CODE)):
        text = "\n\n".join(
            [
                _("Somebody, most likely you, asked for a new password for your account."),
                _("Choose one here:"),
                reset_link(user),
                _("If it was not you, do nothing: the link is useless to whoever cannot read this mail."),
            ]
        )
        return _("Choose a new password"), _signed(text)


def reset_link(user: User) -> str:
    """Return the address where the person chooses a new password; good for three days, and once."""
    from allauth.account.forms import default_token_generator
    from allauth.account.utils import user_pk_to_url_str

    keys = {"uidb36": user_pk_to_url_str(user), "key": default_token_generator.make_token(user)}
    return f"{settings.CLARION_PUBLIC_URL}{reverse('account_reset_password_from_key', kwargs=keys)}"


def invite(invitation: Invitation, secret: str) -> bool:
    """Write an invitation to the invited; return whether there is a sender to do it by.

    The letter's link proves that whoever follows it reads what is sent to the address; the one that is shown to whoever
    invites does not.
    """
    link = _proving_link(secret)
    workspace = invitation.workspace.name
    who = str(invitation.created_by) if invitation.created_by else ""
    opening = (
        _("%(who)s invites you to %(workspace)s on Clarion.") % {"who": who, "workspace": workspace}
        if who
        else _("You are invited to %(workspace)s on Clarion.") % {"workspace": workspace}
    )
    text = "\n\n".join([opening, link, _good_until(invitation)])
    subject = _("Invitation to %(workspace)s") % {"workspace": workspace}
    return system.post(kind=INVITATION, to=invitation.email, subject=_one_line(subject), text=_signed(text))


def confirm_invited(invitation: Invitation, secret: str) -> bool:
    """Write to the invited, with a link by which they join: whoever asks for it may have got theirs from others."""
    opening = _("Somebody wants to sign in to Clarion by this address. Confirm it here:")
    text = "\n\n".join([opening, _proving_link(secret), _good_until(invitation)])
    subject = _("Confirm your e-mail address")
    return system.post(kind=ADDRESS, to=invitation.email, subject=subject, text=_signed(text))


def is_proven(secret: str, proof: str) -> bool:
    """Whether an invitation was opened by the link of a letter; true also where nobody can write letters."""
    return not system.has_sender() or constant_time_compare(proof, _proof(secret))


def _proving_link(secret: str) -> str:
    path = reverse("join", kwargs={"secret": secret})
    return f"{settings.CLARION_PUBLIC_URL}{path}?{urlencode({PROOF: _proof(secret)})}"


def _proof(secret: str) -> str:
    return signing.Signer(salt=_INVITED_SALT).signature(secret)


def _good_until(invitation: Invitation) -> str:
    day = invitation.expires_at.date().isoformat()
    return _("The link is good until %(day)s. If you do not expect it, do nothing.") % {"day": day}


def confirm_address(user: User, email: str) -> bool:
    """Write to an address that a person wants to sign in by, with a link that proves it is theirs."""
    facts = {"user": user.pk, "from": user.email, "to": email.strip().lower()}
    token = signing.dumps(facts, salt=_ADDRESS_SALT)
    link = f"{settings.CLARION_PUBLIC_URL}{reverse('account_email_confirm', kwargs={'token': token})}"
    text = "\n\n".join(
        [
            _("Somebody wants to sign in to Clarion by this address. Confirm it here:"),
            link,
            _("The link is good for a day. If it was not you, do nothing."),
        ]
    )
    return system.post(kind=ADDRESS, to=email, subject=_("Confirm your e-mail address"), text=_signed(text))


def confirmed_address(token: str) -> tuple[User, str] | None:
    """Return whose new address a link proves; None when it is no link of ours, too old or used."""
    try:
        facts = signing.loads(token, salt=_ADDRESS_SALT, max_age=ADDRESS_SECONDS)
    except signing.BadSignature:
        return None
    user = User.objects.filter(pk=facts["user"], email=facts["from"], is_active=True).first()
    return (user, facts["to"]) if user is not None else None


def notice(user: User, subject: str, text: str, *, to: str = "") -> bool:
    """Write something about their account to a person; return whether there is a sender to do it by."""
    return system.post(kind=NOTICE, to=to or user.email, subject=_one_line(subject), text=_signed(text))


def _one_line(text: str) -> str:
    return " ".join(text.split())[:200]


def _signed(text: str) -> str:
    return f"{text}\n\n-- \nClarion\n{settings.CLARION_PUBLIC_URL}\n"
