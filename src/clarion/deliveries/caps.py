"""Holding a run's people to the workspace's frequency caps, at the moment when they are added to it."""

from collections.abc import Sequence
from datetime import datetime

from clarion.audience import capping
from clarion.audience.addresses import owners_sql
from clarion.audience.segments import Compiled
from clarion.channels import registry
from clarion.deliveries import locks
from clarion.deliveries.models import Run
from clarion.deliveries.states import Skip

#: Where a statement that judges candidates has room for the condition; nothing to the database.
HERE = "/* caps */"


def held_to(
    run: Run,
    statement: str,
    channels: Sequence[str],
    now: datetime,
    *,
    is_taking: bool = True,
    people: int = 0,
) -> Compiled:
    """Return a statement that judges candidates with the workspace's frequency caps in it, and their parameters.

    Whoever calls is in the transaction that runs it, and asks anew for each: until its end no other run of the
    workspace takes somebody's last place, unless nobody's place is taken by it. A workspace without caps waits for
    nobody. `people` is as `capping.capped` has it.
    """
    if run.campaign.ignores_caps or not capping.rules_for(run.workspace, channels):
        return Compiled(statement, {})
    if is_taking:
        locks.hold_capping(run.workspace_id)
    held = capping.capped(
        run.workspace,
        channels=channels,
        address="candidate.address",
        contact=_contact_of(channels[0]),
        now=now,
        run_id=run.pk,
        people=people,
    )
    if held is None:
        return Compiled(statement, {})
    return Compiled(statement.replace(HERE, f"when {held.sql} then {Skip.CAPPED.value}"), held.parameters)


def _contact_of(channel: str) -> str:
    """Return the id of a candidate's contact as SQL: of rows of a file, that of whoever has the address."""
    owners = owners_sql(registry.get(channel).address_kind, "candidate.address")
    return f"coalesce(candidate.contact_id, (select o.id from ({owners}) o limit 1))"
