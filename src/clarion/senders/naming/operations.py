"""Every write to sender names: proposed, submitted, approved or rejected, each with its audit event."""

from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _

from clarion.senders.models import Sender
from clarion.senders.naming import queries
from clarion.senders.naming.errors import NameRefused
from clarion.senders.naming.models import NameStatus, SenderName
from clarion.senders.naming.states import RULES, Move
from clarion.workspaces import audit
from clarion.workspaces.actors import Actor
from clarion.workspaces.permissions import Permission
from clarion.workspaces.wake import wake


@transaction.atomic
def propose(*, sender: Sender, by: Actor, name: str, note: str = "", submit: bool = False) -> SenderName:
    """Return a new revision, as a draft or submitted at once. Raises NotAllowed, NameRefused."""
    by.require(Permission.EDIT)
    sender = _locked(sender, by)
    wanted = " ".join(name.split())
    if not queries.has_names(sender):
        raise NameRefused(_("Messages of this channel go under no name."))
    if not queries.is_name(wanted):
        raise NameRefused(
            _("A name has 1 to 11 letters, digits, spaces and . _ & -, with at least one letter.")
        )
    if wanted == sender.config.get("source"):
        raise NameRefused(_("Messages go under this name already."))
    keep_first(sender)
    last = SenderName.objects.filter(sender=sender).aggregate(last=Max("number"))["last"] or 0
    status = NameStatus.PENDING if submit else NameStatus.DRAFT
    try:
        with transaction.atomic():
            row = SenderName.objects.create(
                sender=sender, number=last + 1, name=wanted, note=" ".join(note.split())[:300], status=status,
                created_by=by.user,
            )  # fmt: skip
    except IntegrityError:
        raise NameRefused(_("Another name is on its way: withdraw it, or have it decided first.")) from None
    _told(by, sender, "name_proposed", before=sender.config.get("source"), after=wanted)
    return row


@transaction.atomic
def move(*, sender: Sender, by: Actor, public_id: str, move: Move, reason: str = "") -> SenderName:
    """Let a revision take a step; an approved one is what messages go under within seconds.

    Raises NotAllowed, and NameRefused when it is elsewhere by now, or is rejected without a reason.
    """
    rule = RULES[move]
    by.require(rule.permission)
    sender = _locked(sender, by)
    row = queries.name_with(sender, public_id)
    if row is None or NameStatus(row.status) not in rule.sources:
        raise NameRefused(_("Somebody else has decided on it meanwhile."))
    why = " ".join(reason.split())[:300]
    if move is Move.REJECT and not why:
        raise NameRefused(_("Say why it is rejected."))
    decides = move in (Move.APPROVE, Move.REJECT)
    if move is Move.APPROVE:
        SenderName.objects.filter(sender=sender, status=NameStatus.APPROVED).update(
            status=NameStatus.ARCHIVED
        )
    row.status, row.reason = rule.to, why
    if decides:
        row.decided_at, row.decided_by = timezone.now(), by.user
    row.save(update_fields=["status", "reason", "decided_at", "decided_by"])
    before = sender.config.get("source")
    if move is Move.APPROVE:
        sender.config = {**sender.config, "source": row.name}
        sender.save(update_fields=["config"])
    _told(by, sender, f"name_{row.status.lower()}", before=before, after=row.name, reason=why)
    return row


def keep_first(sender: Sender) -> None:
    """Keep the name that the sender was set up with as its first revision: an administrator chose it."""
    name = queries.name_of(sender.config)
    if name and not SenderName.objects.filter(sender=sender).exists():
        SenderName.objects.create(
            sender=sender, number=1, name=name, status=NameStatus.APPROVED, created_by=sender.created_by,
            created_at=sender.created_at, decided_at=sender.created_at, decided_by=sender.created_by,
        )  # fmt: skip


def follow(sender: Sender) -> None:
    """Put a name aside that messages go under no more, since the settings say a number now."""
    approved = SenderName.objects.filter(sender=sender, status=NameStatus.APPROVED)
    approved.exclude(name=str(sender.config.get("source") or "")).update(status=NameStatus.ARCHIVED)


def _locked(sender: Sender, by: Actor) -> Sender:
    return Sender.objects.select_for_update().get(pk=sender.pk, workspace=by.workspace)


def _told(by: Actor, sender: Sender, verb: str, *, before: object, after: str, reason: str = "") -> None:
    audit.record(
        by=by, action=f"sender.{verb}", kind="sender", object_id=str(sender.public_id), object_name=sender.name,
        reason=reason, changes={"source": (before, after)},
    )  # fmt: skip
    wake(sender_id=sender.pk)
