"""What a workspace settles about who may be written to: how often, by which words it ends, when it is given up."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from clarion.audience.errors import RulesInvalid
from clarion.audience.models import SuppressionReason
from clarion.audience.operations.suppressions import suppress
from clarion.audience.optout import MOST_CAPS, MOST_DAYS, AnswerWords, FrequencyCap, OptOutRules, SoftBounce
from clarion.audience.stopwords import fold
from clarion.channels import registry
from clarion.workspaces import audit
from clarion.workspaces.actors import Actor
from clarion.workspaces.models import Workspace
from clarion.workspaces.permissions import Permission

#: Words of one meaning in one language, and characters of a word and of a sentence that is sent back.
MOST_WORDS = 40
WORD_LENGTH = 60
REPLY_LENGTH = 300


@transaction.atomic
def set_caps(*, by: Actor, caps: Sequence[tuple[str, int, int]]) -> None:
    """Let these be the workspace's frequency caps: (channel or "" for all, messages, days). Raises RulesInvalid."""
    by.require(Permission.MANAGE_MEMBERS)
    problems = []
    if len(caps) > MOST_CAPS:
        problems.append(_("There are at most %(n)d caps.") % {"n": MOST_CAPS})
    for channel, messages, days in caps:
        if channel and channel not in registry.CHANNELS:
            problems.append(_("There is no such channel."))
        if not 1 <= messages <= 1000 or not 1 <= days <= MOST_DAYS:
            problems.append(_("A cap is 1 to 1,000 messages in 1 to %(days)d days.") % {"days": MOST_DAYS})
    if len({(channel, days) for channel, _messages, days in caps}) != len(caps):
        problems.append(_("Two caps are for the same channel and days."))
    if problems:
        raise RulesInvalid(list(dict.fromkeys(problems)))
    # Two people who save at once: the second writes over what the first did, and not half of it.
    Workspace.objects.select_for_update().get(pk=by.workspace.pk)
    before = _told(FrequencyCap.objects.filter(workspace=by.workspace))
    FrequencyCap.objects.filter(workspace=by.workspace).delete()
    made = FrequencyCap.objects.bulk_create(
        FrequencyCap(workspace=by.workspace, channel=channel, messages=messages, days=days)
        for channel, messages, days in caps
    )
    if before != _told(made):
        _record(by, "caps_set", {"frequency_caps": (before, _told(made))})


def _told(caps: Any) -> list[str]:
    return sorted(f"{cap.channel or 'all'}: {cap.messages} / {cap.days} d" for cap in caps)


@transaction.atomic
def set_opt_out_rules(
    *, by: Actor, soft_bounces: int, soft_days: int, page_text: str = "", confirms: bool | None = None
) -> OptOutRules:
    """Say when an address is given up that keeps sending messages back, and how the preference page looks.

    `soft_bounces` is 0 for never; `confirms` is whether answers are confirmed, None for as it is. Raises RulesInvalid.
    """
    by.require(Permission.MANAGE_MEMBERS)
    if not 0 <= soft_bounces <= 100 or not 1 <= soft_days <= MOST_DAYS:
        sentence = _("Bounces are 0 to 100 in 1 to %(days)d days.") % {"days": MOST_DAYS}
        raise RulesInvalid([sentence])
    values: dict[str, Any] = {
        "soft_bounces": soft_bounces, "soft_days": soft_days,
        "page_text": page_text.replace("\x00", "").strip()[:500],
    }  # fmt: skip
    if confirms is not None:
        values["confirms"] = confirms
    row, _is_new = OptOutRules.objects.select_for_update().get_or_create(workspace=by.workspace)
    changes = {
        name: (getattr(row, name), value) for name, value in values.items() if getattr(row, name) != value
    }
    if changes:
        for name, value in values.items():
            setattr(row, name, value)
        row.save(update_fields=list(values))
        _record(by, "opt_out_rules_set", changes)
    return row


@transaction.atomic
def set_answer_words(
    *, by: Actor, language: str, words: Mapping[str, Sequence[str]], replies: Mapping[str, str]
) -> AnswerWords:
    """Let the workspace have its own words of a language: {"stop": […], "stop_alone": …, "start": …, "help": …}.

    `replies` are what is sent back: {"stop_reply": …, "start_reply": …, "help_reply": …}, empty for the program's own.
    Raises RulesInvalid: without any STOP word nobody could end anything.
    """
    by.require(Permission.MANAGE_MEMBERS)
    values: dict[str, Any] = {
        name: _cleaned(words.get(name, ())) for name in ("stop", "stop_alone", "start", "help")
    }
    values |= {
        name: " ".join(replies.get(name, "").replace("\x00", "").split())[:REPLY_LENGTH]
        for name in ("stop_reply", "start_reply", "help_reply")
    }
    problems = []
    if not values["stop"]:
        problems.append(_("There must be at least one word that ends messages."))
    if not language or len(language) > 12 or not language.replace("-", "").isalnum():
        problems.append(_("There is no such language."))
    if problems:
        raise RulesInvalid(problems)
    row, is_new = AnswerWords.objects.update_or_create(
        workspace=by.workspace, language=language.lower(), defaults=values
    )
    _record(by, "answer_words_set", {"language": (None if is_new else language, language)})
    return row


@transaction.atomic
def reset_answer_words(*, by: Actor, language: str) -> bool:
    """Go back to the program's own words of a language; return whether there were others."""
    by.require(Permission.MANAGE_MEMBERS)
    gone, _by_model = AnswerWords.objects.filter(workspace=by.workspace, language=language).delete()
    if gone:
        _record(by, "answer_words_reset", {"language": (language, None)})
    return bool(gone)


def _cleaned(words: Sequence[str]) -> list[str]:
    """Return the words that can be recognised, each once, as they were typed."""
    found: dict[tuple[str, ...], str] = {}
    for word in words:
        plain = " ".join(word.replace("\x00", "").split())[:WORD_LENGTH]
        if fold(plain):
            found.setdefault(fold(plain), plain)
    return list(found.values())[:MOST_WORDS]


def note_soft_bounce(
    *, workspace: Workspace, channel: str, address: str, run_id: int, delivery_id: int, at: datetime
) -> bool:
    """Keep that a message came back for now; return whether the address is given up by it, and suppressed now.

    A message counts once. What is older than the workspace's span is forgotten on the way.
    """
    rules = OptOutRules.objects.filter(pk=workspace.pk).first() or OptOutRules(workspace=workspace)
    if not rules.soft_bounces:
        return False
    with transaction.atomic():
        SoftBounce.objects.bulk_create(
            [
                SoftBounce(
                    workspace=workspace, channel=channel, address=address, at=at, run_id=run_id,
                    delivery_id=delivery_id,
                )
            ],
            ignore_conflicts=True,
        )  # fmt: skip
        of_address = SoftBounce.objects.filter(workspace=workspace, channel=channel, address=address)
        of_address.filter(at__lt=at - timedelta(days=MOST_DAYS)).delete()
        since = at - timedelta(days=rules.soft_days)
        if of_address.filter(at__gt=since, at__lte=at).count() < rules.soft_bounces:
            return False
        return suppress(
            workspace=workspace, channel=channel, address=address, reason=SuppressionReason.SOFT_BOUNCED,
            origin=f"run {run_id}",
        )  # fmt: skip


def _record(by: Actor, verb: str, changes: Mapping[str, tuple[Any, Any]]) -> None:
    audit.record(
        by=by, action=f"workspace.{verb}", kind="workspace", object_id=by.workspace.slug,
        object_name=by.workspace.name, changes=changes,
    )  # fmt: skip
