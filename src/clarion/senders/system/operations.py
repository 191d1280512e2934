"""Choosing the system sender, writing letters and handing them over."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import timedelta
from functools import lru_cache
from typing import Any

import orjson
import structlog
from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from clarion.channels import registry
from clarion.channels.base import CheckResult, ConfigInvalid
from clarion.engine.outcomes import REASONS, Accepted, Deferred, Outcome, Reason, Refused, Scope, Unknown
from clarion.lib.sealing import SealBroken, Sealer
from clarion.senders import secrets, testing
from clarion.senders.errors import SecretsLost
from clarion.senders.models import Sender
from clarion.senders.system import writers
from clarion.senders.system.errors import SystemSenderRefused, SystemSenderUnusable
from clarion.senders.system.models import Letter, LetterStatus, SystemSender
from clarion.senders.system.postman import postman
from clarion.workspaces.access import operations as access
from clarion.workspaces.models import User

log = structlog.get_logger(__name__)

CHANNEL = "email"
#: A letter that is not sent by then is given up: what it is about is over.
GIVE_UP = timedelta(hours=6)
#: Until when nobody else takes a letter that is being sent; longer than a sending may last.
LEASE = timedelta(minutes=2)
#: The wait before the second attempt; later ones are three times as long as the one before.
RETRY = timedelta(minutes=1)
#: Letters and what became of them are forgotten after so long.
KEEP = timedelta(days=30)
_PURPOSE = "system-letters"


def choose_sender(*, by: User | None, sender: Sender) -> CheckResult:
    """Let Clarion write by a mail sender, once its server was seen to take its credentials; return what was seen.

    `by` is a system administrator, or None on the command line. Raises NotAllowed and SystemSenderRefused.
    """
    access.require_administrator(by)
    if sender.channel != CHANNEL:
        raise SystemSenderRefused(_("Only a mail sender can write mails."))
    try:
        config = secrets.ready_config(sender)
    except (SecretsLost, ConfigInvalid):
        raise SystemSenderRefused(_("The sender’s settings cannot be used: save them anew first.")) from None
    seen = _seen(config)
    _keep(by, detail=sender.name, sender=sender, fingerprint=fingerprint(config), config={}, sealed=b"")
    return seen


def use_server(*, by: User | None, config: Mapping[str, Any]) -> CheckResult:
    """Let Clarion write by a mail server of its own, once it was seen to take the credentials.

    `config` is what the mail channel's settings are; an empty password keeps the one that is there, for the same
    server and user. Raises NotAllowed, ConfigInvalid and SystemSenderRefused.
    """
    access.require_administrator(by)
    channel = registry.get(CHANNEL)
    given = dict(config)
    if not given.get("password") and _is_same_server(given):
        given["password"] = _own_config().get("password", "")
    checked = channel.check_config(given)
    seen = _seen(checked)
    shown, hidden = secrets.split(CHANNEL, checked)
    sealed = _sealer().seal(orjson.dumps(hidden), owner="system-sender") if hidden else b""
    detail = f"{checked['host']}:{checked['port']}"
    _keep(by, detail=detail, sender=None, fingerprint="", config=shown, sealed=sealed)
    return seen


@transaction.atomic
def use_none(*, by: User | None) -> None:
    """Let Clarion write to nobody; letters that wait are given up. Raises NotAllowed."""
    access.require_administrator(by)
    if SystemSender.objects.all().delete()[0]:
        access.record(action="mail.off", by=by, via="web" if by else "cli")
    Letter.objects.filter(status=LetterStatus.WAITING).update(
        status=LetterStatus.FAILED, sealed=b"", problem=_("The system sender was taken away.")
    )


def has_sender() -> bool:
    """Whether Clarion can write to people: there is a system sender. One query by key."""
    return SystemSender.objects.filter(pk=1).exists()


@transaction.atomic
def post(
    *, kind: str, to: str, subject: str = "", text: str = "", facts: Mapping[str, Any] | None = None
) -> bool:
    """Keep a letter to be sent after the transaction; return whether there is a sender to send it by.

    It says `subject` and `text`, or what the kind's writer makes of `facts` then. Nothing is promised to arrive: what
    became of it is shown to system administrators.
    """
    if not has_sender():
        return False
    box = orjson.dumps({"subject": subject, "text": text, "facts": dict(facts or {})})
    letter = Letter(kind=kind, to=to)
    letter.save(force_insert=True)
    letter.sealed = _sealer().seal(box, owner=f"letter/{letter.pk}")
    letter.save(update_fields=["sealed"])
    transaction.on_commit(postman.nudge)
    return True


def send_test(*, by: User | None, to: str, subject: str, text: str) -> Outcome:
    """Send one letter now and return what became of it. Raises NotAllowed and SystemSenderUnusable."""
    access.require_administrator(by)
    outcome = _sent(current_config(), to, subject, text)
    SystemSender.objects.update(problem=_sentence(outcome))
    access.record(action="mail.test", by=by, via="web" if by else "cli", detail=to)
    return outcome


def deliver_due(*, limit: int = 100) -> int:
    """Hand over the letters that are due; return how many were tried. Two processes never take the same one."""
    done = 0
    while done < limit and (letter := _taken()) is not None:
        done += 1
        _deliver(letter)
    return done


@transaction.atomic
def forget_old() -> None:
    """Forget letters that are long done with."""
    Letter.objects.filter(created_at__lt=timezone.now() - KEEP).exclude(status=LetterStatus.WAITING).delete()


def current_config() -> dict[str, Any]:
    """Return the mail channel's checked settings, with secrets. Raises SystemSenderUnusable."""
    row = SystemSender.objects.select_related("sender").filter(pk=1).first()
    if row is None:
        raise SystemSenderUnusable(_("No system sender is chosen."))
    try:
        if row.sender is None:
            return registry.get(CHANNEL).check_config(_own_config())
        config = secrets.ready_config(row.sender)
    except (SecretsLost, ConfigInvalid):
        raise SystemSenderUnusable(_("Its settings cannot be used any more: choose it anew.")) from None
    if fingerprint(config) != row.fingerprint:
        raise SystemSenderUnusable(
            _(
                "Its settings were changed in its workspace since it was chosen: choose it again if that is right."
            )
        )
    return config


def fingerprint(config: Mapping[str, Any]) -> str:
    """Return by what one sees that a sender's settings have changed."""
    facts = {name: value for name, value in config.items() if name not in ("hook_url", "folder")}
    return hashlib.sha256(
        settings.SECRET_KEY.encode() + orjson.dumps(facts, option=orjson.OPT_SORT_KEYS)
    ).hexdigest()


def _seen(config: Mapping[str, Any]) -> CheckResult:
    seen = testing.check_config(CHANNEL, config)
    if not seen.ok:
        raise SystemSenderRefused(seen.problem)
    return seen


@transaction.atomic
def _keep(by: User | None, *, detail: str, **values: Any) -> None:
    facts = values | {"chosen_by": by, "chosen_at": timezone.now(), "problem": ""}
    SystemSender.objects.update_or_create(pk=1, defaults=facts)
    access.record(action="mail.chosen", by=by, via="web" if by else "cli", detail=detail)


def _own_config() -> dict[str, Any]:
    row = SystemSender.objects.filter(pk=1).first()
    if row is None:
        return {}
    if not row.sealed:
        return dict(row.config)
    try:
        hidden: dict[str, Any] = orjson.loads(_sealer().open(bytes(row.sealed), owner="system-sender"))
    except SealBroken:
        raise SecretsLost from None
    return {**row.config, **hidden}


def _is_same_server(given: Mapping[str, Any]) -> bool:
    """A password goes to nobody but the server and user that it was typed for."""
    row = SystemSender.objects.filter(pk=1, sender=None).first()
    names = ("host", "username")
    return row is not None and all(
        str(given.get(name, "")).strip() == row.config.get(name, "") for name in names
    )


@transaction.atomic
def _taken() -> Letter | None:
    now = timezone.now()
    letter = (
        Letter.objects.select_for_update(skip_locked=True)
        .filter(status=LetterStatus.WAITING, due_at__lte=now)
        .order_by("due_at", "pk")
        .first()
    )
    if letter is not None:
        letter.attempts += 1
        letter.due_at = now + LEASE
        letter.save(update_fields=["attempts", "due_at"])
    return letter


def _deliver(letter: Letter) -> None:
    try:
        words = _words(letter)
        if words is None:  # nobody to write to, after all
            letter.delete()
            return
        outcome = _sent(current_config(), letter.to, *words)
    except (SystemSenderUnusable, SealBroken) as problem:
        said = str(problem) or _("It cannot be opened with this installation’s secret key.")
        _settle(letter, LetterStatus.FAILED, said)
        SystemSender.objects.update(problem=said[:300])
        return
    if isinstance(outcome, Accepted):
        _settle(letter, LetterStatus.SENT, "")
        SystemSender.objects.exclude(problem="").update(problem="")
        return
    said = _sentence(outcome)
    if isinstance(outcome, Deferred) and timezone.now() < letter.created_at + GIVE_UP:
        letter.due_at = timezone.now() + RETRY * 3 ** min(letter.attempts - 1, 4)
        letter.problem = said[:300]
        letter.save(update_fields=["due_at", "problem"])
    else:
        _settle(letter, LetterStatus.FAILED, said)
    if not (isinstance(outcome, Refused) and outcome.scope is Scope.RECIPIENT):
        SystemSender.objects.update(problem=said[:300])
    log.warning("letter.not_sent", kind=letter.kind, reason=outcome.reason.name.lower())


def _words(letter: Letter) -> tuple[str, str] | None:
    box = orjson.loads(_sealer().open(bytes(letter.sealed), owner=f"letter/{letter.pk}"))
    writer = writers.writer_of(letter.kind)
    return writer(letter.to, box["facts"]) if writer is not None else (box["subject"], box["text"])


def _settle(letter: Letter, status: LetterStatus, problem: str) -> None:
    letter.status, letter.problem, letter.sealed = status, problem[:300], b""
    letter.sent_at = timezone.now() if status == LetterStatus.SENT else None
    letter.save(update_fields=["status", "problem", "sealed", "sent_at"])


def _sent(config: Mapping[str, Any], to: str, subject: str, text: str) -> Outcome:
    from clarion.channels.email.letter import letter as mail_of

    try:
        message = mail_of(config, to=to, subject=subject, text=text)
    except ValueError as error:
        return Refused(reason=Reason.ADDRESS_INVALID, scope=Scope.RECIPIENT, detail=str(error)[:200])
    handed_over: list[bool] = []

    async def send() -> Outcome:
        transport = registry.get(CHANNEL).transport(config)
        try:
            return await transport.send(message, lambda: handed_over.append(True))
        finally:
            await transport.aclose()

    try:
        return testing.in_time(send)
    except TimeoutError:
        if handed_over:
            return Unknown(reason=Reason.TIMED_OUT)
        return Deferred(reason=Reason.TIMED_OUT, scope=Scope.PROVIDER)


def _sentence(outcome: Outcome) -> str:
    if isinstance(outcome, Accepted):
        return ""
    said = " ".join(part for part in (getattr(outcome, "code", ""), getattr(outcome, "detail", "")) if part)
    sentence = REASONS[outcome.reason].sentence
    return f"{sentence} ({said})" if said else sentence


def sentence_of(outcome: Outcome) -> str:
    """Return why a letter was not taken; empty when it was."""
    return _sentence(outcome)


def _sealer() -> Sealer:
    return _sealer_of((settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS))


@lru_cache(maxsize=4)
def _sealer_of(keys: tuple[str, ...]) -> Sealer:
    return Sealer(keys, purpose=_PURPOSE)
