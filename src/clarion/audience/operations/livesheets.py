"""Live spreadsheets: made, changed, read again when somebody asks, deleted."""

from collections.abc import Mapping
from functools import partial
from typing import Any, TypedDict, Unpack

from django.db import IntegrityError, transaction
from django.db.models import ProtectedError
from django.utils.translation import gettext as _

from clarion.audience import uploads
from clarion.audience.addresses import CONTACT_ADDRESS_COLUMNS
from clarion.audience.errors import SheetInUse, SheetInvalid
from clarion.audience.livesheets import groups, places, rereading
from clarion.audience.livesheets.places import PlaceInvalid
from clarion.audience.models import LiveSheet, Source, SourceKind, SourceRow, WhenUnreadable
from clarion.channels import registry
from clarion.workspaces import audit
from clarion.workspaces.actors import Actor
from clarion.workspaces.permissions import Permission

#: The longest time for which an old copy may be used, in hours.
MOST_HOURS = 24 * 30
_OVERRIDES = frozenset({"encoding", "delimiter", "quote", "has_header", "sheet", "address"})


class SheetFields(TypedDict, total=False):
    """What can be said about a live spreadsheet; exactly one of `url` and `path` is not empty."""

    name: str
    url: str
    path: str
    channel: str
    overrides: Mapping[str, Any]
    when_unreadable: str
    keep_hours: int


def create_sheet(*, by: Actor, **fields: Unpack[SheetFields]) -> LiveSheet:
    """Keep a live spreadsheet and have it read for the first time by a background job. Raises SheetInvalid."""
    by.require(Permission.MANAGE_AUDIENCE)
    said = _cleaned(by, {"channel": "email", "url": "", "path": "", "name": "", **fields})
    try:
        with transaction.atomic():
            sheet = LiveSheet.objects.create(workspace=by.workspace, created_by=by.user, **said)
            _record(by, "sheet.created", sheet, {name: (None, _told(name, said[name])) for name in said})
            rereading.want(sheet)
    except IntegrityError:
        raise SheetInvalid({"name": _("There is already a live source with this name.")}) from None
    return sheet


def update_sheet(*, by: Actor, sheet: LiveSheet, **fields: Unpack[SheetFields]) -> LiveSheet:
    """Change a live spreadsheet. What another place or other columns hold is read at once. Raises SheetInvalid."""
    by.require(Permission.MANAGE_AUDIENCE)
    try:
        with transaction.atomic():
            row = LiveSheet.objects.select_for_update().get(workspace=by.workspace, pk=sheet.pk)
            names = ("name", "url", "path", "channel", "overrides", "when_unreadable", "keep_hours")
            standing = {name: getattr(row, name) for name in names}
            said = _cleaned(by, {**standing, **fields})
            changes = {name: (standing[name], said[name]) for name in names if said[name] != standing[name]}
            for name, (_old, new) in changes.items():
                setattr(row, name, new)
            is_other = bool(changes.keys() & {"url", "path", "channel", "overrides"})
            if is_other:
                # Of what it was before nothing is known about what it is now; the copy stays until then.
                row.etag = row.last_modified = row.sha256 = ""
            row.save()
            if changes:
                told = {name: (_told(name, old), _told(name, new)) for name, (old, new) in changes.items()}
                _record(by, "sheet.changed", row, told)
            if is_other:
                rereading.want(row)
    except IntegrityError:
        raise SheetInvalid({"name": _("There is already a live source with this name.")}) from None
    return row


def refresh_sheet(*, by: Actor, sheet: LiveSheet) -> None:
    """Have it read again by a background job, unless that is on its way."""
    by.require(Permission.EDIT)
    if sheet.workspace_id == by.workspace.pk:
        rereading.want(sheet)


def delete_sheet(*, by: Actor, sheet: LiveSheet) -> None:
    """Forget a live spreadsheet and its copies. Raises SheetInUse while a campaign has it."""
    by.require(Permission.MANAGE_AUDIENCE)
    try:
        with transaction.atomic():
            row = LiveSheet.objects.select_for_update().get(workspace=by.workspace, pk=sheet.pk)
            LiveSheet.objects.filter(pk=row.pk).update(copy=None)
            for source in Source.objects.filter(sheet=row).order_by("kind"):
                if source.kind == SourceKind.UPLOAD:
                    SourceRow.objects.filter(source_id=source.pk).delete()
                    transaction.on_commit(partial(uploads.remove, source.file_path))
                source.delete()
            _record(by, "sheet.deleted", row, {})
            row.delete()
    except ProtectedError as refusal:
        raise SheetInUse(sorted({str(one) for one in refusal.protected_objects})[:3]) from None


def _cleaned(by: Actor, fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields as they are kept. Raises SheetInvalid with a sentence for each that is wrong."""
    problems: dict[str, str] = {}
    said = dict(fields)
    said["name"] = str(said["name"]).strip()
    if not 0 < len(said["name"]) <= 120:
        problems["name"] = _("Give it a name of at most 120 characters.")
    if bool(said["url"].strip()) == bool(said["path"].strip()):
        problems["url"] = _("Give an address, or the path of a file on the server.")
    try:
        if said["url"].strip():
            said["url"] = places.checked_url(said["url"])
        if said["path"].strip():
            said["path"] = places.checked_path(said["path"], by.workspace.slug)
    except PlaceInvalid as refusal:
        problems["url" if said["url"].strip() else "path"] = str(refusal)
    if said["channel"] not in registry.CHANNELS:
        problems["channel"] = _("There is no such channel.")
    elif registry.get(said["channel"]).address_kind not in CONTACT_ADDRESS_COLUMNS:
        problems["channel"] = _("A spreadsheet cannot hold addresses of this channel.")
    elif groups.is_group(said["url"]) and registry.get(said["channel"]).address_kind != "phone":
        problems["channel"] = _("A group holds phone numbers.")
    if said.setdefault("when_unreadable", WhenUnreadable.FAIL) not in WhenUnreadable.values:
        problems["when_unreadable"] = _("Choose what happens when it cannot be read.")
    if not 1 <= int(said.setdefault("keep_hours", 24)) <= MOST_HOURS:
        problems["keep_hours"] = _("Say a number of hours from 1 to %(most)s.") % {"most": MOST_HOURS}
    overrides = said.get("overrides") or {}
    said["overrides"] = {
        key: value for key, value in overrides.items() if key in _OVERRIDES and value not in ("", None)
    }
    if problems:
        raise SheetInvalid(problems)
    return said


def _told(name: str, value: Any) -> Any:
    """Return a field for the trail: of an address the server only, the rest opens it for whoever reads it."""
    if name == "url" and value:
        return (
            f"{value.partition('://')[0]}://{value.partition('://')[2].partition('/')[0].partition('?')[0]}/…"
        )
    return value


def _record(by: Actor, action: str, sheet: LiveSheet, changes: Mapping[str, tuple[Any, Any]]) -> None:
    audit.record(
        by=by, action=action, kind="sheet", object_id=str(sheet.public_id), object_name=sheet.name,
        changes=dict(changes),
    )  # fmt: skip
