"""Wait for a campaign, sending it ourselves where nobody else does."""

import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from clarion.cli import session, told
from clarion.cli.progress import Display, display

if TYPE_CHECKING:
    from clarion.campaigns.models import Campaign
    from clarion.runtime.lending import LentWorker
    from clarion.runtime.watching import Snapshot

#: Seconds between two looks at the campaign, and between two looks for somebody who sends.
LOOK_SECONDS = 0.2
PRESENCE_SECONDS = 2.0
#: Seconds that the run of a started campaign may take to exist, when somebody else sends it.
RUN_SECONDS = 5.0
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interrupts:
    """Ctrl-C and its like as a question; the second one breaks off at once."""

    def __init__(self) -> None:
        self._came = threading.Event()

    @property
    def came(self) -> bool:
        return self._came.is_set()

    def wait(self, seconds: float) -> bool:
        """Wait so long, or until one comes; return whether one came."""
        return self._came.wait(seconds)

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Take the signals over."""

        def take(_number: int, _frame: Any) -> None:
            if self._came.is_set():
                raise KeyboardInterrupt
            self._came.set()

        before = {number: signal.signal(number, take) for number in _SIGNALS}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


class Follower:
    """Has a campaign sent and shows it; a context for the length of a command."""

    def __init__(self) -> None:
        self.display: Display = display()
        self.interrupts = Interrupts()
        self._held = ExitStack()
        self._worker: LentWorker | None = None
        self.has_server = False
        self._looked_at = 0.0
        self._told = ""

    def __enter__(self) -> "Follower":
        from clarion.runtime import lending, presence

        self.has_server = presence.is_server_running()
        self._worker = self._held.enter_context(
            lending.lent(self.display.note if sys.stderr.isatty() else None)
        )
        self._held.enter_context(self.display)
        return self

    def __exit__(self, *problem: object) -> None:
        self._held.close()

    def prepare(self) -> None:
        """Have somebody who sends; called early, a process of ours starts while other things are done."""
        if not self.has_server and self._worker is not None:
            self._worker.keep()

    def follow(self, campaign: "Campaign", *, waits: bool) -> "Snapshot":
        """Return the campaign as it ended, or as it began when a server runs and nobody waits."""
        from clarion.runtime import watching

        if self.has_server and not waits:
            return self._begun(campaign)
        seen = watching.snapshot(campaign.pk)
        with self.interrupts.watched():
            for seen in watching.watch(campaign.pk, pause=self._pause, revive=self._revive):
                self._show(seen)
            if self.interrupts.came and not seen.has_ended:
                seen = self._break_off(seen)
        return seen

    def _pause(self) -> bool:
        return self.interrupts.wait(LOOK_SECONDS)

    def _revive(self) -> None:
        """Bring back the database that this command has started; a server looks after its own."""
        from django.conf import settings

        from clarion.runtime import postgres

        if settings.CLARION_DATABASE_IS_EMBEDDED and not self.has_server:
            postgres.revive(settings.CLARION_HOME, Path(settings.DATABASES["default"]["HOST"]))

    def _show(self, seen: "Snapshot") -> None:
        self.display.sending(seen)
        if time.monotonic() - self._looked_at > PRESENCE_SECONDS:
            self._looked_at = time.monotonic()
            self._look_around(seen)

    def _look_around(self, seen: "Snapshot") -> None:
        """See that somebody sends, and say what holds the campaign up."""
        from clarion.campaigns.states import Status
        from clarion.runtime import presence, watching

        self.prepare()
        sentence = watching.trouble(seen)
        if self.has_server and not presence.has_sender(with_lent=True):
            sentence = "Nobody sends just now; waiting for the server."
        if seen.status is Status.PAUSED and not seen.has_ended:
            sentence = f"Paused {seen.campaign.get_pause_cause_display()}; waiting until it goes on."
        if sentence and sentence != self._told:
            self.display.note(sentence)
        self._told = sentence

    def _begun(self, campaign: "Campaign") -> "Snapshot":
        from clarion.runtime import watching

        until = time.monotonic() + RUN_SECONDS
        while (seen := watching.snapshot(campaign.pk)).run is None and not seen.has_ended:
            if time.monotonic() > until:
                break
            time.sleep(0.05)
        return seen

    def _break_off(self, seen: "Snapshot") -> "Snapshot":
        """Leave the campaign to the server, or pause it where nobody else would send it."""
        from clarion.campaigns import operations
        from clarion.campaigns.errors import TransitionRefused
        from clarion.runtime import presence, watching
        from clarion.workspaces import actors

        words = str(seen.campaign.public_id)[:8]
        if self.has_server or presence.is_server_running():
            self.display.note(
                f"The campaign goes on without this command. `clarion campaign pause {words}` pauses it."
            )
            return seen
        try:
            operations.pause(
                campaign=seen.campaign,
                by=actors.operator(seen.campaign.workspace),
                reason="Interrupted at the command line.",
            )
        except TransitionRefused:
            return watching.snapshot(seen.campaign.pk)
        self.display.note("Pausing: what is under way is settled …")
        if self._worker is not None:
            self._worker.stop()
        self.display.note(f"Paused. `clarion campaign continue {words}` goes on.")
        return watching.snapshot(seen.campaign.pk)


def finish(follower: Follower, seen: "Snapshot", *, as_json: bool, shape: Any = told.outcome) -> None:
    """Print the result and end the command with the code that tells how it ended."""
    from clarion.campaigns.states import Status

    if as_json:
        told.dump(shape(seen))
    else:
        typer.echo(summary(seen))
        if not seen.has_ended and not follower.interrupts.came:
            typer.echo(
                f"  The server sends it: clarion campaign show {str(seen.campaign.public_id)[:8]} --wait"
            )
    if follower.interrupts.came:
        raise typer.Exit(session.INTERRUPTED)
    if seen.has_ended and seen.status is not Status.COMPLETED:
        raise typer.Exit(session.ENDED_OTHERWISE)


def summary(seen: "Snapshot") -> str:
    """Return the campaign's state and totals in a few lines."""
    one = seen.campaign
    lines = [f"{one.name}: {one.get_status_display()}"]
    if one.pause_cause:
        lines[0] += f" {one.get_pause_cause_display()}"
    if one.status_reason:
        lines.append(f"  {one.status_reason}")
    if one.steps.count() > 1:
        from clarion.campaigns import cascade

        lines.append(f"  {cascade.summary(one)}")
    if seen.run is not None and (seen.run.total or seen.has_ended):
        lines.append(f"  {told.counts_in_words(seen.run)}")
        if seen.has_ended and seen.seconds:
            rate = seen.done / seen.seconds
            lines.append(f"  {seen.seconds:,.1f} s, {rate:,.0f} a second")
    lines.append(f"  campaign {one.public_id}" + (f", run {seen.run.pk}" if seen.run else ""))
    return "\n".join(lines)
