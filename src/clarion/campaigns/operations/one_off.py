"""One-offs: a message to one person, without planning a campaign.

A one-off is a campaign that nobody names, with one message and one person, which goes to the moderators or on its way
in the transaction that makes it. Everything that holds for campaigns holds for it; lists and figures of campaigns leave
it out (`queries.campaigns_for`).
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from clarion.audience import addresses
from clarion.audience import operations as audience
from clarion.audience.errors import SourceInvalid
from clarion.audience.models import Contact, Source
from clarion.audience.queries import Waterfall
from clarion.campaigns import fields, material, preflight
from clarion.campaigns.errors import CampaignInvalid
from clarion.campaigns.models import Campaign, Launch, Step
from clarion.campaigns.operations import changing, drafting, launching, reviewing
from clarion.campaigns.preflight import Section
from clarion.channels import registry
from clarion.content.models import TemplateVersion
from clarion.senders.models import Sender
from clarion.workspaces.actors import Actor
from clarion.workspaces.permissions import Permission

#: Digits of the id in a one-off's label.
SHORT_ID = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Addressee:
    """Who gets it: a contact, or an address as it was typed, with the values that the message uses."""

    contact: Contact | None = None
    address: str = ""
    values: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What it says: a version of a template, or a body as a template version holds its source."""

    template_version: TemplateVersion | None = None
    body: Mapping[str, Any] = field(default_factory=dict)


def send_one_off(
    *,
    sender: Sender,
    to: Addressee,
    said: Said,
    by: Actor,
    starts_at: datetime | None = None,
    zone: str = "",
    key: uuid.UUID | None = None,
) -> Campaign:
    """Send a message to one person, now or at `starts_at`, and return the one-off.

    Where the workspace moderates, it is submitted, and goes by itself once it is approved. With a `key`, which becomes
    its id, saying it again returns the one that is there: nothing is sent twice. Raises NotAllowed, and CampaignInvalid
    with the sentences by field ("to", "sender", "template", "values", "starts_at", or a field of the body); nothing is
    kept then.
    """
    by.require(Permission.EDIT)
    if not by.workspace.moderation:
        by.require(Permission.LAUNCH)
    try:
        with transaction.atomic():
            made = _made(sender=sender, to=to, said=said, by=by, starts_at=starts_at, zone=zone, key=key)
            if by.workspace.moderation:
                return reviewing.submit(campaign=made, by=by)
            return launching.launch(campaign=made, by=by)
    except IntegrityError:
        there = _there(key, by)
        if there is None:
            raise
        return there


def label(id: uuid.UUID) -> str:
    """Return what a one-off is called, in the reader's language; it is kept in that of whoever wrote it."""
    return _("One-off %(id)s") % {"id": str(id)[:SHORT_ID]}


def _there(key: uuid.UUID | None, by: Actor) -> Campaign | None:
    if key is None:
        return None
    mine = Campaign.objects.filter(workspace=by.workspace, created_by=by.user, is_one_off=True)
    return mine.filter(public_id=key).first()


def forget(*, workspace_id: int, to: list[str]) -> int:
    """Blank these addresses of one-offs, whose people are to be forgotten; return how many there were."""
    found = Campaign.objects.filter(workspace_id=workspace_id, is_one_off=True, to_address__in=to)
    return found.exclude(to_address="").update(to_address="")


def forget_address(*, campaign_id: int) -> None:
    """Blank the address of a one-off whose message is old, and what was typed of its person."""
    found = Campaign.objects.filter(pk=campaign_id, is_one_off=True).first()
    if found is None:
        return
    Campaign.objects.filter(pk=campaign_id).update(to_address="")
    if found.source_id is not None:
        audience.forget_input(source_id=found.source_id)


def _made(
    *,
    sender: Sender,
    to: Addressee,
    said: Said,
    by: Actor,
    starts_at: datetime | None,
    zone: str,
    key: uuid.UUID | None,
) -> Campaign:
    """Return the one-off, a draft that nothing blocks. Raises CampaignInvalid."""
    drafting.check_belonging(by, sender.channel, sender, said.template_version)
    message = _message(by, sender, said)
    source, address = _source(by, sender.channel, to)
    values = fields.cleaned(
        {
            "zone": zone or by.workspace.zone,
            "windows": by.workspace.windows,
            "launch": Launch.NOW if starts_at is None else Launch.SCHEDULE,
            "starts_at": starts_at,
        }
    )
    id = key or uuid.uuid4()
    made = Campaign.objects.create(
        workspace=by.workspace, public_id=id, is_one_off=True, to_address=address, source=source,
        name=label(id), created_by=by.user,
        is_demo=by.workspace.is_demo, **values,
    )  # fmt: skip
    step = Step.objects.create(campaign=made, channel=sender.channel, sender=sender, **message)
    changing.record(
        made, by, "create",
        {"channel": (None, sender.channel), "sender": (None, str(sender))}
        | ({"template": (None, str(said.template_version))} if said.template_version else {})
        | {name: (None, fields.told(value)) for name, value in values.items()},
    )  # fmt: skip
    _check(made, step, source)
    return made


def _message(by: Actor, sender: Sender, said: Said) -> dict[str, Any]:
    """Return the step's message. Raises CampaignInvalid when there is none, or it does not compile."""
    if said.template_version is not None:
        return {"template_version": said.template_version}
    made = material.compiled(by.workspace, sender.channel, said.body)
    if made.content:
        return {
            "body_source": made.source, "body_content": made.content, "body_variables": made.variables,
        }  # fmt: skip
    problems = made.problems or {"source": _("Choose a template or write the message.")}
    raise CampaignInvalid(list(problems.values()), fields=problems)


def _source(by: Actor, channel: str, to: Addressee) -> tuple[Source, str]:
    """Return the source of the one person, and their address."""
    try:
        if to.contact is None:
            return audience.create_input_source(by=by, channel=channel, address=to.address, values=to.values)
        source = audience.create_chosen_source(by=by, contacts=[to.contact])
    except SourceInvalid as error:
        raise CampaignInvalid([str(error)], fields={"to": str(error)}) from None
    kind = registry.get(channel).address_kind
    return source, next(iter(addresses.all_of(to.contact).get(kind, ())), "")


def _check(made: Campaign, step: Step, source: Source) -> None:
    """Raise CampaignInvalid, each sentence at its field, when something keeps it from going."""
    found: dict[str, str] = {}
    counted = material.counted(made, source, step.channel)
    if not counted.will_receive:
        found["to"] = why_not(counted)
    content, _variables = preflight.content_of(step)
    if missing := material.missing(content, source):
        found["values"] = _("The message needs a value for: %(names)s.") % {"names": ", ".join(missing)}
    if unapproved := material.unapproved(step.channel, step.template_version, step.sender, content):
        found["template"] = unapproved
    others = []
    for check in preflight.examine(made).blockers:
        if check.code in ("audience_empty", "variables", "template_approval"):
            continue
        if check.code.startswith("sender"):
            found.setdefault("sender", check.sentence)
        elif check.section is Section.TIMING:
            found.setdefault("starts_at", check.sentence)
        elif made.workspace.moderation and check.code in preflight.HOLDING_CODES:
            continue
        else:
            others.append(check.sentence)
    if found or others:
        raise CampaignInvalid([*found.values(), *others], fields=found)


def why_not(counted: Waterfall) -> str:
    """Return why the one person of an estimate would get nothing, as a sentence."""
    sentences = {
        "no_address": _("The contact has no address for this channel."),
        "invalid": _("This is no address that the channel can write to."),
        "suppressed": _("This address is suppressed on the channel: it must not be written to."),
        "do_not_contact": _("This person is not to be contacted."),
        "no_consent": _("This person has not agreed to messages on this channel."),
        "capped": _("This person has had their share of messages by now."),
    }
    for name, sentence in sentences.items():
        if getattr(counted, name):
            return sentence
    return _("Nobody in the audience can be reached.")
