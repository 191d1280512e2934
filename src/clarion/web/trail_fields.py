"""What changed in an event of a trail, in words: the names of fields."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from django import forms
from django.utils.translation import gettext_lazy as _

from clarion.channels import registry
from clarion.channels.forms import protocols, setup_form
from clarion.web.sender_forms import SenderForm
from clarion.web.settings_form import SettingsForm

if TYPE_CHECKING:
    from clarion.channels.forms import Text

#: Of campaigns, and of all else whose pages name them otherwise than their forms.
_FIELDS: dict[str, Text] = {
    "pause_cause": _("Cause"),
    "rate_limit": _("Speed limit (a second)"),
    "delay_min": _("Delay from (seconds)"),
    "delay_max": _("Delay to (seconds)"),
    "starts_at": _("Starts at"),
    "ends_at": _("Ends at"),
    "next_at": _("Next start"),
    "missed_at": _("Asked since"),
    "occurrence": _("Occurrences behind it"),
    "launch": _("Start"),
    "auto_start": _("Starts by itself once approved"),
    "repeat_every": _("Again every"),
    "repeat_unit": _("Unit"),
    "repeat_count": _("Times in all"),
    "repeat_until": _("Last day"),
    "only_new": _("Only new people"),
    "ignores_caps": _("Ignores frequency caps"),
    "windows": _("Sending hours"),
    "window_zone": _("Zone of the sending hours"),
    "window_is_recipients": _("Hours by each recipient’s clock"),
    "missed_policy": _("If its start is missed"),
    "missed_hours": _("At most so many hours late"),
    "error_percent": _("Pause when more fail than (per cent)"),
    "track_links": _("Follow links"),
    "track_opens": _("Tell of opens"),
    "links_off_at": _("Links switched off"),
    "zone": _("Time zone"),
    "source": _("Audience"),
    "body.source": _("Message"),
    "body.subject": _("Subject"),
    "body.preheader": _("Preview text"),
    "body.mode": _("Written as"),
    "body.text": _("Text part"),
    "name": _("Name"),
    "notes": _("Notes"),
    "tags": _("Tags"),
    "status": _("Status"),
    "status_reason": _("Reason"),
    "status_by": _("Last moved by"),
    "resume_at": _("Goes on at"),
    "archived_at": _("Archived"),
    "copied_from": _("Copied from"),
    "receipt_wait": _("Waits for receipts"),
    "channel": _("Channel"),
    "channels": _("Channels"),
    "sender": _("Sender"),
    "template_version": _("Template"),
    "version": _("Version"),
    "count": _("Messages"),
    "messages": _("Messages"),
    "suppressed": _("Suppressed"),
    "people": _("People"),
    "recipients": _("Recipients"),
    "format": _("Format"),
    "filter": _("Filter"),
    "bytes": _("Size"),
    "run": _("Run"),
    "runs": _("Runs"),
    "list": _("List"),
    "added": _("Added"),
    "removed": _("Removed"),
    "changed": _("Changed"),
    "body.language": _("Language"),
    "body.languages": _("Languages"),
    "body.files": _("Attachments"),
    "body.defaults": _("Values for whoever has none"),
    "body.extras": _("Beside the text"),
    "ignored": _("Ignores frequency caps"),
    "speed": _("Speed limit (a second)"),
    "state": _("State"),
    "role": _("Role"),
    "suspended": _("Suspended"),
    "kind": _("Kind"),
    "label": _("Name"),
    "reason": _("Reason"),
    "row": _("Row"),
    "rows": _("Rows"),
    "files": _("Files"),
    "file": _("File"),
    "exports": _("Exports"),
    "events": _("Events"),
    "host": _("Host"),
    "addresses": _("Addresses"),
    "currency": _("Currency"),
    "amount": _("Amount"),
    "balance": _("Balance"),
    "below": _("Warn below"),
    "on": _("On"),
    "members": _("Members"),
    "member": _("Member"),
    "scopes": _("What it may do"),
    "expires_at": _("Until"),
    "rule": _("Rule"),
    "value": _("Value"),
    "contacts": _("Contacts"),
    "created": _("Created"),
    "updated": _("Updated"),
    "skipped": _("Skipped"),
    "bad": _("Refused"),
    "requests": _("Requests"),
    "email": _("Email"),
    "phone": _("Phone"),
    "first_name": _("First name"),
    "last_name": _("Last name"),
    "language": _("Language"),
    "attributes": _("Attributes"),
    "approval": _("Approval"),
    "halted": _("Halted"),
    "campaigns_enabled": _("Campaigns"),
    "frequency_caps": _("Frequency caps"),
    "lines": _("Prices"),
    "merged": _("Merged"),
    "taken": _("Taken over"),
    "description": _("Description"),
    "url": _("Link"),
    "path": _("File"),
    "colour": _("Colour"),
    "logo": _("Logo"),
}


def label_of(field: str) -> str:
    """Return what a field is called; one of a later version by its own words."""
    found = _FIELDS.get(field) or _of_forms().get(field)
    return str(found) if found else field.replace("_", " ").replace(".", ": ").capitalize()


@cache
def _of_forms() -> dict[str, Text]:
    """Return the labels of what is changed by forms: a workspace's settings, a sender's limits and set-up."""
    known: list[type[forms.Form]] = [SettingsForm, SenderForm]
    for name in registry.CHANNELS:
        known += [setup_form(name, protocol) for protocol in protocols(name) or ("",)]
    return {
        name: field.label
        for form in reversed(known)
        for name, field in form.base_fields.items()
        if field.label
    }
