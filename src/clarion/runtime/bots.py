"""Listening to Telegram's bots: who starts them, stops them, blocks them, and what people write to them.

They are asked, which works without a public address, or Telegram calls: then its calls are taken in as everybody's
(`clarion.hooks`), and what is to be done here is to enter our address at the bot. One process asks a bot at a time;
what it was told is confirmed when it is kept, so it comes again if the process dies in between.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from http import HTTPStatus

import structlog

from clarion.audience import locks
from clarion.channels.base import ConfigInvalid
from clarion.channels.events import Joined, Left, Reply
from clarion.channels.exchanges import Exchange
from clarion.channels.telegram import webhook
from clarion.channels.telegram.config import Config
from clarion.channels.telegram.updates import MOST, Event, NotRead, Reader
from clarion.deliveries import joining
from clarion.deliveries.inbox import putting
from clarion.senders import secrets
from clarion.senders.errors import SecretsLost
from clarion.senders.exchanges import Log
from clarion.senders.models import Sender, SenderStatus

log = structlog.get_logger(__name__)

_LOCKS = 0x424F5453
#: Seconds between two looks, and after a bot that could not be asked (its updates are read elsewhere, its token is
#: gone) until it is asked again.
GAP_SECONDS = 2.0
SICK_SECONDS = 60.0
#: Seconds until the address is entered again at a bot that calls: another program may have changed it.
ENTER_SECONDS = 3600.0
#: Seconds for one bot at one look.
TURN_SECONDS = 30.0


class Listener:
    """Asks every bot in turn, no more often than it should."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._next = 0.0
        #: Sender's id → when it is asked again.
        self._sick: dict[int, float] = {}
        #: Sender's id → with which settings it was last seen to whom it tells, and until when that holds.
        self._seen: dict[int, tuple[Config, float]] = {}

    def look(self) -> bool:
        """Ask every bot that is to be asked; return whether there is more to do."""
        now = self._clock()
        if now < self._next:
            return False
        more = False
        for sender in _bots():
            if self._sick.get(sender.pk, 0.0) > now:
                continue
            with locks.work_lock(_LOCKS, sender.pk) as mine:
                if not mine:
                    continue
                try:
                    more = self._look_at(sender, now) or more
                except (NotRead, SecretsLost, ConfigInvalid, TimeoutError) as problem:
                    self._sick[sender.pk] = now + SICK_SECONDS
                    _note(sender, str(problem) or type(problem).__name__)
                    log.warning(
                        "bot.not_read", sender=sender.pk, problem=str(problem) or type(problem).__name__
                    )
        self._next = 0.0 if more else self._clock() + GAP_SECONDS
        return more

    def _look_at(self, sender: Sender, now: float) -> bool:
        config = Config.of(secrets.ready_config(sender))
        if config.reads_updates and config.updates == "ask":
            self._seen.pop(sender.pk, None)
            return listen(sender)
        seen, until = self._seen.get(sender.pk, (None, 0.0))
        if seen != config or until <= now:
            be_called(sender)
            self._seen[sender.pk] = (config, now + ENTER_SECONDS)
        return False


def _note(sender: Sender, problem: str) -> None:
    """Put into the provider log that the bot could not be read."""
    kept = Log()
    try:
        secrets_of_it = secrets.ready_config(sender)
    except (SecretsLost, ConfigInvalid):
        secrets_of_it = {}
    kept.of(sender.pk, sender.channel, secrets_of_it).add(
        Exchange(is_ours=True, what="read what people write to the bot", answer=problem, failed=True)
    )
    kept.write()


def be_called(sender: Sender) -> None:
    """Have Telegram call us about a bot, or no more where nothing is read. Raises as `listen` does."""
    config, url = Config.of(secrets.ready_config(sender)), secrets.hook_url(sender)
    if config.reads_updates:
        asyncio.run(asyncio.wait_for(webhook.enter(config, url), TURN_SECONDS))
    else:
        asyncio.run(asyncio.wait_for(webhook.take_back(config, url), TURN_SECONDS))


def listen(sender: Sender) -> bool:
    """Take in what happened at the bot; return whether there may be more.

    Raises NotRead, SecretsLost, ConfigInvalid, TimeoutError.
    """
    config = Config.of(secrets.ready_config(sender))
    return asyncio.run(asyncio.wait_for(_listen(sender, config), TURN_SECONDS))


async def _listen(sender: Sender, config: Config) -> bool:
    reader = Reader(config)
    try:
        events = await _read(reader, config, secrets.hook_url(sender))
        if not events:
            await reader.confirm()
            return False
        newcomers = await asyncio.to_thread(_keep, sender, events)
        await reader.confirm()
        for chat in newcomers:
            try:
                await reader.welcome(chat)
            except NotRead as problem:
                log.info("bot.no_welcome", sender=sender.pk, problem=str(problem))
        return len(events) >= MOST
    finally:
        await reader.aclose()


async def _read(reader: Reader, config: Config, hook_url: str) -> list[Event]:
    """Return what happened. A bot that still calls us, as it was set to before, cannot be asked: it is to stop that."""
    try:
        return await reader.read()
    except NotRead as refusal:
        if refusal.status != HTTPStatus.CONFLICT or not await webhook.take_back(config, hook_url):
            raise
    return await reader.read()


def _keep(sender: Sender, events: Sequence[Event]) -> list[str]:
    """Do what the events ask for, all of which may be done twice; return the chats that are to be welcomed."""
    from django.db import connection

    welcome = []
    try:
        for event in events:
            if isinstance(event, Joined):
                welcome += [event.address] if joining.join(sender, event) else []
            elif isinstance(event, Left):
                joining.leave(sender, event)
        putting.put(sender.pk, [event for event in events if isinstance(event, Reply)])
    finally:
        connection.close()  # this thread's own
    return welcome


def _bots() -> list[Sender]:
    """Return the bots that are to be looked at; paused ones too: who stops while nothing is sent has stopped."""
    found = Sender.objects.select_related("workspace").filter(channel="telegram")
    return list(found.exclude(status=SenderStatus.BLOCKED).order_by("pk"))
