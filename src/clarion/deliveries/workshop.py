"""Transports and composers for the engine, made from senders and runs."""

from functools import partial
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import close_old_connections

from clarion.channels import registry, tongues
from clarion.channels.base import ConfigInvalid, Hears, StepContext
from clarion.channels.exchanges import Recorded
from clarion.deliveries import operations
from clarion.deliveries.inbox.putting import Sink
from clarion.deliveries.models import Run, RunStep
from clarion.deliveries.tracking import preparing
from clarion.engine.messages import RenderFailed
from clarion.engine.outcomes import REASONS, Reason
from clarion.engine.plan import LaneSpec, RunSpec
from clarion.engine.ports import Composer, Transport
from clarion.lib import keys
from clarion.senders import secrets
from clarion.senders.exchanges import Log
from clarion.senders.models import Sender


class Workshop:
    """`deliveries.store.Workshop` on Django's models. Each method runs in a thread of its own.

    What providers bring on transports' own connections goes to `sink`, on the loop of the lanes; some of what is said
    with them to `log`.
    """

    def __init__(self, sink: Sink | None = None, log: Log | None = None) -> None:
        self._sink, self._log = sink, log

    def transport(self, spec: LaneSpec) -> Transport:
        """Return the sender's transport with the lane's share of its connections."""
        close_old_connections()
        sender = Sender.objects.get(pk=spec.sender_id)
        channel = registry.get(sender.channel)
        config = secrets.ready_config(sender)
        connections = config.get("connections")
        if isinstance(connections, int):
            config["connections"] = max(1, connections // spec.lanes)
        if config.get("outbox") == "":
            # The sandbox's receipts are read from here by `runtime.receipts`.
            config["outbox"] = str(Path(settings.CLARION_HOME) / "outbox" / str(sender.public_id))
        transport = channel.transport(config)
        if self._sink is not None and isinstance(transport, Hears):
            transport.hear(partial(self._sink.put, spec.sender_id))
        if self._log is not None and isinstance(transport, Recorded):
            transport.record(self._log.of(spec.sender_id, sender.channel, config))
        return transport

    def composer(self, spec: LaneSpec, run: RunSpec) -> Composer:
        """Return the composer of the run's step. Raises RenderFailed."""
        close_old_connections()
        step = RunStep.objects.get(run_id=run.run_id, step=run.step)
        ledger = Run.objects.select_related("campaign").get(pk=run.run_id)
        sender = Sender.objects.get(pk=step.sender_id)
        return compose_with(step, ledger, secrets.ready_config(sender))

    def refuse_sender(self, sender_id: int, reason: Reason, detail: str) -> None:
        """Block the sender and pause its campaigns."""
        close_old_connections()
        operations.refuse_sender(sender_id, reason, detail)

    def pause_campaign(self, campaign_id: int, reason: Reason, detail: str) -> None:
        """Pause a campaign whose content the provider refused."""
        close_old_connections()
        told = REASONS[reason].sentence + (f" ({detail})" if detail else "")
        operations.pause_unsayable(campaign_id, told)

    def fail_run(self, run_id: int, sentence: str) -> None:
        """End the run's campaign as failed."""
        close_old_connections()
        operations.fail_campaign(Run.objects.get(pk=run_id).campaign_id, sentence)


def compose_with(step: RunStep, run: Run, config: dict[str, Any]) -> Composer:
    """Return the composer by which the step's messages are, or were, made."""
    context = StepContext(
        workspace_id=run.workspace_id,
        run_id=run.pk,
        campaign_public_id=str(run.campaign.public_id),
        public_url=settings.CLARION_PUBLIC_URL,
        token_key=keys.derive(settings.SECRET_KEY, keys.TOKENS),
    )
    context = preparing.context_of(step, context)
    channel = registry.get(step.channel)
    try:
        return tongues.composer(channel, step.content, config, context)
    except ConfigInvalid as problem:
        raise RenderFailed(str(problem)) from problem
