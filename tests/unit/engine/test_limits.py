"""Limits hold over every window, whatever is restarted or shared out anew in between."""

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clarion.engine.limits import Limits, lanes_within, reshared
from tests.unit.engine.making import most_within

START = 1_800_000_000.0


def drive(limits: Limits, now: float, until: float) -> list[float]:
    """Return when messages go that all wait to be sent."""
    moments = []
    while now < until:
        if limits.available(now) >= 1:
            limits.take(1, now)
            moments.append(now)
        else:
            now += max(limits.wait(now), 0.0005)
    return moments


@pytest.mark.parametrize("rate", [0.2, 1, 2.5, 7, 33, 34, 200, 1000])
def test_no_second_holds_more_than_the_rate_and_little_is_lost(rate: float) -> None:
    spans = 5 if rate >= 1 else 30

    moments = drive(Limits(second=rate), START, START + spans)

    assert most_within(moments, max(1.0, 1.0 / rate)) <= max(1.0, rate + 0.999 * (rate % 1 > 0))
    assert len(moments) >= rate * spans * 0.94 - 1


@pytest.mark.parametrize("second", [3, 10])
def test_lanes_together_hold_a_rate_that_does_not_divide(second: int) -> None:
    lanes = lanes_within(4, [second, None, 0, None])

    moments = sorted(
        moment
        for lane in range(lanes)
        for moment in drive(Limits(second=second, lane=lane, lanes=lanes), START, START + 4)
    )

    assert lanes == min(4, second)
    assert most_within(moments, 1.0) <= second


class Sender:
    """A sender's lanes: each saves now and then, reserves before it sends, and may end without a word."""

    def __init__(self, limits: dict[str, Any], lanes: int) -> None:
        self.limits = limits
        self.now = START
        self.sent: list[float] = []
        self.rows: list[tuple[dict[str, Any], int]] = []
        self.open(lanes)

    def open(self, lanes: int) -> None:
        """Begin with another number of lanes: what was saved and reserved is all that is known."""
        lanes = lanes_within(lanes, self.limits.values())
        if self.rows and len(self.rows) != lanes:
            self.rows = [(reshared(self.rows, lanes, self.now), 0)] * lanes
        self.rows = self.rows or [({}, 0)] * lanes
        self.lanes = [Limits(**self.limits, lane=n, lanes=lanes) for n in range(lanes)]
        for lane, (saved, reserved) in zip(self.lanes, self.rows, strict=True):
            lane.restore(saved, self.now, reserved=reserved)

    def send(self, claim: int, seconds: float) -> None:
        self.now += seconds
        for number, lane in enumerate(self.lanes):
            count = min(claim, lane.available(self.now))
            saved, reserved = self.rows[number]
            self.rows[number] = (saved, reserved + count)
            for _ in range(count):
                lane.take(1, self.now)
                self.sent.append(self.now)

    def save(self) -> None:
        self.rows = [(orjson.loads(orjson.dumps(lane.save())), 0) for lane in self.lanes]


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("send"), st.integers(1, 30), st.floats(0.0, 700.0)),
        st.tuples(st.just("save")),
        st.tuples(st.just("die"), st.integers(1, 6)),
    ),
    max_size=40,
)


@given(steps=STEPS, hour=st.integers(1, 90), day=st.integers(1, 300), lanes=st.integers(1, 6))
def test_no_crash_and_no_other_number_of_lanes_lets_more_go(
    steps: list[tuple[Any, ...]], hour: int, day: int, lanes: int
) -> None:
    sender = Sender({"hour": hour, "day": day}, lanes)

    for name, *values in steps:
        if name == "send":
            sender.send(*values)
        elif name == "save":
            sender.save()
        else:
            sender.open(*values)

    assert most_within(sender.sent, 3600.0) <= hour
    assert most_within(sender.sent, 86400.0) <= day


def test_sharing_out_anew_costs_each_lane_two_messages_at_most() -> None:
    sender = Sender({"hour": 400}, 1)
    for _ in range(50):
        sender.send(4, 60.0)
        sender.save()
    sender.open(4)

    sender.send(400, 0.0)

    assert 400 - 2 * 4 <= len(sender.sent) <= 400
