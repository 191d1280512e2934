"""Who has had their share of messages: a workspace's frequency caps as one condition for other statements.

A message counts for a person when it was sent, or may have been, within a rule's last days, or when it waits to be
sent: two campaigns that are put together at the same time cannot both take somebody's last place. A person is their
contact, where one is known, and their address.

The ledger is read by its tables' names, since it stands above the audience. Messages of runs that are over are looked
up in `deliveries_contacted`, which `deliveries.counting` fills; those of runs that are not counted there yet in the
runs themselves, so the answer is exact at any moment.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection

from clarion.audience.models import FrequencyCap, OptOutRules
from clarion.audience.segments import Compiled
from clarion.workspaces.models import Workspace

#: The digest of a person: seeded by the workspace, so that no other workspace's people are meant.
WHO_BY_ADDRESS = "hashtextextended({address}, %(cap_workspace)s)"
WHO_BY_CONTACT = "hashtextextended('#' || {contact}, %(cap_workspace)s)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """At most so many messages in so many days, on the channel or, when it is empty, over all."""

    channel: str
    messages: int
    days: int


def rules_for(workspace: Workspace, channels: Sequence[str]) -> list[Rule]:
    """Return the workspace's rules that a message by these channels is held to."""
    found = FrequencyCap.objects.filter(workspace=workspace, channel__in=["", *channels])
    ordered = found.order_by("channel", "days").values_list("channel", "messages", "days")
    return [Rule(channel=channel, messages=messages, days=days) for channel, messages, days in ordered]


def capped(
    workspace: Workspace,
    *,
    channels: Sequence[str],
    address: str,
    contact: str,
    now: datetime,
    campaign_id: int | None = None,
    run_id: int | None = None,
) -> Compiled | None:
    """Return the condition that a person has had their share by `now`; None where no rule concerns the channels.

    `address` and `contact` are expressions of SQL: a normalised address, and a contact's id or null. The run, and what
    is open of the campaign, are left out of the count: a run does not stand in its own way.
    """
    rules = rules_for(workspace, channels)
    if not rules:
        return None
    farthest = max(rule.days for rule in rules)
    is_counted = OptOutRules.objects.filter(pk=workspace.pk, counted_days__gte=farthest).exists()
    since = now - timedelta(days=farthest)
    runs = _uncounted(workspace, since, is_counted=is_counted, campaign_id=campaign_id, run_id=run_id)
    parts = [_COUNTED] * is_counted + [_OPEN] * bool(runs)
    if not parts:
        return Compiled("false", {})
    limits: dict[str, object] = {}
    conditions = []
    for number, rule in enumerate(rules):
        limits |= {
            f"cap{number}_since": now - timedelta(days=rule.days),
            f"cap{number}_most": rule.messages,
        }
        on = ""
        if rule.channel:
            limits[f"cap{number}_channel"] = rule.channel
            on = f" and got.channel = %(cap{number}_channel)s"
        conditions.append(
            f"count(*) filter (where got.at > %(cap{number}_since)s{on}) >= %(cap{number}_most)s"
        )
    got = " union all ".join(parts).replace("{address}", address).replace("{contact}", contact)
    return Compiled(
        f"exists (select from ({got}) got having {' or '.join(conditions)})",
        limits | {"cap_workspace": workspace.pk, "cap_since": since, "cap_now": now, "cap_runs": runs},
    )


_COUNTED = f"""
    select cap_k.at, cap_k.channel from deliveries_contacted cap_k
    where cap_k.who = any(array[{WHO_BY_ADDRESS}, {WHO_BY_CONTACT}])
      and cap_k.at > %(cap_since)s and cap_k.run_id <> all(%(cap_runs)s::bigint[])
"""  # noqa: S608

#: By the address's index in each run, and by the contact's for whoever was written to elsewhere. No statement that this
#: is put into uses such names.
_OPEN = """
    select case when cap_d.stage in (2, 5) then coalesce(cap_d.ended_at, %(cap_now)s) else %(cap_now)s end as at,
           cap_s.channel
    from unnest(%(cap_runs)s::bigint[]) cap_o(run_id)
    cross join lateral (
        select cap_r.id from deliveries_recipient cap_r
        where cap_r.run_id = cap_o.run_id and cap_r.address = {address} and cap_r.skip is null
        union
        select cap_r.id from deliveries_recipient cap_r
        where cap_r.run_id = cap_o.run_id and cap_r.contact_id = {contact} and cap_r.skip is null
    ) cap_p
    join deliveries_delivery cap_d
      on cap_d.run_id = cap_o.run_id and cap_d.id between cap_p.id * 16 and cap_p.id * 16 + 15
     and cap_d.stage in (0, 1, 2, 5)
    join deliveries_runstep cap_s on cap_s.run_id = cap_o.run_id and cap_s.step = cap_d.id & 15
"""

_UNCOUNTED = """
    select id from deliveries_run
    where workspace_id = %(workspace)s and last_recipient_id > 0
      and (finished_at is null
           or coalesce(last_sent_at, finished_at) > %(since)s
              and (not %(is_counted)s or counted_id < last_recipient_id))
      and id is distinct from %(run)s
      and (campaign_id is distinct from %(campaign)s or finished_at is not null)
    order by id
"""


def _uncounted(
    workspace: Workspace,
    since: datetime,
    *,
    is_counted: bool,
    campaign_id: int | None,
    run_id: int | None,
) -> list[int]:
    """Return the runs that may count and whose messages are to be looked up in themselves."""
    with connection.cursor() as cursor:
        cursor.execute(
            _UNCOUNTED,
            {
                "workspace": workspace.pk, "since": since, "is_counted": is_counted, "run": run_id,
                "campaign": campaign_id,
            },
        )  # fmt: skip
        return [row[0] for row in cursor.fetchall()]
