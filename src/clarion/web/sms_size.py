"""How many messages a text takes, in words for whoever writes it."""

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from clarion.campaigns.lengths import Lengths
from clarion.channels.sms import encoding

#: Characters named of those that make a text longer.
_NAMED = 5


def said(text: str) -> tuple[str, str]:
    """Return how many messages the text takes, and which characters make it more; the latter may be empty."""
    text = text.strip()
    if not text:
        return _("SMS"), ""
    try:
        counted = encoding.count(text)
    except ValueError:
        return _("SMS"), ""
    size = ngettext("%(n)d message", "%(n)d messages", counted.parts) % {"n": counted.parts}
    left = ngettext("%(n)d character left", "%(n)d characters left", counted.left) % {"n": counted.left}
    return f"{size} · {left}", _offenders(text)


def spread(lengths: Lengths, name: str) -> str:
    """Return how many messages a person takes among the audience; `name` is whoever takes most."""
    said = _spread(lengths, name)
    if lengths.refused:
        more = ngettext(
            "%(n)d person cannot get it: a value is missing, or the text becomes too long.",
            "%(n)d people cannot get it: a value is missing, or the text becomes too long.",
            lengths.refused,
        )
        said = f"{said} {more % {'n': lengths.refused}}"
    return said


def _spread(lengths: Lengths, name: str) -> str:
    if lengths.most == 1:
        return ngettext(
            "One message is enough for the %(count)d person that was looked at.",
            "One message is enough for each of the first %(count)d people.",
            lengths.count,
        ) % {"count": lengths.count}
    if lengths.least == lengths.most:
        return _("%(n)d messages for everybody, among the first %(count)d people.") % {
            "n": lengths.most,
            "count": lengths.count,
        }
    return _("%(least)d to %(most)d messages a person among the first %(count)d; %(name)s takes most.") % {
        "least": lengths.least, "most": lengths.most, "count": lengths.count, "name": name,
    }  # fmt: skip


def _offenders(text: str) -> str:
    found = encoding.offenders(text)
    if not found:
        return ""
    named = []
    for one in found[:_NAMED]:
        shown = (
            f"“{one.char}”" if one.char.isprintable() and not one.char.isspace() else f"U+{ord(one.char):04X}"
        )
        if one.replacement:
            shown = _("%(char)s (write %(instead)s)") % {
                "char": shown,
                "instead": _("a space") if one.replacement == " " else f"“{one.replacement}”",
            }
        named.append(shown)
    more = "…" if len(found) > _NAMED else ""
    return _("Only 70 characters fit into a message because of %(characters)s") % {
        "characters": ", ".join(named) + more
    }
