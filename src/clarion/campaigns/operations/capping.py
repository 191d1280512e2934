"""Letting a campaign reach people who have had their share of messages."""

from django.db import transaction
from django.utils.translation import gettext as _

from clarion.campaigns.errors import CampaignInvalid
from clarion.campaigns.models import Campaign
from clarion.campaigns.operations import approval, changing
from clarion.workspaces.actors import Actor
from clarion.workspaces.permissions import Permission

#: Characters of the reason.
REASON_LENGTH = 500


@transaction.atomic
def ignore_caps(*, campaign: Campaign, by: Actor, ignored: bool, reason: str) -> Campaign:
    """Say whether the campaign ignores the workspace's frequency caps, and return it afresh.

    What it ignores is told in the audit trail with the reason, which is required, and voids an approval. Raises
    NotAllowed, CampaignInvalid without a reason, and TransitionRefused when the campaign cannot be changed now.
    Nothing happens when it is so already.
    """
    by.require(Permission.EDIT)
    by.require(Permission.IGNORE_CAPS)
    words = " ".join(reason.replace("\x00", "").split())[:REASON_LENGTH]
    if ignored and not words:
        sentence = _("Say why people get more messages than the workspace has settled.")
        raise CampaignInvalid([sentence], fields={"reason": sentence})
    now = changing.locked(campaign, by)
    if now.ignores_caps == ignored:
        return now
    opened = changing.opened(now, by)
    opened.ignores_caps = ignored
    opened.version += 1
    opened.save(update_fields=["ignores_caps", "version"])
    changing.record(opened, by, "ignore_caps", {"ignores_caps": (not ignored, ignored)}, reason=words)
    if approval.void_if_changed(campaign=opened, by=by):
        opened.approved_at = None
    return opened
