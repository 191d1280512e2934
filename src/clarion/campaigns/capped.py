"""What the pre-flight list says about frequency caps."""

from collections.abc import Iterator

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from clarion.campaigns.models import Campaign
from clarion.workspaces import spelling


def told(campaign: Campaign, count: int) -> Iterator[tuple[str, str]]:
    """Yield a code and a sentence where caps leave people out of the campaign, or it ignores them."""
    if campaign.ignores_caps:
        yield (
            "caps_ignored",
            _("Frequency caps are ignored: people who have had their share of messages get it too."),
        )
    elif count:
        sentence = ngettext(
            "%(n)s person has had their share of messages and is left out by a frequency cap.",
            "%(n)s people have had their share of messages and are left out by a frequency cap.",
            count,
        )
        yield "capped", sentence % {"n": spelling.number(count)}
