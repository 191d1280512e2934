"""The SQL of a run that costs something. A run that costs nothing is sent by `deliveries.statements` alone.

The step's row is locked before the run's, and the account's after both, by everybody.
"""

from clarion.deliveries import statements as plain


def _changed(statement: str, *changes: tuple[str, str]) -> str:
    """Return a statement with parts of it replaced. Each must be there: the two are kept in step by it."""
    for old, new in changes:
        if old not in statement:
            raise AssertionError(old)
        statement = statement.replace(old, new)
    return statement


#: What the run's messages cost; null where they cost nothing.
TARIFF = """
select t.tariff, r.workspace_id from deliveries_runstep t join deliveries_run r on r.id = t.run_id
where t.run_id = %s and t.step = %s
"""

#: First of all in a claim: what waited is claimed without it, and a step is locked before its run.
LOCK_STEP = "select 1 from deliveries_runstep where run_id = %s and step = %s for no key update"

#: No row when what is set apart for the step does not suffice.
HOLD = """
update deliveries_runstep set held = held + %(need)s, starved = null
where run_id = %(run)s and step = %(step)s and reserved - charged - held >= %(need)s
"""

ROOM = "select reserved - charged - held from deliveries_runstep where run_id = %(run)s and step = %(step)s"

AVAILABLE = "select balance - reserved from workspaces_account where workspace_id = %s for no key update"

#: Take more from the account. The constraint on it keeps what there is not from being taken.
TAKE = """
with a as (
    update workspaces_account set reserved = reserved + %(more)s, last_number = last_number + 1
    where workspace_id = %(workspace)s returning id, last_number, balance, reserved
), s as (
    update deliveries_runstep
    set reserved = reserved + %(more)s, held = held + %(need)s, starved = null, is_booked = false
    where run_id = %(run)s and step = %(step)s
)
insert into workspaces_ledgerentry
    (account_id, number, kind, balance_change, reserved_change, balance, reserved, campaign_id, campaign_name,
     run_id, step)
select a.id, a.last_number, 'RESERVE', 0, %(more)s, a.balance, a.reserved, c.id, c.name, r.id, %(step)s
from a, deliveries_run r join campaigns_campaign c on c.id = r.campaign_id where r.id = %(run)s
"""

STARVE = """
update deliveries_runstep set starved = %(need)s
where run_id = %(run)s and step = %(step)s and starved is distinct from %(need)s
"""

ADDRESSES = """
select d.id, coalesce(d.address, r.address) from deliveries_delivery d
join deliveries_recipient r on r.run_id = %(run)s and r.id = d.id >> 4
where d.run_id = %(run)s and d.id = any(%(ids)s)
"""

#: As `statements.SETTLE_SENT`; returns also what those cost that were changed, and what was held for them.
SETTLE_SENT = _changed(
    plain.SETTLE_SENT,
    ("provider_id = v.provider_id,", "provider_id = v.provider_id, cost = v.cost,"),
    (
        "%(provider_ids)s::text[])",
        "%(provider_ids)s::text[],\n                %(costs)s::bigint[], %(bounds)s::bigint[])",
    ),
    ("v(id, claim, code, provider_id)", "v(id, claim, code, provider_id, cost, bound)"),
    ("returning 1", "returning v.cost, v.bound"),
    (
        "select count(*)::int from u",
        "select count(*)::int, coalesce(sum(cost), 0)::bigint, coalesce(sum(bound), 0)::bigint from u",
    ),
)

#: As `statements.SETTLE_REST`; each row has also what was held, and what stays held for those that are unknown.
SETTLE_REST = _changed(
    plain.SETTLE_REST,
    ("code = v.code\n", "code = v.code, cost = case when v.stage = 5 then v.cost end\n"),
    (
        "%(backs)s::smallint[])",
        "%(backs)s::smallint[],\n                %(costs)s::bigint[], %(bounds)s::bigint[])",
    ),
    (
        "v(id, claim, stage, reason, code, detail, not_before, back)",
        "v(id, claim, stage, reason, code, detail, not_before, back, cost, bound)",
    ),
    ("v.not_before, v.back\n", "v.not_before, v.back, v.cost, v.bound\n"),
    (
        "min(detail) from u",
        "min(detail), sum(bound)::bigint,\n"
        "       coalesce(sum(cost) filter (where stage = 5), 0)::bigint from u",
    ),
)

#: As `statements.COUNT_STEP`, with the money in the same stroke.
COUNT_STEP = _changed(
    plain.COUNT_STEP,
    (
        "    deferred = deferred + %(deferred)s\n",
        "    deferred = deferred + %(deferred)s, charged = charged + %(charged)s, held = held - %(freed)s\n",
    ),
)
