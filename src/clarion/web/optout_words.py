"""Rules about who may be written to, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from clarion.channels import registry
from clarion.lib.sentences import spoken

if TYPE_CHECKING:
    from clarion.audience.models import FrequencyCap


def cap_sentence(cap: FrequencyCap) -> str:
    """Return a cap as a sentence: "At most 3 messages in 7 days on all channels together."."""
    n = {"n": cap.messages}
    messages = ngettext("%(n)s message", "%(n)s messages", cap.messages) % n
    days = ngettext("%(n)s day", "%(n)s days", cap.days) % {"n": cap.days}
    said = {"messages": messages, "days": days}
    if not cap.channel:
        return _("At most %(messages)s in %(days)s on all channels together.") % said
    label = spoken(registry.get(cap.channel).label) if cap.channel in registry.CHANNELS else cap.channel
    return _("At most %(messages)s in %(days)s by %(channel)s.") % (said | {"channel": label})
