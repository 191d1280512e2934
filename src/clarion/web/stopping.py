"""What pages that stop sending share: the numbers of a question, and the reason that was typed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from clarion.web import typed
from clarion.web.templatetags.ui import grouped

if TYPE_CHECKING:
    from clarion.deliveries.holdback import HeldBack
    from clarion.web.http import PageRequest

_REASON_LENGTH = 500


def on_its_way(held: HeldBack) -> list[str]:
    """Return the sentences with the numbers of what would be, or is, held back."""
    if not held.campaigns:
        return [_("Nothing is on its way just now.")]
    return [
        ngettext("%(n)s message has not left yet.", "%(n)s messages have not left yet.", held.messages)
        % {"n": grouped(held.messages)},
        ngettext("%(n)s campaign is on its way.", "%(n)s campaigns are on their way.", held.campaigns)
        % {"n": grouped(held.campaigns)},
    ]


def reason_of(request: PageRequest) -> str:
    """Return the reason of the form, without what PostgreSQL's text cannot hold."""
    return typed.words(request.POST, "reason", _REASON_LENGTH)
