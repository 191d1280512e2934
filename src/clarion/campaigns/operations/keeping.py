"""A campaign as a thing: copied, put out of sight, brought back, removed."""

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from clarion.campaigns import fields, offers
from clarion.campaigns.errors import TransitionRefused
from clarion.campaigns.models import Campaign, Step
from clarion.campaigns.operations import changing
from clarion.workspaces.actors import Actor
from clarion.workspaces.permissions import Permission

#: What a copy takes over from its original.
_COPIED = (
    "notes", "tags", "source_id", "launch", "auto_start", "starts_at", "ends_at", "zone", "repeat_every", "repeat_unit",
    "repeat_count", "repeat_until", "only_new", "windows", "window_zone", "window_is_recipients", "missed_policy",
    "missed_hours", "error_percent", "receipt_wait", "delay_min", "delay_max", "rate_limit", "weight",
    "track_links", "track_opens",
)  # fmt: skip
_COPIED_STEP = (
    "position", "tier", "channel", "sender_id", "template_version_id", "body_source", "body_content",
    "body_variables",
)  # fmt: skip


@transaction.atomic
def duplicate(*, campaign: Campaign, by: Actor) -> Campaign:
    """Return a new draft that says the same to the same people."""
    by.require(Permission.EDIT)
    original = Campaign.objects.prefetch_related("steps").get(pk=campaign.pk, workspace=by.workspace)
    name = _("%(name)s (copy)") % {"name": original.name[: fields.NAME_LENGTH - 20]}
    copy = Campaign.objects.create(
        workspace=by.workspace,
        created_by=by.user,
        name=name,
        **{field: getattr(original, field) for field in _COPIED},
    )
    Step.objects.bulk_create(
        Step(campaign=copy, **{field: getattr(step, field) for field in _COPIED_STEP})
        for step in original.steps.all()
    )
    changing.record(copy, by, "duplicate", {"copied_from": (None, str(original.public_id))})
    return copy


@transaction.atomic
def archive(*, campaign: Campaign, by: Actor) -> Campaign:
    """Put the campaign out of sight; it can be restored."""
    by.require(Permission.EDIT)
    now = changing.locked(campaign, by)
    if now.status not in offers.ARCHIVABLE:
        raise TransitionRefused
    changing.write(now, by, "archive", {"archived_at": (None, timezone.now())})
    return now


@transaction.atomic
def restore(*, campaign: Campaign, by: Actor) -> Campaign:
    """Bring an archived campaign back."""
    by.require(Permission.EDIT)
    now = changing.locked(campaign, by, is_archived=True)
    changing.write(now, by, "restore", {"archived_at": (now.archived_at, None)})
    return now


@transaction.atomic
def delete(*, campaign: Campaign, by: Actor) -> None:
    """Remove a campaign for good: a draft or a cancelled one that was never started."""
    by.require(Permission.EDIT)
    now = changing.locked(campaign, by, is_archived=None)
    if not offers.is_deletable(now):
        raise TransitionRefused
    changing.record(now, by, "delete", {"status": (now.status, None)})
    now.delete()


@transaction.atomic
def give_up(*, campaign: Campaign, by: Actor, runs: int, people: int) -> Campaign:
    """Begin to purge an archived or cancelled campaign: no page shows it now. `deliveries.purging` removes its rows.

    The audit trail keeps its name and how much was removed.
    """
    by.require(Permission.MANAGE_MEMBERS)
    now = changing.locked(campaign, by, is_archived=None)
    if now.purged_at is not None or not offers.is_purgeable(now):
        raise TransitionRefused
    now.purged_at = timezone.now()
    now.archived_at = now.archived_at or now.purged_at
    now.save(update_fields=["archived_at", "purged_at"])
    changes = {"status": (now.status, None), "runs": (runs, None), "recipients": (people, None)}
    changing.record(now, by, "purge", changes)
    return now
