"""The engine's SQL, one named statement each. Array parameters are sent in binary, which halves their cost.

Rows are locked in one order everywhere, so that nothing deadlocks: deliveries, then the step, then the run.
"""

#: Everything that may be sent now, a row for each step of each run.
PLAN = """
select s.id, s.channel, s.lanes,
       md5(s.config::text || encode(s.sealed, 'hex') || s.lanes::text || s.channel),
       s.limit_second, s.limit_minute, s.limit_hour, s.limit_day,
       r.id, rs.step, c.id, c.weight, c.rate_limit, c.delay_min, c.delay_max,
       c.windows, coalesce(nullif(c.window_zone, ''), c.zone), c.window_is_recipients, c.ends_at, r.is_cascade
from deliveries_run r
join campaigns_campaign c on c.id = r.campaign_id and c.status = 'SENDING'
join workspaces_workspace w on w.id = r.workspace_id and w.halted_at is null and w.campaigns_enabled
join deliveries_runstep rs on rs.run_id = r.id
join senders_sender s on s.id = rs.sender_id and s.status = 'ACTIVE'
where r.finished_at is null and r.closing_stage is null
  and (r.pending > 0 or r.in_flight > 0 or r.built_at is null)
order by s.id, r.id, rs.step
"""

#: What limits the sender, held until the transaction ends: its lanes are opened one after another, so that each
#: finds what the one before has put.
SENDER_LIMITS = """
select lanes, limit_second, limit_minute, limit_hour, limit_day from senders_sender where id = %s for no key update
"""

LANE_STATES = """
select lane, lanes, limits, reserved, aside from senders_senderlane where sender_id = %s order by lane for update
"""

DROP_LANES = "delete from senders_senderlane where sender_id = %s and lane >= %s"

PUT_LANES = """
insert into senders_senderlane (sender_id, lane, lanes, limits, reserved, aside, open_detail, rate, saved_at)
select %(sender)s, lane, %(lanes)s, %(limits)s::jsonb, 0, 0, '', 0, now()
from generate_series(0, %(lanes)s - 1) lane
on conflict (sender_id, lane) do update
set lanes = excluded.lanes, limits = excluded.limits, reserved = 0, aside = 0, worker_id = null
"""

OWN_LANE = """
update senders_senderlane set worker_id = %(worker)s where sender_id = %(sender)s and lane = %(lane)s
"""

#: No row when the lane has another owner, or the sender's limits are shared out anew.
RESERVE = """
update senders_senderlane set reserved = reserved + %(count)s
where sender_id = %(sender)s and lane = %(lane)s and lanes = %(lanes)s and worker_id = %(worker)s
"""

#: Take what waited until now off the waiting list, if the run may be sent; no row when it may not. The condition
#: stands before the delete, because a delete in a WITH is carried out whether its rows are asked for or not.
DUE = """
with go as (
    select 1 from deliveries_run r
    join campaigns_campaign c on c.id = r.campaign_id and c.status = 'SENDING'
    join workspaces_workspace w on w.id = r.workspace_id and w.halted_at is null and w.campaigns_enabled
    where r.id = %(run)s and r.closing_stage is null
), due as (
    delete from deliveries_waiting
    where run_id = %(run)s and exists (select from go) and delivery_id in (
        select delivery_id from deliveries_waiting
        where run_id = %(run)s and step = %(step)s and not_before <= now()
        order by not_before limit %(limit)s for update skip locked)
    returning delivery_id
)
select array(select delivery_id from due),
       (select extract(epoch from min(not_before))::float8 from deliveries_waiting
        where run_id = %(run)s and step = %(step)s and not_before > now())
from go
"""

#: Move a step's cursor on; returns where it was, up to the first message that is pending, and where it is. No row
#: when it is at the end. However many people in between are left out: they have no message, or a settled one.
MOVE_CURSOR = """
update deliveries_runstep t set cursor = least(next.before + %(limit)s, next.last)
from (select cursor from deliveries_runstep where run_id = %(run)s and step = %(step)s for update) was,
     lateral (
        -- Only recipients up to `released_id` may be sent to yet.
        select least(r.last_recipient_id, r.released_id) as last from deliveries_run r where r.id = %(run)s
     ) open,
     lateral (
        select open.last, coalesce((
            select (d.id >> 4) - 1 from deliveries_delivery d
            where d.run_id = %(run)s and d.id between (was.cursor + 1) * 16 and open.last * 16 + 15
              and d.id & 15 = %(step)s and d.stage = 0
            order by d.id limit 1), open.last) as before
     ) next
where t.run_id = %(run)s and t.step = %(step)s and was.cursor < next.last
returning next.before, t.cursor
"""

_CLAIM = """
with took as (
    update deliveries_delivery d
    set stage = 1, attempts = d.attempts + 1, claim_id = %(claim)s, claimed_at = now()
    from deliveries_recipient r
    where d.run_id = %(run)s and d.stage = 0 and {deliveries}
      and r.run_id = %(run)s and r.id = d.id >> 4 and {recipients}
    returning d.id, d.attempts, {address}, r.variables
), n as (
    select count(*)::int as n from took
){people}, c2 as (
    insert into deliveries_claim (id, worker_id, run_id, step, first_id, last_id, claimed_at)
    select %(claim)s, %(worker)s, %(run)s, %(step)s, %(low)s, %(high)s, now() from n where n.n > 0
)
select id, attempts, address, variables from took order by id
"""

_PEOPLE = """, c1 as (
    update deliveries_run set pending = pending - n.n, in_flight = in_flight + n.n
    from n where id = %(run)s and n.n > 0
)"""
_RANGE = {
    "deliveries": "d.id between %(low)s and %(high)s and d.id & 15 = %(step)s",
    "recipients": "r.id between %(first)s and %(last)s",
}
_THESE = {
    "deliveries": "d.id = any(%(ids)b::bigint[])", "recipients": "r.id = any(%(recipients)b::bigint[])",
}  # fmt: skip
CLAIM_RANGE = _CLAIM.format(**_RANGE, address="r.address", people=_PEOPLE)
CLAIM_THESE = _CLAIM.format(**_THESE, address="r.address", people=_PEOPLE)
#: In a cascade a person is pending until all of it is through, and each channel has its own address.
CLAIM_CASCADE_RANGE = _CLAIM.format(**_RANGE, address="coalesce(d.address, r.address) as address", people="")
CLAIM_CASCADE_THESE = _CLAIM.format(**_THESE, address="coalesce(d.address, r.address) as address", people="")

#: Keep claims from being made that are not there: one whose transaction is under way is waited for, and one that
#: comes later finds its number taken.
FORBID_CLAIMS = """
insert into deliveries_claim (id, worker_id, run_id, step, first_id, last_id, claimed_at)
select id, %(worker)s, 0, 0, 0, -1, now() from unnest(%(ids)s::bigint[]) id on conflict (id) do nothing
"""

#: What `FORBID_CLAIMS` left behind.
FORGET_FORBIDDEN = "delete from deliveries_claim where worker_id = %s and run_id = 0"

CLAIMS = "select id, run_id, step, first_id, last_id from deliveries_claim where id = any(%s) and run_id <> 0"

IN_FLIGHT = """
select id from deliveries_delivery
where run_id = %(run)s and id between %(low)s and %(high)s and stage = 1 and claim_id = %(claim)s
"""

CLOSE_CLAIMS = "delete from deliveries_claim where id = any(%s)"

#: Only rows that are still held by the claim change: a claim that was settled by others stays as they left it.
SETTLE_SENT = """
with u as (
    update deliveries_delivery d
    set stage = 2, ended_at = now(), code = v.code, provider_id = v.provider_id, reason = null
    from unnest(%(ids)s::bigint[], %(claims)s::bigint[], %(codes)s::text[], %(provider_ids)s::text[])
         v(id, claim, code, provider_id)
    where d.run_id = %(run)s and d.id = v.id and d.stage = 1 and d.claim_id = v.claim
    returning 1
)
select count(*)::int from u
"""

#: The sender's id where a step's channel tracks its provider's ids.
STEP_SENDER = """
select t.channel, t.sender_id, coalesce(s.config, '{}')
from deliveries_runstep t left join senders_sender s on s.id = t.sender_id where t.run_id = %s and t.step = %s
"""

#: Keep which deliveries the provider's ids mean, so that its receipts find them. An id that comes again means the
#: newer message.
TRACK = """
insert into deliveries_providermessage (sender_id, provider_id, run_id, delivery_id, at)
select distinct on (v.provider_id) %(sender)s, v.provider_id, %(run)s, v.id, now()
from unnest(%(ids)s::bigint[], %(provider_ids)s::text[]) v(id, provider_id)
where v.provider_id <> '' order by v.provider_id
on conflict (sender_id, provider_id) do update
set run_id = excluded.run_id, delivery_id = excluded.delivery_id, at = excluded.at
"""

SETTLE_REST = """
with u as (
    update deliveries_delivery d
    set stage = v.stage, problem = case when v.stage in (4, 5) then v.stage end, ended_at = now(),
        attempts = d.attempts - v.back, reason = v.reason, code = v.code
    from unnest(%(ids)b::bigint[], %(claims)b::bigint[], %(stages)s::smallint[], %(reasons)s::smallint[],
                %(codes)b::text[], %(details)b::text[], %(not_befores)b::float8[], %(backs)s::smallint[])
         v(id, claim, stage, reason, code, detail, not_before, back)
    where d.run_id = %(run)s and d.id = v.id and d.stage = 1 and d.claim_id = v.claim
    returning d.id, d.attempts, d.claimed_at, d.address, v.stage, v.reason, v.code, v.detail, v.not_before, v.back
), w as (
    insert into deliveries_waiting (run_id, delivery_id, step, not_before, reason)
    select %(run)s, id, id & 15, greatest(to_timestamp(not_before), now()), reason from u where stage = 0
    on conflict (run_id, delivery_id) do update set not_before = excluded.not_before, reason = excluded.reason
), a as (
    insert into deliveries_attempt
        (run_id, delivery_id, number, started_at, ended_at, stage, reason, code, detail)
    select %(run)s, id, attempts, claimed_at, now(), stage, reason, code, detail
    from u where back = 0 and reason is not null
    on conflict do nothing
), s as (
    insert into audience_suppression (workspace_id, channel, address, reason, origin, created_at)
    select run.workspace_id, rs.channel, coalesce(u.address, r.address), 'BOUNCED', 'run ' || run.id, now()
    from deliveries_run run
    join deliveries_recipient r on r.run_id = %(run)s and r.id = any(%(suppress)b::bigint[])
    join u on u.id >> 4 = r.id and u.stage = 4
    join deliveries_runstep rs on rs.run_id = run.id and rs.step = u.id & 15
    where run.id = %(run)s
    on conflict do nothing
)
select stage, reason, code, count(*)::int, min(detail) from u group by stage, reason, code
"""

COUNT_RUN = """
update deliveries_run
set in_flight = in_flight - %(all)s, sent = sent + %(sent)s, failed = failed + %(failed)s,
    unknown = unknown + %(unknown)s, pending = pending + %(pending)s,
    first_sent_at = case when %(sent)s > 0 then coalesce(first_sent_at, now()) else first_sent_at end,
    last_sent_at = case when %(sent)s > 0 then now() else last_sent_at end
where id = %(run)s
returning pending, in_flight
"""

#: In a cascade no person is counted yet: whoever's message ended is looked at (`deliveries.looking`), now or, when the
#: campaign waits for receipts, as soon as one of a message that was taken is overdue.
IS_CASCADE = "select is_cascade from deliveries_run where id = %s"
LOOK = """
insert into deliveries_look (run_id, recipient_id, look_at)
select run.id, v.id >> 4,
       case when v.stage = 4 or exists (
                select from deliveries_delivery d
                where d.run_id = run.id and d.run_id = %(run)s and d.id = v.id and d.result is not null)
            then now() else now() + coalesce(case when exists (
                select from deliveries_runstep here
                join deliveries_runstep next on next.run_id = here.run_id and next.tier > here.tier
                where here.run_id = %(run)s and here.step = %(step)s) then run.receipt_wait end, 0)
                * interval '1 minute' end
from deliveries_run run,
     (select distinct on (id >> 4) id, stage from unnest(%(ids)s::bigint[], %(stages)s::smallint[]) u(id, stage)
      order by id >> 4, stage = 4 desc) v
where run.id = %(run)s
order by 2
on conflict (run_id, recipient_id) do update set look_at = least(deliveries_look.look_at, excluded.look_at)
"""
SENT_CASCADE = """
update deliveries_run set first_sent_at = coalesce(first_sent_at, now()), last_sent_at = now() where id = %(run)s
"""

COUNT_STEP = """
update deliveries_runstep
set handed = handed + %(accepted)s + %(failed)s + %(unknown)s + %(deferred)s,
    accepted = accepted + %(accepted)s, failed = failed + %(failed)s, unknown = unknown + %(unknown)s,
    deferred = deferred + %(deferred)s
where run_id = %(run)s and step = %(step)s
"""

COUNT_ACTIVITY = """
insert into deliveries_activity (run_id, step, minute, stage, count)
select %(run)s, %(step)s, date_trunc('minute', now()), v.stage, v.count
from unnest(%(stages)s::smallint[], %(counts)s::int[]) v(stage, count)
on conflict (run_id, step, minute, stage) do update
set count = deliveries_activity.count + excluded.count
"""

COUNT_PROBLEMS = """
insert into deliveries_runproblem (run_id, step, stage, reason, code, count, sample, last_at)
select %(run)s, %(step)s, v.stage, v.reason, v.code, v.count, v.sample, now()
from unnest(%(stages)s::smallint[], %(reasons)s::smallint[], %(codes)s::text[], %(counts)s::int[],
            %(samples)s::text[]) v(stage, reason, code, count, sample)
order by v.stage, v.reason, v.code
on conflict (run_id, step, stage, reason, code) do update
set count = deliveries_runproblem.count + excluded.count, last_at = now()
"""

SAVE_LANE = """
update senders_senderlane
set limits = %(limits)s::jsonb, reserved = %(reserved)s, open_until = to_timestamp(%(until)s::float8),
    open_reason = %(reason)s, open_detail = %(detail)s, rate = %(rate)s, saved_at = now(),
    aside = aside - %(aside)s
where sender_id = %(sender)s and lane = %(lane)s and lanes = %(lanes)s and worker_id = %(worker)s
returning aside
"""

#: A provider that answers and fails again within a minute has one outage, not many.
NOTE_OUTAGE = """
with again as (
    update deliveries_outage o
    set ended_at = null, seen_at = now(), until = to_timestamp(%(until)s::float8), reason = %(reason)s,
        detail = %(detail)s, openings = o.openings + (o.until <> to_timestamp(%(until)s::float8))::int,
        run_ids = array(select distinct unnest(o.run_ids || %(runs)s::bigint[]) order by 1)
    where o.id = (
        select id from deliveries_outage
        where sender_id = %(sender)s and lane = %(lane)s
          and (ended_at is null or ended_at > now() - interval '1 minute')
        order by ended_at desc nulls first limit 1)
    returning 1
)
insert into deliveries_outage
    (sender_id, lane, run_ids, began_at, seen_at, until, openings, reason, detail)
select %(sender)s, %(lane)s, %(runs)s::bigint[], now(), now(), to_timestamp(%(until)s::float8), 1, %(reason)s,
       %(detail)s
where not exists (select from again)
"""

#: A lane tells of an outage when it waits anew, so one that was not told of again after its wait ended with that.
END_OUTAGE = """
update deliveries_outage
set ended_at = least(now(), case when greatest(seen_at, until) < now() - interval '5 seconds'
                                 then greatest(seen_at, until) else now() end)
where sender_id = %(sender)s and lane = %(lane)s and ended_at is null
"""
