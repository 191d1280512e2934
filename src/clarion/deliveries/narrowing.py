"""What may be asked of a run's people, and which index leads to the answer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from django.db.models import Sum

from clarion.deliveries.models import Claim, Run, RunProblem, RunStep
from clarion.deliveries.scanning import END, Way
from clarion.deliveries.states import STEPS, Result, Skip, Stage
from clarion.deliveries.unreached import Missed, Part

if TYPE_CHECKING:
    from clarion.deliveries.finding import Matches

#: Stages that the ledger keeps an index of.
PROBLEMS = frozenset({Stage.FAILED, Stage.UNKNOWN, Stage.CANCELLED, Stage.EXPIRED})
#: Stages that a message reached by an attempt, so that it lies behind its step's cursor.
_ENDED = frozenset({Stage.SENT, Stage.PARTLY})

_DELIVERY = "from deliveries_delivery where run_id = %(run)s"
_RECIPIENT = "from deliveries_recipient where run_id = %(run)s"
_WAITING = (
    "from deliveries_waiting w join deliveries_delivery d on d.run_id = %(run)s and d.id = w.delivery_id"
    " where w.run_id = %(run)s"
)
#: Who opened or clicked did so whatever came later: results that say it by themselves, and later ones beside which
#: a receipt may say it.
_REACHED = {
    Result.READ: (Result.READ, Result.CLICKED, Result.REPLIED),
    Result.CLICKED: (Result.CLICKED,),
}
_RECEIPT = (
    "exists(select from deliveries_receipt e where e.run_id = %(run)s and e.delivery_id = {id}"
    " and e.result = any(%(reached)s))"
)
_COLUMNS = ("stage", "reason", "code", "result")


@dataclass(frozen=True, slots=True, kw_only=True)
class Narrowing:
    """Conditions that all hold; None asks nothing."""

    stage: Stage | None = None
    skip: Skip | None = None
    #: Was not left out.
    not_skipped: bool = False
    result: Result | None = None
    reason: int | None = None
    code: str | None = None
    no_receipt: bool = False
    #: Sent, and nothing tells that it was opened.
    not_opened: bool = False
    #: A channel of a cascade could not reach them, or they stand elsewhere in its waterfall.
    missed: Missed | None = None

    @property
    def is_by_message(self) -> bool:
        """Whether something is asked of the messages beyond the stage."""
        return bool(
            self.result is not None or self.reason is not None or self.code is not None or self.no_receipt
            or self.not_opened
        )  # fmt: skip

    @property
    def _is_silent(self) -> bool:
        return self.no_receipt or self.not_opened

    def count(self, run: Run) -> int | None:
        """Return how many people fit, where counters tell; else None."""
        if self.skip is not None or self.missed is not None:
            return None
        if not self.is_by_message:
            if self.not_skipped and self.stage in (None, Stage.SKIPPED):
                return run.total - run.skipped if self.stage is None else 0
            return run.total if self.stage is None else getattr(run, _COUNTERS[self.stage])
        if self.stage not in (Stage.FAILED, Stage.UNKNOWN) or self.result is not None or self._is_silent:
            return None
        rows = RunProblem.objects.filter(run_id=run.pk, stage=self.stage)
        if self.reason is not None:
            rows = rows.filter(reason=self.reason)
        if self.code is not None:
            rows = rows.filter(code=self.code)
        total: int | None = rows.aggregate(total=Sum("count"))["total"]
        return total or 0


_COUNTERS = {
    Stage.PENDING: "pending",
    Stage.IN_FLIGHT: "in_flight",
    Stage.SENT: "sent",
    Stage.PARTLY: "partly",
    Stage.FAILED: "failed",
    Stage.UNKNOWN: "unknown",
    Stage.SKIPPED: "skipped",
    Stage.CANCELLED: "cancelled",
    Stage.EXPIRED: "expired",
}


def ways(run: Run, steps: Sequence[RunStep], wanted: Narrowing, found: "Matches | None" = None) -> list[Way]:
    """Return the ways that together lead to every recipient that fits, and to no other."""
    if found is not None and not found.ids and not found.prefix:
        return []
    if wanted.not_skipped and (wanted.skip is not None or wanted.stage is Stage.SKIPPED):
        return []  # nobody is both
    if wanted.missed is not None:
        return _missed(wanted, wanted.missed, steps, found)
    if wanted.not_skipped and wanted.stage is None and not wanted.is_by_message:
        return [_of_people("skip is null", {}, found)]
    if wanted.skip is not None or wanted.stage is Stage.SKIPPED:
        return _skipped(wanted, found)
    if wanted.stage is None and not wanted.is_by_message:
        return [_everybody(found)]
    if run.is_cascade and wanted.stage is not Stage.IN_FLIGHT and not wanted.is_by_message:
        return [_of_stage(wanted.stage or Stage.PENDING, found)]
    per = max(1, len(steps))
    test, parameters = _test(wanted)
    made = []
    for source, ranges, extra in _sources(run, steps, wanted):
        is_waiting = source == _WAITING
        way = Way(
            source=source,
            id="w.delivery_id" if is_waiting else "id",
            columns=", ".join(f"d.{name}" for name in _COLUMNS) if is_waiting else ", ".join(_COLUMNS),
            test=test,
            parameters={**parameters, **extra},
            ranges=ranges,
            per_recipient=per,
        )
        made.append(_matching(way, steps, found))
    return made


def _sources(
    run: Run, steps: Sequence[RunStep], wanted: Narrowing
) -> list[tuple[str, Sequence[tuple[int, int]], dict[str, Any]]]:
    """Return (FROM and WHERE, ranges of ids, parameters) of what leads to the messages."""
    everything = [(0, END)]
    if wanted.stage in PROBLEMS:
        return [(f"{_DELIVERY} and problem = %(problem)s", everything, {"problem": int(wanted.stage)})]
    if wanted.result in _REACHED:
        return _reached(wanted.result)
    if wanted.result is not None:
        return [(f"{_DELIVERY} and result = %(result_)s", everything, {"result_": int(wanted.result)})]
    if wanted.stage is Stage.PENDING:
        low = min((step.cursor for step in steps), default=0)
        return [(_WAITING, everything, {}), (_DELIVERY, [((low + 1) * STEPS, END)], {})]
    if wanted.stage is Stage.IN_FLIGHT:
        return [(_DELIVERY, _claimed(run), {})]
    if wanted.stage in _ENDED or wanted.no_receipt or wanted.not_opened:
        high = max((step.cursor for step in steps), default=0)
        return [(_DELIVERY, [(0, high * STEPS + STEPS - 1)], {})]
    return [(_DELIVERY, everything, {})]


def _reached(wanted: Result) -> list[tuple[str, Sequence[tuple[int, int]], dict[str, Any]]]:
    """Return what leads to the messages that came as far as that, by the index of results."""
    reached = _REACHED[wanted]
    made: list[tuple[str, Sequence[tuple[int, int]], dict[str, Any]]] = []
    for result in Result:
        source = f"{_DELIVERY} and result = %(result_)s"
        if result > wanted and result not in reached:
            source += f" and {_RECEIPT.format(id='deliveries_delivery.id')}"
        if result in reached or result > wanted:
            made.append(
                (source, [(0, END)], {"result_": int(result), "reached": [int(one) for one in reached]})
            )
    return made


def _claimed(run: Run) -> list[tuple[int, int]]:
    """Return the ranges of ids that claims hold, joined where they overlap."""
    merged: list[tuple[int, int]] = []
    claims = Claim.objects.filter(run_id=run.pk).order_by("first_id")
    for first, last in claims.values_list("first_id", "last_id"):
        if merged and first <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(merged[-1][1], last))
        else:
            merged.append((first, last))
    return merged


def _test(wanted: Narrowing) -> tuple[str, dict[str, Any]]:
    """Return the condition that a message has to fulfil, and its values."""
    conditions: list[str] = []
    values: dict[str, Any] = {}
    is_silent = wanted.no_receipt or wanted.not_opened
    stage = Stage.SENT if is_silent and wanted.stage is None else wanted.stage
    for name, value in (
        ("stage", stage),
        ("reason", wanted.reason),
        # The way there says how far it came.
        ("result", None if wanted.result in _REACHED and stage not in PROBLEMS else wanted.result),
    ):
        if value is not None:
            conditions.append(f"{name} = %(t_{name})s")
            values[f"t_{name}"] = int(value)
    if wanted.code is not None:
        conditions.append("coalesce(code, '') = %(t_code)s")
        values["t_code"] = wanted.code
    if wanted.no_receipt:
        conditions.append("result is null")
    if wanted.not_opened:
        later = f"result > {Result.REPLIED.value} and {_RECEIPT.format(id='candidate.id')}"
        conditions.append(f"(result is null or not (result = any(%(reached)s) or {later}))")
        values["reached"] = [int(one) for one in _REACHED[Result.READ]]
    return " and ".join(conditions), values


def _missed(
    wanted: Narrowing, missed: Missed, steps: Sequence[RunStep], found: "Matches | None"
) -> list[Way]:
    """Return the ways to the people who stand there in a channel's waterfall."""
    if wanted.skip is not None or wanted.is_by_message:
        return []  # nobody who was left out has a message of it, and nothing became of one that was not sent
    if missed.why is Part.NOT_NEEDED:
        return [_not_needed(wanted, missed.step, steps, found)]
    tests = [f"id & {STEPS - 1} = %(missed_step)s"]
    parameters: dict[str, Any] = {"missed_step": missed.step}
    problems: Sequence[Stage | None] = [Stage.SKIPPED]
    if missed.why is Part.PEOPLE:
        parameters, problems = {"missed_step": _first(steps)}, [None]
    elif missed.why is Part.MESSAGES:
        tests.append("stage not in (6, 7, 8)")
        problems = [None]
    elif missed.why is Part.CALLED_OFF:
        tests.append("address is not null and stage in (6, 7, 8)")
        problems = [Stage.SKIPPED, Stage.CANCELLED, Stage.EXPIRED]
    else:
        tests.append("address is null")
    if isinstance(missed.why, Skip):
        tests.append("code = %(missed_code)s")
        parameters["missed_code"] = missed.why.name.lower()
    if wanted.stage is not None:
        tests.append(
            "exists(select from deliveries_recipient p where p.run_id = %(run)s"
            f" and p.id = candidate.id / {STEPS} and p.stage = %(person_stage)s)"
        )
        parameters["person_stage"] = int(wanted.stage)
    made = []
    for problem in problems:
        way = Way(
            source=_DELIVERY if problem is None else f"{_DELIVERY} and problem = %(problem)s",
            columns="code, address, stage", test=" and ".join(tests),
            parameters=parameters if problem is None else {**parameters, "problem": int(problem)},
            per_recipient=max(1, len(steps)),
        )  # fmt: skip
        made.append(_matching(way, steps, found))
    return made


def _not_needed(wanted: Narrowing, step: int, steps: Sequence[RunStep], found: "Matches | None") -> Way:
    """Return the way to people for whom the cascade began and a channel has made nothing."""
    message = (
        "exists(select from deliveries_delivery m where m.run_id = %(run)s"
        f" and m.id = candidate.id * {STEPS} + %({{}})s)"
    )
    test = f"{message.format('first_step')} and not {message.format('missed_step')}"
    parameters = {"first_step": _first(steps), "missed_step": step}
    if wanted.stage is not None:
        return _of_people(
            f"stage = %(t_stage)s and {test}", parameters | {"t_stage": int(wanted.stage)}, found
        )
    return _of_people(test, parameters, found)


def _first(steps: Sequence[RunStep]) -> int:
    """Return a step of the first tier: everybody for whom a cascade began has a message of it, or its place."""
    return min(steps, key=lambda one: one.tier).step if steps else 0


def _skipped(wanted: Narrowing, found: "Matches | None") -> list[Way]:
    if wanted.is_by_message or wanted.stage not in (None, Stage.SKIPPED):
        return []  # nobody who was left out has a message
    skips = [wanted.skip] if wanted.skip is not None else list(Skip)
    return [
        _matching_recipients(
            Way(
                source=f"{_RECIPIENT} and skip = %(skip)s",
                parameters={"skip": int(skip)},
                of_recipients=True,
            ),
            found,
        )
        for skip in skips
    ]


def _of_stage(stage: Stage, found: "Matches | None") -> Way:
    """Return the way to a cascade's people of a stage, which is kept with the person."""
    return _of_people("stage = %(t_stage)s and skip is null", {"t_stage": int(stage)}, found)


def _of_people(test: str, parameters: dict[str, Any], found: "Matches | None") -> Way:
    """Return the way along the people to those of whom something holds."""
    way = Way(
        source=_RECIPIENT,
        columns="address, stage, skip",
        test=test,
        parameters=parameters,
        of_recipients=True,
    )
    if found is None:
        return way
    if found.prefix:
        narrowed = f"{test} and starts_with(address, %(prefix)s)"
        return replace(way, test=narrowed, parameters={**way.parameters, "prefix": found.prefix})
    return _among(way, found.ids)


def _everybody(found: "Matches | None") -> Way:
    return _matching_recipients(Way(source=_RECIPIENT, of_recipients=True), found)


def _matching_recipients(way: Way, found: "Matches | None") -> Way:
    """Return the way, leading only to recipients that a search matched."""
    if found is None:
        return way
    if found.prefix:
        return replace(
            way,
            columns="address",
            test="starts_with(address, %(prefix)s)",
            parameters={**way.parameters, "prefix": found.prefix},
        )
    return _among(way, found.ids)


def _matching(way: Way, steps: Sequence[RunStep], found: "Matches | None") -> Way:
    """Return the way, leading only to messages to recipients that a search matched."""
    if found is None:
        return way
    if not found.prefix:
        return _among(way, [one * STEPS + step.step for one in found.ids for step in steps])
    address = (
        "exists(select from deliveries_recipient r where r.run_id = %(run)s"
        f" and r.id = candidate.id / {STEPS} and starts_with(r.address, %(prefix)s))"
    )
    return replace(
        way,
        test=f"{way.test} and {address}" if way.test else address,
        parameters={**way.parameters, "prefix": found.prefix},
    )


def _among(way: Way, ids: Sequence[int]) -> Way:
    return replace(
        way,
        source=f"{way.source} and {way.id} = any(%(matches)s)",
        parameters={**way.parameters, "matches": list(ids)},
    )


def name_in(variables: Mapping[str, Any]) -> str:
    """Return the name that a source gave a person, by the usual names of its columns; empty for none."""
    known = {str(key).lower().replace(" ", "_"): value for key, value in variables.items()}
    for key in ("name", "full_name"):
        if isinstance(known.get(key), str) and known[key].strip():
            return str(known[key]).strip()
    parts = [
        known.get("first_name") or known.get("firstname"),
        known.get("last_name") or known.get("lastname"),
    ]
    return " ".join(str(part).strip() for part in parts if part)
