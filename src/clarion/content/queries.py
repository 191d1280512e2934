"""Reading templates and their versions. Interfaces get rows only through `…_for(member, …)`."""

from collections.abc import Iterable, Mapping
from typing import Any, Protocol
from uuid import UUID

from django.db.models import Count, F, Func, JSONField, OuterRef, QuerySet, Subquery

from clarion.content import variables
from clarion.content.compiling import parts_of
from clarion.content.models import Template, TemplateVersion
from clarion.content.sources import each_language
from clarion.workspaces.models import Membership

#: How a list may be sorted: its keys, and the fields behind them.
SORTS = {"name": "name", "updated": "updated_at", "used": "used_by_count", "version": "version_number"}


#: The tags of a version's further languages, without what is said in them.
_TAGS = Func(
    F("source__languages"),
    template="jsonb_path_query_array(%(expressions)s, '$.keyvalue().key')",
    output_field=JSONField(),
)


class _HasContent(Protocol):
    content: Any


def templates_for(
    member: Membership,
    *,
    search: str = "",
    channels: Iterable[str] = (),
    archived: bool = False,
    sort: str = "-updated",
) -> QuerySet[Template]:
    """Return the workspace's templates with `version_number`, `updated_at` and `used_by_count` (campaigns).

    Of the latest version also `own_language`, `other_languages` (tags, or None) and `approval`.
    """
    latest = TemplateVersion.objects.filter(template=OuterRef("pk")).order_by("-number")
    found = Template.objects.filter(
        workspace=member.workspace, archived_at__isnull=not archived
    ).select_related("created_by").annotate(
        version_number=Subquery(latest.values("number")[:1]),
        updated_at=Subquery(latest.values("created_at")[:1]),
        own_language=Subquery(latest.values("source__language")[:1]),
        other_languages=Subquery(latest.annotate(tags=_TAGS).values("tags")[:1]),
        approval=Subquery(latest.values("approval")[:1]),
        used_by_count=Count("versions__step__campaign", distinct=True),
    )  # fmt: skip
    if search.strip():
        found = found.filter(name__icontains=search.strip())
    if chosen := list(channels):
        found = found.filter(channel__in=chosen)
    field = F(SORTS.get(sort.removeprefix("-"), "updated_at"))
    return found.order_by(field.desc() if sort.startswith("-") else field.asc(), "-pk")


def template_for(member: Membership, public_id: UUID | str) -> Template | None:
    """Return the template, the archived too; None for a stranger."""
    return Template.objects.filter(workspace=member.workspace, public_id=public_id).first()


def latest_version(template: Template) -> TemplateVersion:
    """Return the version that a new campaign gets. Every template has one."""
    return template.versions.select_related("template").latest("number")


def version_of(template: Template, number: int) -> TemplateVersion | None:
    """Return the version with that number."""
    return template.versions.select_related("template", "created_by").filter(number=number).first()


def versions_of(template: Template) -> QuerySet[TemplateVersion]:
    """Return the versions, newest first, each with `used_by_count` (campaigns)."""
    return (
        template.versions.select_related("created_by")
        .annotate(used_by_count=Count("step__campaign", distinct=True))
        .order_by("-number")
    )


def campaigns_using(template: Template) -> int:
    """Return how many campaigns use any version of the template."""
    found = Template.objects.filter(pk=template.pk).aggregate(
        count=Count("versions__step__campaign", distinct=True)
    )
    return int(found["count"])


def missing_variables(version_or_body: _HasContent | Mapping[str, Any], known: Iterable[str]) -> list[str]:
    """Return the variables without a default that are not among `known`, sorted.

    Takes a template version or a content as a channel has it. What every channel fills in is known by itself.
    """
    is_content = isinstance(version_or_body, Mapping)
    content: Mapping[str, Any] = version_or_body if is_content else version_or_body.content  # type: ignore[union-attr, assignment]
    there = {*known, *(content.get("defaults") or {})}
    parts = [part for _tag, one in each_language(content) for part in parts_of(one)]
    return variables.missing(parts, there)
