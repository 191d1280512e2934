"""A campaign's numbers as its page polls them: one snapshot a second for all who look, in each process."""

from __future__ import annotations

import math
import threading
import time
import zlib
from collections import OrderedDict
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from django.utils import timezone
from django.utils.translation import get_language, gettext_lazy, ngettext
from django.utils.translation import gettext as _

from clarion.campaigns import windows
from clarion.campaigns.forecast import is_bound
from clarion.deliveries import ahead, progress, troubles
from clarion.deliveries.explain import explain
from clarion.deliveries.progress import Overview
from clarion.web import campaign_page
from clarion.web.charts import Part, bar_geometry
from clarion.web.durations import in_words
from clarion.web.live import Scope
from clarion.web.templatetags.ui import grouped, short
from clarion.workspaces import spelling

if TYPE_CHECKING:
    from collections.abc import Callable

    from clarion.campaigns.models import Campaign
    from clarion.deliveries.explain import Explanation
    from clarion.deliveries.models import Run

#: How long a snapshot serves everybody.
SNAPSHOT_SECONDS = 1.0
#: Snapshots kept in a process.
SNAPSHOTS = 500
#: Charts and cards are drawn anew so often while the campaign moves.
REDRAW_SECONDS = 15


#: Counters of messages whose figures move between two drawings of their card.
MESSAGES = ("accepted", *progress.RESULTS, "deferred", "failed", "unknown")


@dataclass(frozen=True, slots=True)
class Sum:
    """How many people are in one place."""

    key: str
    label: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """An answer to a poll."""

    scope: Scope
    is_final: bool


def parts(seen: Overview) -> list[Part]:
    """Return the stacked bar: what is left over is pending."""
    return [
        Part("sent", gettext_lazy("Sent"), seen.sent, "ok"),
        Part("partly", gettext_lazy("Partly sent"), seen.partly, "warn"),
        Part("failed", gettext_lazy("Failed"), seen.failed, "bad"),
        Part("unknown", gettext_lazy("Unknown"), seen.unknown, "odd"),
        Part("dropped", gettext_lazy("Cancelled or expired"), seen.cancelled + seen.expired, "idle"),
    ]


def texts(campaign: Campaign, run: Run, seen: Overview, *, is_moving: bool) -> dict[str, str]:
    """Return the line below the bar: speed and time left, or how long it took; empty texts are not shown."""
    rate = limit = eta = took = ""
    if is_moving:
        rate = _per_second(seen.rate) if seen.rate else ""
        if is_bound(campaign):
            eta = _outlook(campaign, run, seen)
        elif seen.eta_seconds:
            eta = _("about %(span)s left") % {"span": in_words(timedelta(seconds=seen.eta_seconds))}
    elif run.first_sent_at is not None and run.last_sent_at is not None:
        span = run.last_sent_at - run.first_sent_at
        took = _("took %(span)s") % {"span": in_words(span)}
        # Both moments are of messages that were taken: others may have failed before and after them.
        speed = seen.messages("accepted") / span.total_seconds() if span.total_seconds() >= 1 else 0
        rate = _("%(n)s messages/s on average") % {"n": _short(speed)} if speed else ""
    if seen.limit is not None and is_moving:
        limit = _("limit %(n)s/s") % {"n": _short(seen.limit)}
    return {"rate": rate, "limit": limit, "eta": eta, "took": took}


def _outlook(campaign: Campaign, run: Run, seen: Overview) -> str:
    """Return when it will have ended by its hours, days and end, or how many will not get it by then."""
    found = ahead.ahead_of(campaign, run, seen, timezone.now())
    if found is None or found.ends_at is None:
        return ""
    at = windows.told(found.ends_at, campaign.workspace.zone)
    if not found.late:
        return _("ends about %(at)s") % {"at": at}
    share = math.ceil(100 * found.late / seen.targets)
    return _("about %(n)s (%(share)s %%) will not get it before %(at)s") % {
        "n": grouped(found.late), "share": share, "at": at,
    }  # fmt: skip


def versions(
    campaign: Campaign, run: Run | None, seen: Overview | None, why: Explanation | None, *, is_moving: bool
) -> dict[str, str]:
    """Return what differs when a part of the page must be drawn anew instead of having its numbers changed."""
    redraw = f"{int(timezone.now().timestamp()) // REDRAW_SECONDS}" if is_moving else "end"
    # The first message is not made to wait for the next drawing.
    redraw += "+" if seen is not None and seen.done else ""
    return {
        "head": campaign_page.head_version(campaign, run),
        "body": f"{run.pk if run is not None else 0}-{campaign.status}{campaign.pause_cause}",
        "notices": _told(seen, why),
        "chart": redraw,
        "cards": redraw,
    }


def _told(seen: Overview | None, why: Explanation | None) -> str:
    """Return what differs as soon as the page must say something else about why nothing moves."""
    held = why.held if why is not None else ()
    words = [f"{one.kind} {one.title} {one.text} {one.until} {one.count > 0}" for one in held]
    return f"{zlib.crc32('|'.join(words).encode()):x}-{seen.unknown if seen is not None else 0}"


def why_values(why: Explanation | None) -> dict[str, int]:
    """Return how many messages each cause holds, by the keys that the card of causes uses."""
    held = why.held if why is not None else ()
    return {f"why_{place}": one.count for place, one in enumerate(held)}


def sums(seen: Overview) -> list[Sum]:
    """Return the places in which people are; together they are the total."""
    return [
        Sum("sent", _("sent"), seen.sent),
        Sum("partly", _("partly sent"), seen.partly),
        Sum("failed", _("failed"), seen.failed),
        Sum("unknown", _("unknown"), seen.unknown),
        Sum("cancelled", _("cancelled"), seen.cancelled),
        Sum("expired", _("expired"), seen.expired),
        Sum("skipped", _("skipped"), seen.skipped),
        Sum("in_flight", _("in flight"), seen.in_flight),
        Sum("pending", _("pending"), seen.pending),
    ]


def snapshot(campaign: Campaign, run: Run | None, *, is_latest: bool) -> Snapshot:
    """Return the run's numbers as they are now; without a run only what would make the page be drawn anew."""
    is_moving = campaign_page.is_moving(campaign, run) and is_latest
    if run is None:
        scope = Scope(versions=versions(campaign, None, None, explain(campaign, None), is_moving=is_moving))
        return Snapshot(scope=scope, is_final=not is_moving)
    seen = progress.overview(run, is_sending=is_latest and progress.is_sending(campaign))
    line = texts(campaign, run, seen, is_moving=is_moving)
    why = explain(campaign, run, rate=seen.rate) if is_latest else None
    shares = {
        f"{name}_share": spelling.number(seen.share(value), 1)
        for name, value in (
            ("sent", seen.sent),
            ("waiting", seen.waiting),
            ("partly", seen.partly),
            ("not_delivered", seen.not_delivered),
        )
    }
    values: dict[str, object] = {
        "targets": seen.targets,
        "sent": seen.sent,
        "waiting": seen.waiting,
        "partly": seen.partly,
        "not_delivered": seen.not_delivered,
        "in_flight": seen.in_flight,
        "problems": short(troubles.counts(campaign, run).all),
        "progress_percent": seen.percent,
        "progress_done": seen.done,
        "progress_total": seen.targets,
        **shares,
        **line,
        **{f"sum_{one.key}": one.count for one in sums(seen)},
        **{f"message_{name}": seen.messages(name) for name in MESSAGES},
        **{f"channel_{one.step}": one.tried for one in seen.channels},
        **why_values(why),
    }
    return Snapshot(
        scope=Scope(
            values=values,
            bars={"progress": bar_geometry(parts(seen), total=seen.targets)},
            versions=versions(campaign, run, seen, why, is_moving=is_moving),
        ),
        is_final=not is_moving,
    )


class Snapshots:
    """Snapshots by campaign, run and language; each is made by one thread while the others wait for it."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._guard = threading.Lock()
        self._kept: OrderedDict[object, tuple[float, Snapshot]] = OrderedDict()
        self._locks: dict[object, threading.Lock] = {}

    def get(self, key: object, make: Callable[[], Snapshot]) -> Snapshot:
        """Return the snapshot of that key, at most SNAPSHOT_SECONDS old."""
        key = (key, get_language())
        fresh = self._fresh(key)
        if fresh is not None:
            return fresh
        with self._guard:
            lock = self._locks.setdefault(key, threading.Lock())
        with lock:
            fresh = self._fresh(key)
            if fresh is None:
                fresh = make()
                self._keep(key, fresh)
        return fresh

    def _fresh(self, key: object) -> Snapshot | None:
        with self._guard:
            at, kept = self._kept.get(key, (0.0, None))
        return kept if kept is not None and self._clock() - at < SNAPSHOT_SECONDS else None

    def _keep(self, key: object, made: Snapshot) -> None:
        with self._guard:
            self._kept[key] = (self._clock(), made)
            self._kept.move_to_end(key)
            while len(self._kept) > SNAPSHOTS:
                oldest, _kept = self._kept.popitem(last=False)
                self._locks.pop(oldest, None)


snapshots = Snapshots()


def _per_second(rate: float) -> str:
    return ngettext("%(n)s message/s", "%(n)s messages/s", 1 if rate == 1 else 2) % {"n": _short(rate)}


def _short(value: float) -> str:
    digits = 0 if value >= 10 or value == int(value) else 2 if value < 1 else 1
    return spelling.number(value, digits)
