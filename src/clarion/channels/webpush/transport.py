"""Hand notifications to the push services of the browsers."""

from collections.abc import Callable
from dataclasses import replace

from clarion.channels.http import HttpClient, HttpLimits, HttpReply
from clarion.channels.webpush import encryption
from clarion.channels.webpush.composer import Push
from clarion.channels.webpush.config import Config
from clarion.channels.webpush.replies import outcome_of
from clarion.channels.webpush.vapid import Signer
from clarion.engine.messages import Message
from clarion.engine.outcomes import Deferred, Outcome, Reason, Refused, Scope

#: Octets of an answer that are read.
MAX_ANSWER = 4096
_SAME = {"Content-Type": "application/octet-stream", "Content-Encoding": "aes128gcm"}


class Transport:
    """A `clarion.engine.ports.Transport` for web push. Connections are opened when first needed."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self.concurrency = config.connections
        self._signer = Signer(config.private_key, config.subject)
        limits = HttpLimits(
            connections=config.connections, connect_seconds=config.connect_timeout,
            answer_seconds=config.response_timeout, answer_octets=MAX_ANSWER,
        )  # fmt: skip
        # Each browser says where its push service is, so there is no one address.
        self._http = HttpClient("", limits=limits)

    def __repr__(self) -> str:
        return f"Transport({self._config!r})"

    async def send(self, message: Message, hand_over: Callable[[], None]) -> Outcome:
        """Encrypt the notification, hand it over and return what happened; see the port's promise."""
        push: Push = message.payload
        try:
            body = encryption.encrypt(push.note, push.keys)
        except encryption.KeysInvalid as error:
            return Refused(reason=Reason.ADDRESS_INVALID, scope=Scope.RECIPIENT, detail=str(error))
        headers = {**_SAME, **push.headers, "Authorization": self._signer.header(push.endpoint)}
        answer = await self._http.request("POST", push.endpoint, hand_over, body=body, headers=headers)
        if isinstance(answer, Deferred):
            # Each browser has its own service: one that cannot be reached says nothing of the others.
            return replace(answer, scope=Scope.MESSAGE)
        if not isinstance(answer, HttpReply):
            return answer
        return outcome_of(answer)

    async def aclose(self) -> None:
        """Close every connection. May be called twice."""
        await self._http.aclose()
