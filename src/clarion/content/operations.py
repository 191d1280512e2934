"""Every write to templates. Each is one transaction with its audit event, and asks for the permission itself."""

from collections.abc import Mapping
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from clarion.content import queries
from clarion.content.compiling import Compiled, compile_source
from clarion.content.errors import NameTaken, TemplateArchived
from clarion.content.models import Template, TemplateVersion
from clarion.workspaces import audit
from clarion.workspaces.actors import Actor
from clarion.workspaces.names import MAX_NAME, clean_name
from clarion.workspaces.permissions import Permission

#: Longest name, in characters.


def create_template(*, by: Actor, channel: str, name: str, source: Mapping[str, Any]) -> Template:
    """Return a new template with its first version.

    Raises NotAllowed, ContentInvalid, TrialFailed, NameInvalid, NameTaken; KeyError for an unknown channel.
    """
    by.require(Permission.EDIT)
    name = clean_name(name)
    compiled = compile_source(channel, source)
    return _create(by=by, channel=channel, name=name, compiled=compiled)


def save_version(*, template: Template, by: Actor, source: Mapping[str, Any]) -> TemplateVersion:
    """Return a new version with this source, or the latest one when nothing changed.

    Raises NotAllowed, ContentInvalid, TrialFailed, TemplateArchived.
    """
    by.require(Permission.EDIT)
    compiled = compile_source(template.channel, source)
    with transaction.atomic():
        template = _locked(template, by)
        if template.archived_at is not None:
            raise TemplateArchived
        last = queries.latest_version(template)
        if last.source == compiled.source and last.content == compiled.content:
            return last
        version = _add_version(template, last.number + 1, compiled, by)
        _record(by, template, "changed", changes={"version": (last.number, version.number)})
        return version


@transaction.atomic
def rename_template(*, template: Template, by: Actor, name: str) -> Template:
    """Return the template with the new name. Raises NotAllowed, NameInvalid, NameTaken."""
    by.require(Permission.EDIT)
    name = clean_name(name)
    template = _locked(template, by)
    before = template.name
    if name == before:
        return template
    template.name = name
    try:
        with transaction.atomic():
            template.save(update_fields=["name"])
    except IntegrityError:
        raise NameTaken from None
    _record(by, template, "renamed", changes={"name": (before, name)})
    return template


def duplicate_template(*, template: Template, by: Actor) -> Template:
    """Return a copy of the latest version under a name that is free. Raises NotAllowed."""
    by.require(Permission.EDIT)
    last = queries.latest_version(template)
    compiled = Compiled(last.source, last.content, last.variables)
    for number in range(1, 1000):
        suffix = _(" (copy)") if number == 1 else _(" (copy %(number)d)") % {"number": number}
        try:
            return _create(
                by=by,
                channel=template.channel,
                name=template.name[: MAX_NAME - len(suffix)] + suffix,
                compiled=compiled,
                reason=f"copy of {template.public_id}",
            )
        except NameTaken:
            continue
    raise NameTaken


@transaction.atomic
def archive_template(*, template: Template, by: Actor) -> Template:
    """Take the template out of the lists; campaigns that use it keep their version. Raises NotAllowed."""
    by.require(Permission.EDIT)
    template = _locked(template, by)
    if template.archived_at is None:
        template.archived_at = timezone.now()
        template.save(update_fields=["archived_at"])
        _record(by, template, "archived")
    return template


@transaction.atomic
def restore_template(*, template: Template, by: Actor) -> Template:
    """Bring the template back from the archive. Raises NotAllowed, and NameTaken when its name is in use now."""
    by.require(Permission.EDIT)
    template = _locked(template, by)
    if template.archived_at is not None:
        template.archived_at = None
        try:
            with transaction.atomic():
                template.save(update_fields=["archived_at"])
        except IntegrityError:
            raise NameTaken from None
        _record(by, template, "restored")
    return template


@transaction.atomic
def _create(*, by: Actor, channel: str, name: str, compiled: Compiled, reason: str = "") -> Template:
    try:
        with transaction.atomic():
            template = Template.objects.create(
                workspace=by.workspace, channel=channel, name=name, created_by=by.user
            )
    except IntegrityError:
        raise NameTaken from None
    _add_version(template, 1, compiled, by)
    _record(by, template, "created", reason=reason)
    return template


def _add_version(template: Template, number: int, compiled: Compiled, by: Actor) -> TemplateVersion:
    return TemplateVersion.objects.create(
        template=template,
        number=number,
        source=compiled.source,
        content=compiled.content,
        variables=compiled.variables,
        created_by=by.user,
    )


def _locked(template: Template, by: Actor) -> Template:
    """Return the row afresh, for this transaction alone; one of another workspace is not found."""
    return Template.objects.select_for_update().get(pk=template.pk, workspace=by.workspace)


def _record(
    by: Actor,
    template: Template,
    verb: str,
    *,
    reason: str = "",
    changes: Mapping[str, tuple[Any, Any]] | None = None,
) -> None:
    audit.record(
        by=by,
        action=f"template.{verb}",
        kind="template",
        object_id=str(template.public_id),
        object_name=template.name,
        reason=reason,
        changes=changes,
    )
