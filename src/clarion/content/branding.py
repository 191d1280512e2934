"""How a workspace's pages for recipients look: a logo, and a colour with readable words on it."""

import hashlib
from dataclasses import dataclass

from clarion.content.models import Branding
from clarion.workspaces.models import Workspace

#: Octets and pixels a side that a logo has at most.
MAX_OCTETS = 200_000
MAX_SIDE = 1_000
PICTURES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
#: Digits of a content's hash that its address holds.
_DIGEST = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Brand:
    """What a page needs: the parts of the addresses of its logo and of its style sheet, empty where there is none."""

    key: str
    logo: str = ""
    colour: str = ""


def brand_of(workspace: Workspace) -> Brand | None:
    """Return how the workspace's pages for recipients look; None for the program's own look."""
    found = Branding.objects.filter(workspace=workspace).first()
    if found is None or not (found.colour or found.logo):
        return None
    logo = hashlib.sha256(bytes(found.logo)).hexdigest()[:_DIGEST] if found.logo else ""
    return Brand(key=found.key, logo=logo, colour=found.colour.removeprefix("#"))


def logo_of(key: str, digest: str) -> tuple[bytes, str] | None:
    """Return the octets and the media type of the logo with that key and digest."""
    found = Branding.objects.filter(key=key).first()
    if found is None or not found.logo:
        return None
    octets = bytes(found.logo)
    is_it = hashlib.sha256(octets).hexdigest()[:_DIGEST] == digest
    return (octets, found.logo_type) if is_it else None


def style_of(colour: str) -> str | None:
    """Return the style sheet for six hexadecimal digits in small letters; None for anything else.

    The words on the colour are black or white, whichever can be read better (WCAG 2.2: at least 4.5 to 1 either way).
    """
    if len(colour) != 6 or not set(colour) <= set("0123456789abcdef"):
        return None
    words = "#000" if _luminance(colour) > 0.179 else "#fff"
    return f":root{{--brand:#{colour};--brand-hover:color-mix(in srgb,#{colour} 88%,{words});--on-brand:{words}}}"


def _luminance(colour: str) -> float:
    """Return the relative luminance of sRGB, 0 to 1."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    red, green, blue = (one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
