"""Writing users, workspaces and memberships."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from zoneinfo import available_timezones

from django.conf.locale import LANG_INFO
from django.contrib.auth.hashers import make_password
from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from clarion.lib import phones
from clarion.workspaces import audit
from clarion.workspaces.actors import Actor
from clarion.workspaces.errors import WorkspaceInvalid
from clarion.workspaces.models import AuditCheck, Membership, PiiPolicy, User, Workspace
from clarion.workspaces.permissions import Permission, Role
from clarion.workspaces.wake import wake

#: Longest reason of a halt, in characters.
MAX_REASON = 500
#: Characters of a workspace's name.
NAME_LENGTH = 80
#: Longest time after which the people of old runs are blanked: thirty years.
MAX_RETENTION_DAYS = 10_950


@transaction.atomic
def create_user(*, email: str, name: str = "", password: str | None, is_superuser: bool = False) -> User:
    """Make a user who signs in with that address; without a password they cannot until they reset it."""
    return User.objects.create(
        email=email.strip().lower(),
        name=name,
        password=make_password(password),
        is_superuser=is_superuser,
    )


@transaction.atomic
def create_workspace(
    *, name: str, slug: str, owner: User | None, zone: str = "UTC", is_demo: bool = False
) -> Workspace:
    """Make a workspace and its owner's membership; without an owner only the command line reaches it."""
    workspace = Workspace.objects.create(name=name, slug=slug, zone=zone, is_demo=is_demo)
    if owner is not None:
        add_member(workspace=workspace, user=owner, role=Role.OWNER)
    return workspace


@transaction.atomic
def adopt_workspaces(*, owner: User) -> int:
    """Make the user the owner of every workspace that nobody belongs to yet. Returns how many those were."""
    orphans = list(Workspace.objects.filter(memberships=None))
    for workspace in orphans:
        add_member(workspace=workspace, user=owner, role=Role.OWNER)
    return len(orphans)


@transaction.atomic
def default_workspace() -> Workspace:
    """Return the oldest workspace that is not the demo, made if there is none."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(hashtext('clarion default workspace'))")
    found = Workspace.objects.filter(is_demo=False).order_by("pk").first()
    return found or create_workspace(name="My workspace", slug="default", owner=None)


@transaction.atomic
def add_member(*, workspace: Workspace, user: User, role: Role) -> Membership:
    """Give a user a role in a workspace, or another role than before."""
    membership, _is_new = Membership.objects.update_or_create(
        workspace=workspace, user=user, defaults={"role": role}
    )
    return membership


@transaction.atomic
def update_workspace(
    *,
    by: Actor,
    name: str | None = None,
    zone: str | None = None,
    default_country: str | None = None,
    locale: str | None = None,
    windows: list[dict[str, Any]] | None = None,
    moderation: bool | None = None,
    pii_policy: str | None = None,
    retention_days: int | None = None,
    track_links: bool | None = None,
    track_opens: bool | None = None,
) -> Workspace:
    """Change the actor's workspace and return it afresh; None leaves a field as it is.

    `default_country` is two letters, or empty for none: phone numbers then need their country code. `windows` are
    sending hours as a campaign has them, checked by whoever made them; new campaigns begin with them.

    Raises NotAllowed and WorkspaceInvalid. Nothing happens when nothing differs.
    """
    by.require(Permission.MANAGE_MEMBERS)
    given: dict[str, Any] = {
        "name": _one_line(name), "zone": zone, "default_country": default_country, "moderation": moderation,
        "locale": locale, "windows": windows, "pii_policy": pii_policy, "retention_days": retention_days,
        "track_links": track_links, "track_opens": track_opens,
    }  # fmt: skip
    values = {field: value for field, value in given.items() if value is not None}
    if problems := _problems(values):
        raise WorkspaceInvalid(problems)
    now = Workspace.objects.select_for_update().get(pk=by.workspace.pk)
    changes = {
        field: (getattr(now, field), value) for field, value in values.items() if getattr(now, field) != value
    }
    if not changes:
        return now
    for field, (_old, new) in changes.items():
        setattr(now, field, new)
    now.save(update_fields=list(changes))
    audit.record(
        by=by, action="workspace.update", kind="workspace", object_id=now.slug, object_name=now.name,
        changes=changes,
    )  # fmt: skip
    return now


def _problems(values: Mapping[str, Any]) -> dict[str, str]:
    found = {}
    if "name" in values and not 0 < len(values["name"]) <= NAME_LENGTH:
        found["name"] = _("A workspace has a name of at most %(n)d characters.") % {"n": NAME_LENGTH}
    if "zone" in values and values["zone"] not in available_timezones():
        found["zone"] = _("There is no such time zone.")
    if values.get("default_country") and not phones.is_country(values["default_country"]):
        found["default_country"] = _("There is no such country.")
    if "locale" in values and values["locale"] not in LANG_INFO:
        found["locale"] = _("There is no such language.")
    if "pii_policy" in values and values["pii_policy"] not in PiiPolicy.values:
        found["pii_policy"] = _("There is no such choice.")
    if not 0 <= values.get("retention_days", 0) <= MAX_RETENTION_DAYS:
        found["retention_days"] = _("It is at most %(n)d days, or 0 for ever.") % {"n": MAX_RETENTION_DAYS}
    return found


def _one_line(text: str | None) -> str | None:
    return None if text is None else " ".join(text.replace("\x00", "").split())


@transaction.atomic
def halt(*, by: Actor, reason: str = "") -> Workspace:
    """Let nothing more leave the actor's workspace, within a second, until `lift_halt`; return the workspace.

    Campaigns keep their states and wait. Halting what is halted changes nothing and tells nothing. Raises
    NotAllowed: whoever administers the ways out (MANAGE_SENDERS) may close all of them.
    """
    by.require(Permission.MANAGE_SENDERS)
    reason = reason.strip()[:MAX_REASON]
    done = Workspace.objects.filter(pk=by.workspace.pk, halted_at=None).update(
        halted_at=timezone.now(), halted_by=by.name, halt_reason=reason
    )
    return _told_of_halt(by, "halt", reason, is_halted=True) if done else _afresh(by)


@transaction.atomic
def lift_halt(*, by: Actor, reason: str = "") -> Workspace:
    """Let the actor's workspace send again, where it was; return the workspace. Raises NotAllowed."""
    by.require(Permission.MANAGE_SENDERS)
    reason = reason.strip()[:MAX_REASON]
    done = Workspace.objects.filter(pk=by.workspace.pk, halted_at__isnull=False).update(
        halted_at=None, halted_by="", halt_reason=""
    )
    return _told_of_halt(by, "lift_halt", reason, is_halted=False) if done else _afresh(by)


def _told_of_halt(by: Actor, verb: str, reason: str, *, is_halted: bool) -> Workspace:
    workspace = _afresh(by)
    audit.record(
        by=by,
        action=f"workspace.{verb}",
        kind="workspace",
        object_id=workspace.slug,
        object_name=workspace.name,
        reason=reason,
        changes={"halted": (not is_halted, is_halted)},
    )
    wake(halted=is_halted)
    return workspace


def _afresh(by: Actor) -> Workspace:
    return Workspace.objects.get(pk=by.workspace.pk)


def update_profile(
    *,
    user: User,
    name: str | None = None,
    language: str | None = None,
    theme: str | None = None,
    zone: str | None = None,
    is_told_of_trouble: bool | None = None,
) -> None:
    """Change what a person chose about themselves; None leaves a field as it is.

    `language` and `zone` may be empty for the browser's and the workspace's, `theme` for the system's.
    """
    given = {
        "name": name,
        "language": language,
        "theme": theme,
        "zone": zone,
        "is_told_of_trouble": is_told_of_trouble,
    }
    changes = {field: value for field, value in given.items() if value is not None}
    if not changes:
        return
    for field, value in changes.items():
        setattr(user, field, value)
    user.save(update_fields=list(changes))


def require_consent(*, by: Actor, channels: Collection[str]) -> None:
    """Write on these channels only to contacts that gave their consent, and on all others to whoever did not withdraw.

    It holds for runs that are put together from now on.
    """
    by.require(Permission.MANAGE_MEMBERS)
    wanted, before = sorted(set(channels)), by.workspace.consent_channels
    if wanted == before:
        return
    with transaction.atomic():
        Workspace.objects.filter(pk=by.workspace.pk).update(consent_channels=wanted)
        by.workspace.consent_channels = wanted
        audit.record(
            by=by, action="workspace.consent_required", kind="workspace", object_id=by.workspace.slug,
            object_name=by.workspace.name, changes={"channels": (before, wanted)},
        )  # fmt: skip


def choose_columns(*, user: User, columns: Sequence[str]) -> None:
    """Remember which columns of tables a person wants to see; of a table without any, the usual ones."""
    user.list_columns = list(columns)
    user.save(update_fields=["list_columns"])


def check_audit(*, workspace: Workspace) -> AuditCheck:
    """Go through the workspace's audit trail, keep what was found and return it.

    What was once found broken stays so: the place where the trail was whole to is not moved by a broken one.
    """
    found = audit.examine(workspace)
    facts = {"checked_at": timezone.now(), "event_count": found.count, "broken_number": found.broken}
    if found.broken is None:
        facts |= {"whole_number": found.whole, "whole_hash": found.whole_hash}
    check, _is_new = AuditCheck.objects.update_or_create(workspace=workspace, defaults=facts)
    return check


@transaction.atomic
def record_look(*, by: Actor) -> None:
    """Note that a system administrator looks at the actor's workspace, to which they do not belong."""
    audit.record(
        by=by, action="workspace.look", kind="workspace", object_id=by.workspace.slug,
        object_name=by.workspace.name,
    )  # fmt: skip


@transaction.atomic
def record_audit_download(*, by: Actor) -> None:
    """Note that somebody fetches the workspace's audit trail. Raises NotAllowed."""
    by.require(Permission.AUDIT)
    workspace = by.workspace
    audit.record(
        by=by,
        action="workspace.audit_download",
        kind="workspace",
        object_id=workspace.slug,
        object_name=workspace.name,
    )
