"""What notices of receipts say, which are noted by the hundred, and whose messages they are."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from hashlib import blake2b
from typing import Any

from clarion.deliveries.models import Run, RunStep
from clarion.deliveries.states import Result, recipient_id, step_of
from clarion.deliveries.telling.feeding import key_of
from clarion.webhooks import events, publishing
from clarion.webhooks.models import Kind

_TYPES = {
    Result.TAKEN: "receipt.passed_on",
    Result.DELAYED: "receipt.delayed",
    Result.DELIVERED: "receipt.delivered",
    Result.READ: "receipt.read",
    Result.CLICKED: "receipt.clicked",
    Result.REPLIED: "receipt.replied",
    Result.BOUNCED: "receipt.bounced",
    Result.COMPLAINED: "receipt.complained",
    Result.UNSUBSCRIBED: "receipt.unsubscribed",
}

#: A part of the statement that keeps receipts, whose new rows are called `kept`: one notice for all of them.
NOTED = f"""noted as (
    insert into webhooks_notice (workspace_id, kind, body)
    select %(workspace)s, %(kind)s, jsonb_build_object(
        'run', %(run)s::bigint, 'rows',
        jsonb_agg(jsonb_build_array(k.delivery_id, k.event_key, k.result, k.at, k.code) order by k.delivery_id, k.at))
    from kept k where {publishing.WANTED} having count(*) > 0
)"""


def asked_by(workspace_id: int) -> dict[str, Any]:
    """Return the parameters of NOTED."""
    return {"workspace": workspace_id, "kind": Kind.RECEIPT.value}


def note_receipt(run_id: int, delivery_id: int, event_key: str, result: Result, at: datetime) -> None:
    """Note one receipt in the caller's transaction, for those who ask for receipts."""
    run = Run.objects.only("workspace_id").filter(pk=run_id).first()
    if run is not None:
        row = [delivery_id, event_key, result.value, at.isoformat(), ""]
        publishing.note(run.workspace_id, Kind.RECEIPT, {"run": run_id, "rows": [row]})


def receipts(body: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """Return the events that a notice of receipts is about; none when the run is gone."""
    run = (
        Run.objects.select_related("campaign")
        .only("number", "campaign__public_id")
        .filter(pk=body["run"])
        .first()
    )
    if run is None:
        return []
    channels = dict(RunStep.objects.filter(run=run).values_list("step", "channel"))
    return [_receipt(run, channels, *row) for row in body["rows"]]


def _receipt(
    run: Run, channels: Mapping[int, str], delivery_id: int, event_key: str, result: int, at: str, code: str
) -> dict[str, Any]:
    step = step_of(delivery_id)
    facts = f"{run.pk}:{delivery_id}:{event_key}"
    return events.made(
        _TYPES[Result(result)],
        id=f"rcp-{blake2b(facts.encode(), digest_size=16).hexdigest()}",
        key=key_of(run.pk, delivery_id),
        data={
            "campaign": str(run.campaign.public_id), "run": run.number, "recipient": recipient_id(delivery_id),
            "step": step, "channel": channels.get(step, ""), "said_at": at, "code": code or "",
        },
    )  # fmt: skip
