"""Lists and their members. Member counts are changed in the transactions that change the members."""

from collections.abc import Collection

from django.db import IntegrityError, connection, transaction

from clarion.audience.errors import ListInUse, ListNameTaken
from clarion.audience.models import List, Source
from clarion.workspaces import audit
from clarion.workspaces.actors import Actor
from clarion.workspaces.permissions import Permission


def create_list(*, by: Actor, name: str, description: str = "") -> List:
    """Make an empty list. Raises ListNameTaken."""
    by.require(Permission.MANAGE_AUDIENCE)
    try:
        with transaction.atomic():
            made = List.objects.create(
                workspace=by.workspace, name=name.strip(), description=description, created_by=by.user
            )
            _record(by, "list.created", made)
    except IntegrityError:
        raise ListNameTaken from None
    return made


def update_list(
    *, by: Actor, the_list: List, name: str, description: str, is_public: bool | None = None
) -> List:
    """Rename or describe a list, or show it on the preference page; None leaves that as it is. Raises ListNameTaken."""
    by.require(Permission.MANAGE_AUDIENCE)
    changes = {
        field: (old, new)
        for field, old, new in (
            ("name", the_list.name, name.strip()),
            ("description", the_list.description, description),
            ("is_public", the_list.is_public, the_list.is_public if is_public is None else is_public),
        )
        if old != new
    }
    if not changes:
        return the_list
    try:
        with transaction.atomic():
            values = {field: new for field, (_old, new) in changes.items()}
            List.objects.filter(workspace=by.workspace, pk=the_list.pk).update(**values)
            for field, new in values.items():
                setattr(the_list, field, new)
            audit.record(
                by=by, action="list.changed", kind="list", object_id=str(the_list.public_id),
                object_name=the_list.name, changes=changes,
            )  # fmt: skip
    except IntegrityError:
        raise ListNameTaken from None
    return the_list


def delete_list(*, by: Actor, the_list: List) -> None:
    """Delete a list. Its contacts stay; campaigns that have run keep their recipients.

    Raises ListInUse while a campaign that is not over leaves its people out: they would get it all at once.
    """
    by.require(Permission.MANAGE_AUDIENCE)
    with transaction.atomic(), connection.cursor() as cursor:
        leaving_out = Source.objects.filter(
            excluded_lists=the_list, campaign__finished_at=None, campaign__purged_at=None
        ).exclude(campaign=None)
        if names := list(leaving_out.values_list("campaign__name", flat=True).distinct()[:5]):
            raise ListInUse(names)
        count = the_list.member_count
        # Set-based: a list may have millions of members, which the ORM would collect one by one.
        cursor.execute("delete from audience_listmember where list_id = %s", [the_list.pk])
        _record(by, "list.deleted", the_list, members=(count, 0))
        List.objects.filter(workspace=by.workspace, pk=the_list.pk).delete()


def add_to_list(*, by: Actor, the_list: List, contact_ids: Collection[int]) -> int:
    """Add contacts of the workspace to a list. Returns how many were not in it before."""
    by.require(Permission.MANAGE_AUDIENCE)
    with transaction.atomic():
        added = put_on(by, the_list, contact_ids)
        if added:
            record_added(by, the_list, added)
    return added


def record_added(by: Actor, the_list: List, added: int) -> None:
    """Tell the audit trail that so many people were added."""
    by.require(Permission.MANAGE_AUDIENCE)
    _record(by, "list.members_added", the_list, members=(None, added))


def put_on(by: Actor, the_list: List, contact_ids: Collection[int]) -> int:
    """Add contacts to a list inside the caller's transaction, which checks the right and writes the trail."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select 1 from audience_list where id = %s and workspace_id = %s for update",
            [the_list.pk, by.workspace.pk],
        )
        if cursor.fetchone() is None:
            return 0
        cursor.execute(
            "insert into audience_listmember (list_id, contact_id, added_at)"
            " select %s, id, now() from audience_contact where workspace_id = %s and id = any(%s)"
            " on conflict do nothing",
            [the_list.pk, by.workspace.pk, list(contact_ids)],
        )
        added = int(cursor.rowcount)
        cursor.execute(
            "update audience_list set member_count = member_count + %s where id = %s", [added, the_list.pk]
        )
    return added


def remove_from_list(*, by: Actor, the_list: List, contact_ids: Collection[int]) -> int:
    """Take contacts off a list. Returns how many were in it."""
    by.require(Permission.MANAGE_AUDIENCE)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "delete from audience_listmember m using audience_list l"
            " where l.id = m.list_id and l.workspace_id = %s and m.list_id = %s and m.contact_id = any(%s)",
            [by.workspace.pk, the_list.pk, list(contact_ids)],
        )
        removed = int(cursor.rowcount)
        cursor.execute(
            "update audience_list set member_count = member_count - %s where id = %s and workspace_id = %s",
            [removed, the_list.pk, by.workspace.pk],
        )
        if removed:
            _record(by, "list.members_removed", the_list, members=(removed, None))
    return removed


def _record(
    by: Actor, action: str, the_list: List, members: tuple[int | None, int | None] | None = None
) -> None:
    audit.record(
        by=by, action=action, kind="list", object_id=str(the_list.public_id), object_name=the_list.name,
        changes={"members": members} if members else None,
    )  # fmt: skip
