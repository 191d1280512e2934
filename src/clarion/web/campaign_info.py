"""The primary facts about a campaign, as the drawer of the list shows them: what it is, and why it failed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db.models import Value
from django.template.loader import render_to_string
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from clarion.audience.models import SourceKind
from clarion.campaigns.models import Launch
from clarion.campaigns.queries import first_step
from clarion.campaigns.states import PauseCause, Status
from clarion.deliveries import queries
from clarion.web import statuses
from clarion.web.links import workspace_url
from clarion.web.parts import Fact
from clarion.web.templatetags.ui import grouped, moment
from clarion.workspaces.retelling import retold

if TYPE_CHECKING:
    from clarion.audience.models import Source
    from clarion.campaigns.models import Campaign, Step
    from clarion.content.models import TemplateVersion
    from clarion.deliveries.listing import Row
    from clarion.web.http import PageRequest

#: Reasons of failure that the drawer names; the errors page has them all.
_MOST_REASONS = 3


def context(request: PageRequest, row: Row) -> dict[str, Any]:
    """Return what the drawer shows about the row's campaign."""
    campaign = row.campaign
    run = queries.run_for(request.member, campaign)
    problems = [group for group in queries.problems(run) if not group.was_put_off] if run is not None else []
    return {
        "campaign": campaign,
        "row": row,
        "url": workspace_url(request, "campaigns:detail", id=campaign.public_id),
        "errors_url": workspace_url(request, "campaigns:errors", id=campaign.public_id),
        "reason": _reason(campaign),
        "problems": problems[:_MOST_REASONS],
        "facts": [*_what(campaign), *_to_whom(campaign), *_when(campaign), *_by_whom(campaign)],
        "people": _people(row),
    }


def _reason(campaign: Campaign) -> str:
    """Return why it is in its state, where that is to be told."""
    if campaign.status == Status.PAUSED:
        cause = PauseCause(campaign.pause_cause).label
        return f"{cause}: {retold(campaign.status_reason)}" if campaign.status_reason else str(cause)
    return retold(campaign.status_reason)


def _what(campaign: Campaign) -> list[Fact]:
    facts = [Fact(label=_("ID"), value=_id(campaign.public_id))]
    for step in campaign.steps.all():
        facts += _step(step)
    return facts


def _step(step: Step) -> list[Fact]:
    facts = [Fact(label=_("Channel"), value=statuses.channel_look(step.channel).label)]
    if step.sender is not None:
        facts.append(Fact(label=_("Sender"), value=_named(step.sender.name, step.sender.public_id)))
    version = step.template_version
    if version is not None:
        facts.append(Fact(label=_("Template"), value=_named(versioned(version), version.template.public_id)))
    content = version.content if version is not None else step.body_content
    if content.get("subject"):
        facts.append(Fact(label=_("Subject"), value=content["subject"], user_text=True))
    if content.get("ttl"):
        facts.append(Fact(label=_("Time to live"), value=_("%(n)s s") % {"n": grouped(content["ttl"])}))
    return facts


def versioned(version: TemplateVersion) -> SafeString:
    """Return a template's name with the version's number, in an order that its name's script does not change."""
    name = format_html("<bdi>{}</bdi>", version.template.name)
    return SafeString(escape(_("%(name)s, version %(n)d")) % {"name": name, "n": version.number})


def _to_whom(campaign: Campaign) -> list[Fact]:
    source = campaign.source
    if source is None:
        return [Fact(label=_("Audience"), value="—")]
    if source.kind == SourceKind.LISTS:
        facts = [_thing(_("List"), one.name, one.public_id) for one in source.lists.order_by("name")]
    elif source.kind == SourceKind.SEGMENTS:
        facts = [_thing(_("Segment"), one.name, one.public_id) for one in source.segments.order_by("name")]
    else:
        facts = [_thing(_("Audience"), str(source), source.public_id)]
    return facts + _without(source)


def _without(source: Source) -> list[Fact]:
    """Return whom it leaves out: lists, then segments. One query."""
    lists = source.excluded_lists.annotate(kind=Value(1)).values_list("kind", "name", "public_id")
    segments = source.excluded_segments.annotate(kind=Value(2)).values_list("kind", "name", "public_id")
    labels = {1: _("Without lists"), 2: _("Without segments")}
    found = lists.union(segments).order_by("kind", "name")
    return [_thing(labels[kind], name, public_id) for kind, name, public_id in found]


def _thing(label: str, name: str, public_id: object) -> Fact:
    return Fact(label=label, value=_named(name, public_id))


def _when(campaign: Campaign) -> list[Fact]:
    facts = [Fact(label=_("Launch"), value=Launch(campaign.launch).label)]
    moments = (
        (pgettext("when a campaign starts", "Start"), campaign.next_at or campaign.starts_at),
        (_("Started"), campaign.started_at),
        (_("Last day"), campaign.ends_at),
        (_("Ended"), campaign.finished_at),
    )
    facts += [Fact(label=label, value=moment(when, "long")) for label, when in moments if when is not None]
    if first_step(campaign) is not None and campaign.rate_limit is not None:
        words = _("%(n)s messages/s") % {"n": grouped(campaign.rate_limit)}
        facts.append(Fact(label=_("Speed limit"), value=words))
    return facts


def _by_whom(campaign: Campaign) -> list[Fact]:
    facts = [Fact(label=_("Created"), value=moment(campaign.created_at, "long"))]
    if campaign.created_by is not None:
        facts.append(Fact(label=_("Author"), value=str(campaign.created_by), user_text=True))
    if campaign.status_by:
        by = _("The program itself") if campaign.status_by == "system" else campaign.status_by
        facts.append(Fact(label=_("Last moved by"), value=by, user_text=True))
    if campaign.tags:
        facts.append(Fact(label=_("Tags"), value=", ".join(campaign.tags), user_text=True))
    if campaign.notes:
        facts.append(Fact(label=_("Notes"), value=campaign.notes, user_text=True))
    return facts


def _people(row: Row) -> list[Fact]:
    progress = row.progress
    if progress is None:
        return []
    counts = (
        (_("Total"), progress.target),
        (_("Sent"), progress.sent),
        (_("Partly sent"), progress.partly),
        (_("Not delivered"), progress.failed),
        (_("Unknown"), progress.unknown),
        (_("Cancelled or expired"), progress.dropped),
        (_("Pending"), progress.waiting),
        (_("Left out"), progress.skipped),
    )
    return [Fact(label=label, value=grouped(n)) for label, n in counts if n or label == counts[0][0]]


def _id(value: object) -> SafeString:
    return SafeString(render_to_string("components/copy_id.html", {"value": str(value)}))


def _named(name: str, public_id: object) -> SafeString:
    """Return a name with the beginning of the id under it, which can be copied whole."""
    copied = render_to_string(
        "components/copy_id.html", {"value": str(public_id), "short": str(public_id)[:8]}
    )
    return format_html('<bdi>{}</bdi> <span class="meta">{}</span>', name, SafeString(copied))
