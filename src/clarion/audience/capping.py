"""Who has had their share of messages: a workspace's frequency caps as one condition for other statements.

A message counts for a person when it was sent, or may have been, within a rule's last days, or when it waits to be
sent: two campaigns that are put together at the same time cannot both take somebody's last place. A person is
their address; across channels, all addresses of their contact.

The ledger is read by its tables' names, since it stands above the audience. Messages of runs that are over are looked
up in `deliveries_contacted`, which `deliveries.counting` fills; those of runs that are not counted there yet in the
runs themselves, so the answer is exact at any moment.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from clarion.audience import shortlisting
from clarion.audience.addresses import CONTACT_ADDRESS_COLUMNS, kinds, preferred_sql
from clarion.audience.models import Address, Contact, FrequencyCap, OptOutRules
from clarion.audience.segments import Compiled
from clarion.channels import registry
from clarion.workspaces.models import Workspace
from clarion.workspaces.prepared import Prepared

#: The digest of an address: seeded by the workspace, so that no other workspace's people are meant.
WHO = "hashtextextended({address}, %(cap_workspace)s)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """At most so many messages in so many days, on the channel or, when it is empty, over all."""

    channel: str
    messages: int
    days: int


def rules_for(workspace: Workspace, channels: Sequence[str]) -> list[Rule]:
    """Return the workspace's rules that a message by these channels is held to."""
    held = {"", *channels}
    return [
        Rule(channel=one.channel, messages=one.messages, days=one.days)
        for one in _CAPS.all(workspace=workspace.pk)
        if one.channel in held
    ]


_CAPS = Prepared(
    lambda workspace: FrequencyCap.objects.filter(workspace_id=workspace).order_by("channel", "days"),
    workspace=-1,
)


def capped(
    workspace: Workspace,
    *,
    channels: Sequence[str],
    address: str,
    contact: str,
    now: datetime,
    campaign_id: int | None = None,
    run_id: int | None = None,
    people: int = 0,
) -> Compiled | None:
    """Return the condition that a person has had their share by `now`; None where no rule concerns the channels.

    `address` and `contact` are expressions of SQL: a normalised address, and a contact's id or null. The run, and what
    is open of the campaign, are left out of the count: a run does not stand in its own way. Of a run, `people` is about
    how many are still to be asked about; for very many, those who may have had their share are listed first.
    """
    rules = rules_for(workspace, channels)
    if not rules:
        return None
    farthest = max(rule.days for rule in rules)
    is_counted = OptOutRules.objects.filter(pk=workspace.pk, counted_days__gte=farthest).exists()
    since = now - timedelta(days=farthest)
    steps = _uncounted(workspace, since, is_counted=is_counted, campaign_id=campaign_id, run_id=run_id)
    own = registry.get(channels[0]).address_kind
    # The contact's other addresses are looked up only where a rule is about them.
    is_over_all = any(not rule.channel or registry.get(rule.channel).address_kind != own for rule in rules)
    of_kinds = {own: address}
    if is_over_all:
        of_kinds |= {
            kind: _OTHER.replace("{preferred}", f"nullif({preferred_sql(kind, 'cap_c')}, '')").replace(
                "{contact}", contact
            )
            for kind in kinds()
            if kind != own and _is_had(workspace, kind)
        }
    keys = ", ".join(WHO.replace("{address}", one) for one in of_kinds.values())
    which = f"= any(array[{keys}])" if len(of_kinds) > 1 else f"= {keys}"
    parts = [_COUNTED.replace("{which}", which)] * is_counted
    parameters: dict[str, object] = {
        "cap_workspace": workspace.pk,
        "cap_since": since,
        "cap_now": now,
        "cap_runs": sorted({step.run_id for step in steps}),
    }
    for kind, of_person in of_kinds.items():
        of_kind = [step for step in steps if step.kind == kind]
        if not of_kind:
            continue
        parameters |= {
            f"cap_runs_{kind}": [step.run_id for step in of_kind],
            f"cap_steps_{kind}": [step.step for step in of_kind],
            f"cap_channels_{kind}": [step.channel for step in of_kind],
        }
        parts.append(_OPEN.replace("{kind}", kind).replace("{address}", of_person))
    if not parts:
        return Compiled("false", {})
    conditions, shares = [], []
    for number, rule in enumerate(rules):
        parameters |= {
            f"cap{number}_since": now - timedelta(days=rule.days),
            f"cap{number}_most": rule.messages,
        }
        on = ""
        if rule.channel:
            parameters[f"cap{number}_channel"] = rule.channel
            on = f" and got.channel = %(cap{number}_channel)s"
        counted = f"got.at > %(cap{number}_since)s{on}"
        conditions.append(f"count(*) filter (where {counted}) >= %(cap{number}_most)s")
        # What is not noted yet may add one message for each step; the rest is parted among a person's addresses.
        others = sum(rule.channel in ("", step.channel) for step in steps)
        least = math.ceil((rule.messages - others) / len(of_kinds))
        shares.append(shortlisting.Share(condition=counted, least=least))
    got = " union all ".join(parts)
    full = f"exists (select from ({got}) got having {' or '.join(conditions)})"
    if run_id is None or not people:
        return Compiled(full, parameters)
    known = [is_counted, of_kinds, rules, steps, _noted(workspace)]
    listed = shortlisting.shortlisted(
        run_id=run_id, people=people, shares=shares, known=known, parameters=parameters
    )
    if listed is None:
        return Compiled(full, parameters)
    if not listed:
        return Compiled("false", {})
    parameters["cap_run"] = run_id
    listed_sql = _LISTED_AMONG_MANY if listed > MANY else _LISTED
    return Compiled(f"({listed_sql.replace('{which}', which)} and {full})", parameters)


_COUNTED = """
    select cap_k.at, cap_k.channel from deliveries_contacted cap_k
    where cap_k.who {which} and cap_k.at > %(cap_since)s and cap_k.run_id <> all(%(cap_runs)s::bigint[])
"""

#: Whether somebody is on the list: of few by all of them, read once a statement and hashed, of many by a look for each.
_LISTED = "exists (select from cap_shortlist cap_l where cap_l.run_id = %(cap_run)s and cap_l.who {which})"
_LISTED_AMONG_MANY = """(
    select true from cap_shortlist cap_l where cap_l.run_id = %(cap_run)s and cap_l.who {which} limit 1
) is not null"""
MANY = 10_000

#: Messages of some steps of runs, by the address's index in each. Every key is compared with `=`, or the planner reads
#: whole runs. No statement that this is put into uses such names.
_OPEN = """
    select case when cap_d.stage in (2, 5) then coalesce(cap_d.ended_at, %(cap_now)s) else %(cap_now)s end as at,
           cap_s.channel
    from unnest(%(cap_runs_{kind})s::bigint[], %(cap_steps_{kind})s::smallint[], %(cap_channels_{kind})s::text[])
         cap_s(run_id, step, channel)
    join deliveries_recipient cap_r on cap_r.run_id = cap_s.run_id and cap_r.address = {address} and cap_r.skip is null
    join deliveries_delivery cap_d on cap_d.run_id = cap_s.run_id and cap_d.id = cap_r.id * 16 + cap_s.step
     and cap_d.stage in (0, 1, 2, 5)
"""
#: The address of another kind by which the same person is written to.
_OTHER = "(select {preferred} from audience_contact cap_c where cap_c.id = {contact})"

_UNCOUNTED = """
    select run.id, step.step, step.channel
    from deliveries_run run join deliveries_runstep step on step.run_id = run.id
    where run.workspace_id = %(workspace)s and run.last_recipient_id > 0
      and (run.finished_at is null
           or coalesce(run.last_sent_at, run.finished_at) > %(since)s
              and (not %(is_counted)s or run.counted_id < run.last_recipient_id))
      and run.id is distinct from %(run)s
      and (run.campaign_id is distinct from %(campaign)s or run.finished_at is not null)
    order by run.id, step.step
"""

#: What is noted of which runs: it changes with every note.
_NOTED = """
select count(*), max(id), sum(hashint8extended(counted_id, id)) from deliveries_run
where workspace_id = %s and counted_id > 0 and finished_at is not null
"""


def _noted(workspace: Workspace) -> tuple[object, ...]:
    with connection.cursor() as cursor:
        cursor.execute(_NOTED, [workspace.pk])
        found: tuple[object, ...] = cursor.fetchone()
        return found


def _is_had(workspace: Workspace, kind: str) -> bool:
    """Whether anybody of the workspace has an address of that kind: others need not be looked for, person by person."""
    if column := CONTACT_ADDRESS_COLUMNS.get(kind):
        return Contact.objects.filter(workspace=workspace).exclude(**{column: ""}).exists()
    return Address.objects.filter(workspace=workspace, kind=kind, is_preferred=True).exists()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Step:
    """A step of a run whose messages are to be looked up in itself."""

    run_id: int
    step: int
    channel: str
    #: Of the addresses that it writes to.
    kind: str


def _uncounted(
    workspace: Workspace,
    since: datetime,
    *,
    is_counted: bool,
    campaign_id: int | None,
    run_id: int | None,
) -> list[_Step]:
    """Return the steps of the runs that may count and are not, or not wholly, in `deliveries_contacted`."""
    facts: dict[str, Any] = {
        "workspace": workspace.pk, "since": since, "is_counted": is_counted, "run": run_id, "campaign": campaign_id,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_UNCOUNTED, facts)
        return [
            _Step(run_id=run, step=step, channel=channel, kind=registry.get(channel).address_kind)
            for run, step, channel in cursor.fetchall()
        ]
