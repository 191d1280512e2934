"""After a process died: every delivery it held becomes pending, settled or unknown, by what its journal tells."""

from collections.abc import Sequence
from pathlib import Path

import psycopg
import structlog

from clarion.deliveries import statements as sql
from clarion.deliveries.store import PostgresStore
from clarion.engine import journal
from clarion.engine.outcomes import Reason
from clarion.engine.plan import Settled, Settlement

log = structlog.get_logger(__name__)

#: A process whose journal is out of reach is taken for dead when its last heartbeat is older than this. It has
#: stopped by itself long before: see lane_locks.FENCE_SECONDS.
LOST_SECONDS = 60.0

_WORKER_CLAIMS = """
select c.id, c.run_id, c.step, c.first_id, c.last_id
from deliveries_claim c join deliveries_worker w on w.id = c.worker_id
where w.name = %s order by c.id
"""

#: One that has ended counts too, while it holds claims: it may have ended without being able to settle them.
_LOST = """
select w.name, w.host from deliveries_worker w
where w.heartbeat_at < now() - make_interval(secs => %s)
  and (w.ended_at is null or exists (select from deliveries_claim c where c.worker_id = w.id))
"""

#: Sessions of a process: see `store.open_pool`.
_SESSIONS = (
    "select count(*) from pg_stat_activity where datname = current_database() and application_name = %s"
)

_END = "update deliveries_worker set ended_at = coalesce(ended_at, now()) where name = %s"


async def recover(store: PostgresStore, folder: Path, *, host: str, own: str) -> int:
    """Settle what dead processes left in flight; return how many deliveries that were.

    Several processes may do this at once: a row that was settled is not settled again.
    """
    count = 0
    for name in journal.dead(folder):
        # A transaction of its last moment may be carried out after it: as long as that can be, it has not ended.
        if name != own and not await _has_sessions(store, name):
            count += await _settle_remains(store, journal.read(folder, name))
            journal.forget(folder, name)
    async with store.connection() as connection:
        lost = await (await connection.execute(_LOST, [LOST_SECONDS])).fetchall()
    for name, its_host in lost:
        if name == own or (its_host == host and journal.is_kept(folder, name)):
            continue  # it is read above, as soon as its process is dead
        # Its journal is out of reach: whatever it held may be at the provider.
        count += await _settle_remains(store, journal.Remains(name=name, trusted=False))
    return count


async def _has_sessions(store: PostgresStore, name: str) -> bool:
    async with store.connection() as connection:
        row = await (await connection.execute(_SESSIONS, [name])).fetchone()
    return bool(row and row[0])


async def _settle_remains(store: PostgresStore, remains: journal.Remains) -> int:
    async with store.connection() as connection:
        claims = await (await connection.execute(_WORKER_CLAIMS, [remains.name])).fetchall()
        held = [(claim, await _in_flight(connection, claim)) for claim in claims]
    count = 0
    for (claim_id, run_id, step, _low, _high), deliveries in held:
        settlements = [_judge(remains, claim_id, delivery) for delivery in deliveries]
        await store.settle((run_id, step), settlements, [claim_id])
        count += len(settlements)
        unknown = sum(s.stage is Settled.UNKNOWN for s in settlements)
        log.info("claim.recovered", claim=claim_id, run=run_id, deliveries=len(settlements), unknown=unknown)
    async with store.connection() as connection:
        await connection.execute(_END, [remains.name])
    return count


async def _in_flight(
    connection: psycopg.AsyncConnection[tuple[object, ...]], claim: tuple[object, ...]
) -> Sequence[int]:
    claim_id, run_id, _step, low, high = claim
    cursor = await connection.execute(
        sql.IN_FLIGHT, {"run": run_id, "claim": claim_id, "low": low, "high": high}
    )
    return [int(str(row[0])) for row in await cursor.fetchall()]


def _judge(remains: journal.Remains, claim_id: int, delivery_id: int) -> Settlement:
    key = (claim_id, delivery_id)
    if key in remains.ended:
        return Settlement.load(claim_id, delivery_id, remains.ended[key])
    if remains.trusted and key not in remains.begun:
        return Settlement(claim_id, delivery_id, Settled.PENDING, uncounted=True)
    return Settlement(claim_id, delivery_id, Settled.UNKNOWN, reason=Reason.HANDOVER_INTERRUPTED, units=0)
