"""Any page of a run's people, by any filter, forwards and backwards."""

import pytest

from clarion.deliveries import scanning
from clarion.deliveries.models import Run
from clarion.deliveries.recipients import Page, recipients_page
from clarion.deliveries.states import Result, Skip, Stage
from clarion.engine.outcomes import Reason
from tests import ledgers

pytestmark = pytest.mark.django_db

#: People 1-5 skipped, 6-25 sent, 26-33 failed, 34-36 unknown, 37-41 waiting, 42-45 in flight, 46-60 pending.
KINDS = {"skipped": 5, "sent": 20, "failed": 8, "unknown": 3, "waiting": 5, "in_flight": 4, "pending": 15}


@pytest.fixture
def run() -> Run:
    people = ledgers.make_people()
    return ledgers.make_run(ledgers.make_campaign(people.alice), **KINDS)


def numbers(page: Page) -> list[int]:
    return [person.id for person in page.people]


def walk(run: Run, *, limit: int = 3, **narrowing: object) -> list[int]:
    """Return everybody that pages of three show, one after the other, and check that going back shows the same."""
    forth: list[list[int]] = []
    page = recipients_page(run, limit=limit, **narrowing)  # type: ignore[arg-type]
    while True:
        forth.append(numbers(page))
        if page.next_after is None:
            break
        page = recipients_page(run, limit=limit, after=page.next_after, **narrowing)  # type: ignore[arg-type]
    back: list[list[int]] = [numbers(page)]
    while page.previous_before is not None:
        page = recipients_page(run, limit=limit, before=page.previous_before, **narrowing)  # type: ignore[arg-type]
        back.insert(0, numbers(page))
    flat = [one for part in forth for one in part]
    assert [one for part in back for one in part] == flat
    return flat


@pytest.mark.parametrize(
    ("narrowing", "first", "last"),
    [
        ({}, 1, 60),
        ({"stage": Stage.SKIPPED}, 1, 5),
        ({"skip": Skip.SUPPRESSED}, 1, 5),
        ({"stage": Stage.SENT}, 6, 25),
        ({"stage": Stage.FAILED}, 26, 33),
        ({"stage": Stage.FAILED, "reason": Reason.ADDRESS_UNKNOWN}, 26, 33),
        ({"reason": Reason.ADDRESS_UNKNOWN, "code": "550 5.1.1"}, 26, 33),
        ({"stage": Stage.UNKNOWN}, 34, 36),
        ({"stage": Stage.UNKNOWN, "code": ""}, 34, 36),
        ({"stage": Stage.IN_FLIGHT}, 42, 45),
        ({"no_receipt": True}, 6, 25),
        ({"reason": Reason.PROVIDER_BUSY, "stage": Stage.PENDING}, 37, 41),
        ({"code": "250 2.0.0"}, 6, 25),
        ({"q": "person000001"}, 10, 19),
        ({"q": "PERSON000001"}, 10, 19),
        ({"q": "person000001", "stage": Stage.SENT}, 10, 19),
        ({"q": "person00000", "stage": Stage.FAILED}, 26, 33),
    ],
    ids=str,
)
def test_pages_hold_everybody_who_fits_and_nobody_else(
    run: Run, narrowing: dict[str, object], first: int, last: int
) -> None:
    assert walk(run, **narrowing) == list(range(first, last + 1))


def test_pending_people_are_those_who_wait_and_those_beyond_the_cursor(run: Run) -> None:
    assert walk(run, stage=Stage.PENDING) == [*range(37, 42), *range(46, 61)]


def test_a_result_finds_those_it_was_said_of_and_no_receipt_the_others(run: Run) -> None:
    ledgers.add_receipts(run, [7, 9, 25], Result.DELIVERED)

    assert walk(run, result=Result.DELIVERED) == [7, 9, 25]
    assert walk(run, no_receipt=True) == [n for n in range(6, 26) if n not in (7, 9, 25)]


def test_nothing_fits_a_contradiction(run: Run) -> None:
    assert walk(run, stage=Stage.FAILED, skip=Skip.SUPPRESSED) == []
    assert walk(run, stage=Stage.FAILED, reason=Reason.MAILBOX_FULL) == []
    assert walk(run, skip=Skip.INVALID) == []


@pytest.mark.parametrize(
    ("q", "expected"),
    [
        ("#17", [17]),
        ("Ada Number 33", [33]),
        ("number 33", [33]),
        ("4bXy0000012", [12]),
        ("#99", []),
        ("zoe", []),
    ],
)
def test_a_search_finds_by_number_name_and_providers_id(run: Run, q: str, expected: list[int]) -> None:
    assert numbers(recipients_page(run, q=q)) == expected


def test_a_beginning_that_very_many_share_is_searched_along_the_run(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("clarion.deliveries.finding.MATCHES", 4)

    assert walk(run, q="person") == list(range(1, 61))
    assert walk(run, q="person", stage=Stage.FAILED) == list(range(26, 34))


def test_names_are_not_searched_in_a_large_run_and_the_page_says_so(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("clarion.deliveries.finding.NAMES_UP_TO", 10)

    page = recipients_page(run, q="Ada Number 33")

    assert (numbers(page), list(page.notes)) == ([], ["Names are not searched in a run of this size."])


def test_a_search_without_time_says_how_far_it_came_and_goes_on_there(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scanning, "BUDGET_SECONDS", -1.0)
    monkeypatch.setattr(scanning, "FIRST_WINDOW", 10)
    monkeypatch.setattr(scanning, "WINDOW", 10)

    page = recipients_page(run, code="550 5.1.1")

    assert (numbers(page), page.is_cut, page.next_after) == ([], True, 15)
    assert walk(run, code="550 5.1.1") == list(range(26, 34))


def test_a_person_shows_what_has_become_of_the_message(run: Run) -> None:
    waiting = recipients_page(run, stage=Stage.PENDING).people[0]
    skipped = recipients_page(run, stage=Stage.SKIPPED).people[0]

    message = waiting.first_message
    assert message is not None
    assert (waiting.name, waiting.stage, message.attempts) == ("Ada Number 37", Stage.PENDING, 1)
    assert (message.waits_for, message.code) == (Reason.PROVIDER_BUSY, "451 4.7.1")
    assert message.not_before is not None
    assert (skipped.stage, skipped.skip, skipped.messages) == (Stage.SKIPPED, Skip.SUPPRESSED, ())


@pytest.mark.parametrize(
    ("narrowing", "expected"),
    [
        ({}, 60),
        ({"stage": Stage.FAILED}, 8),
        ({"stage": Stage.PENDING}, 20),
        ({"stage": Stage.FAILED, "reason": Reason.ADDRESS_UNKNOWN}, 8),
        ({"no_receipt": True}, None),
    ],
    ids=str,
)
def test_a_page_tells_how_many_there_are_where_a_counter_knows(
    run: Run, narrowing: dict[str, object], expected: int | None
) -> None:
    assert recipients_page(run, limit=2, **narrowing).count == expected  # type: ignore[arg-type]


def test_a_page_costs_four_queries(run: Run, django_assert_num_queries: object) -> None:
    with django_assert_num_queries(4):  # type: ignore[operator]
        recipients_page(run, stage=Stage.SENT)


def test_another_run_is_never_shown(run: Run) -> None:
    other = ledgers.make_run(run.campaign, number=2, sent=2)

    assert numbers(recipients_page(other)) == [1, 2]
    assert len(walk(run)) == 60
