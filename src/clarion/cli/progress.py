"""How a command shows that it works: a bar on a terminal, a line now and then elsewhere, both on stderr."""

import sys
import time
from collections import deque
from typing import TYPE_CHECKING, Protocol, Self

if TYPE_CHECKING:
    from clarion.runtime.watching import Snapshot

#: Seconds between two lines where there is no terminal, and until the same line is said again.
LINE_SECONDS = 5.0
SAME_SECONDS = 60.0
#: Seconds over which the rate is taken.
RATE_SECONDS = 5.0
#: A second; below it nothing is told of when it will be done.
SLOWEST = 0.05


class Rate:
    """How fast a count grows."""

    def __init__(self) -> None:
        self._seen: deque[tuple[float, int]] = deque()

    def add(self, now: float, count: int) -> float:
        """Note the count at that moment and return how much it grew a second lately."""
        if self._seen and count < self._seen[-1][1]:
            self._seen.clear()
        self._seen.append((now, count))
        while len(self._seen) > 2 and now - self._seen[0][0] > RATE_SECONDS:
            self._seen.popleft()
        (then, before), span = self._seen[0], now - self._seen[0][0]
        return (count - before) / span if span > 0 and then < now else 0.0


class Display(Protocol):
    """Takes what happens and shows it."""

    def __enter__(self) -> Self: ...
    def __exit__(self, *problem: object) -> None: ...

    def reading(self, octets: int, of: int, rows: int) -> None:
        """Show how far a file is read."""

    def writing(self, people: int, of: int) -> None:
        """Show how far a file is written."""

    def sending(self, seen: "Snapshot") -> None:
        """Show how far a campaign is."""

    def note(self, sentence: str) -> None:
        """Say something beside the progress."""


def display() -> Display:
    """Return the display that fits stderr."""
    return _Bar() if sys.stderr.isatty() else _Lines()


class _Lines:
    def __init__(self) -> None:
        self._said_at = time.monotonic()
        self._said = ""
        self._rate = Rate()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *problem: object) -> None:
        return

    def reading(self, octets: int, of: int, rows: int) -> None:
        self._say(f"Reading: {rows:,} rows ({percent(octets, of)} %)")

    def writing(self, people: int, of: int) -> None:
        self._say(f"Writing: {people:,} of {of:,} people ({percent(people, of)} %)")

    def sending(self, seen: "Snapshot") -> None:
        rate = self._rate.add(time.monotonic(), seen.done)
        left = seen.target - seen.done
        eta = f", {in_words(left / rate)} left" if rate >= SLOWEST and left else ""
        self._say(
            f"{label(seen)}: {seen.done:,} of {seen.target:,} ({percent(seen.done, seen.target)} %),"
            f" {rate:,.0f}/s{eta}"
        )

    def note(self, sentence: str) -> None:
        sys.stderr.write(sentence + "\n")
        sys.stderr.flush()

    def _say(self, line: str) -> None:
        now = time.monotonic()
        if now - self._said_at >= (SAME_SECONDS if line == self._said else LINE_SECONDS):
            self._said_at, self._said = now, line
            self.note(line)


class _Bar:
    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn

        self._rate = Rate()
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=None),
            TextColumn("{task.fields[told]}", justify="right"),
            console=Console(stderr=True),
            transient=True,
            expand=True,
        )
        self._task = self._progress.add_task("Starting", total=None, told="")

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, *problem: object) -> None:
        self._progress.stop()

    def reading(self, octets: int, of: int, rows: int) -> None:
        self._show("Reading", octets, of, f"{rows:,} rows")

    def writing(self, people: int, of: int) -> None:
        self._show("Writing", people, of, f"{people:,}/{of:,} people  {percent(people, of):>3} %")

    def sending(self, seen: "Snapshot") -> None:
        rate = self._rate.add(time.monotonic(), seen.done)
        left = seen.target - seen.done
        eta = f"  {in_words(left / rate)} left" if rate >= SLOWEST and left else ""
        told = f"{seen.done:,}/{seen.target:,}  {percent(seen.done, seen.target):>3} %  {rate:,.0f}/s{eta}"
        self._show(label(seen), seen.done, seen.target, told)

    def note(self, sentence: str) -> None:
        self._progress.console.print(sentence, markup=False, highlight=False)

    def _show(self, what: str, done: int, of: int, told: str) -> None:
        self._progress.update(self._task, description=what, completed=done, total=of or None, told=told)


def label(seen: "Snapshot") -> str:
    """Return what the campaign is doing, in one word."""
    return str(seen.campaign.get_status_display())


def percent(part: int, whole: int) -> int:
    """Return whole per cent, 100 only for all of it."""
    return part * 100 // whole if whole else 0


def in_words(seconds: float) -> str:
    """Return a span of time: `45 s`, `12 min`, `3 h 20 min`."""
    whole = round(seconds)
    if whole < 100:
        return f"{whole} s"
    if whole < 6000:
        return f"{round(whole / 60)} min"
    hours, rest = divmod(whole, 3600)
    return f"{hours} h {rest // 60} min"
