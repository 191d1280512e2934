"""Whether a contact may be written to on a channel, as other statements ask it.

A contact that withdrew its consent is left out in any case; where the workspace asks for consent on the channel, so
is one that has not given it.
"""

from clarion.workspaces.models import Workspace


def is_required(workspace: Workspace, channel: str) -> bool:
    """Whether the workspace writes on the channel only to those who gave their consent."""
    return channel in workspace.consent_channels


def unwilling_sql(workspace: Workspace, channel: str, contact: str = "c") -> str:
    """Return the condition that a contact is left out for want of consent; its parameter is `channel`."""
    if is_required(workspace, channel):
        return f"not (%(channel)s = any({contact}.consents))"
    return f"%(channel)s = any({contact}.refusals)"


def owner_unwilling_sql(workspace: Workspace, channel: str, owner: str = "owner") -> str:
    """Return the condition about the owners of an address, whose `refuses` and `agrees` are null when there is none.

    Of several owners of one telephone, one that refuses refuses for all.
    """
    if is_required(workspace, channel):
        return f"not coalesce({owner}.agrees, false) or coalesce({owner}.refuses, false)"
    return f"coalesce({owner}.refuses, false)"
