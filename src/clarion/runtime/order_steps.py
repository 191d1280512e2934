"""Further channels of an order, from a TOML file: fallbacks, or channels that go together with the first.

    receipt_wait = 30                 # minutes; optional

    [[step]]
    channel = "sms"
    sender_url = "smpps://user:password@host:2775"
    from = "Shop"
    text = "reminder.txt"             # or html, mjml; beside this file
    fields = { silent = "1" }         # what the channel's messages have beside a text; optional
    tier = 1                          # 0 together with the first channel; else which fallback it is

Without a tier each step is the next fallback.
"""

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from clarion.campaigns.cascade import STEPS_MAX
from clarion.campaigns.models import RECEIPT_WAIT_MOST
from clarion.channels import registry

if TYPE_CHECKING:
    from clarion.runtime.orders import Order

#: Largest file, in octets.
MAX_FILE = 100_000
_TEXTS = ("channel", "sender_url", "from", "subject", "html", "mjml", "text", "reply_to")


class OrderInvalid(Exception):
    """The order cannot be carried out. `problems` are sentences, each beginning with the option it is about."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__(" ".join(problems))
        self.problems = problems


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedStep:
    """A further channel, as an order of its own for the same people."""

    name: str
    tier: int
    order: "Order"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What the file says."""

    steps: Sequence[PlannedStep] = ()
    receipt_wait: int | None = None


def read(order: "Order", path: Path, problems: list[str]) -> Plan:
    """Return the further channels that the file names; what is wrong with it is added to `problems`."""
    said = _said(path, problems)
    steps, found = said.get("step", []), []
    if said and (not isinstance(steps, list) or not steps or len(steps) >= STEPS_MAX):
        problems.append(
            _("%(file)s: name 1 to %(n)d channels, each as [[step]].") % {"file": path, "n": STEPS_MAX - 1}
        )
        return Plan()
    last = 0
    for number, one in enumerate(steps, start=1):
        sentence = _wrong(one, last)
        if sentence:
            problems.append(f"{path}, [[step]] {number}: {sentence}")
            continue
        tier = one.get("tier", last + 1)
        last = max(last, tier)
        files: dict[str, Any] = {
            name: path.parent / one[name] if one.get(name) else None for name in ("html", "mjml", "text")
        }
        own = replace(
            order, channel=one["channel"], sender_url=one.get("sender_url", ""), sender=one.get("from", ""),
            subject=one.get("subject", ""), reply_to=one.get("reply_to", ""), cascade=None,
            fields=tuple(f"{name}={value}" for name, value in one.get("fields", {}).items()), **files,
        )  # fmt: skip
        found.append(PlannedStep(name=f"[[step]] {number}", tier=tier, order=own))
    return Plan(steps=found, receipt_wait=_wait(said, path, problems))


def _said(path: Path, problems: list[str]) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            octets = file.read(MAX_FILE + 1)
        if len(octets) > MAX_FILE:
            problems.append(_("%(file)s: the file is too large.") % {"file": path})
            return {}
        return tomllib.loads(octets.decode())
    except OSError as error:
        problems.append(f"--cascade {path}: {error.strerror}.")
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        problems.append(f"--cascade {path}: {error}")
    return {}


def _wrong(one: Any, last: int) -> str:
    """Return what is wrong with a step, as a sentence; empty when nothing is."""
    if not isinstance(one, dict) or set(one) - {*_TEXTS, "tier", "fields"}:
        return _("It may have: %(names)s.") % {"names": ", ".join([*_TEXTS, "tier", "fields"])}
    fields = one.get("fields", {})
    if not isinstance(fields, dict) or not all(isinstance(value, str) for value in fields.values()):
        return _("fields: write a table of texts.")
    if not all(isinstance(one.get(name, ""), str) for name in _TEXTS):
        return _("Everything but the tier is a text.")
    if one.get("channel") not in registry.CHANNELS:
        return _("channel: choose one of: %(known)s.") % {"known": ", ".join(registry.CHANNELS)}
    tier = one.get("tier", last + 1)
    if not isinstance(tier, int) or isinstance(tier, bool) or not 0 <= tier <= last + 1:
        return _("tier: write a number from 0 to %(n)d.") % {"n": last + 1}
    return ""


def _wait(said: dict[str, Any], path: Path, problems: list[str]) -> int | None:
    wait = said.get("receipt_wait")
    if wait is None:
        return None
    if not isinstance(wait, int) or isinstance(wait, bool) or not 1 <= wait <= RECEIPT_WAIT_MOST:
        problems.append(
            _("%(file)s: receipt_wait: write minutes, 1 to %(n)d.") % {"file": path, "n": RECEIPT_WAIT_MOST}
        )
        return None
    return wait
