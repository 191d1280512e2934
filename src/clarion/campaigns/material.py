"""What audience and content say about a campaign, in the few words that it needs."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from clarion.audience import queries as audience
from clarion.audience.columns import suggest_field
from clarion.audience.models import FILES, Source
from clarion.campaigns import templates_there
from clarion.campaigns.models import Campaign, Step
from clarion.channels import registry
from clarion.channels.looks import look_of
from clarion.content import compiling, media
from clarion.content import queries as content
from clarion.content.errors import ContentInvalid, TrialFailed
from clarion.content.language_names import name_of
from clarion.content.models import Approval, TemplateVersion
from clarion.content.sources import each_language
from clarion.senders.models import Sender
from clarion.senders.provided import queries as provided
from clarion.workspaces.models import Workspace

#: The channel whose addresses are counted before one was chosen.
DEFAULT_CHANNEL = "email"


@dataclass(frozen=True, slots=True, kw_only=True)
class Compiled:
    """A body as its channel sends it, or sentences about what is wrong, by field."""

    #: As it was typed, cleaned when it compiles.
    source: dict[str, Any] = field(default_factory=dict)
    content: dict[str, Any] = field(default_factory=dict)
    variables: list[str] = field(default_factory=list)
    problems: Mapping[str, str] = field(default_factory=dict)


def in_zone(moment: datetime, zone: str) -> datetime:
    """Return the same moment by the clocks of the zone."""
    return moment.astimezone(ZoneInfo(zone))


def compiled(workspace: Workspace, channel: str, source: Mapping[str, Any]) -> Compiled:
    """Return the body compiled, with its files; content is empty when something is wrong with it."""
    if not source:
        return Compiled()
    try:
        files = media.attachments_of(workspace, source)
        made = compiling.compile_source(channel, source, files=files)
    except ContentInvalid as error:
        return Compiled(source=dict(source), problems=_by_field(error))
    except TrialFailed:
        sentence = _("The message could not be tried out just now; save it again.")
        return Compiled(source=dict(source), problems={"source": sentence})
    return Compiled(source=dict(made.source), content=made.content, variables=made.variables)


def cleaned(source: Mapping[str, Any]) -> dict[str, Any]:
    """Return a body as it is kept when it compiles."""
    return dict(compiling.clean_source(source))


def _by_field(error: ContentInvalid) -> dict[str, str]:
    """Return the first problem of each field, with its language and its line."""
    found: dict[str, str] = {}
    for problem in error.problems:
        tongue = f"{name_of(problem.language)}: " if problem.language else ""
        line = _("Line %(n)d: ") % {"n": problem.line} if problem.line else ""
        found.setdefault(problem.field, f"{tongue}{line}{problem.sentence}")
    return found


def fits(template_channel: str, channel: str) -> bool:
    """Whether a template can go by the channel: by its own, and for trying out by the sandbox."""
    return channel in (template_channel, "sandbox")


def suits(source: Source, channel: str) -> bool:
    """Whether the file was read for the kind of address that the channel writes to; lists suit every channel."""
    if source.kind not in FILES:
        return True
    read_for = source.table.dialect.get("channel", channel)
    return registry.get(read_for).address_kind == registry.get(channel).address_kind


def unreadable(source: Source) -> str:
    """Return why a live spreadsheet cannot be written to by now, as a sentence; empty when it can, or is none."""
    if source.sheet is None or not source.sheet.problem:
        return ""
    return "" if audience.usable_copy(source.sheet) is not None else source.sheet.problem


def reaches(campaign: Campaign, source: Source, channel: str) -> bool:
    """Whether the source can have addresses for the channel: a file by its own column, or one named for that kind."""
    if suits(source, channel):
        return reaches_anybody(campaign, source, channel)
    kind = registry.get(channel).address_kind
    return any(kind in (name, suggest_field(name)) for name in source.table.dialect.get("variables", []))


def counted(campaign: Campaign, source: Source, channel: str) -> audience.Waterfall:
    """Return who of a ready source would get the campaign on the channel now, and why the others would not."""
    return audience.estimate(source, channel, campaign_id=campaign.pk, is_capped=not campaign.ignores_caps)


def counted_together(campaign: Campaign, source: Source, steps: Iterable[Step]) -> audience.Together:
    """Return who would get a campaign of several channels now, in all and by each channel. The source is ready."""
    tiers: dict[int, list[str]] = {}
    for step in sorted(steps, key=lambda one: (one.tier, one.position)):
        tiers.setdefault(step.tier, []).append(step.channel)
    return audience.estimate_together(
        source, list(tiers.values()), campaign_id=campaign.pk, is_capped=not campaign.ignores_caps
    )


def reaches_anybody(campaign: Campaign, source: Source, channel: str) -> bool:
    """Whether `counted` finds anybody who will receive it, without counting."""
    return audience.reaches_anybody(
        source, channel, campaign_id=campaign.pk, is_capped=not campaign.ignores_caps
    )


def missing(body: Mapping[str, Any], source: Source) -> list[str]:
    """Return the variables without a default that no recipient of the source has."""
    return content.missing_variables(body, audience.known_variables(source))


def unapproved(
    channel: str,
    version: TemplateVersion | None,
    sender: Sender | None = None,
    body: Mapping[str, Any] | None = None,
) -> str:
    """Return why the message may not go yet where the provider approves templates; "" when it may.

    Where the provider tells what it has approved, that decides, whoever wrote the `body`.
    """
    if not look_of(registry.get(channel)).needs_approval:
        return ""
    if provided.approving(channel) is not None:
        return templates_there.unapproved(sender, body or {}) if sender is not None else ""
    if version is None:
        return _("On this channel only templates that its provider has approved can be sent: choose one.")
    if version.approval == Approval.APPROVED:
        return ""
    state = Approval(version.approval).label
    names = {"template": version.template.name, "number": version.number, "state": state}
    return _("Version %(number)d of “%(template)s” is not approved by the provider: %(state)s.") % names


def can_unsubscribe(channel: str, body: Mapping[str, Any]) -> bool:
    """Whether the message lets its reader unsubscribe; channels without links are not asked."""
    if channel not in ("email", "sandbox"):
        return True
    return all(
        "unsubscribe_url" in f"{one.get('html', '')}{one.get('text', '')}"
        for _tag, one in each_language(body)
    )
