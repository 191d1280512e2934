"""Users, workspaces, memberships and audit events."""

from typing import ClassVar
from uuid import uuid4

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.functions import RandomUUID
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from clarion.workspaces.access.models import IdentityProvider as IdentityProvider
from clarion.workspaces.access.models import SystemEvent as SystemEvent
from clarion.workspaces.money.models import Account as Account
from clarion.workspaces.money.models import EntryKind as EntryKind
from clarion.workspaces.money.models import Hold as Hold
from clarion.workspaces.money.models import LedgerEntry as LedgerEntry
from clarion.workspaces.permissions import Permission, Role, permissions_of


class UserManager(BaseUserManager["User"]):
    """Finds users by e-mail address, whatever its case."""

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email=(username or "").lower())


class User(AbstractBaseUser):
    """A person who signs in, by e-mail address."""

    #: Lower case.
    email = models.EmailField(_("e-mail"), max_length=254, unique=True)
    name = models.CharField(_("name"), max_length=120, blank=True)
    #: Sees and administers the installation: workspaces, senders' health, settings.
    is_superuser = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)
    language = models.CharField(max_length=12, blank=True)
    theme = models.CharField(max_length=5, blank=True)
    #: Empty means the workspace's zone.
    zone = models.CharField(max_length=64, blank=True)
    #: Which columns of the list of campaigns they chose to see; empty for the usual ones.
    list_columns = ArrayField(models.CharField(max_length=12), default=list, blank=True)
    #: Whether they are written to when something breaks in what they administer.
    is_told_of_trouble = models.BooleanField(default=True, db_default=True)
    date_joined = models.DateTimeField(default=timezone.now)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(email=Lower("email")), name="user_email_lower_case")
        ]

    def __str__(self) -> str:
        return self.name or self.email

    def get_full_name(self) -> str:
        return self.name or self.email

    def get_short_name(self) -> str:
        return self.name or self.email


class PiiPolicy(models.TextChoices):
    """How whoever may see whole addresses and names gets to see them."""

    SHOWN = "SHOWN", _("Shown to whoever may see them")
    #: Masked for everybody, until one person's are asked for, which is kept in the audit trail.
    ON_REQUEST = "ON_REQUEST", _("Masked, and shown one by one on request")


class Workspace(models.Model):
    """A tenant: everything else belongs to exactly one."""

    slug = models.SlugField(max_length=40, unique=True)
    name = models.CharField(_("name"), max_length=80)
    zone = models.CharField(_("time zone"), max_length=64, default="UTC")
    locale = models.CharField(max_length=12, default="en")
    #: Two letters, for phone numbers written without a country code.
    default_country = models.CharField(max_length=2, blank=True)
    #: Set by a system administrator. Without it the pages of campaigns are not there, and nothing is sent.
    campaigns_enabled = models.BooleanField(default=True)
    #: Why campaigns are switched off, for whoever administers the workspace.
    campaigns_off_reason = models.CharField(max_length=500, blank=True, db_default="")
    #: The kill switch: nothing leaves while it is set.
    halted_at = models.DateTimeField(null=True, blank=True)
    #: The name of whoever switched it off, and why.
    halted_by = models.CharField(max_length=254, blank=True)
    halt_reason = models.CharField(max_length=500, blank=True)
    #: Whether a campaign is sent only after a moderator, who is not its author, approved it.
    moderation = models.BooleanField(default=False)
    #: Channels on which only those are written to who gave their consent.
    consent_channels = ArrayField(models.CharField(max_length=12), default=list, db_default=[], blank=True)
    #: Whether its campaigns follow links and opens where they do not say otherwise themselves.
    track_links = models.BooleanField(default=False, db_default=False)
    track_opens = models.BooleanField(default=False, db_default=False)
    #: What new campaigns have as their sending hours, in a campaign's own form; empty for always.
    windows = models.JSONField(default=list, db_default=[], blank=True)
    pii_policy = models.CharField(
        max_length=10, choices=PiiPolicy, default=PiiPolicy.SHOWN, db_default=PiiPolicy.SHOWN
    )
    #: After so many days the people of a finished run are blanked in its record; 0 keeps them.
    retention_days = models.PositiveIntegerField(default=0, db_default=0)
    #: Whether its campaigns are paid from a balance (`workspaces.money`).
    has_balance = models.BooleanField(default=False, db_default=False)
    #: Marks the sample data made at the first start, so that one action can remove it.
    is_demo = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(pii_policy__in=PiiPolicy.values), name="workspace_pii_policy_known"
            )
        ]

    def __str__(self) -> str:
        return self.name


class Membership(models.Model):
    """A user's role in a workspace; the `member` that operations and queries ask for."""

    public_id = models.UUIDField(default=uuid4, db_default=RandomUUID(), unique=True)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=10, choices=Role.choices)
    created_at = models.DateTimeField(default=timezone.now)
    #: While set, the workspace is closed to them; what they did stays theirs.
    suspended_at = models.DateTimeField(null=True, blank=True)
    #: Of one request: a person's data was asked for, which is in the audit trail.
    is_shown_people = False
    #: The permissions that are left to a program that acts for the member by a token; None for the member in person.
    scopes: frozenset[str] | None = None

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "workspace"], name="membership_once"),
            models.CheckConstraint(condition=models.Q(role__in=Role.values), name="membership_role_known"),
        ]

    def __str__(self) -> str:
        return f"{self.user} in {self.workspace}"

    @property
    def sees_people(self) -> bool:
        """Whether whole addresses and names are shown to them, on this request. `may` tells whether they may ask."""
        if not self.may(Permission.VIEW_PII):
            return False
        return self.workspace.pii_policy == PiiPolicy.SHOWN or self.is_shown_people

    @property
    def is_observer(self) -> bool:
        """Whether it is not kept anywhere: a system administrator looks at a workspace they do not belong to."""
        return self.pk is None

    def may(self, permission: Permission) -> bool:
        """Whether this member's role includes the permission, and the token by which a program acts for them."""
        is_left = self.scopes is None or permission in self.scopes
        return is_left and permission in permissions_of(Role(self.role))


class Invitation(models.Model):
    """A role that waits for whoever has the link and the address. Only the hash of the link's secret is kept."""

    public_id = models.UUIDField(default=uuid4, unique=True)
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="invitations")
    #: Lower case.
    email = models.EmailField(max_length=254)
    role = models.CharField(max_length=10, choices=Role.choices)
    #: SHA-256 of the secret.
    digest = models.BinaryField(max_length=32, unique=True)
    created_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL)
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "email"], name="invitation_once"),
            models.CheckConstraint(
                condition=models.Q(email=Lower("email")), name="invitation_email_lower_case"
            ),
            models.CheckConstraint(condition=models.Q(role__in=Role.values), name="invitation_role_known"),
        ]

    def __str__(self) -> str:
        return f"{self.email} to {self.workspace}"

    @property
    def is_expired(self) -> bool:
        return self.expires_at <= timezone.now()


class AuditEvent(models.Model):
    """Who did what, when, why. Append-only; each row's hash covers the one before it in the workspace."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="audit_events")
    #: Position in the workspace's chain, from 1.
    number = models.BigIntegerField()
    at = models.DateTimeField()
    actor = models.ForeignKey(User, null=True, on_delete=models.SET_NULL)
    #: The id of their account, which stays when that is removed; 0 for nobody. None in events of before it was kept.
    actor_number = models.BigIntegerField(null=True)
    #: The actor's name as it was, or "system".
    actor_name = models.CharField(max_length=254)
    #: Through which door: web, cli, api or system.
    via = models.CharField(max_length=8)
    #: The network address that it was asked from; empty for commands and the program itself.
    address = models.CharField(max_length=45, blank=True, default="", db_default="")
    #: Noun and verb, such as "campaign.paused".
    action = models.CharField(max_length=60)
    #: The noun's kind and public id, such as "campaign" and its UUID.
    object_kind = models.CharField(max_length=30)
    object_id = models.CharField(max_length=64)
    object_name = models.CharField(max_length=200, blank=True)
    reason = models.TextField(blank=True)
    #: {field: [old, new]}
    changes = models.JSONField(default=dict)
    hash = models.BinaryField(max_length=32)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workspace", "number"], name="audit_number_once")]
        indexes = [
            models.Index(fields=["workspace", "object_kind", "object_id", "-number"], name="audit_by_object"),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.object_name}"


class TrailEnd(models.Model):
    """Where a trail ends: the database notes it with each event, so that one that is missing there is missed."""

    #: A workspace's id; 0 is the installation's trail of sign-ins.
    trail = models.BigIntegerField(primary_key=True)
    number = models.BigIntegerField()
    hash = models.BinaryField(max_length=32)

    def __str__(self) -> str:
        return f"end of trail {self.trail}"


class AuditCheck(models.Model):
    """What the last check of a workspace's chain found. It also remembers the chain's end: a shorter one later,
    or another event at that place, tells that events were taken from the end or all were written anew."""

    workspace = models.OneToOneField(Workspace, on_delete=models.CASCADE, related_name="audit_check")
    checked_at = models.DateTimeField()
    #: Events of the chain then.
    event_count = models.BigIntegerField(default=0)
    #: The number of the first event that was altered, removed or put in; None when all was whole.
    broken_number = models.BigIntegerField(null=True)
    #: The last event that was found whole.
    whole_number = models.BigIntegerField(default=0)
    whole_hash = models.BinaryField(max_length=32, default=bytes)

    def __str__(self) -> str:
        return f"check of the trail of {self.workspace_id}"


# Registered by being imported; it names the membership by a string.
from clarion.workspaces.token_models import ApiToken as ApiToken  # noqa: E402
