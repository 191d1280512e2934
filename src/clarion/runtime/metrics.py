"""`/metrics` in the Prometheus text format: the whole installation, as the database knows it.

Every web process answers alike, whichever is asked, because nothing is counted in a process: throughput, lag and
outcomes are read from the counters that the ledger keeps anyway, in a few indexed queries. Nobody is named: senders
appear by their public id and channel. Only who has `CLARION_METRICS_TOKEN` is answered.
"""

import hmac
from collections.abc import Callable, Iterable, Iterator
from importlib.metadata import version
from typing import Any

from django.conf import settings
from django.db import DatabaseError, connection
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from clarion.engine.outcomes import Reason

#: Seconds after its last sign of life from which a sending process counts as gone.
GONE_SECONDS = 10
#: Milliseconds that one question to the database may take.
PATIENCE_MS = 2_000

_MESSAGES = """
select channel, sum(handed), sum(accepted), sum(failed), sum(unknown), sum(deferred), sum(delivered), sum(read),
       sum(clicked), sum(replied), sum(bounced), sum(complained), sum(unsubscribed)
from deliveries_runstep group by channel order by channel
"""
_OUTCOMES = (
    "handed", "accepted", "failed", "unknown", "deferred", "delivered", "read", "clicked", "replied", "bounced",
    "complained", "unsubscribed",
)  # fmt: skip
_PROBLEMS = "select reason, sum(count) from deliveries_runproblem group by reason order by reason"
_QUEUE = """
select count(*), coalesce(sum(pending), 0), coalesce(sum(in_flight), 0),
       count(*) filter (where built_at is null)
from deliveries_run where finished_at is null
"""
_LANES = """
select s.public_id, s.channel, l.lane, case when l.saved_at > now() - interval '5 seconds' then l.rate else 0 end,
       coalesce(l.open_until > now(), false), l.worker_id is not null,
       extract(epoch from now() - (
           select min(w.first) from deliveries_runstep rs
           join deliveries_run r on r.id = rs.run_id and r.finished_at is null
           cross join lateral (
               select not_before as first from deliveries_waiting w
               where w.run_id = rs.run_id and w.step = rs.step and w.not_before <= now()
               order by w.not_before limit 1) w
           where rs.sender_id = s.id))
from senders_senderlane l
join senders_sender s on s.id = l.sender_id
order by s.public_id, l.lane
"""
#: Of each sender the newest messages of each of its runs under way: how long from the claim to the provider's answer.
_LATENCY = """
select s.public_id, s.channel, percentile_cont(array[0.5, 0.95, 1]) within group (order by x.seconds)
from (
    select t.sender_id, t.run_id, t.step, t.cursor
    from deliveries_run r join deliveries_runstep t on t.run_id = r.id
    where r.finished_at is null and r.last_sent_at > now() - interval '1 minute' order by r.id desc limit 50) t
join senders_sender s on s.id = t.sender_id
cross join lateral (
    select extract(epoch from d.ended_at - d.claimed_at)::float8 as seconds
    from deliveries_delivery d
    where d.run_id = t.run_id and d.id > (t.cursor - 3000) * 16 and d.id <= t.cursor * 16 + 15
      and d.id & 15 = t.step and d.stage = 2 and d.ended_at > now() - interval '1 minute'
    order by d.id desc limit 200) x
group by s.public_id, s.channel order by s.public_id
"""
_QUANTILES = ("0.5", "0.95", "1")
_RECEIPTS = """
select count(*), coalesce(extract(epoch from now() - min(received_at)), 0),
       (select count(*) from deliveries_strayevent where due_at is not null)
from deliveries_inbox
"""
_WORKERS = """
select count(*) from deliveries_worker where ended_at is null and heartbeat_at > now() - %s * interval '1 second'
"""
_CAMPAIGNS = """
select status, count(*) from campaigns_campaign where archived_at is null and not is_one_off
group by status order by status
"""
_JOBS = "select queue_name, status::text, count(*) from procrastinate_jobs group by 1, 2 order by 1, 2"
_DATABASE = """
select numbackends, xact_commit, xact_rollback, deadlocks, pg_database_size(datid), blks_hit, blks_read,
       current_setting('max_connections')::int,
       (select coalesce(max(extract(epoch from now() - a.xact_start)), 0) from pg_stat_activity a
        where a.datname = current_database() and a.backend_type = 'client backend')
from pg_stat_database where datname = current_database()
"""
#: The pools, by whose sessions they are: sending processes name theirs by themselves.
_SESSIONS = """
select case when w.id is not null then 'sending' when a.application_name = 'clarion-hooks' then 'callbacks'
            else 'pages and jobs' end,
       case when a.state like 'idle in transaction%' then 'idle in transaction'
            when a.state = 'idle' then 'idle' else 'busy' end,
       count(*)
from pg_stat_activity a left join deliveries_worker w on w.name = a.application_name
where a.datname = current_database() and a.backend_type = 'client backend'
group by 1, 2 order by 1, 2
"""

Rows = list[tuple[Any, ...]]


@require_safe
@never_cache
def metrics(request: HttpRequest) -> HttpResponse:
    """Answer with all metrics; 404 without a token in the settings, 401 without it in the request."""
    token: str | None = settings.CLARION_METRICS_TOKEN
    if token is None:
        raise Http404
    given = request.headers.get("Authorization", "")
    if not hmac.compare_digest(given.encode(), f"Bearer {token}".encode()):
        return HttpResponse(
            "the token is missing or wrong\n",
            status=401,
            content_type="text/plain",
            headers={"WWW-Authenticate": "Bearer"},
        )
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Installation())
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


class _Installation:
    """Asks the database anew each time."""

    def collect(self) -> Iterator[Metric]:
        """Yield every metric; without a database only that there is none."""
        build = GaugeMetricFamily("clarion_build_info", "The version that answers.", labels=["version"])
        build.add_metric([version("clarion")], 1)
        yield build
        try:
            found = [metric for part in _PARTS for metric in part()]
        except DatabaseError:
            yield GaugeMetricFamily("clarion_database_up", "Whether the database answers.", value=0)
            return
        yield GaugeMetricFamily("clarion_database_up", "Whether the database answers.", value=1)
        yield from found


def _ask(statement: str, *parameters: int) -> Rows:
    with connection.cursor() as cursor:
        cursor.execute(f"set statement_timeout = {PATIENCE_MS}")
        try:
            cursor.execute(statement, parameters or None)
            return list(cursor.fetchall())
        finally:
            if connection.is_usable():
                cursor.execute("reset statement_timeout")


def _messages() -> Iterable[Metric]:
    told = CounterMetricFamily(
        "clarion_messages", "Messages by what became of them, since the first.", labels=["channel", "outcome"]
    )
    for channel, *counts in _ask(_MESSAGES):
        for outcome, count in zip(_OUTCOMES, counts, strict=True):
            told.add_metric([channel, outcome], count or 0)
    problems = CounterMetricFamily(
        "clarion_message_problems", "Failed and put-off messages by reason.", labels=["reason"]
    )
    for reason, count in _ask(_PROBLEMS):
        problems.add_metric([_reason(reason)], count)
    return [told, problems]


def _reason(code: int) -> str:
    if code == 0:
        return "returned"  # taken by the provider, and sent back later
    try:
        return Reason(code).name.lower()
    except ValueError:
        return str(code)


def _queue() -> Iterable[Metric]:
    ((runs, pending, in_flight, building),) = _ask(_QUEUE)
    yield GaugeMetricFamily("clarion_runs_open", "Runs that have not ended.", value=runs)
    yield GaugeMetricFamily("clarion_runs_building", "Runs being put together.", value=building)
    yield GaugeMetricFamily("clarion_recipients_pending", "People who wait for their message.", value=pending)
    yield GaugeMetricFamily(
        "clarion_recipients_in_flight", "People whose message is underway.", value=in_flight
    )
    campaigns = GaugeMetricFamily(
        "clarion_campaigns", "Campaigns by state, archived ones not.", labels=["status"]
    )
    for status, count in _ask(_CAMPAIGNS):
        campaigns.add_metric([status.lower()], count)
    yield campaigns


def _lanes() -> Iterable[Metric]:
    labels = ["sender", "channel", "lane"]
    rate = GaugeMetricFamily("clarion_lane_messages_per_second", "What a lane sends now.", labels=labels)
    is_open = GaugeMetricFamily(
        "clarion_lane_breaker_open", "1 while a provider is left alone.", labels=labels
    )
    owned = GaugeMetricFamily("clarion_lane_owned", "1 while a process sends on it.", labels=labels)
    lag = GaugeMetricFamily(
        "clarion_lane_lag_seconds", "How late the oldest message is that was put off.", labels=labels
    )
    for sender, channel, lane, speed, has_trouble, is_owned, late in _ask(_LANES):
        values = [str(sender), channel, str(lane)]
        rate.add_metric(values, speed)
        is_open.add_metric(values, int(has_trouble))
        owned.add_metric(values, int(is_owned))
        lag.add_metric(values, float(late or 0))
    return [rate, is_open, owned, lag]


def _latency() -> Iterable[Metric]:
    told = GaugeMetricFamily(
        "clarion_message_seconds",
        "From a claim to the provider's answer, limits included: the newest messages of runs under way.",
        labels=["sender", "channel", "quantile"],
    )
    for sender, channel, values in _ask(_LATENCY):
        for quantile, seconds in zip(_QUANTILES, values, strict=True):
            told.add_metric([str(sender), channel, quantile], seconds)
    yield told


def _receipts() -> Iterable[Metric]:
    ((waiting, oldest, stray),) = _ask(_RECEIPTS)
    yield GaugeMetricFamily(
        "clarion_receipts_waiting", "Receipts that came and are not applied.", value=waiting
    )
    yield GaugeMetricFamily(
        "clarion_receipts_lag_seconds", "How old the oldest of them is.", value=float(oldest)
    )
    yield GaugeMetricFamily(
        "clarion_receipts_unmatched", "Receipts whose message is not known yet, tried again.", value=stray
    )


def _processes() -> Iterable[Metric]:
    ((workers,),) = _ask(_WORKERS, GONE_SECONDS)
    yield GaugeMetricFamily("clarion_workers", "Sending processes that live.", value=workers)
    jobs = GaugeMetricFamily(
        "clarion_jobs", "Background jobs by queue and state.", labels=["queue", "status"]
    )
    for queue, status, count in _ask(_JOBS):
        jobs.add_metric([queue, status], count)
    yield jobs


def _database() -> Iterable[Metric]:
    ((connections, commits, rollbacks, deadlocks, size, hit, read, most, oldest),) = _ask(_DATABASE)
    yield GaugeMetricFamily("clarion_database_connections", "Connections to the database.", value=connections)
    yield GaugeMetricFamily(
        "clarion_database_connections_most", "Connections that the server takes at most.", value=most
    )
    sessions = GaugeMetricFamily(
        "clarion_database_sessions", "Connections by whose they are and what they do.", labels=["of", "state"]
    )
    for of, state, count in _ask(_SESSIONS):
        sessions.add_metric([of, state], count)
    yield sessions
    yield GaugeMetricFamily(
        "clarion_database_oldest_transaction_seconds",
        "How long the oldest one has been open.",
        value=float(oldest),
    )
    blocks = CounterMetricFamily("clarion_database_blocks", "Blocks that were read.", labels=["origin"])
    blocks.add_metric(["cache"], hit)
    blocks.add_metric(["disk"], read)
    yield blocks
    yield GaugeMetricFamily("clarion_database_bytes", "Size of the database on disk.", value=size)
    ended = CounterMetricFamily("clarion_database_transactions", "Ended transactions.", labels=["how"])
    ended.add_metric(["committed"], commits)
    ended.add_metric(["rolled_back"], rollbacks)
    yield ended
    yield CounterMetricFamily("clarion_database_deadlocks", "Deadlocks.", value=deadlocks)


_PARTS: tuple[Callable[[], Iterable[Metric]], ...] = (
    _messages, _latency, _queue, _lanes, _receipts, _processes, _database
)  # fmt: skip
