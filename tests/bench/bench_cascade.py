"""What building and following a cascade cost.

Run: .venv/bin/python -m tests.bench.bench_cascade [PEOPLE]. Outcomes are written by SQL, as a store would write them:
a third of the first channel's messages fail.
"""

import sys
import time
from collections.abc import Callable

from tests.bench import machine

HOME = machine.prepare()

from django.db import connection

from clarion.deliveries import building, ledger, looking
from clarion.deliveries.models import Delivery, Run
from tests.cascades import make_cascade

_SETTLE = """
with u as (
    update deliveries_delivery d set stage = case when (d.id >> 4) %% 3 = 0 then 4 else 2 end,
        problem = case when (d.id >> 4) %% 3 = 0 then 4 end, attempts = 1, ended_at = now(), reason = null
    where run_id = %(run)s and id & 15 = 0 and stage = 0 returning d.id, d.stage
), s as (
    update deliveries_runstep set cursor = %(last)s, handed = n.all, accepted = n.sent, failed = n.failed
    from (select count(*) as all, count(*) filter (where stage = 2) as sent,
                 count(*) filter (where stage = 4) as failed from u) n
    where run_id = %(run)s and step = 0
)
insert into deliveries_look (run_id, recipient_id, look_at) select %(run)s, id >> 4, now() from u order by 2
"""


def timed(name: str, count: int, do: Callable[[], object]) -> None:
    began = time.monotonic()
    do()
    spent = time.monotonic() - began
    print(f"{name:<44} {spent:7.2f} s   {spent / count * 1e6:7.1f} us each")


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    with machine.Machine(HOME):
        for name, steps in {
            "one channel": ((0, "email"),),
            "two channels together": ((0, "email"), (0, "sms")),
            "a channel and a fallback": ((0, "email"), (1, "sms")),
        }.items():
            campaign = make_cascade(people=count, steps=steps)
            with connection.cursor() as cursor:
                cursor.execute("analyze audience_contact, audience_address")
            timed(f"build, {name}", count, lambda campaign=campaign: building.build(campaign.pk))  # type: ignore[misc]
        run = Run.objects.get(campaign=campaign)
        with connection.cursor() as cursor:
            cursor.execute(_SETTLE, {"run": run.pk, "last": count})

        def follow() -> None:
            while looking.look(run):
                pass

        timed("follow, a third falls back", count, follow)
        assert Delivery.objects.filter(run_id=run.pk).count() == count + count // 3
        rules = {one.rule for one in ledger.check(Run.objects.get(pk=run.pk)).findings}
        assert not {rule for rule in rules if rule.startswith(("cascade", "persons", "conservation"))}, rules


if __name__ == "__main__":
    main()
