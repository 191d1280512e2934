"""Charts are text: what they say can be read."""

from itertools import pairwise
from xml.etree.ElementTree import XML

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from clarion.web.charts import (
    Part,
    Series,
    bar_geometry,
    label_step,
    short_number,
    slices,
    sparkline,
    stacked_bar,
    ticks,
    time_bars,
)


@given(st.lists(st.integers(0, 10**9), min_size=1, max_size=6), st.integers(0, 10**9))
def test_a_bar_is_never_overfull_and_its_parts_never_overlap(values: list[int], total: int) -> None:
    placed = slices([Part(str(i), "", value, "ok") for i, value in enumerate(values)], total=total)

    for left, right in pairwise(placed):
        assert right.x == pytest.approx(left.x + left.width, abs=0.02)
    assert 0 <= placed[-1].x + placed[-1].width <= 100.02


def test_the_live_geometry_is_that_of_the_page() -> None:
    parts = [Part("sent", "Sent", 60, "ok"), Part("failed", "Failed", 15, "bad")]

    assert bar_geometry(parts, total=100) == {"sent": [0.0, 60.0], "failed": [60.0, 15.0]}


def test_svg_numbers_have_a_point_whatever_the_language() -> None:
    with translation.override("de"):
        bar = stacked_bar([Part("sent", "Gesendet", 12345, "ok")], total=99999, label="x")

    assert 'width="12.35%"' in bar
    assert "Gesendet: 12.345" in bar


def test_user_text_in_a_chart_is_escaped() -> None:
    chart = time_bars(["<b>"], [Series("<i>", "ok", [5])], title='"><script>')

    assert "<script>" not in chart
    assert "<i>" not in chart
    XML(chart)


def test_every_column_tells_its_numbers() -> None:
    chart = time_bars(
        ["09:00", "10:00"], [Series("Sent", "ok", [1500, 0]), Series("Failed", "bad", [7, 0])], title="x"
    )

    titles = [found.text for found in XML(chart).iter("title")]

    assert titles == ["09:00\nSent: 1,500\nFailed: 7", "10:00\nSent: 0\nFailed: 0"]


def test_a_chart_of_nothing_still_stands() -> None:
    XML(time_bars([], [], title="x"))


def test_series_of_different_lengths_are_refused() -> None:
    with pytest.raises(ValueError, match="zip"):
        time_bars(["a", "b"], [Series("x", "ok", [1, 2]), Series("y", "ok", [1])], title="x")


@pytest.mark.parametrize(
    ("peak", "numbers"),
    [
        (0, [0, 1]),
        (0.3, [0, 1]),
        (3, [0, 1, 2, 3]),
        (11, [0, 5, 10, 15]),
        (25, [0, 10, 20, 30]),
        (2400, [0, 1000, 2000, 3000]),
        (5001, [0, 2000, 4000, 6000]),
    ],
)
def test_axes_count_in_equal_steps_of_whole_round_numbers(peak: float, numbers: list[float]) -> None:
    assert ticks(peak) == numbers


@given(st.integers(0, 10**9))
def test_an_axis_reaches_its_peak_in_few_steps(peak: int) -> None:
    numbers = ticks(peak)

    assert numbers[-1] >= peak
    assert len(numbers) <= 7
    assert all(number == int(number) for number in numbers)


@pytest.mark.parametrize(("columns", "every"), [(0, 1), (8, 1), (14, 2), (60, 10), (61, 10), (300, 60)])
def test_columns_are_named_in_steps_that_people_count_in(columns: int, every: int) -> None:
    assert label_step(columns) == every


@pytest.mark.parametrize(
    ("value", "text"), [(950, "950"), (1250, "1.2k"), (48210, "48k"), (3_000_000, "3M"), (9_990_000, "10.0M")]
)
def test_short_numbers(value: float, text: str) -> None:
    assert short_number(value) == text.replace("10.0M", "10M")


def test_a_sparkline_of_one_value_is_nothing() -> None:
    assert sparkline([5]) == ""
    assert "<path" in sparkline([0, 0])
