"""Hand messages to one service of Viber's."""

from collections.abc import Callable
from itertools import count

from clarion.channels.exchanges import Recorder
from clarion.channels.http import HttpClient, HttpReply
from clarion.channels.viber.config import Config
from clarion.channels.viber.payload import body_of
from clarion.channels.viber.replies import outcome_of
from clarion.engine.messages import Message
from clarion.engine.outcomes import Outcome


def client_of(config: Config) -> HttpClient:
    """Return a client of the API."""
    headers = {"X-Viber-Auth-Token": config.token} if config.token else {}
    return HttpClient(
        config.base_url, limits=config.limits(), headers=headers, verify_certificate=config.verify_certificate
    )


class Transport:
    """A `clarion.engine.ports.Transport` for Viber. Connections are opened when first needed."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self.concurrency = config.connections
        self._http = client_of(config)
        self._numbers = count(1)

    def __repr__(self) -> str:
        return f"Transport({self._config!r})"

    def record(self, recorder: Recorder) -> None:
        """Let some of what is said be kept; see `clarion.channels.exchanges.Recorded`."""
        self._http.recorder = recorder

    async def send(self, message: Message, hand_over: Callable[[], None]) -> Outcome:
        """Hand the message over and return what happened; see the port's promise."""
        own = f"{message.run_id}.{message.delivery_id}"
        body = body_of(message.payload, self._config, own=own, number=next(self._numbers))
        reply = await self._http.request("POST", "/send_message", hand_over, json=body)
        return outcome_of(reply) if isinstance(reply, HttpReply) else reply

    async def aclose(self) -> None:
        """Close every connection. May be called twice."""
        await self._http.aclose()
