"""The compose form: every field of a campaign, saved part by part, so that one bad field keeps no other back."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clarion.audience import queries as audience
from clarion.campaigns import material, operations, queries
from clarion.campaigns.errors import CampaignInvalid
from clarion.campaigns.fields import NAME_LENGTH, Changes
from clarion.campaigns.models import Campaign, Step
from clarion.channels import registry
from clarion.channels.looks import look_of
from clarion.web import (
    campaign_audience,
    campaign_cascade,
    campaign_extras,
    campaign_message,
    campaign_people,
    timing_form,
    tracking_form,
)
from clarion.web.campaign_audience import AudienceFields
from clarion.web.campaign_cascade import CascadeForm
from clarion.web.message_fields import MessageForm
from clarion.web.timing_form import TimingForm
from clarion.web.tracking_form import TrackingForm
from clarion.workspaces.actors import of_member

if TYPE_CHECKING:
    from clarion.campaigns.models import Step
    from clarion.senders.models import Sender
    from clarion.workspaces.models import Membership

#: A campaign cannot go without these, so they are not called optional; a draft may still lack them.
_WANTED = ("sender", "content", "template", "subject", "source", "upload", *timing_form.WANTED)

PARTS: dict[str, tuple[str, ...]] = {
    "basics": ("name", "tags", "notes"),
    "audience": (*campaign_audience.NAMES,),
    "cascade": ("receipt_wait",),
    "message": (
        "sender", "content", "template", "subject", "preheader", "mode", "source", "text", "edited",
        "language", "defaults", "attached",
    ),
    "tracking": tracking_form.FIELDS,
    **timing_form.PARTS,
}  # fmt: skip
_CONTENTS = [("own", gettext_lazy("Written here")), ("template", gettext_lazy("A template"))]


class CampaignForm(AudienceFields, CascadeForm, MessageForm, TrackingForm, TimingForm):
    """All fields; each may be empty while the campaign is a draft, but for the name."""

    use_required_attribute = False

    name = forms.CharField(label=gettext_lazy("Name"), max_length=NAME_LENGTH)
    tags = forms.CharField(
        label=gettext_lazy("Tags"), required=False, max_length=130,
        help_text=gettext_lazy("At most three, with commas between them."),
    )  # fmt: skip
    notes = forms.CharField(
        label=gettext_lazy("Notes"),
        required=False,
        max_length=10_000,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    sender = forms.ChoiceField(label=gettext_lazy("Sender"), required=False)
    content = forms.ChoiceField(label=gettext_lazy("Message"), choices=_CONTENTS, required=False)
    template = forms.ChoiceField(label=gettext_lazy("Template"), required=False)

    def __init__(
        self,
        *args: Any,
        member: Membership,
        campaign: Campaign,
        position: int = 0,
        language: str = "",
        **kwargs: Any,
    ) -> None:
        """`position` is the channel whose message is shown, `language` in which of its further languages."""
        kwargs.setdefault("initial", initial_of(campaign, member, position, language))
        super().__init__(*args, **kwargs)
        self.member = member
        self.campaign = campaign
        self.step = queries.step_at(campaign, position)
        asked = self.data if self.is_bound else {"edited": language}
        #: The further language of the message that is shown; "" for its first one.
        self.tongue = campaign_message.language_in(asked, self.step, "edited")
        self.step_channel = self.step.channel if self.step else "email"
        self.look = look_of(registry.get(self.step_channel))
        self.position = self.step.position if self.step else 0
        #: The channel of which the message's further fields are.
        self.extras_of = str(self.data.get(campaign_extras.OF, self.step.channel if self.step else ""))
        self.fields.update(campaign_extras.fields_of(self.extras_of))
        campaign_message.suit(self)
        self._offer_choices()
        steps = campaign.steps.all()
        self.offer_tracking(member.workspace, [look_of(registry.get(one.channel)) for one in steps])
        self.take_rows(campaign, member.workspace.locale)

    def _offer_choices(self) -> None:
        self.all_lists = list(audience.lists_for(self.member))
        self.all_senders = list(queries.senders_for(self.member))
        self.uploads = list(queries.recent_uploads(self.member, self.campaign))
        self.versions = [
            one
            for one in queries.template_versions_for(self.member, step=self.step)
            if self.step is None
            or self.step.sender is None
            or material.fits(one.template.channel, self.step.channel)
        ]
        self.all_segments = campaign_people.segments_of(self)
        self.all_sheets = list(audience.sheets_for(self.member))
        for name, choices in campaign_audience.offered(self).items():
            self._choose(name, choices)
        self._choose(
            "sender", [("", _("Choose a sender")), *(_sender_choice(one) for one in self.all_senders)]
        )
        self._choose(
            "template",
            [("", _("Choose a template")), *((_version_key(one), str(one)) for one in self.versions)],
        )
        self.offer_columns(self.columns)
        self.offer_sheets(self.sheets)
        near = timing_form.near_zones(self.campaign, self.member)
        same = ("", _("The campaign’s: %(zone)s") % {"zone": self.campaign.zone})
        self._choose_zone("zone", near)
        self._choose_zone("window_zone", [same, *near])

    def _choose_zone(self, name: str, near: list[tuple[str, str]]) -> None:
        self._choose(name, timing_form.zone_choices(near))
        widget = self.fields[name].widget
        assert isinstance(widget, timing_form.ZoneSelect)  # noqa: S101
        widget.near = near

    def _choose(self, name: str, choices: list[tuple[Any, Any]]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101
        field.choices = choices

    def extras(self) -> list[forms.BoundField]:
        """Return what a message of the channel has beside its text."""
        return [self[name] for name in self.fields if name.startswith(campaign_extras.PREFIX)]

    def as_shown(self) -> CampaignForm:
        """Return the form for drawing; it is not to be validated after that."""
        for name in _WANTED:
            self.fields[name].required = True
        return self

    def clean_edited(self) -> str:
        """Refuse what was written in a language that somebody else has taken away."""
        if self.cleaned_data["edited"] != self.tongue:
            raise forms.ValidationError(_("This language was taken away meanwhile; add it again."))
        return self.tongue

    def clean_tags(self) -> list[str]:
        return [tag.strip() for tag in self.cleaned_data["tags"].split(",") if tag.strip()]

    def is_sound(self, part: str) -> bool:
        """Whether no field of the part has an error."""
        names = PARTS[part]
        if part == "message":
            names = (*names, *(name for name in self.fields if name.startswith(campaign_extras.PREFIX)))
        return not any(name in self.errors for name in names)


def initial_of(
    campaign: Campaign, member: Membership, position: int = 0, language: str = ""
) -> dict[str, Any]:
    """Return the form's values for what is saved; the message is that of a channel in one of its languages."""
    step = queries.step_at(campaign, position)
    source = campaign.source
    edited = campaign_message.language_in({"edited": language}, step, "edited")
    return {
        "name": campaign.name,
        "tags": ", ".join(campaign.tags),
        "notes": campaign.notes,
        **campaign_audience.initial(source),
        "receipt_wait": campaign.receipt_wait,
        "sender": str(step.sender.public_id) if step and step.sender else "",
        "content": "template" if step and (step.template_version or _needs_approval(step)) else "own",
        "template": _version_key(step.template_version) if step and step.template_version else "",
        **campaign_message.initial(step, edited),
        **tracking_form.initial(campaign),
        **timing_form.initial_timing(campaign),
    }


def save(form: CampaignForm, *, only: tuple[str, ...] = tuple(PARTS)) -> Campaign:
    """Save each part of a cleaned form that has no error, and return the campaign afresh.

    What an operation refuses is added to the form's errors. Raises NotAllowed and TransitionRefused.
    """
    savers: dict[str, Callable[[CampaignForm], None]] = {
        "basics": _save_basics, "audience": campaign_audience.save, "message": _save_message,
        "cascade": campaign_cascade.save,
        "tracking": lambda form: _save_changes(form, tracking_form.changes(form.cleaned_data)),
        "timing": lambda form: _save_changes(form, timing_form.timing_changes(form, form.campaign)),
        "hours": lambda form: _save_changes(form, timing_form.hours_changes(form)),
        "pace": lambda form: _save_changes(form, timing_form.pace_changes(form)),
        "safety": lambda form: _save_changes(form, timing_form.safety_changes(form)),
    }  # fmt: skip
    form.is_valid()
    for part in only:
        if not form.is_sound(part):
            continue
        try:
            savers[part](form)
        except CampaignInvalid as error:
            for name, sentence in error.fields.items():
                form.add_error(name if name in form.fields else None, sentence)
            if not error.fields:
                form.add_error(None, " ".join(error.problems))
    fresh = queries.campaign_for(form.member, form.campaign.public_id)
    return fresh if fresh is not None else form.campaign


def _save_basics(form: CampaignForm) -> None:
    data = form.cleaned_data
    operations.update_campaign(
        campaign=form.campaign,
        name=data["name"],
        tags=data["tags"],
        notes=data["notes"],
        by=of_member(form.member),
    )


def _save_changes(form: CampaignForm, changes: Changes) -> None:
    """Change the campaign; what is wrong with start and end stands at their fields."""
    if not changes:
        return
    try:
        operations.update_campaign(campaign=form.campaign, by=of_member(form.member), **changes)
    except CampaignInvalid as error:
        names = {"starts_at": "date", "ends_at": "end_date"}
        problems = {names.get(name, name): sentence for name, sentence in error.fields.items()}
        raise CampaignInvalid(error.problems, fields=problems) from error


def _save_message(form: CampaignForm) -> None:
    data = form.cleaned_data
    sender = next((one for one in form.all_senders if str(one.public_id) == data["sender"]), None)
    version = None
    if data["content"] == "template":
        version = next((one for one in form.versions if _version_key(one) == data["template"]), None)
    unsent = version.template.channel if version else form.step_channel
    channel = sender.channel if sender else unsent
    body = campaign_message.body_in(form, channel)
    if form.step is None and sender is None and version is None and body is None:
        return  # nothing was said yet
    step = operations.set_step(
        campaign=form.campaign,
        channel=channel,
        sender=sender,
        template_version=version,
        body=body,
        position=form.position,
        by=of_member(form.member),
    )
    if version is None and not step.body_content:
        _explain(form, step)


def _explain(form: CampaignForm, step: Step) -> None:
    """Show at its field why it cannot be sent. What is not written yet is no mistake: the checklist says that."""
    found = material.compiled(form.campaign.workspace, step.channel, step.body_source).problems
    for name, sentence in found.items():
        extra = f"{campaign_extras.PREFIX}{name}"
        if extra in form.fields:
            form.add_error(extra, sentence)
        elif step.body_source.get(name) or name == "language":
            form.add_error({"files": "attached"}.get(name, name), sentence)


def _sender_choice(sender: Sender) -> tuple[str, str]:
    state = "" if sender.status == "ACTIVE" else f" ({sender.get_status_display().lower()})"
    return str(sender.public_id), f"{sender.name}{state}"


def _needs_approval(step: Step) -> bool:
    """Whether only what the step's provider has approved can be sent, so that a template is to be chosen."""
    return look_of(registry.get(step.channel)).needs_approval


def _version_key(version: Any) -> str:
    return f"{version.template.public_id}:{version.number}"
