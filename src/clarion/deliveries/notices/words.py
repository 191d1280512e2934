"""How a trouble is put into a letter: what the dashboard says of it, and where to go."""

from collections.abc import Iterator
from contextlib import contextmanager
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from clarion.deliveries.attention import Need, Wanted
from clarion.workspaces.models import User, Workspace


@contextmanager
def spoken_to(user: User, workspace: Workspace | None) -> Iterator[None]:
    """Speak the reader's language and count time as they do; where they chose none, as the workspace does."""
    zone = user.zone or (workspace.zone if workspace is not None else "UTC")
    with (
        translation.override(user.language or _supported(workspace.locale if workspace is not None else "")),
        timezone.override(ZoneInfo(zone)),
    ):
        yield


def _supported(locale: str) -> str:
    try:
        return translation.get_supported_language_variant(locale.lower().replace("_", "-"))
    except LookupError:
        return settings.LANGUAGE_CODE


def letter(one: Wanted, workspace: Workspace | None) -> tuple[str, str]:
    """Return subject and text, in the language of the moment."""
    subject = " ".join((_subject(one) % {"name": one.name, "sender": one.name}).split())[:200]
    home = settings.CLARION_PUBLIC_URL
    parts = [subject + ("" if subject.endswith(".") else "."), one.why, _link(one, workspace)]
    if workspace is not None:
        parts.append(
            _("You get this mail because you administer %(workspace)s.") % {"workspace": workspace.name}
        )
    else:
        parts.append(_("You get this mail because you administer this installation."))
    off = _("Switch such mails off in your profile:")
    text = "\n\n".join([*filter(None, parts), f"{off}\n{home}/profile/"])
    place = f"[{' '.join(workspace.name.split())}] " if workspace is not None else ""
    return (place + subject)[:200], f"{text}\n\n-- \nClarion\n{home}\n"


def _subject(one: Wanted) -> str:
    match one.need:
        case Need.MISSED:
            return _("The campaign “%(name)s” missed its start")
        case Need.FAILED:
            return _("The campaign “%(name)s” has failed")
        case Need.PAUSED:
            return _("The campaign “%(name)s” was paused by the program")
        case Need.SENDER:
            return _("The sender “%(sender)s” is blocked")
        case Need.PROVIDER:
            return _("The provider of the sender “%(name)s” is down")
        case Need.WEBHOOK:
            return _("The webhook “%(name)s” was switched off")
    return "%(name)s"


def _link(one: Wanted, workspace: Workspace | None) -> str:
    # Written out: to look addresses up, the jobs would have to load all pages.
    if workspace is None:
        return f"{settings.CLARION_PUBLIC_URL}/system/campaigns/"
    base = f"{settings.CLARION_PUBLIC_URL}/w/{workspace.slug}"
    if one.sender is not None:
        return f"{base}/senders/{one.sender.public_id}/"
    if one.endpoint is not None:
        return f"{base}/webhooks/{one.endpoint.public_id}/"
    if one.campaign is not None:
        return f"{base}/campaigns/{one.campaign.public_id}/"
    return f"{base}/"
