"""What the progress of a command says about speed and time."""

import pytest

from clarion.cli.progress import Rate, in_words, percent


def test_a_rate_is_what_was_done_lately() -> None:
    rate = Rate()

    told = [
        round(rate.add(float(second), count))
        for second, count in enumerate([0, 100, 200, 200, 200, 200, 200, 200])
    ]

    assert told[:3] == [0, 100, 100]
    assert told[-1] == 0


def test_a_count_that_falls_begins_anew() -> None:
    rate = Rate()
    rate.add(0.0, 500)

    assert rate.add(1.0, 10) == 0.0
    assert rate.add(2.0, 30) == 20.0


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.4, "0 s"), (99, "99 s"), (100, "2 min"), (5400, "90 min"), (12_000, "3 h 20 min")],
)
def test_spans_in_words(seconds: float, words: str) -> None:
    assert in_words(seconds) == words


def test_100_per_cent_is_all_of_it() -> None:
    assert (percent(1999, 2000), percent(2000, 2000), percent(0, 0)) == (99, 100, 0)
