"""What a message in several languages means for an audience, in a sentence."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from clarion.audience import queries as audience
from clarion.audience.models import Source
from clarion.channels import tongues
from clarion.content.language_names import name_of
from clarion.workspaces import spelling

#: Languages that a sentence names.
_NAMED = 5


def unspoken(content: Mapping[str, Any], source: Source, channel: str) -> dict[str, int]:
    """Return {language: people} for what the audience speaks and the message does not. Counts, so takes a while."""
    spoken = audience.spoken(source, channel)
    return {tag: count for tag, count in spoken.items() if not tongues.is_there(content, tag)}


def told(content: Mapping[str, Any], source: Source, channel: str) -> tuple[bool, str]:
    """Return whether everybody gets their language, and a sentence about it."""
    lacking = unspoken(content, source, channel)
    if not lacking:
        return True, _("The message is there in every language that the audience speaks.")
    count = sum(lacking.values())
    sentence = ngettext(
        "%(n)s person speaks a language that is not there (%(tags)s): they get %(language)s.",
        "%(n)s people speak a language that is not there (%(tags)s): they get %(language)s.",
        count,
    )
    named = ", ".join(list(lacking)[:_NAMED]) + ("…" if len(lacking) > _NAMED else "")
    own = name_of(str(content.get("language") or ""))
    return False, sentence % {"n": spelling.number(count), "tags": named, "language": own}
