"""One change to all contacts that a filter means: in chunks that each are one transaction, and to be taken back.

The edit's row says how far it has come, so that a killed job goes on where it was and running it twice does nothing.
"""

from datetime import timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _

from clarion.audience import people
from clarion.audience.errors import BulkEditNotPossible, ContactInvalid
from clarion.audience.models import BulkEdit, BulkEditPart, BulkStatus, Contact, ContactState, List
from clarion.audience.queries.contacts import Filter
from clarion.workspaces import audit
from clarion.workspaces.actors import Actor
from clarion.workspaces.permissions import Permission

#: Contacts in one transaction, and how many of those are done before somebody has to wait for a job.
CHUNK = 5_000
AT_ONCE = 2
#: Days for which an edit can be taken back.
KEPT_DAYS = 7

#: Action → the statement that changes the contacts `ids` and returns (id, what it was before) of those that changed.
_CHANGES = {
    "state": """
        with was as (
            select id, state from audience_contact
            where workspace_id = %(workspace)s and id = any(%(ids)s) and state <> %(value)s order by id for update
        ), changed as (
            update audience_contact c set state = %(value)s, updated_at = now() from was where c.id = was.id
        ) select id, state from was
    """,
    "tag": """
        update audience_contact c set updated_at = now(), tags =
            array(select distinct tag from unnest(c.tags || %(value)s::varchar) tag order by tag)
        where workspace_id = %(workspace)s and id = any(%(ids)s) and not (tags @> array[%(value)s::varchar])
          and cardinality(tags) < %(most)s
        returning id, ''
    """,
    "untag": """
        update audience_contact c set updated_at = now(), tags = array_remove(c.tags, %(value)s::varchar)
        where workspace_id = %(workspace)s and id = any(%(ids)s) and tags @> array[%(value)s::varchar]
        returning id, ''
    """,
    "list": """
        with added as (
            insert into audience_listmember (list_id, contact_id, added_at)
            select l.id, c.id, now() from audience_list l join audience_contact c on c.id = any(%(ids)s)
            where l.id = %(value)s::bigint and l.workspace_id = %(workspace)s and c.workspace_id = %(workspace)s
            on conflict do nothing returning contact_id
        ), counted as (
            update audience_list set member_count = member_count + (select count(*) from added)
            where id = %(value)s::bigint and workspace_id = %(workspace)s
        ) select contact_id, '' from added
    """,
    "unlist": """
        with gone as (
            delete from audience_listmember m using audience_list l
            where l.id = m.list_id and l.workspace_id = %(workspace)s and m.list_id = %(value)s::bigint
              and m.contact_id = any(%(ids)s) returning m.contact_id
        ), counted as (
            update audience_list set member_count = member_count - (select count(*) from gone)
            where id = %(value)s::bigint and workspace_id = %(workspace)s
        ) select contact_id, '' from gone
    """,
}
#: What takes an action back; a state goes back to what it was.
_OPPOSITE = {"tag": "untag", "untag": "tag", "list": "unlist", "unlist": "list"}
_BACK = """
    update audience_contact set state = %(was)s, updated_at = now()
    where workspace_id = %(workspace)s and id = any(%(ids)s) and state = %(value)s
"""


def begin_bulk_edit(*, by: Actor, wanted: Filter, action: str, value: str) -> BulkEdit:
    """Change all contacts that the filter means now: state, tag, untag, list (a list's key as text) or unlist.

    Few are done at once, the rest by a background job. Raises ContactInvalid for what makes no sense.
    """
    by.require(Permission.MANAGE_AUDIENCE)
    checked = _checked(by, action, value)
    with transaction.atomic():
        last = Contact.objects.filter(workspace=by.workspace).aggregate(last=Max("pk"))["last"]
        edit = BulkEdit.objects.create(
            workspace=by.workspace, wanted=wanted.to_json(), action=action, value=checked,
            last_id=last or 0, created_by=by.user,
        )  # fmt: skip
        audit.record(
            by=by, action=f"contacts.bulk_{action}", kind="workspace", object_id=by.workspace.slug,
            object_name=by.workspace.name, changes={"value": (None, _name_of(by, action, checked))},
        )  # fmt: skip
    return _now_or_later(edit)


def undo_bulk_edit(*, by: Actor, edit: BulkEdit) -> BulkEdit:
    """Give the contacts that an edit changed what they had before. Raises BulkEditNotPossible.

    Who was changed again since then is left as they are, where that can be told.
    """
    by.require(Permission.MANAGE_AUDIENCE)
    with transaction.atomic():
        mine = BulkEdit.objects.filter(workspace=by.workspace, pk=edit.pk, status=BulkStatus.DONE)
        if not edit.parts.exists() or not mine.update(status=BulkStatus.UNDOING):
            raise BulkEditNotPossible(_("There is nothing to take back any more."))
        audit.record(
            by=by, action="contacts.bulk_undone", kind="workspace", object_id=by.workspace.slug,
            object_name=by.workspace.name, changes={"contacts": (None, edit.changed_count)},
        )  # fmt: skip
    edit.refresh_from_db()
    return _now_or_later(edit)


def _now_or_later(edit: BulkEdit) -> BulkEdit:
    for _turn in range(AT_ONCE):
        if not work_on(edit):
            break
    else:
        from clarion.audience import tasks

        tasks.run_bulk_edit.defer(edit_id=edit.pk)
    edit.refresh_from_db()
    return edit


@transaction.atomic
def work_on(edit: BulkEdit) -> bool:
    """Do the next chunk of an edit, or of taking it back; return whether there may be more."""
    row = BulkEdit.objects.select_for_update().select_related("workspace").get(pk=edit.pk)
    if row.status == BulkStatus.UNDOING:
        return _undo_next(row)
    return row.status == BulkStatus.RUNNING and _change_next(row)


def _change_next(row: BulkEdit) -> bool:
    found = Filter.from_json(row.wanted).rows(row.workspace).filter(pk__gt=row.cursor, pk__lte=row.last_id)
    ids = list(found.order_by("pk").values_list("pk", flat=True)[:CHUNK])
    if not ids:
        _end(row, BulkStatus.DONE)
        return False
    changed: dict[str, list[int]] = {}
    for contact_id, was in _apply(row, row.action, ids):
        changed.setdefault(was, []).append(contact_id)
    BulkEditPart.objects.bulk_create(
        BulkEditPart(edit=row, was=was, contact_ids=every) for was, every in changed.items()
    )
    row.cursor = ids[-1]
    row.seen_count += len(ids)
    row.changed_count += sum(map(len, changed.values()))
    row.save(update_fields=["cursor", "seen_count", "changed_count"])
    if len(ids) < CHUNK:
        _end(row, BulkStatus.DONE)
        return False
    return True


def _undo_next(row: BulkEdit) -> bool:
    part = row.parts.order_by("pk").first()
    if part is None:
        _end(row, BulkStatus.UNDONE)
        return False
    if row.action == "state":
        facts: dict[str, Any] = {
            "was": part.was,
            "workspace": row.workspace_id,
            "ids": part.contact_ids,
            "value": row.value,
        }
        with connection.cursor() as cursor:
            cursor.execute(_BACK, facts)
    else:
        _apply(row, _OPPOSITE[row.action], part.contact_ids)
    part.delete()
    if not row.parts.exists():
        _end(row, BulkStatus.UNDONE)
        return False
    return True


def _apply(row: BulkEdit, action: str, ids: list[int]) -> list[tuple[int, str]]:
    facts: dict[str, Any] = {
        "workspace": row.workspace_id, "ids": ids, "value": row.value, "most": people.MAX_TAGS,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_CHANGES[action], facts)
        rows: list[tuple[int, str]] = cursor.fetchall()
    return rows


def _end(row: BulkEdit, status: BulkStatus) -> None:
    row.status, row.finished_at = status, timezone.now()
    row.save(update_fields=["status", "finished_at"])


def _checked(by: Actor, action: str, value: str) -> str:
    if action not in _CHANGES:
        raise ContactInvalid({"action": _("Choose what to do.")})
    if action == "state":
        if value not in ContactState.values:
            raise ContactInvalid({"state": _("Choose a state.")})
        return value
    if action in ("tag", "untag"):
        try:
            (tag,) = people.checked_tags([value])
        except ValueError:
            raise ContactInvalid({"tag": _("Write one tag of at most 40 characters.")}) from None
        return tag
    if not value.isdigit() or not List.objects.filter(workspace=by.workspace, pk=int(value)).exists():
        raise ContactInvalid({"list": _("Choose a list.")})
    return value


def _name_of(by: Actor, action: str, value: str) -> str:
    """Return the value for the trail: a list by its name."""
    if action in ("list", "unlist"):
        return List.objects.get(workspace=by.workspace, pk=int(value)).name
    return value


def forget_old_edits() -> int:
    """Remove what is kept for taking back old edits. Returns how many edits cannot be taken back any more."""
    before = timezone.now() - timedelta(days=KEPT_DAYS)
    old = BulkEdit.objects.filter(finished_at__lt=before, parts__isnull=False).distinct()
    ids = list(old.values_list("pk", flat=True)[:1000])
    BulkEditPart.objects.filter(edit_id__in=ids).delete()
    return len(ids)
