"""Addresses that must not be written to: added by people, receipts and recipients; taken away by people."""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from clarion.audience import addresses, columns, tables, tasks, telling, uploads
from clarion.audience.errors import NoAddressColumn
from clarion.audience.models import ConsentSource, Import, ImportStatus, Suppression, SuppressionReason
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
#: What a column of a suppression file is, in the place of a contact's field.
ADDRESS = "address"
REASON = "reason"
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


def suppress_file(*, by: Actor, file: uploads.Readable, file_name: str, channel: str) -> Import:
    """Have every address of a CSV, XLSX or ODS file suppressed by a background job.

    A column called `reason` is heeded where it holds one of ours. Raises CsvInvalid.
    """
    by.require(Permission.MANAGE_AUDIENCE)
    stored = uploads.store(file, limit=FILE_LIMIT)
    try:
        dialect = tables.sniff(stored.path)
        sample = [row.cells for row, _n in zip(tables.rows(stored.path, dialect), range(200), strict=False)]
        index = columns.address_index(dialect.columns, sample, kind=registry.get(channel).address_kind)
        if index is None:
            raise NoAddressColumn(dialect.columns)
        reason = columns.index_of(dialect.columns, "reason")
        meant = {index: ADDRESS} | ({reason: REASON} if reason is not None else {})
        names = columns.variable_names(dialect.columns)
        with transaction.atomic():
            made = Import.objects.create(
                workspace=by.workspace, file_name=Path(file_name).name[:255], file_path=stored.name,
                file_bytes=stored.size, dialect=dialect.to_json(), suppresses=channel, created_by=by.user,
                mapping={name: meant.get(at, "") for at, name in enumerate(names)}, status=ImportStatus.WAITING,
            )  # fmt: skip
            audit.record(
                by=by, action="import.started", kind="import", object_id=str(made.public_id),
                object_name=made.file_name, changes={"bytes": (None, made.file_bytes)},
            )  # fmt: skip
            tasks.run_import.defer(import_id=made.pk)
    except BaseException:
        uploads.remove(stored.name)
        raise
    return made


def add_from_file(workspace: Workspace, channel: str, reasons: Mapping[str, str], file_name: str) -> int:
    """Suppress normalised addresses, each for its reason, in the caller's transaction; return how many are new."""
    added = _insert(workspace, channel, list(reasons), list(reasons.values()), file_name)
    _heed(workspace, channel, reasons, file_name)
    return added
