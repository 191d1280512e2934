"""Notes on a campaign's trail: what people want remembered about it, for ever."""

from django.db import transaction
from django.utils.translation import gettext as _

from clarion.campaigns import offers
from clarion.campaigns.errors import CampaignInvalid
from clarion.campaigns.models import Campaign
from clarion.campaigns.operations import changing
from clarion.workspaces import audit
from clarion.workspaces.actors import Actor
from clarion.workspaces.errors import NotAllowed
from clarion.workspaces.permissions import Permission

#: Characters.
NOTE_LENGTH = 2000


@transaction.atomic
def add_note(*, campaign: Campaign, text: str, by: Actor) -> None:
    """Append a note to the campaign's audit trail, in every state and also in the archive. It cannot be taken back.

    Whoever may change, approve or start campaigns may. Raises CampaignInvalid for an empty or too long one.
    """
    if by.member is not None and not offers.may_note(by.member):
        raise NotAllowed(_("Add a note"))
    words = text.replace("\x00", "").replace("\r\n", "\n").strip()
    if not words:
        sentence = _("Write something first.")
        raise CampaignInvalid([sentence], fields={"note": sentence})
    if len(words) > NOTE_LENGTH:
        sentence = _("A note has at most %(n)d characters.") % {"n": NOTE_LENGTH}
        raise CampaignInvalid([sentence], fields={"note": sentence})
    now = changing.locked(campaign, by, is_archived=None)
    audit.record(
        by=by,
        action="campaign.note",
        kind="campaign",
        object_id=str(now.public_id),
        object_name=now.name,
        reason=words,
    )


@transaction.atomic
def reveal_recipient(*, campaign: Campaign, run: int, number: int, by: Actor) -> None:
    """Note that somebody has the data of a run's recipient shown, by the run's number and the recipient's.

    Raises NotAllowed.
    """
    by.require(Permission.VIEW_PII)
    audit.record(
        by=by,
        action="campaign.revealed",
        kind="campaign",
        object_id=str(campaign.public_id),
        object_name=campaign.name,
        changes={"run": (None, run), "recipient": (None, number)},
    )
