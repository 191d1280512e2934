"""Hand notifications to the push services of the browsers."""

from collections.abc import Callable

from clarion.channels.posting import Answer, Poster
from clarion.channels.webpush import encryption
from clarion.channels.webpush.composer import Push
from clarion.channels.webpush.config import Config
from clarion.channels.webpush.replies import outcome_of
from clarion.channels.webpush.vapid import Signer
from clarion.engine.messages import Message
from clarion.engine.outcomes import Outcome, Reason, Refused, Scope

_SAME = {"Content-Type": "application/octet-stream", "Content-Encoding": "aes128gcm"}


class Transport:
    """A `clarion.engine.ports.Transport` for web push. Connections are opened when first needed."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self.concurrency = config.connections
        self._signer = Signer(config.private_key, config.subject)
        self._poster = Poster(
            connections=config.connections,
            connect_timeout=config.connect_timeout,
            response_timeout=config.response_timeout,
        )

    def __repr__(self) -> str:
        return f"Transport({self._config!r})"

    async def send(self, message: Message, hand_over: Callable[[], None]) -> Outcome:
        """Encrypt the notification, hand it over and return what happened; see the port's promise."""
        push: Push = message.payload
        try:
            body = encryption.encrypt(push.text, push.keys)
        except encryption.KeysInvalid as error:
            return Refused(reason=Reason.ADDRESS_INVALID, scope=Scope.RECIPIENT, detail=str(error))
        headers = {**_SAME, **push.headers, "Authorization": self._signer.header(push.endpoint)}
        # Each browser has its own service: one that cannot be reached says nothing of the others.
        answer = await self._poster.post(push.endpoint, body, headers, hand_over, unreachable=Scope.MESSAGE)
        if not isinstance(answer, Answer):
            return answer
        return outcome_of(answer.status, answer.headers, answer.body)

    async def aclose(self) -> None:
        """Close every connection. May be called twice."""
        await self._poster.aclose()
