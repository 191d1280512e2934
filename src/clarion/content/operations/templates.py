"""Every write to templates. Each is one transaction with its audit event, and asks for the permission itself."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from clarion.channels import registry
from clarion.channels.base import Approves
from clarion.channels.looks import look_of
from clarion.content import media, queries
from clarion.content.authorship import refuse_overwriting
from clarion.content.compiling import Compiled, compile_source
from clarion.content.errors import (
    ContentInvalid,
    NameTaken,
    Problem,
    TemplateArchived,
    TemplateInUse,
)
from clarion.content.models import Approval, Template, TemplateVersion
from clarion.content.sources import each_language, in_language, with_language, without_language
from clarion.lib import languages
from clarion.lib.sentences import spoken, told
from clarion.workspaces import audit
from clarion.workspaces.actors import Actor
from clarion.workspaces.names import MAX_NAME, clean_name
from clarion.workspaces.permissions import Permission


def create_template(*, by: Actor, channel: str, name: str, source: Mapping[str, Any]) -> Template:
    """Return a new template with its first version.

    Raises NotAllowed, ContentInvalid, TrialFailed, NameInvalid, NameTaken; KeyError for an unknown channel.
    """
    by.require(Permission.EDIT)
    name = clean_name(name)
    return _create(by=by, channel=channel, name=name, compiled=_compiled(by, channel, source))


def save_version(
    *,
    template: Template,
    by: Actor,
    source: Mapping[str, Any],
    language: str | None = None,
    base: int | None = None,
) -> TemplateVersion:
    """Return a new version with this source, or the latest one when nothing changed.

    With a language the source is what the template says in it ("" for its first one), and the other languages stay
    as they are, whatever somebody else has saved of them meanwhile. With `base`, the number of the version that was
    edited, what somebody has saved of the same text since is not written over; without it only what the actor wrote
    is. Raises NotAllowed, ContentInvalid, TrialFailed, TemplateArchived, TemplateChanged.
    """

    def changed(last: TemplateVersion) -> Mapping[str, Any]:
        new = source if language is None else with_language(last.source, language, source)
        refuse_overwriting(template, by, last, new, language=language, base=base)
        return new

    return _save(template, by, changed)


def add_language(*, template: Template, by: Actor, language: str, first: str = "") -> TemplateVersion:
    """Return a version that says in one language more what it says in its first one, to be translated.

    `first` is said to be the first one's tag when the template does not know it yet. One that is there already
    stays as it is. Raises as `save_version`.
    """
    tag = _tag(language)

    def changed(last: TemplateVersion) -> Mapping[str, Any]:
        own = last.source.get("language") or first
        if tag in (own, *(last.source.get("languages") or {})):
            return dict(last.source)
        return with_language({**last.source, "language": own}, tag, in_language(last.source, ""))

    return _save(template, by, changed)


def remove_language(
    *, template: Template, by: Actor, language: str, base: int | None = None
) -> TemplateVersion:
    """Return a version without one of the further languages. `base` and what is raised are as in `save_version`."""

    def changed(last: TemplateVersion) -> Mapping[str, Any]:
        new = without_language(last.source, language)
        if language in (last.source.get("languages") or {}):
            refuse_overwriting(template, by, last, new, language=language, base=base)
        return new

    return _save(template, by, changed)


def _save(
    template: Template, by: Actor, changed: Callable[[TemplateVersion], Mapping[str, Any]]
) -> TemplateVersion:
    by.require(Permission.EDIT)
    last = queries.latest_version(template)
    # Compiling and trying take long, so no lock is held meanwhile; when somebody saved first it is done again.
    compiled = _compiled(by, template.channel, changed(last))
    with transaction.atomic():
        template = _locked(template, by)
        if template.archived_at is not None:
            raise TemplateArchived
        now = queries.latest_version(template)
        if now.pk != last.pk:
            compiled = _compiled(by, template.channel, changed(now))
        if now.source == compiled.source and now.content == compiled.content:
            return now
        version = _add_version(template, now.number + 1, compiled, by)
        _keep_approval(version, now)
        _record(by, template, "changed", changes={"version": (now.number, version.number)})
        return version


def _tag(language: str) -> str:
    try:
        return languages.clean(language)
    except ValueError as error:
        raise ContentInvalid([Problem("language", 0, spoken(told(error)))]) from None


def _compiled(by: Actor, channel: str, source: Mapping[str, Any]) -> Compiled:
    return compile_source(channel, source, files=media.attachments_of(by.workspace, source))


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
    suffixes = [_(" (copy)"), *(_(" (copy %(number)d)") % {"number": number} for number in range(2, 1000))]
    names = [template.name[: MAX_NAME - len(suffix)] + suffix for suffix in suffixes]
    return _create_free(
        by=by,
        channel=template.channel,
        names=names,
        compiled=compiled,
        reason=f"copy of {template.public_id}",
    )


def keep_as_template(*, by: Actor, channel: str, name: str, source: Mapping[str, Any]) -> Template:
    """Return a new template of what was written elsewhere, under its name or, when that is taken, one with a number.

    Raises as `create_template`.
    """
    by.require(Permission.EDIT)
    name = clean_name(name[:MAX_NAME])
    suffixes = ["", *(f" ({number})" for number in range(2, 1000))]
    names = [name[: MAX_NAME - len(suffix)] + suffix for suffix in suffixes]
    return _create_free(by=by, channel=channel, names=names, compiled=_compiled(by, channel, source))


def _create_free(
    *, by: Actor, channel: str, names: Sequence[str], compiled: Compiled, reason: str = ""
) -> Template:
    """Create it under the first of the names that is free."""
    for name in names:
        try:
            return _create(by=by, channel=channel, name=name, compiled=compiled, reason=reason)
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
def delete_template(*, template: Template, by: Actor) -> None:
    """Delete the template with all its versions, for good.

    Raises NotAllowed, and TemplateInUse with how many campaigns have one of its versions: those need it, also for
    showing what was sent. Such a template can be archived.
    """
    by.require(Permission.EDIT)
    template = _locked(template, by)
    used = queries.campaigns_using(template)
    if used:
        raise TemplateInUse(used)
    _record(by, template, "deleted")
    template.delete()


@transaction.atomic
def set_approval(
    *, version: TemplateVersion, by: Actor, approval: Approval, note: str = ""
) -> TemplateVersion:
    """Note what the provider says of a version. Raises NotAllowed, and ValueError where none has to approve."""
    by.require(Permission.EDIT)
    template = _locked(version.template, by)
    if not look_of(registry.get(template.channel)).needs_approval:
        raise ValueError(f"templates of {template.channel} need no approval")
    before = version.approval
    version.approval, version.approval_note = approval, note.strip()[:1000]
    version.save(update_fields=["approval", "approval_note"])
    if before != approval:
        changes = {"approval": (str(before), str(approval)), "version": (version.number, version.number)}
        _record(by, template, "approval_changed", reason=version.approval_note, changes=changes)
    return version


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
    version = TemplateVersion.objects.create(
        template=template,
        number=number,
        source=compiled.source,
        content=compiled.content,
        variables=compiled.variables,
        created_by=by.user,
    )
    version.media.set(media.used_in(by.workspace, compiled.source))
    return version


def _keep_approval(version: TemplateVersion, before: TemplateVersion) -> None:
    """Let what the provider said of the version before stand, where both fill in the same templates of its own."""
    channel: object = registry.get(version.template.channel)
    if isinstance(channel, Approves) and before.approval:
        told = [
            [channel.template_key(one) for _tag, one in each_language(content)]
            for content in (before.content, version.content)
        ]
        if told[0] == told[1]:
            version.approval, version.approval_note = before.approval, before.approval_note
            version.save(update_fields=["approval", "approval_note"])


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
