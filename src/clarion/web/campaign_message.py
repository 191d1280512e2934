"""A campaign's own message: written as a template is, in the same fields, one language at a time."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.contrib import messages
from django.utils.translation import gettext as _

from clarion.campaigns import operations, queries
from clarion.content import language_names
from clarion.content import operations as content
from clarion.content.errors import ContentInvalid, NameTaken, TrialFailed
from clarion.content.language_names import name_of
from clarion.content.sources import MAX_LANGUAGES, MODES, in_language, with_language, without_language
from clarion.lib import languages
from clarion.web import block_kinds, campaign_cascade, campaign_extras, message_fields
from clarion.web import template_starters as starters
from clarion.web.links import workspace_url
from clarion.web.parts import Confirm, Tab
from clarion.workspaces.actors import of_member
from clarion.workspaces.errors import NameInvalid

if TYPE_CHECKING:
    from collections.abc import Mapping

    from clarion.campaigns.models import Campaign, Step
    from clarion.web.campaign_form import CampaignForm
    from clarion.web.http import PageRequest

_SAID = ("subject", "preheader", "mode", "source", "text")


def language_in(data: Mapping[str, Any], step: Step | None, name: str) -> str:
    """Return of which further language the message is that `name` in the data says; "" for the first one."""
    asked = str(data.get(name, ""))
    return asked if step is not None and asked in (step.body_source.get("languages") or {}) else ""


def initial(step: Step | None, edited: str = "") -> dict[str, Any]:
    """Return the form's values for what is saved of one language, a beginning where nothing was written."""
    body: Mapping[str, Any] = step.body_source if step else {}
    found = message_fields.written(body, edited)
    extras = {f"{campaign_extras.PREFIX}{name}": value for name, value in found.pop("extras", {}).items()}
    begun = starters.starters(step.channel if step else "email")
    found["mode"] = found["mode"] or next(iter(begun))
    found["source"] = found["source"] or begun.get(found["mode"], "")
    return {**found, **extras}


def suit(form: CampaignForm) -> None:
    """Ask what the channel of the message that is shown has."""
    body: Mapping[str, Any] = form.step.body_source if form.step else {}
    posted = str(form.data.get("mode", ""))
    files = message_fields.attachable(form.member, body.get("files") or ())
    also = posted or str(in_language(body, form.tongue).get("mode") or "")
    form.suit(form.look, files=files, also=also if also in MODES else "")
    # A draft may lack everything.
    form.fields["mode"].required = form.fields["source"].required = False


def body_in(form: CampaignForm, channel: str) -> dict[str, Any] | None:
    """Return the source that the cleaned form says, with the languages it does not show; None for nothing written.

    What the form did not ask, because the channel has no such field, stays as it is.
    """
    data = form.cleaned_data
    before: Mapping[str, Any] = form.step.body_source if form.step else {}
    was = in_language(before, form.tongue)
    said: dict[str, Any] = {
        name: data[name] if name in form.data else str(was.get(name) or "") for name in _SAID
    }
    said["mode"] = said["mode"] or "html"
    if _is_untouched(said["source"], form):
        # A beginning says nothing, and looking at another way of writing loses nothing.
        said |= {name: str(was.get(name) or "") for name in ("mode", "source") if was.get("source")}
        said["source"] = "" if not was.get("source") else said["source"]
    if channel == form.extras_of:
        extras = campaign_extras.said_in(data) if campaign_extras.OF in form.data else was.get("extras")
        said |= {"extras": extras} if extras else {}
    is_written = any(said[name].strip() for name in _SAID if name != "mode")
    if not is_written and not before and not has_picture(said) and not data["attached"]:
        return None
    body = with_language(before, form.tongue, said)
    if not form.tongue and "defaults" in form.data:
        body |= {
            "language": data["language"],
            "defaults": data["defaults"],
            "files": data["attached"],
        }
    return {name: value for name, value in body.items() if value or name in _SAID}


def has_picture(source: Mapping[str, Any]) -> bool:
    """Whether a picture or file is named beside the words; some channels take one alone."""
    return any(name.endswith("_url") for name in source.get("extras") or ())


def _is_untouched(source: str, form: CampaignForm) -> bool:
    begun = starters.starters(form.step_channel).values()
    return bool(source.strip()) and source.replace("\r\n", "\n") in begun


def tabs(request: PageRequest, campaign: Campaign, step: Step | None, edited: str) -> list[Tab]:
    """Return a link to each language of the step's own message; none while it has one."""
    others = (step.body_source.get("languages") or {}) if step is not None else {}
    if step is None or not others:
        return []
    own = str(step.body_source.get("language") or "")
    url = f"{workspace_url(request, 'campaigns:edit', id=campaign.public_id)}?step={step.position}"
    first = Tab(label=name_of(own) if own else _("First language"), url=f"{url}#message", current=not edited)
    return [
        first,
        *(
            Tab(label=name_of(tag), url=f"{url}&language={tag}#message", current=tag == edited)
            for tag in others
        ),
    ]


def context(request: PageRequest, campaign: Campaign, form: CampaignForm) -> dict[str, Any]:
    """Return what the section of the message shows beside the form's fields."""
    modes = [mode for mode, _label in form.fields["mode"].choices]  # type: ignore[attr-defined]
    return {
        "look": form.look,
        "edited": form.tongue,
        "tongues": tabs(request, campaign, form.step, form.tongue),
        "common_languages": language_names.common(),
        "hint": message_fields.HINT,
        "starters": json.dumps(dict.fromkeys(modes, "") | starters.starters(form.step_channel)),
        "copy_question": copy_question(form.step),
        **block_kinds.editor("blocks" in modes),
    }


def change(request: PageRequest, campaign: Campaign, do: str) -> str:
    """Do what the button says with what was saved; return the end of the link that shows what came of it."""
    position = campaign_cascade.position_in(request)
    step, edited = queries.step_at(campaign, position), ""
    if step is None or (do != "message-copy" and not step.body_source):
        messages.error(request, _("Write the message first."))
    elif do == "message-keep":
        edited = language_in(request.POST, step, "edited")
        _keep(request, campaign, step)
    elif do == "message-copy":
        if step.template_version is not None:
            _say(request, campaign, step, step.template_version.source)
            messages.success(
                request, _("The campaign has words of its own now; the template stays as it is.")
            )
    else:
        edited = _change_languages(request, campaign, step, do)
    query = urlencode({name: value for name, value in (("step", position), ("language", edited)) if value})
    return f"?{query}#message" if query else "#message"


def copy_question(step: Step | None) -> Confirm | None:
    """Return what is asked before a template's words replace those that the campaign had; None when it had none."""
    if step is None or not str(step.body_source.get("source") or "").strip():
        return None
    return Confirm(
        title=_("Replace what you wrote here before?"),
        text=_("The template's words take the place of the message that was written for this campaign."),
        label=_("Replace it"),
    )


def _say(request: PageRequest, campaign: Campaign, step: Step, body: Mapping[str, Any]) -> None:
    operations.set_step(
        campaign=campaign, channel=step.channel, sender=step.sender, body=body, position=step.position,
        by=of_member(request.member),
    )  # fmt: skip


def _keep(request: PageRequest, campaign: Campaign, step: Step) -> None:
    """Make a template of the message, under a name that is free."""
    try:
        template = content.keep_as_template(
            by=of_member(request.member), channel=step.channel, name=campaign.name, source=step.body_source
        )
    except (ContentInvalid, NameInvalid, NameTaken, TrialFailed) as error:
        problems = error.problems if isinstance(error, ContentInvalid) else []
        why = problems[0].sentence if problems else _("The name of the campaign cannot be a template's.")
        messages.error(request, _("It cannot be a template yet: %(why)s") % {"why": why})
    else:
        said = _("“%(name)s” is in the library of templates. The campaign keeps its own words.")
        messages.success(request, said % {"name": template.name})


def _change_languages(request: PageRequest, campaign: Campaign, step: Step, do: str) -> str:
    """Add or take away a language; return the tag of the one to show."""
    edited = language_in(request.POST, step, "edited")
    try:
        if do == "language-remove":
            body, shown = without_language(step.body_source, edited), ""
        else:
            body, shown = _with_new_language(request.POST, step.body_source)
    except ValueError as error:
        messages.error(request, str(error))
        return edited
    _say(request, campaign, step, body)
    return shown


def _with_new_language(data: Mapping[str, Any], body: Mapping[str, Any]) -> tuple[dict[str, Any], str]:
    """Return the body with a language that says what the first one does, to be translated, and its tag."""
    tag = languages.clean(str(data.get("new_language", "")).strip())
    own = str(body.get("language") or "") or languages.clean(str(data.get("first_language", "")).strip())
    others = body.get("languages") or {}
    if tag in (own, *others):
        return dict(body), tag if tag in others else ""
    if len(others) >= MAX_LANGUAGES:
        raise ValueError(_("A message has at most %(n)d languages.") % {"n": MAX_LANGUAGES + 1})
    return with_language({**body, "language": own}, tag, in_language(body, "")), tag
