"""Reading campaigns. Every row comes through a member, so that a stranger finds nothing."""

import re
import uuid
from collections.abc import Collection, Sequence
from datetime import datetime

from django.db import connection
from django.db.models import Q, QuerySet

from clarion.audience.models import Source, SourceKind
from clarion.campaigns import recurrence
from clarion.campaigns.models import Campaign, Launch, Step
from clarion.campaigns.states import Status
from clarion.content.models import Template, TemplateVersion
from clarion.senders.models import Sender
from clarion.workspaces.models import AuditEvent, Membership, User, Workspace
from clarion.workspaces.permissions import Permission
from clarion.workspaces.prepared import Prepared, keep_related

#: How much of an id a person has to type.
SHORTEST_PREFIX = 4


def campaigns_for(member: Membership) -> QuerySet[Campaign]:
    """Return the campaigns that the member may see, archived ones too, but none that is being purged.

    Nor one-offs: they are no campaigns to whoever looks (`oneoffs_for`).
    """
    if not member.may(Permission.VIEW):
        return Campaign.objects.none()
    return campaigns_in(member.workspace_id)


def campaigns_in(workspace_id: int) -> QuerySet[Campaign]:
    """Return the campaigns of a workspace, for whoever knows that they may be seen."""
    return Campaign.objects.filter(workspace_id=workspace_id, purged_at=None, is_one_off=False)


def all_campaigns(user: User) -> QuerySet[Campaign]:
    """Return the campaigns of every workspace, for a system administrator; for everybody else none."""
    if not user.is_superuser or not user.is_active:
        return Campaign.objects.none()
    return Campaign.objects.filter(purged_at=None, is_one_off=False)


def oneoffs_for(member: Membership) -> QuerySet[Campaign]:
    """Return the one-offs that the member may see."""
    if not member.may(Permission.VIEW):
        return Campaign.objects.none()
    return Campaign.objects.filter(workspace_id=member.workspace_id, purged_at=None, is_one_off=True)


def campaign_for(member: Membership, public_id: uuid.UUID | str) -> Campaign | None:
    """Return the campaign with its source, author and steps; None for a stranger's and a one-off. Two queries."""
    found = sending_for(member, public_id)
    return None if found is None or found.is_one_off else found


def oneoff_for(member: Membership, public_id: uuid.UUID | str) -> Campaign | None:
    """Return the one-off as `campaign_for` does a campaign."""
    found = sending_for(member, public_id)
    return found if found is not None and found.is_one_off else None


def sending_for(member: Membership, public_id: uuid.UUID | str) -> Campaign | None:
    """Return either, a campaign or a one-off, for what is the same for both. Two queries."""
    if not member.may(Permission.VIEW):
        return None
    id = public_id if isinstance(public_id, uuid.UUID) else uuid.UUID(public_id)
    campaign = _CAMPAIGN.first(workspace=member.workspace_id, public_id=id)
    if campaign is None:
        return None
    campaign.workspace = member.workspace
    steps = _STEPS.all(campaign=campaign.pk)
    for step in steps:
        step.campaign = campaign
    keep_related(campaign, "steps", steps)
    return campaign


_CAMPAIGN = Prepared(
    lambda workspace, public_id: (
        Campaign.objects.select_related("source", "created_by")
        .filter(workspace_id=workspace, purged_at=None, public_id=public_id)
        .order_by("pk")[:1]
    ),
    workspace=-1,
    public_id=uuid.UUID(int=1),
)
_STEPS = Prepared(
    lambda campaign: Step.objects.select_related("sender", "template_version__template").filter(
        campaign_id=campaign
    ),
    campaign=-1,
)


def using_template(member: Membership, template: Template) -> QuerySet[Campaign]:
    """Return the campaigns that have a version of the template, newest first."""
    found = campaigns_for(member).filter(steps__template_version__template=template)
    return found.distinct().order_by("-id")


def existing_ids_for(member: Membership, public_ids: Collection[str]) -> set[uuid.UUID]:
    """Return which of these ids are of campaigns or one-offs that the member may see; what is no id is none of them."""
    ids = [bounds[0] for one in public_ids if len(one) == 36 and (bounds := id_range(one)) is not None]
    found = (campaigns_for(member) | oneoffs_for(member)).filter(public_id__in=ids)
    return set(found.values_list("public_id", flat=True))


def find_for(member: Membership, words: str) -> list[Campaign]:
    """Return the campaigns that a person may mean by a whole id, the beginning of one, or a whole name."""
    text = words.strip()
    mine = campaigns_for(member)
    bounds = id_range(text)
    if bounds is not None and len(text) >= SHORTEST_PREFIX:
        found = list(mine.filter(public_id__range=bounds).order_by("-id")[:20])
        if found:
            return found
    return list(mine.filter(name__iexact=text).order_by("-id")[:20])


def find_everywhere(words: str) -> list[Campaign]:
    """Return the campaigns of all workspaces whose id begins so, for whoever holds the database."""
    bounds = id_range(words)
    if bounds is None:
        return []
    found = (
        Campaign.objects.filter(public_id__range=bounds, purged_at=None, is_one_off=False)
        .select_related("workspace")
        .order_by("-id")
    )
    return list(found[:20])


def find_oneoffs(workspace: Workspace, words: str) -> list[Campaign]:
    """Return the workspace's one-offs whose id begins so, for whoever holds the database."""
    bounds = id_range(words)
    if bounds is None:
        return []
    mine = Campaign.objects.filter(workspace=workspace, is_one_off=True, purged_at=None)
    found = mine.filter(public_id__range=bounds).select_related("workspace", "created_by")
    return list(found.order_by("-id")[:20])


def missed_for(member: Membership) -> QuerySet[Campaign]:
    """Return the campaigns whose start was missed and about which a person is asked, the oldest first."""
    return campaigns_for(member).filter(missed_at__isnull=False, archived_at=None).order_by("missed_at", "id")


def due(at: datetime) -> list[Campaign]:
    """Return the campaigns of all workspaces that are to start by that moment, the one that waited longest first.

    One whose start was missed and is asked about is not, unless its next occurrence has come.
    """
    waiting = Campaign.objects.filter(status=Status.SCHEDULED, next_at__lte=at)
    asked = Q(missed_at__isnull=False)
    found = waiting.exclude(asked & ~Q(launch=Launch.RECURRING)).select_related("workspace")
    return [one for one in found.order_by("next_at", "pk") if one.missed_at is None or _has_gone_on(one, at)]


def _has_gone_on(asked: Campaign, at: datetime) -> bool:
    rule = recurrence.rule_of(asked)
    last = recurrence.latest(rule, at) if rule else None
    return last is not None and last[0] > asked.occurrence


def senders_for(member: Membership) -> QuerySet[Sender]:
    """Return the senders that a campaign can use, by name."""
    return Sender.objects.filter(workspace_id=member.workspace_id).order_by("name", "id")


def template_versions_for(member: Membership, *, step: Step | None = None) -> Sequence[TemplateVersion]:
    """Return the newest version of each template that is not archived, by name, and the one the step has."""
    newest = (
        TemplateVersion.objects.filter(template__workspace_id=member.workspace_id, template__archived_at=None)
        .order_by("template_id", "-number")
        .distinct("template_id")
        .select_related("template")
    )
    versions = list(newest)
    if step is not None and step.template_version is not None and step.template_version not in versions:
        versions.append(step.template_version)
    return sorted(versions, key=lambda version: (version.template.name.casefold(), -version.number))


def recent_uploads(member: Membership, campaign: Campaign, limit: int = 6) -> list[Source]:
    """Return the files that were uploaded last, and the campaign's own."""
    files = Source.objects.filter(
        workspace_id=member.workspace_id, kind=SourceKind.UPLOAD, sheet=None, rows_of=None
    )
    found = list(files.order_by("-id")[:limit])
    own = campaign.source
    if own is not None and own.kind == SourceKind.UPLOAD and own.table not in found:
        found.append(own.table)
    return found


def first_step(campaign: Campaign) -> Step | None:
    """Return the campaign's first step, None before a sender or a message was chosen."""
    return min(campaign.steps.all(), key=lambda step: step.position, default=None)


def step_at(campaign: Campaign, position: int) -> Step | None:
    """Return the campaign's step at a position, the first one when there is none there; None before there is one."""
    found = next((step for step in campaign.steps.all() if step.position == position), None)
    return found or first_step(campaign)


def is_tested(campaign: Campaign) -> bool:
    """Whether a test of the campaign as it is now was sent."""
    return AuditEvent.objects.filter(
        workspace_id=campaign.workspace_id,
        object_kind="campaign",
        object_id=str(campaign.public_id),
        action="campaign.test",
        changes__version__1=campaign.version,
    ).exists()


def id_range(prefix: str) -> tuple[uuid.UUID, uuid.UUID] | None:
    """Return the first and the last id that begin so, None when no id does.

    As bounds, so that the unique index is used: a UUID has no prefix operator.
    """
    digits = prefix.strip().lower().replace("-", "")
    if not 0 < len(digits) <= 32 or any(letter not in "0123456789abcdef" for letter in digits):
        return None
    return uuid.UUID(digits.ljust(32, "0")), uuid.UUID(digits.ljust(32, "f"))


def media_users(workspace: Workspace, keys: Sequence[str]) -> dict[str, list[str]]:
    """Return {key of a file: names of the campaigns whose own messages show or carry it, sorted}.

    A message is any of its languages and fields. Templates are asked elsewhere (`content.media`).
    """
    if not keys:
        return {}
    pattern = "|".join(re.escape(key) for key in keys)
    with connection.cursor() as cursor:
        cursor.execute(_MEDIA_USERS, [f"({pattern})", workspace.pk])
        rows = cursor.fetchall()
    found: dict[str, list[str]] = {}
    for key, name in rows:
        found.setdefault(key, []).append(name)
    return found


#: One pass over the messages, however many files are asked for.
_MEDIA_USERS = """
    SELECT hit[1], campaign.name
    FROM campaigns_step step
    JOIN campaigns_campaign campaign ON campaign.id = step.campaign_id
    CROSS JOIN LATERAL regexp_matches(step.body_source::text, %s, 'g') hit
    WHERE campaign.workspace_id = %s
    GROUP BY hit[1], campaign.id, campaign.name
    ORDER BY 1, 2
"""
