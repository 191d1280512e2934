"""How a message looks on its channel: the shape that the channel declares, and the component that draws it.

A new channel says its shape in its `look` (see `clarion.channels.looks`); one with a shape of its own adds its
component to `_COMPONENTS`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from csp.decorators import csp_update
from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from clarion.channels import registry
from clarion.channels.looks import Shape, look_of
from clarion.channels.sms import encoding
from clarion.web.mail_frame import PICTURES
from clarion.web.statuses import channel_look

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from django.http import HttpResponse, HttpResponseBase

    from clarion.content.rendering import Preview

#: A shape's template; mails are documents in frames of their own.
_COMPONENTS = {
    Shape.SMS: "looks/sms.html",
    Shape.CHAT: "looks/chat.html",
    Shape.PUSH: "looks/push.html",
    Shape.CALL: "looks/call.html",
}
#: Words of a call in a minute, as synthetic voices read.
_WORDS_A_MINUTE = 150


@dataclass(frozen=True, slots=True, kw_only=True)
class Offender:
    """A character that makes a short message longer; `instead` is None when nothing means the same."""

    char: str
    shown: str
    instead: str | None
    instead_shown: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A message as its channel shows it; `component` is the template that draws it, "" for a mail."""

    shape: str
    component: str
    channel: str
    tone: str
    title: str = ""
    text: str = ""
    sender: str = ""
    caption: str = ""
    #: What a chat shows beside the text: small print, buttons, a picture, the address or name of what is not shown.
    footer: str = ""
    buttons: list[str] = field(default_factory=list)
    picture_url: str = ""
    media_url: str = ""
    icon_url: str = ""
    #: Of a short message: its alphabet, how many characters fit, and what forces the larger one.
    alphabet: str = ""
    offenders: list[Offender] = field(default_factory=list)

    @property
    def replaceable(self) -> list[Offender]:
        """The offenders in whose place something else can stand."""
        return [one for one in self.offenders if one.instead is not None]


def shape_of(channel: str) -> str:
    """Return which shape the channel's messages have, as `Seen` names it."""
    return look_of(registry.get(channel)).shape.value


def seen(
    channel: str, shown: Preview, *, sender: str = "", pictures: Mapping[str, str] | None = None
) -> Seen:
    """Return how the filled-in message looks.

    `pictures` are the library's that may go along: name → address. What a page cannot show stands as its address.
    """
    shape = look_of(registry.get(channel)).shape
    text = shown.text.strip()
    counted = _counted(text) if shape is Shape.SMS else ("", "", [])
    caption = _spoken(text) if shape is Shape.CALL and not shown.media_url else counted[1]
    picture = shown.picture_url or (pictures or {}).get(shown.file_name, "")
    beside = shown.media_url or ("" if picture else shown.file_name)
    if not _can_be_shown(picture):
        picture, beside = "", beside or picture
    return Seen(
        shape=shape.value, component=_COMPONENTS.get(shape, ""), channel=channel, tone=channel_look(channel).tone,
        title=shown.subject, text=text, sender=sender, caption=caption, footer=shown.footer,
        buttons=shown.buttons, picture_url=picture, media_url=beside,
        icon_url=shown.icon_url if _can_be_shown(shown.icon_url) else "",
        alphabet=counted[0], offenders=counted[2],
    )  # fmt: skip


def with_pictures(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponseBase]:
    """Decorate the view of a page that holds a preview: it may show pictures from where mails may."""
    return csp_update({"img-src": [source for source in PICTURES if source != "'self'"]})(view)


def _can_be_shown(url: str) -> bool:
    """Whether the policy of a page lets the picture in, and nothing of its address is missing."""
    return (
        url.startswith(("https://", f"{settings.CLARION_PUBLIC_URL}/"))
        and "[" not in url
        and not set(url) & set(' "<>')
    )


def _counted(text: str) -> tuple[str, str, list[Offender]]:
    """Return the alphabet, what the text takes, and what makes it more."""
    try:
        count = encoding.count(text)
    except ValueError:
        return "", "", []
    parts = ngettext("%(n)d message", "%(n)d messages", count.parts) % {"n": count.parts}
    units = ngettext("%(n)d character", "%(n)d characters", count.units) % {"n": count.units}
    left = _("%(n)d left") % {"n": count.left}
    alphabet = "GSM-7" if count.alphabet is encoding.Alphabet.GSM else "UCS-2"
    found = [
        Offender(
            char=one.char, shown=_character(one.char), instead=one.replacement,
            instead_shown="" if one.replacement is None else _character(one.replacement),
        )
        for one in encoding.offenders(text)
    ]  # fmt: skip
    return alphabet, f"{units} · {parts} · {left}", found


def _character(text: str) -> str:
    if not text:
        return _("nothing")
    if text == " ":
        return _("a space")
    if text == "\n":
        return _("a new line")
    return text if text.isprintable() and not text.isspace() else f"U+{ord(text[0]):04X}"


def _spoken(text: str) -> str:
    seconds = round(len(text.split()) * 60 / _WORDS_A_MINUTE)
    return ngettext("about %(n)d second", "about %(n)d seconds", seconds) % {"n": seconds}
