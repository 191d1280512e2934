"""What a contact was sent."""

from dataclasses import dataclass
from datetime import datetime

from clarion.audience.models import Contact
from clarion.deliveries.models import Delivery, Recipient, Run, RunStep
from clarion.deliveries.states import STEPS, Result, Stage, recipient_id, step_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """One message of a run to the contact."""

    campaign_name: str
    campaign_public_id: str
    run_number: int
    channel: str
    stage: Stage
    result: Result | None
    #: When its latest attempt ended; None while it waits.
    at: datetime | None


def messages_to(contact: Contact, limit: int = 20) -> list[Sent]:
    """Return the messages of the newest runs that the contact was in, newest first.

    The one question about a person over all runs: an index on the contact answers it in every partition.
    """
    people = Recipient.objects.filter(contact_id=contact.pk).order_by("-run_id")
    places = list(people.values_list("run_id", "id")[:limit])
    runs = Run.objects.select_related("campaign").filter(workspace_id=contact.workspace_id)
    known = runs.in_bulk([run_id for run_id, _id in places])
    found: list[Sent] = []
    for run_id, person in places:
        if (run := known.get(run_id)) is None:
            continue
        channels = dict(RunStep.objects.filter(run_id=run_id).values_list("step", "channel"))
        rows = Delivery.objects.filter(run_id=run_id, id__gte=person * STEPS, id__lt=(person + 1) * STEPS)
        found += [_sent(run, row, channels) for row in rows.order_by("id") if recipient_id(row.id) == person]
    return found[:limit]


def _sent(run: Run, row: Delivery, channels: dict[int, str]) -> Sent:
    return Sent(
        campaign_name=run.campaign.name,
        campaign_public_id=str(run.campaign.public_id),
        run_number=run.number,
        channel=channels.get(step_of(row.id), ""),
        stage=Stage(row.stage),
        result=Result(row.result) if row.result is not None else None,
        at=row.ended_at,
    )
