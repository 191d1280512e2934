"""What a compose form holds."""

from typing import Any

from clarion.workspaces.models import Membership
from tests.integration.campaigns import making


def filled(member: Membership, **changes: Any) -> dict[str, Any]:
    """Return a compose form that says everything."""
    sender = making.make_sender(member.workspace)
    making.make_contacts(member.workspace, 3)
    return {
        "name": "Autumn", "tags": "q4, de", "notes": "", "audience": "CONTACTS", "sender": str(sender.public_id),
        "content": "own", "subject": "Hi {{ first_name }}", "preheader": "", "mode": "html",
        "source": '<p>Hello</p><a href="{{ unsubscribe_url }}">out</a>', "text": "", "launch": "NOW",
        "zone": "Europe/Berlin", "delay_min": "0", "delay_max": "2.5", "rate_limit": "",
    } | changes  # fmt: skip
