"""Writing how a workspace's pages for recipients look."""

import re
import secrets

from django.db import transaction
from django.utils.translation import gettext as _

from clarion.content import branding
from clarion.content.errors import BrandingInvalid
from clarion.content.fileheads import kind_of
from clarion.content.models import Branding
from clarion.workspaces import audit
from clarion.workspaces.actors import Actor
from clarion.workspaces.models import Workspace
from clarion.workspaces.permissions import Permission

_COLOUR = re.compile(r"#[0-9a-f]{6}")
_KEY_OCTETS = 18


@transaction.atomic
def set_branding(
    *, by: Actor, colour: str, logo: bytes | None = None, without_logo: bool = False
) -> Branding:
    """Set the colour ("#rrggbb", empty for the program's own) and the logo; None leaves the logo as it is.

    `logo` is a PNG, JPEG, GIF or WebP picture. Raises NotAllowed and BrandingInvalid.
    """
    by.require(Permission.MANAGE_MEMBERS)
    colour = colour.strip().lower()
    if colour and not _COLOUR.fullmatch(colour):
        raise BrandingInvalid("colour", _("A colour is # and six hexadecimal digits, such as #4a3fd4."))
    Workspace.objects.select_for_update(no_key=True).get(pk=by.workspace.pk)
    kept = Branding.objects.filter(workspace=by.workspace).first()
    now = kept or Branding(workspace=by.workspace, key=secrets.token_urlsafe(_KEY_OCTETS))
    changes: dict[str, tuple[object, object]] = {}
    if colour != now.colour:
        changes["colour"] = (now.colour, colour)
        now.colour = colour
    if logo is not None or without_logo:
        content_type = _type_of(logo) if logo is not None else ""
        octets = logo if logo is not None else b""
        if octets != bytes(now.logo):
            changes["logo"] = (f"{len(now.logo)} B", f"{len(octets)} B")
            now.logo, now.logo_type = octets, content_type
    if changes:
        now.save()
        audit.record(
            by=by, action="workspace.branding", kind="workspace", object_id=by.workspace.slug,
            object_name=by.workspace.name, changes=changes,
        )  # fmt: skip
    return now


def _type_of(octets: bytes) -> str:
    if len(octets) > branding.MAX_OCTETS:
        sentence = _("The logo is too large: at most %(n)d kB.")
        raise BrandingInvalid("logo", sentence % {"n": branding.MAX_OCTETS // 1000})
    kind = kind_of(octets, "logo")
    if kind is None or kind.content_type not in branding.PICTURES:
        raise BrandingInvalid("logo", _("A logo is a PNG, JPEG, GIF or WebP picture."))
    if max(kind.width or 0, kind.height or 0) > branding.MAX_SIDE:
        sentence = _("The logo is too large: at most %(n)d pixels a side.")
        raise BrandingInvalid("logo", sentence % {"n": branding.MAX_SIDE})
    return kind.content_type
