"""Campaigns to files, whose runs tests put together."""

from typing import Any

from clarion.audience.models import Source, SourceRow
from clarion.audience.queries.sources import frozen_counts
from clarion.campaigns.models import Campaign
from clarion.campaigns.states import Status
from clarion.deliveries import building, ledger
from clarion.deliveries.models import Run
from tests import ledgers


def upload(people: ledgers.People, addresses: list[str], *, every: int = 1) -> Source:
    """Return a file that was read: an address without an @ cannot be read."""
    source = ledgers.make_source(people.workspace)
    SourceRow.objects.bulk_create(
        SourceRow(
            source_id=source.pk,
            id=number * every,
            address=address,
            data={"email": address},
            problem="" if "@" in address else "email: this is no address",
        )
        for number, address in enumerate(addresses, start=1)
    )
    source.row_count = len(addresses)
    source.save()
    source.counts = frozen_counts(source)
    source.save()
    return source


def launched(people: ledgers.People, source: Source, **facts: Any) -> Campaign:
    return ledgers.make_campaign(people.alice, status=Status.BUILDING, source=source, **facts)


def built(campaign: Campaign) -> Run:
    building.build(campaign.pk)
    run = campaign.runs.latest("number")
    building.build_run(run)
    run.refresh_from_db()
    assert run.built_at is not None
    assert ledger.check(run).findings == []
    return run


def persons(n: int) -> list[str]:
    return [f"person{i}@example.test" for i in range(n)]
