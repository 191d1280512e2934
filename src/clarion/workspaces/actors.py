"""Who acts, as operations are told."""

from dataclasses import dataclass

from clarion.workspaces.errors import NotAllowed
from clarion.workspaces.models import Membership, User, Workspace
from clarion.workspaces.permissions import Permission, Role


@dataclass(frozen=True, slots=True)
class Actor:
    """A member acting through a door; `member` is None for the program itself and for its operator."""

    workspace: Workspace
    member: Membership | None
    #: web, cli, api or system.
    via: str

    @property
    def user(self) -> User | None:
        return self.member.user if self.member else None

    @property
    def name(self) -> str:
        if self.member:
            return str(self.member.user)
        return "command line" if self.via == "cli" else "system"

    def require(self, permission: Permission) -> None:
        """Raise NotAllowed unless the actor may do this. The program itself may do all."""
        if self.member is not None and not self.member.may(permission):
            raise NotAllowed(str(permission.label))

    def require_administrator(self) -> None:
        """Raise NotAllowed unless the actor administers the installation. The program itself may do all."""
        if self.member is not None and not self.member.user.is_superuser:
            raise NotAllowed("administer the installation")


def of_member(member: Membership, *, via: str = "web") -> Actor:
    """Return the actor for a member."""
    return Actor(workspace=member.workspace, member=member, via=via)


def of_administrator(user: User, workspace: Workspace, *, via: str = "web") -> Actor:
    """Return a system administrator as the actor in a workspace they need not belong to.

    As such they may do what `require_administrator` guards, and else only look.
    """
    return Actor(
        workspace=workspace, member=Membership(user=user, workspace=workspace, role=Role.VIEWER), via=via
    )


def operator(workspace: Workspace) -> Actor:
    """Return whoever uses the command line: they hold the database, so they may do all."""
    return Actor(workspace=workspace, member=None, via="cli")


def system(workspace: Workspace) -> Actor:
    """Return the program itself as the actor."""
    return Actor(workspace=workspace, member=None, via="system")
