"""All that is known of one person, as they may ask for it: a file for programs and the same to read, in a ZIP."""

import zipfile
from datetime import datetime
from typing import IO, Any

import orjson
from django.template.loader import render_to_string
from django.utils import timezone

from clarion.audience import addresses, queries
from clarion.audience.models import Contact, Suppression
from clarion.channels import registry
from clarion.deliveries import history
from clarion.deliveries.models import Attempt, Delivery, Receipt, Recipient
from clarion.deliveries.states import Result, Stage, delivery_id
from clarion.lib.sentences import spoken
from clarion.workspaces.models import AuditEvent


def data_of(contact: Contact) -> dict[str, Any]:
    """Return everything about the person as JSON's types, times in UTC. Reads every message that they were sent."""
    return {
        "made_at": _time(timezone.now()),
        "workspace": contact.workspace.name,
        "contact": _contact(contact),
        "addresses": addresses.all_of(contact),
        "attributes": dict(sorted(contact.attributes.items())),
        "tags": sorted(contact.tags),
        "lists": [one.name for one in queries.lists_of(contact)],
        "consent": {
            "given": list(contact.consents),
            "withdrawn": list(contact.refusals),
            "history": [
                {
                    "channel": one.channel, "state": one.state, "source": one.source, "note": one.note,
                    "at": _time(one.at),
                }
                for one in queries.consent_history(contact, limit=10_000)
            ],
        },
        "suppressions": [_suppression(one) for one in queries.suppressions_of(contact)],
        "messages": [_message(one) for one in history.all_messages(contact)],
        "changes": _changes(contact),
    }  # fmt: skip


def write_zip(contact: Contact, file: IO[bytes]) -> None:
    """Write person.json and person.html into the file as a ZIP."""
    data = data_of(contact)
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("person.json", orjson.dumps(data, option=orjson.OPT_INDENT_2))
        archive.writestr("person.html", render_to_string("contacts/person_file.html", {"data": data}))


def _contact(contact: Contact) -> dict[str, Any]:
    return {
        "id": str(contact.public_id),
        "first_name": contact.first_name,
        "last_name": contact.last_name,
        "language": contact.language,
        "time_zone": contact.zone,
        "state": contact.state,
        "added_at": _time(contact.created_at),
        "changed_at": _time(contact.updated_at),
    }


def _suppression(one: Suppression) -> dict[str, Any]:
    return {
        "channel": one.channel, "address": one.address, "reason": one.reason, "origin": one.origin,
        "at": _time(one.created_at),
    }  # fmt: skip


def _message(one: history.Sent) -> dict[str, Any]:
    key = delivery_id(one.recipient_id, one.step)
    of_run = {"run_id": one.run_id, "delivery_id": key}
    person = Recipient.objects.filter(run_id=one.run_id, id=one.recipient_id).first()
    delivery = Delivery.objects.filter(run_id=one.run_id, id=key).first()
    return {
        "campaign": one.campaign_name,
        "run": one.run_number,
        "channel": spoken(registry.get(one.channel).label) if one.channel in registry.CHANNELS else one.channel,
        "address": person.address if person else "",
        "values": person.variables if person else {},
        "stage": one.stage.name,
        "left_out": one.skip.name if one.skip else None,
        "at": _time(one.at),
        "provider_id": delivery.provider_id if delivery else None,
        "attempts": [
            {"number": row.number, "at": _time(row.ended_at), "stage": Stage(row.stage).name, "said": row.detail}
            for row in Attempt.objects.filter(**of_run).order_by("number")
        ],
        "receipts": [
            {"at": _time(row.at), "result": Result(row.result).name, "said": row.detail}
            for row in Receipt.objects.filter(**of_run).order_by("at")
        ],
    }  # fmt: skip


def _changes(contact: Contact) -> list[dict[str, Any]]:
    """Return the trail's events about the contact; members are named by what they did alone."""
    events = AuditEvent.objects.filter(
        workspace_id=contact.workspace_id, object_kind="contact", object_id=str(contact.public_id)
    ).order_by("number")
    return [{"at": _time(one.at), "action": one.action, "fields": sorted(one.changes)} for one in events]


def _time(moment: datetime | None) -> str | None:
    return moment.isoformat(timespec="seconds") if moment else None
