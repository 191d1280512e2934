"""Campaigns and runs as JSON objects and as lines for people."""

from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from clarion.deliveries.models import Run
    from clarion.runtime.watching import Snapshot

#: Counters of a run, in the order in which they are told.
COUNTS = (
    "total", "pending", "in_flight", "sent", "partly", "failed", "skipped", "cancelled", "expired", "unknown",
)  # fmt: skip


def outcome(seen: "Snapshot") -> dict[str, Any]:
    """Return what `clarion send --json` prints. Whoever is in flight counts as pending."""
    run = seen.run
    counts = {name: getattr(run, name) if run else 0 for name in COUNTS}
    return {
        "campaign": str(seen.campaign.public_id),
        "run": run.pk if run else None,
        "status": seen.campaign.status.lower(),
        "total": counts["total"],
        "sent": counts["sent"],
        "partly": counts["partly"],
        "failed": counts["failed"],
        "skipped": counts["skipped"],
        "unknown": counts["unknown"],
        "pending": counts["pending"] + counts["in_flight"],
        "seconds": round(seen.seconds, 3),
    }


def campaign(seen: "Snapshot") -> dict[str, Any]:
    """Return a campaign with the counters of its latest run."""
    from clarion.campaigns import cascade

    one = seen.campaign
    return {
        "campaign": str(one.public_id),
        "name": one.name,
        "workspace": one.workspace.slug,
        "status": one.status.lower(),
        "pause_cause": one.pause_cause.lower(),
        "reason": one.status_reason,
        "approved_at": moment(one.approved_at),
        "run": seen.run.pk if seen.run else None,
        **{name: getattr(seen.run, name) if seen.run else 0 for name in COUNTS},
        "channels": [
            {"step": step.position, "tier": step.tier, "channel": step.channel}
            for step in cascade.ordered(one)
        ],
        "receipt_wait": one.receipt_wait,
        "rate_limit": one.rate_limit,
        "created_at": moment(one.created_at),
        "launch": one.launch.lower(),
        "zone": one.zone,
        "starts_at": moment(one.starts_at),
        "ends_at": moment(one.ends_at),
        "next_at": moment(one.next_at),
        "missed_at": moment(one.missed_at),
        "started_at": moment(one.started_at),
        "finished_at": moment(one.finished_at),
        "seconds": round(seen.seconds, 3),
    }


def run_in_short(one: "Run") -> dict[str, Any]:
    """Return a run with its counters of people, and how they differ from the run's before."""
    return {
        "run": one.pk,
        "number": one.number,
        **{name: getattr(one, name) for name in COUNTS},
        "difference": one.difference,
        "created_at": moment(one.created_at),
        "built_at": moment(one.built_at),
        "finished_at": moment(one.finished_at),
    }


def run(one: "Run") -> dict[str, Any]:
    """Return a run with its counters of people and, for each step, of messages."""
    from clarion.deliveries import queries

    return {
        "run": one.pk,
        "number": one.number,
        "campaign": str(one.campaign.public_id),
        "name": one.campaign.name,
        "status": one.campaign.status.lower(),
        **{name: getattr(one, name) for name in COUNTS},
        "waterfall": one.waterfall,
        "created_at": moment(one.created_at),
        "built_at": moment(one.built_at),
        "first_sent_at": moment(one.first_sent_at),
        "last_sent_at": moment(one.last_sent_at),
        "finished_at": moment(one.finished_at),
        "steps": [
            {
                "step": step.step,
                "channel": step.channel,
                **{
                    name: getattr(step, name)
                    for name in (
                        "tier",
                        "made",
                        "left_out",
                        "handed",
                        "accepted",
                        "deferred",
                        "failed",
                        "unknown",
                        "delivered",
                        "bounced",
                    )
                },
            }
            for step in queries.lean_steps(one)
        ],
        "problems": [
            {
                "reason": group.reason.name,
                "sentence": group.reason.sentence,
                "stage": group.stage.name.lower(),
                "count": group.count,
                "codes": [
                    {"code": code.code, "count": code.count, "sample": code.sample} for code in group.codes
                ],
            }
            for group in queries.problems(one)
        ],
    }


def moment(at: Any) -> str | None:
    """Return a time in UTC as ISO 8601."""
    return at.isoformat().replace("+00:00", "Z") if at else None


def dump(value: Any) -> None:
    """Print JSON on stdout."""
    import orjson

    typer.echo(orjson.dumps(value).decode())


def counts_in_words(run: "Run") -> str:
    """Return the counters that are not zero: `20,000 people: 19,998 sent, 2 failed`."""
    parts = [
        f"{getattr(run, name):,} {name.replace('_', ' ')}"
        for name in (
            "sent",
            "partly",
            "failed",
            "unknown",
            "skipped",
            "cancelled",
            "expired",
            "in_flight",
            "pending",
        )
        if getattr(run, name)
    ]
    people = "person" if run.total == 1 else "people"
    return f"{run.total:,} {people}" + (f": {', '.join(parts)}" if parts else "")
