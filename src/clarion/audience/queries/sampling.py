"""What the messages to a source's people can say: some of them, and the names of what is known of them."""

from typing import Any

from django.db import connection
from django.utils import timezone

from clarion.audience.addresses import preferred_sql
from clarion.audience.models import FILES, Source, SourceRow
from clarion.audience.queries import narrowing
from clarion.audience.queries.sources import CONTACT_VARIABLES_SQL
from clarion.workspaces.models import Workspace

_CONTACT_FIELDS = frozenset({"email", "phone", "first_name", "last_name", "language"})

#: Contacts whose attributes are looked at to know which there are: the oldest and the newest of a source.
_ATTRIBUTE_SAMPLE = 5_000
#: Contacts whose attributes are looked at to suggest names while somebody types.
_NEWEST = 500


def sample(source: Source, limit: int = 10) -> list[dict[str, Any]]:
    """Return what templates may use of the source's first recipients, in its order."""
    if source.kind in FILES:
        rows = SourceRow.objects.filter(source_id=source.table.pk, problem="").order_by("id")
        return list(rows.values_list("data", flat=True)[:limit])
    only = narrowing.members_only(source, timezone.now())
    with connection.cursor() as cursor:
        cursor.execute(
            f"select {CONTACT_VARIABLES_SQL} from audience_contact c where workspace_id = %(workspace)s"  # noqa: S608
            f" and state = 'ACTIVE' and {only.sql} order by id limit %(limit)s",
            only.parameters | {"workspace": source.workspace_id, "limit": limit},
        )
        return [_as_dict(row[0]) for row in cursor.fetchall()]


def addressed(source: Source, kind: str, limit: int) -> list[tuple[str, dict[str, Any]]]:
    """Return (address of that kind, what templates may use) of some of the source's recipients: its first and its last.

    People without an address of the kind are left out, so there may be fewer than `limit`.
    """
    each = max(1, limit // 2)
    if source.kind in FILES:
        rows = SourceRow.objects.filter(source_id=source.table.pk, problem="").values_list(
            "id", "address", "data"
        )
        both = {row[0]: row[1:] for row in (*rows.order_by("id")[:each], *rows.order_by("-id")[:each])}
        return [(address, dict(data)) for address, data in both.values() if address]
    only = narrowing.members_only(source, timezone.now())
    part = (
        f"(select c.id, {preferred_sql(kind)} as address, {CONTACT_VARIABLES_SQL} as variables"  # noqa: S608
        " from audience_contact c where workspace_id = %(workspace)s and state = 'ACTIVE'"
        f" and {only.sql} order by id {{}} limit %(limit)s)"
    )
    with connection.cursor() as cursor:
        cursor.execute(
            f"{part.format('asc')} union all {part.format('desc')}",
            only.parameters | {"workspace": source.workspace_id, "limit": each},
        )
        found = {pk: (address, _as_dict(variables)) for pk, address, variables in cursor.fetchall()}
    return [one for one in found.values() if one[0]]


def known_variables(source: Source) -> set[str]:
    """Return the names that templates may use of the source's recipients.

    Of large audiences the attributes of the oldest and the newest contacts are known.
    """
    if source.kind in FILES:
        return set(source.table.dialect.get("variables", ()))
    only = narrowing.members_only(source, timezone.now())
    part = (
        "(select attributes from audience_contact c where workspace_id = %(workspace)s"  # noqa: S608
        f" and {only.sql} order by id {{}} limit {_ATTRIBUTE_SAMPLE})"
    )
    with connection.cursor() as cursor:
        cursor.execute(
            "select distinct jsonb_object_keys(attributes) from"  # noqa: S608
            f" ({part.format('asc')} union all {part.format('desc')}) found",
            only.parameters | {"workspace": source.workspace_id},
        )
        return {*_CONTACT_FIELDS, *(name for (name,) in cursor.fetchall())}


def attribute_names(workspace: Workspace) -> list[str]:
    """Return the names of the attributes that the newest contacts have, sorted."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select distinct jsonb_object_keys(attributes) from (select attributes from audience_contact"  # noqa: S608
            f" where workspace_id = %s order by id desc limit {_NEWEST}) newest",
            [workspace.pk],
        )
        return sorted(name for (name,) in cursor.fetchall())


def _as_dict(value: Any) -> dict[str, Any]:
    """Return a jsonb value, which Django's connections leave as text when no model field is involved."""
    if isinstance(value, str):
        import orjson

        return dict(orjson.loads(value))
    return dict(value)
