"""What is done with an answer of a recipient: one that asks for no more is a wish to be left alone."""

from clarion.audience import operations as audience
from clarion.audience.models import SuppressionReason
from clarion.deliveries import optout
from clarion.workspaces.models import Workspace

#: Words that carriers oblige every sender to honour, alone in an answer and in any case (CTIA 5.1.2).
STOP_WORDS = frozenset({"stop", "stopall", "unsubscribe", "cancel", "end", "quit"})


def answer_received(
    *,
    workspace: Workspace,
    channel: str,
    address: str,
    text: str,
    run_id: int | None = None,
    delivery_id: int | None = None,
) -> bool:
    """Suppress the address if it asks for no more; return whether it did. `address` is normalised. Safe to repeat."""
    if text.strip(" \t\r\n.!\"'").casefold() not in STOP_WORDS:
        return False
    if run_id is not None and delivery_id is not None and optout.opt_out(run_id, delivery_id):
        return True
    audience.suppress(
        workspace=workspace, channel=channel, address=address, reason=SuppressionReason.UNSUBSCRIBED,
        origin="answer",
    )  # fmt: skip
    optout.skip_pending(workspace=workspace, channel=channel, address=address)
    return True
