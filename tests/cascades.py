"""Cascades for tests: people with some addresses, and outcomes that a test decides instead of a provider."""

import asyncio
from collections.abc import Callable, Mapping
from itertools import count
from typing import Any

from django.db import connection, transaction

from clarion.audience.models import Contact, Source, SourceKind
from clarion.campaigns.models import Campaign, Step
from clarion.campaigns.states import Status
from clarion.channels import registry
from clarion.deliveries import building, looking
from clarion.deliveries.models import Delivery, Recipient, Run
from clarion.deliveries.states import STEPS
from clarion.deliveries.store import PostgresStore, open_pool
from clarion.deliveries.workshop import Workshop
from clarion.engine.plan import RunSpec, Settled, Settlement
from clarion.senders.models import Sender
from clarion.workspaces.models import Workspace
from tests.conftest import conninfo

#: What each channel sends here.
CONTENTS = {
    "email": {"subject": "Hello {{ first_name }}", "html": "<p>Hello</p>", "text": "Hello"},
    "sms": {"text": "Hello {{ first_name }}"},
    "sandbox": {"subject": "Hello {{ first_name }}", "html": "<p>Hello</p>", "text": "Hello"},
}
#: (tier, channel) of each step.
EMAIL_THEN_SMS = ((0, "email"), (1, "sms"))
_numbers = count(1)

#: (recipient, step, attempt) → what becomes of the attempt.
Oracle = Callable[[int, int, int], Settled]


@transaction.atomic
def make_cascade(
    *,
    people: int | list[Mapping[str, str]],
    steps: tuple[tuple[int, str], ...] = EMAIL_THEN_SMS,
    configs: Mapping[str, dict[str, Any]] | None = None,
    **campaign: Any,
) -> Campaign:
    """Return a campaign about to be built for these people: their addresses, or how many with all of them.

    Made at once: a process that looks for work sees no campaign without its later steps.
    """
    workspace = Workspace.objects.create(slug=f"cascade-{next(_numbers)}", name="Cascade")
    wanted = [both(n) for n in range(1, people + 1)] if isinstance(people, int) else people
    Contact.objects.bulk_create(Contact(workspace=workspace, first_name="Ada", **one) for one in wanted)
    made = Campaign.objects.create(
        workspace=workspace,
        **{
            "name": "Reminder",
            "status": Status.BUILDING,
            "source": Source.objects.create(workspace=workspace, kind=SourceKind.CONTACTS),
        }
        | campaign,
    )
    for position, (tier, channel) in enumerate(steps):
        config = (configs or {}).get(channel, {})
        config = registry.get(channel).check_config(config) if config else {}
        sender = Sender.objects.create(
            workspace=workspace, channel=channel, name=f"{channel} {position}", config=config
        )
        Step.objects.create(
            campaign=made, position=position, tier=tier, channel=channel, sender=sender,
            body_source=CONTENTS[channel], body_content=CONTENTS[channel],
        )  # fmt: skip
    return made


def both(n: int) -> dict[str, str]:
    """Return the addresses of the n-th person."""
    return {"email": f"person{n}@example.test", "phone": f"+4930{n:08}"}


def built(campaign: Campaign) -> Run:
    """Return the campaign's run with everybody in it."""
    building.build(campaign.pk)
    return Run.objects.get(campaign=campaign)


def send(run: Run, oracle: Oracle) -> int:
    """Claim all that may go, and settle each attempt as the oracle says; return how many attempts that were."""

    async def story() -> int:
        made = 0
        async with open_pool(conninfo(), most=2) as pool:
            store = PostgresStore(pool, workshop=Workshop(), worker_id=1)
            for step in steps:
                spec = RunSpec(
                    run_id=run.pk, step=step, campaign_id=run.campaign_id, is_cascade=run.is_cascade
                )
                while claims := (batch := await store.claim(spec, next(_numbers), 100)).claims:
                    told = [
                        _settlement(batch.claim_id, claim.delivery_id, oracle, claim.attempt)
                        for claim in claims
                    ]
                    await store.settle(spec.key, told, [batch.claim_id])
                    made += len(told)
        return made

    steps = sorted(run.steps.values_list("step", flat=True))
    return asyncio.run(story())


def _settlement(claim_id: int, delivery: int, oracle: Oracle, attempt: int) -> Settlement:
    from clarion.engine.outcomes import Reason

    stage = oracle(delivery // STEPS, delivery % STEPS, attempt)
    reason = {Settled.FAILED: Reason.ADDRESS_UNKNOWN, Settled.UNKNOWN: Reason.CONNECTION_LOST}.get(stage)
    return Settlement(claim_id, delivery, stage, reason=reason, provider_id="1", code="250")


def follow(run: Run) -> None:
    """Do all that follows by now."""
    while looking.look(run):
        pass


def run_through(run: Run, oracle: Oracle) -> None:
    """Send and follow until nothing more comes of it."""
    while True:
        follow(run)
        if not send(run, oracle):
            return


def later(run: Run, minutes: int) -> None:
    """Let time pass for what waits in the run."""
    with connection.cursor() as cursor:
        for table, column in (("delivery", "ended_at"), ("look", "look_at")):
            cursor.execute(
                f"update deliveries_{table} set {column} = {column} - %s * interval '1 minute'"  # noqa: S608
                " where run_id = %s",
                [minutes, run.pk],
            )


def messages(run: Run) -> dict[int, dict[int, int]]:
    """Return each recipient's stages of messages by step."""
    found: dict[int, dict[int, int]] = {}
    for one, stage in Delivery.objects.filter(run_id=run.pk).values_list("id", "stage"):
        found.setdefault(one // STEPS, {})[one % STEPS] = stage
    return found


def stages(run: Run) -> dict[int, int]:
    """Return each recipient's own stage."""
    return dict(Recipient.objects.filter(run_id=run.pk).values_list("id", "stage"))
