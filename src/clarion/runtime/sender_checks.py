"""Whether providers take the senders' credentials: what `clarion doctor` sees when it signs in and sends nothing."""

import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as TookTooLong
from dataclasses import dataclass
from typing import Any

from clarion.channels.base import CheckResult, ConfigInvalid
from clarion.senders import secrets, testing
from clarion.senders.errors import SecretsLost
from clarion.senders.models import Sender, SenderStatus

#: Senders that are tried at once, and seconds for all of them together.
AT_ONCE = 8
ALL_SECONDS = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What one sender's provider said. `verdict` is good, warning or unseen."""

    sender: Sender
    verdict: str
    #: In one line.
    seen: str
    cure: str = ""


def check_all(*, seconds: float = ALL_SECONDS) -> Iterator[Checked]:
    """Yield each sender that is not paused by a person. What there was no time for is unseen, never good."""
    until = time.monotonic() + seconds
    rows = Sender.objects.exclude(status=SenderStatus.PAUSED).select_related("workspace")
    pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="doctor")
    try:
        asked = []
        for sender in rows.order_by("workspace__slug", "name"):
            try:
                config = secrets.ready_config(sender)
            except (SecretsLost, ConfigInvalid) as problem:
                yield Checked(
                    sender=sender,
                    verdict="warning",
                    seen=_line(str(problem)),
                    cure="Open its settings and save them.",
                )
            else:
                asked.append((sender, pool.submit(_checked, sender.channel, config)))
        for sender, answer in asked:
            try:
                result = answer.result(max(0.0, until - time.monotonic()))
            except TookTooLong:
                yield Checked(sender=sender, verdict="unseen", seen=f"not tried within {seconds:g} seconds")
                continue
            yield _told(sender, result)
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _checked(channel: str, config: Mapping[str, Any]) -> CheckResult:
    try:
        return testing.check_config(channel, config)
    except Exception as problem:  # noqa: BLE001 - one provider's answer must not end the look at the others
        return CheckResult(ok=False, problem=f"The check failed: {type(problem).__name__}.")


def _told(sender: Sender, result: CheckResult) -> Checked:
    if result.ok:
        step, seen = result.lines[-1] if result.lines else ("", "")
        return Checked(sender=sender, verdict="good", seen=_line(f"{step}: {seen}" if step else "taken"))
    return Checked(
        sender=sender,
        verdict="warning",
        seen=_line(result.problem or "not taken"),
        cure="Correct its settings; the sender's page checks them step by step.",
    )


def _line(words: str) -> str:
    return " ".join(words.split())[:300]
