"""Addresses that must not be written to: added by people, receipts and recipients; taken away by people."""

from collections import Counter
from collections.abc import Mapping, Sequence

from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from clarion.audience import addresses, columns, tables, telling, uploads
from clarion.audience.errors import NoAddressColumn
from clarion.audience.models import ConsentSource, Suppression, SuppressionReason
from clarion.audience.operations import consent
from clarion.channels import registry
from clarion.workspaces import actors, audit
from clarion.workspaces.actors import Actor
from clarion.workspaces.models import Workspace
from clarion.workspaces.permissions import Permission

#: Octets of the largest suppression file taken in a request.
FILE_LIMIT = 64 * 1024**2
#: Characters of the reason for removing many.
REASON_LENGTH = 500
_BATCH = 5_000
#: What a person has asked for, unlike what befell an address.
_WISHES = (SuppressionReason.UNSUBSCRIBED, SuppressionReason.COMPLAINED)
_INSERT = """
    insert into audience_suppression (workspace_id, channel, address, reason, origin, created_at)
    select %s, %s, address, reason, %s, now()
    from unnest(%s::text[], %s::text[]) as given (address, reason)
    on conflict (workspace_id, channel, address) do nothing
"""


def suppress(*, workspace: Workspace, channel: str, address: str, reason: str, origin: str) -> bool:
    """Make sure that the normalised address is suppressed. Returns whether it was not before.

    The first reason stays: what comes later does not rewrite why we stopped. For receipts and recipients; what
    a person adds goes through `add_suppression`.
    """
    with transaction.atomic():
        added = _insert(workspace, channel, [address], [SuppressionReason(reason).value], origin)
        _heed(workspace, channel, {address: SuppressionReason(reason).value}, origin)
    return bool(added)


def _heed(workspace: Workspace, channel: str, reasons: Mapping[str, str], origin: str) -> None:
    """Note the wishes among the reasons with the contacts themselves: they hold for all of a person's addresses."""
    wishes = [address for address, reason in reasons.items() if reason in _WISHES]
    if wishes:
        consent.withdraw_by_addresses(
            workspace=workspace, channel=channel, found=wishes, source=ConsentSource.UNSUBSCRIBE, note=origin
        )


def withdraw_unsubscription(*, workspace: Workspace, channel: str, address: str) -> bool:
    """Forget that the recipient unsubscribed, at their own wish. Other reasons stay. Returns whether there was one."""
    with transaction.atomic():
        mine = Suppression.objects.filter(
            workspace=workspace, channel=channel, address=address, reason=SuppressionReason.UNSUBSCRIBED
        )
        telling.publish_removals(workspace.pk, mine)
        gone, _by_model = mine.delete()
        if gone:
            consent.restore_by_address(workspace=workspace, channel=channel, address=address)
            audit.record(
                by=actors.system(workspace), action="suppression.removed", kind="suppression", object_id="",
                object_name=channel, reason=_("The recipient has taken the unsubscription back."),
                changes={"reason": (SuppressionReason.UNSUBSCRIBED.value, None)},
            )  # fmt: skip
    return bool(gone)


def _insert(
    workspace: Workspace, channel: str, found: Sequence[str], reasons: Sequence[str], origin: str
) -> int:
    with connection.cursor() as cursor:
        cursor.execute(_INSERT, [workspace.pk, channel, origin[:200], list(found), list(reasons)])
        return int(cursor.rowcount)


def insert_many(
    workspace: Workspace, channel: str, found: Sequence[str], reason: SuppressionReason, origin: str
) -> int:
    """Suppress normalised addresses for one reason, inside the caller's transaction; return how many are new."""
    return _insert(workspace, channel, found, [reason.value] * len(found), origin)


def add_suppression(*, by: Actor, channel: str, address: str, note: str = "") -> bool:
    """Suppress an address by hand. Returns whether it was not suppressed before. Raises ValueError with a sentence."""
    by.require(Permission.MANAGE_AUDIENCE)
    normal = addresses.normaliser(channel, by.workspace.default_country)(address)
    with transaction.atomic():
        added = suppress(
            workspace=by.workspace, channel=channel, address=normal, reason=SuppressionReason.MANUAL,
            origin=note.strip() or by.name,
        )  # fmt: skip
        if added:
            row = Suppression.objects.get(workspace=by.workspace, channel=channel, address=normal)
            audit.record(
                by=by, action="suppression.added", kind="suppression", object_id=str(row.pk),
                object_name=channel, reason=note.strip(),
            )  # fmt: skip
    return added


def unsuppress(*, by: Actor, suppression: Suppression, reason: str = "") -> None:
    """Allow the address to be written to again; it may be gone already."""
    by.require(Permission.MANAGE_AUDIENCE)
    with transaction.atomic():
        this = Suppression.objects.filter(workspace=by.workspace, pk=suppression.pk)
        telling.publish_removals(by.workspace.pk, this)
        gone, _by_model = this.delete()
        if gone:
            if suppression.reason in _WISHES:
                consent.restore_by_address(
                    workspace=by.workspace, channel=suppression.channel, address=suppression.address, by=by
                )
            audit.record(
                by=by, action="suppression.removed", kind="suppression", object_id=str(suppression.pk),
                object_name=suppression.channel, reason=reason,
                changes={"reason": (suppression.reason, None)},
            )  # fmt: skip


def unsuppress_many(*, by: Actor, found: QuerySet[Suppression], reason: str, limit: int | None = None) -> int:
    """Allow these addresses of the workspace to be written to again; return how many.

    Raises ValueError, with a sentence, without a reason. One event in the audit trail tells how many there were for
    which reason. At most `limit`, when it is given: what a person has not seen is not removed.
    """
    by.require(Permission.MANAGE_AUDIENCE)
    words = " ".join(reason.replace("\x00", "").split())[:REASON_LENGTH]
    if not words:
        raise ValueError(_("Say why these addresses may be written to again."))
    with transaction.atomic():
        mine = found.filter(workspace=by.workspace).order_by("pk")  # the newest were seen last, if at all
        rows = list(mine.select_for_update(of=("self",)).values_list("pk", "reason")[:limit])
        gone = 0
        for start in range(0, len(rows), _BATCH):
            keys = [key for key, _why in rows[start : start + _BATCH]]
            these = Suppression.objects.filter(workspace=by.workspace, pk__in=keys)
            telling.publish_removals(by.workspace.pk, these)
            gone += these.delete()[0]
        if gone:
            counts = Counter(why for _key, why in rows)
            audit.record(
                by=by, action="suppression.removed_many", kind="workspace", object_id=by.workspace.slug,
                object_name=by.workspace.name, reason=words,
                changes={why.lower(): (count, 0) for why, count in sorted(counts.items())},
            )  # fmt: skip
    return gone


def suppress_file(
    *, by: Actor, file: uploads.Readable, file_name: str, channel: str
) -> tuple[int, int, list[str]]:
    """Suppress every address of a CSV, XLSX or ODS file. Returns how many were added, known before, and what was wrong.

    At most a hundred sentences are returned. A column called `reason` is heeded where it holds one of ours.
    Raises CsvInvalid.
    """
    by.require(Permission.MANAGE_AUDIENCE)
    stored = uploads.store(file, limit=FILE_LIMIT)
    try:
        with transaction.atomic():
            return _suppress_rows(by, stored, file_name, channel)
    finally:
        uploads.remove(stored.name)


def _suppress_rows(
    by: Actor, stored: uploads.Stored, file_name: str, channel: str
) -> tuple[int, int, list[str]]:
    dialect = tables.sniff(stored.path)
    sample = [row.cells for row, _unused in zip(tables.rows(stored.path, dialect), range(200), strict=False)]
    index = columns.address_index(dialect.columns, sample, kind=registry.get(channel).address_kind)
    if index is None:
        raise NoAddressColumn(dialect.columns)
    reason_index = columns.index_of(dialect.columns, "reason")
    normalise = addresses.normaliser(channel, by.workspace.default_country)
    added = taken = 0
    problems: list[str] = []
    batch: dict[str, str] = {}
    for row in tables.rows(stored.path, dialect):
        try:
            if row.problem:
                raise ValueError(row.problem)
            address = normalise(row.cells[index])
        except ValueError as refusal:
            if len(problems) < 100:
                problems.append(_("Row %(row)s: %(problem)s") % {"row": row.number, "problem": refusal})
            continue
        word = row.cells[reason_index].strip().upper() if reason_index is not None else ""
        batch.setdefault(
            address, word if word in SuppressionReason.values else SuppressionReason.MANUAL.value
        )
        taken += 1
        if len(batch) >= _BATCH:
            added += _insert(by.workspace, channel, list(batch), list(batch.values()), file_name)
            _heed(by.workspace, channel, batch, file_name)
            batch = {}
    added += _insert(by.workspace, channel, list(batch), list(batch.values()), file_name)
    _heed(by.workspace, channel, batch, file_name)
    audit.record(
        by=by, action="suppression.imported", kind="workspace", object_id=by.workspace.slug,
        object_name=file_name, changes={"added": (None, added), "rows": (None, taken)},
    )  # fmt: skip
    return added, taken - added, problems
