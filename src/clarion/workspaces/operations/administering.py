"""What a system administrator does: opening workspaces, and switching campaigns on and off in them."""

import re

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from clarion.workspaces import audit
from clarion.workspaces.actors import Actor, of_administrator, operator
from clarion.workspaces.errors import WorkspaceInvalid
from clarion.workspaces.models import User, Workspace
from clarion.workspaces.operations.members import invite
from clarion.workspaces.operations.workspaces import MAX_REASON, NAME_LENGTH, add_member
from clarion.workspaces.permissions import Role
from clarion.workspaces.wake import wake

#: Short names that addresses or files have for something else.
_TAKEN = frozenset({"all", "system"})
_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
SLUG_LENGTH = 40


def open_workspace(*, by: User | None, name: str, slug: str, owner: str = "") -> tuple[Workspace, str | None]:
    """Make a workspace; return it, and the secret of its owner's invitation if there is one.

    `by` is a system administrator, or None on the command line. `owner` is an address: of whoever has an account,
    who becomes the owner at once, or of somebody who is invited. Without it `by` is the owner, and on the command
    line there is none until one is invited. Raises NotAllowed and WorkspaceInvalid.
    """
    name, slug, owner = " ".join(name.split()), slug.strip().lower(), owner.strip().lower()
    if problems := _problems(name, slug, owner):
        raise WorkspaceInvalid(problems)
    with transaction.atomic():
        workspace = _made(name, slug)
        actor = operator(workspace) if by is None else of_administrator(by, workspace)
        actor.require_administrator()
        audit.record(
            by=actor, action="workspace.create", kind="workspace", object_id=slug, object_name=name,
            changes={"name": (None, name)},
        )  # fmt: skip
        known = User.objects.filter(email=owner).first() if owner else by
        if known is not None:
            add_member(workspace=workspace, user=known, role=Role.OWNER)
            return workspace, None
        if not owner:
            return workspace, None
        # The invitation is the program's deed: nobody is an owner yet who could make it.
        _invitation, secret = invite(by=Actor(workspace, None, actor.via), email=owner, role=Role.OWNER)
    return workspace, secret


def _made(name: str, slug: str) -> Workspace:
    try:
        with transaction.atomic():
            return Workspace.objects.create(name=name, slug=slug)
    except IntegrityError:
        raise WorkspaceInvalid({"slug": _("Another workspace has this short name.")}) from None


def _problems(name: str, slug: str, owner: str) -> dict[str, str]:
    found = {}
    if not 0 < len(name) <= NAME_LENGTH or not name.isprintable():
        found["name"] = _("A workspace has a name of at most %(n)d characters.") % {"n": NAME_LENGTH}
    if not _SLUG.fullmatch(slug) or len(slug) > SLUG_LENGTH or slug in _TAKEN:
        found["slug"] = _("A short name has small letters, digits and single hyphens, at most %(n)d.") % {
            "n": SLUG_LENGTH
        }
    if owner:
        try:
            validate_email(owner)
        except ValidationError:
            found["owner"] = _("This is no e-mail address.")
    return found


@transaction.atomic
def switch_campaigns(*, by: Actor, is_on: bool, reason: str = "") -> Workspace:
    """Switch campaigns on or off in the actor's workspace and return it afresh.

    Off, nothing more leaves it within a second, and the pages of campaigns are not there; what waits, waits. The
    reason is shown to whoever administers the workspace. Nothing happens when it is so already. Raises NotAllowed.
    """
    by.require_administrator()
    reason = "" if is_on else reason.replace("\x00", "").strip()[:MAX_REASON]
    done = Workspace.objects.filter(pk=by.workspace.pk, campaigns_enabled=not is_on).update(
        campaigns_enabled=is_on, campaigns_off_reason=reason
    )
    workspace = Workspace.objects.get(pk=by.workspace.pk)
    if done:
        audit.record(
            by=by, action="workspace.switch_campaigns", kind="workspace", object_id=workspace.slug,
            object_name=workspace.name, reason=reason, changes={"campaigns_enabled": (not is_on, is_on)},
        )  # fmt: skip
        wake(halted=not is_on)
    return workspace
