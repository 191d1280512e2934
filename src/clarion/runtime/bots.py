"""Listening to Telegram's bots: who starts them, stops them, blocks them, and what people write to them.

They are asked rather than called by Telegram, so that it works without a public address. One process asks a bot at
a time; what it was told is confirmed when it is kept, so it comes again if the process dies in between.
"""

import asyncio
import time
from collections.abc import Callable, Sequence

import structlog

from clarion.audience import locks
from clarion.audience import operations as audience
from clarion.channels.events import Reply
from clarion.channels.telegram.config import Config
from clarion.channels.telegram.updates import MOST, Event, NotRead, Reader, Started, Stopped
from clarion.deliveries import optout
from clarion.deliveries.inbox import putting
from clarion.senders import invitations, secrets
from clarion.senders.errors import SecretsLost
from clarion.senders.models import Sender, SenderStatus

log = structlog.get_logger(__name__)

_LOCKS = 0x424F5453
#: Seconds between two looks, and after a bot that could not be asked (its updates are read elsewhere, its token is
#: gone) until it is asked again.
GAP_SECONDS = 2.0
SICK_SECONDS = 60.0
#: Seconds for one bot at one look.
TURN_SECONDS = 30.0


class Listener:
    """Asks every bot in turn, no more often than it should."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._next = 0.0
        #: Sender's id → when it is asked again.
        self._sick: dict[int, float] = {}

    def look(self) -> bool:
        """Ask every bot that is to be asked; return whether there is more to do."""
        now = self._clock()
        if now < self._next:
            return False
        more = False
        for sender in _listening():
            if self._sick.get(sender.pk, 0.0) > now:
                continue
            with locks.work_lock(_LOCKS, sender.pk) as mine:
                if not mine:
                    continue
                try:
                    more = listen(sender) or more
                except (NotRead, SecretsLost, TimeoutError) as problem:
                    self._sick[sender.pk] = now + SICK_SECONDS
                    log.warning(
                        "bot.not_read", sender=sender.pk, problem=str(problem) or type(problem).__name__
                    )
        self._next = 0.0 if more else self._clock() + GAP_SECONDS
        return more


def listen(sender: Sender) -> bool:
    """Take in what happened at the bot; return whether there may be more. Raises NotRead, SecretsLost, TimeoutError."""
    config = Config.of(secrets.open_config(sender))
    return asyncio.run(asyncio.wait_for(_listen(sender, config), TURN_SECONDS))


async def _listen(sender: Sender, config: Config) -> bool:
    reader = Reader(config)
    try:
        events = await reader.read()
        if not events:
            await reader.confirm()
            return False
        newcomers = await asyncio.to_thread(_keep, sender, config, events)
        await reader.confirm()
        for chat in newcomers:
            try:
                await reader.welcome(chat)
            except NotRead as problem:
                log.info("bot.no_welcome", sender=sender.pk, problem=str(problem))
        return len(events) >= MOST
    finally:
        await reader.aclose()


def _keep(sender: Sender, config: Config, events: Sequence[Event]) -> list[str]:
    """Do what the events ask for, all of which may be done twice; return the chats that are to be welcomed."""
    from django.db import connection

    welcome = []
    try:
        for event in events:
            if isinstance(event, Started):
                welcome += [event.chat] if _started(sender, config, event) else []
            elif isinstance(event, Stopped):
                _stopped(sender, event)
        putting.put(sender.pk, [event for event in events if isinstance(event, Reply)])
    finally:
        connection.close()  # this thread's own
    return welcome


def _started(sender: Sender, config: Config, event: Started) -> bool:
    who = audience.Newcomer(
        contact_id=invitations.contact_of(sender, event.payload), first_name=event.first_name,
        last_name=event.last_name, language=event.language,
    )  # fmt: skip
    contact = audience.subscribe(
        workspace=sender.workspace, channel=sender.channel, address=event.chat, who=who,
        adds_newcomers=config.newcomers == "add", origin=sender.name,
    )  # fmt: skip
    return contact is not None


def _stopped(sender: Sender, event: Stopped) -> None:
    origin = f"{sender.name}: blocked" if event.has_blocked else sender.name
    audience.unsubscribe(
        workspace=sender.workspace, channel=sender.channel, address=event.chat, origin=origin
    )
    optout.skip_pending(workspace=sender.workspace, channel=sender.channel, address=event.chat)


def _listening() -> list[Sender]:
    """Return the bots that are to be listened to; paused ones too: who stops while nothing is sent has stopped."""
    found = Sender.objects.select_related("workspace").filter(channel="telegram", config__reads_updates=True)
    return list(found.exclude(status=SenderStatus.BLOCKED).order_by("pk"))
