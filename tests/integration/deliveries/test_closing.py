"""Closing a run that was called off, by several processes at once."""

import threading
from collections import Counter

import pytest
from django.db import connection
from django.utils import timezone

from clarion.campaigns.models import Campaign
from clarion.campaigns.states import Status
from clarion.deliveries import closing, ledger
from clarion.deliveries.models import Delivery, Run
from tests.runs import make_run


@pytest.mark.django_db(transaction=True)
def test_several_processes_close_a_run_and_every_recipient_is_cancelled_once() -> None:
    made = make_run(count=35_000)
    Campaign.objects.filter(pk=made.campaign.pk).update(status=Status.CANCELLED, finished_at=timezone.now())

    def close() -> None:
        closing.close(Run.objects.select_related("campaign").get(pk=made.run.pk))
        connection.close()

    threads = [threading.Thread(target=close) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    run = Run.objects.get(pk=made.run.pk)
    print(Counter(Delivery.objects.filter(run_id=run.pk).values_list("stage", flat=True)))
    assert (run.cancelled, run.pending) == (35_000, 0)
    assert run.finished_at is not None
    assert ledger.check(run).findings == []
