"""What holds the pending messages of a campaign that is being sent: by its senders, their providers and limits."""

import dataclasses
from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from clarion.campaigns.cascade import label
from clarion.campaigns.models import Campaign, Launch
from clarion.campaigns.states import Status
from clarion.deliveries import reasons, releasing
from clarion.deliveries.backlog import Backlog, StepBacklog
from clarion.deliveries.causes import Cause, Do, Kind, told
from clarion.deliveries.models import Run
from clarion.engine.limits import Limits
from clarion.engine.outcomes import Reason
from clarion.senders.models import Sender, SenderLane, SenderStatus
from clarion.workspaces import spelling
from clarion.workspaces.retelling import retold

#: Code of the reason of a message that waits for the sending hours where its recipient lives.
OUTSIDE_WINDOW = 504
_SPANS = ("minute", "hour", "day")
#: A try after the wait takes so long at most before it is told how it went.
_TRYING_SECONDS = 10


def of(campaign: Campaign, run: Run, where: Backlog, rate: float) -> list[Cause]:
    """Return the causes of a campaign that is being sent; their counts add up to the backlog."""
    senders = Sender.objects.defer("config", "sealed").in_bulk({step.sender_id for step in where.steps})
    found: list[Cause] = []
    for step in where.steps:
        if step.total:
            found += _of_step(campaign, run, step, senders.get(step.sender_id))
    channels = dict(run.steps.values_list("step", "channel")) if where.awaiting else {}
    for number, put in where.awaiting:
        values: dict[str, object] = {"step": number + 1, "channel": label(channels[number])}
        found.append(told(Kind.RECEIPTS, put.count, values=values, until=put.first))
    return _gathered(found)


def following(cause: Cause) -> Cause:
    """Return the cause as one that would hold messages next."""
    return dataclasses.replace(cause, count=0, is_next=True)


def _of_step(campaign: Campaign, run: Run, step: StepBacklog, sender: Sender | None) -> list[Cause]:
    if sender is None:
        return [told(Kind.SENDING, step.total)]
    opening = {Do.OPEN_SENDER: str(sender.public_id)}
    if sender.status != SenderStatus.ACTIVE:
        kind = Kind.SENDER_BLOCKED if sender.status == SenderStatus.BLOCKED else Kind.SENDER_PAUSED
        return [
            told(
                kind, step.total, values={"sender": sender.name}, text=retold(sender.status_reason),
                since=sender.status_changed_at, objects=opening,
            )
        ]  # fmt: skip
    lanes = list(SenderLane.objects.filter(sender=sender).order_by("lane"))
    ready, found = step.ready, [*_unreleased(campaign, run, step), *_waiting(campaign, step)]
    if not ready:
        return found
    resting = _rest(sender, lanes, ready)
    if resting is not None:
        found.append(resting)
        ready -= resting.count
    if ready:
        found.append(_of_ready(campaign, run, sender, lanes, ready))
    return found


def _rest(sender: Sender, lanes: Sequence[SenderLane], ready: int) -> Cause | None:
    """Return what waits for the sender's provider: all of it, or the share of the lanes that do."""
    ill = [lane for lane in lanes if is_resting(lane)]
    if not ill:
        return None
    worst = max(ill, key=lambda lane: lane.open_until or lane.saved_at)
    count = ready if len(ill) >= sender.lanes else -(-ready * len(ill) // sender.lanes)
    return rest(sender, worst, count)


def is_resting(lane: SenderLane) -> bool:
    """Whether the lane waits for its provider, or is just trying it again: an answer is told at once."""
    trying = timedelta(seconds=_TRYING_SECONDS)
    return lane.open_until is not None and lane.open_until > timezone.now() - trying


def rest(sender: Sender, lane: SenderLane, count: int = 0) -> Cause:
    """Return that the sender's provider is given a rest."""
    throttles = lane.open_reason in (Reason.THROTTLED, Reason.PROVIDER_BUSY, Reason.QUOTA_EXCEEDED)
    return told(
        Kind.PROVIDER_THROTTLES if throttles else Kind.PROVIDER_DOWN,
        count,
        values={"sender": sender.name},
        text=" ".join(filter(None, [reasons.sentence_of(lane.open_reason), lane.open_detail])),
        until=lane.open_until if lane.open_until and lane.open_until > timezone.now() else None,
        objects={Do.OPEN_SENDER: str(sender.public_id)},
    )


def _unreleased(campaign: Campaign, run: Run, step: StepBacklog) -> list[Cause]:
    if not step.unreleased:
        return []
    mine = {Do.EDIT: str(campaign.public_id), Do.MODERATE: str(campaign.public_id)}
    last = run.plan.get(releasing.FIRST_PART)
    if campaign.launch == Launch.SPREAD and (last is None or (run.released_id or 0) < last):
        return [
            told(Kind.NEXT_SHARE, step.unreleased, until=next_share_at(campaign, run), objects=mine),
        ]
    return [told(Kind.SECOND_YES, step.unreleased, objects=mine)]


def next_share_at(campaign: Campaign, run: Run) -> datetime | None:
    """Return when the next day's share of a spread may leave: on the next day that its hours name."""
    zone = ZoneInfo(campaign.zone)
    hours = campaign.windows or [{"days": list(range(7)), "from": "00:00"}]
    window_zone = ZoneInfo(campaign.window_zone) if campaign.window_zone else zone
    day = run.released_on or timezone.now().astimezone(zone).date()
    for ahead in range(1, 9):
        one = day + timedelta(days=ahead)
        starts = [
            time.fromisoformat(hour["from"]) for hour in hours if one.weekday() in hour.get("days", range(7))
        ]
        if starts:
            at = datetime.combine(one, min(starts), tzinfo=window_zone).astimezone(UTC)
            return at if campaign.ends_at is None or at < campaign.ends_at else None
    return None


def _waiting(campaign: Campaign, step: StepBacklog) -> list[Cause]:
    found = []
    showing = {Do.SHOW_WAITING: str(campaign.public_id)}
    for put in step.waiting:
        is_window = put.reason == OUTSIDE_WINDOW or (put.reason is None and campaign.window_is_recipients)
        text = "" if is_window else reasons.sentence_of(put.reason)
        if put.last - put.first > timedelta(seconds=60):
            last = timezone.localtime(put.last)
            text = f"{text} " + _("The last of them at %(time)s.") % {"time": f"{last:%H:%M}"}
        kind = Kind.RECIPIENT_WINDOW if is_window else Kind.RETRY
        found.append(told(kind, put.count, text=text.strip(), until=put.first, objects=showing))
    return found


def _of_ready(campaign: Campaign, run: Run, sender: Sender, lanes: Sequence[SenderLane], count: int) -> Cause:
    """Return what paces messages that nothing stops."""
    used_up = limit_used_up(sender, lanes)
    mine = {Do.CHANGE_SPEED: str(campaign.public_id)}
    if used_up is not None:
        span, until = used_up
        values: dict[str, object] = {"sender": sender.name, "limit": _limit_in_words(sender, span)}
        return told(
            Kind.SENDER_LIMIT,
            count,
            values=values,
            until=until,
            objects={Do.OPEN_SENDER: str(sender.public_id)},
        )
    others = _others(run, sender)
    if others:
        values = {"campaign": others[0].name, "sender": sender.name}
        rest_ = len(others) - 1
        text = ngettext("And with %(n)d more.", "And with %(n)d more.", rest_) % {"n": rest_} if rest_ else ""
        return told(
            Kind.TURN, count, values=values, text=text, objects={Do.OPEN_CAMPAIGN: str(others[0].public_id)}
        )
    if campaign.delay_max > 0:
        low, high = spelling.number(campaign.delay_min), spelling.number(campaign.delay_max)
        span = low if low == high else f"{low}–{high}"
        return told(Kind.OWN_DELAY, count, values={"delay": _("%(n)s s") % {"n": span}}, objects=mine)
    if campaign.rate_limit is not None and campaign.rate_limit < (sender.limit_second or float("inf")):
        speed = _("%(n)s/s") % {"n": spelling.number(campaign.rate_limit)}
        return told(Kind.OWN_SPEED, count, values={"speed": speed}, objects=mine)
    return told(Kind.SENDING, count)


def limit_used_up(sender: Sender, lanes: Sequence[SenderLane]) -> tuple[str, datetime] | None:
    """Return the span whose limit every lane of the sender has used up, and when there is room again."""
    spans = {name: getattr(sender, f"limit_{name}") for name in _SPANS}
    count = sender.lane_count
    if not any(spans.values()) or len(lanes) < count:
        return None
    now = timezone.now().timestamp()
    found: list[tuple[float, str]] = []
    for lane in lanes[:count]:
        limits = Limits(**spans, lane=lane.lane, lanes=count)
        limits.restore(lane.limits, now)
        span = limits.binding(now)
        if span is None:
            return None
        found.append((now + limits.wait(now), span))
    if not found:
        return None
    at, span = min(found)
    return span, datetime.fromtimestamp(at, tz=UTC)


def _limit_in_words(sender: Sender, span: str) -> str:
    limit = spelling.number(getattr(sender, f"limit_{span}"))
    words = {"minute": _("%(n)s a minute"), "hour": _("%(n)s an hour"), "day": _("%(n)s a day")}
    return words[span] % {"n": limit}


def _others(run: Run, sender: Sender) -> list[Campaign]:
    """Return the other campaigns that send through it now, the one with the most turns first."""
    return list(
        Campaign.objects.filter(
            status=Status.SENDING,
            runs__finished_at=None,
            runs__closing_stage=None,
            runs__pending__gt=0,
            runs__steps__sender_id=sender.pk,
        )
        .exclude(pk=run.campaign_id)
        .distinct()
        .order_by("-weight", "pk")
    )


def _gathered(causes: Sequence[Cause]) -> list[Cause]:
    """Put the same cause of several steps together; the largest share first, what is being sent last."""
    merged: dict[object, Cause] = {}
    for cause in causes:
        key = (cause.kind, cause.title, cause.text)
        before = merged.get(key)
        merged[key] = cause if before is None else _joined(before, cause)
    return sorted(merged.values(), key=lambda one: (one.kind is Kind.SENDING, not one.is_grave, -one.count))


def _joined(one: Cause, other: Cause) -> Cause:
    moments = [at for at in (one.until, other.until) if at is not None]
    return dataclasses.replace(one, count=one.count + other.count, until=min(moments, default=None))
