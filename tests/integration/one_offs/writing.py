"""One-offs for tests: who writes them, and to whom."""

from typing import Any

from clarion.campaigns.models import Campaign
from clarion.campaigns.operations import Addressee, Said, send_one_off
from clarion.senders.models import Sender
from clarion.workspaces.models import Membership
from tests.integration.campaigns import making

WORDS = {"mode": "text", "subject": "Your order", "preheader": "", "source": "It is on its way.", "text": ""}


def sandbox_of(by: Membership) -> Sender:
    """Return the workspace's sandbox sender."""
    there = Sender.objects.filter(workspace=by.workspace, channel="sandbox").first()
    return there or making.make_sender(by.workspace, channel="sandbox", name="Sandbox", config={})


def written(by: Membership, to: str = "ada@example.test", **said: Any) -> Campaign:
    """Return a one-off that was sent, with words of its own, by the sandbox."""
    facts: dict[str, Any] = {"sender": said.pop("sender", None) or sandbox_of(by)}
    facts["to"] = said.pop("addressee", Addressee(address=to))
    facts["said"] = Said(body=said.pop("body", WORDS))
    return send_one_off(by=making.actor(by), **facts, **said)
