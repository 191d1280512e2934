"""What can be wrong with a connection. None of these leaves the channel: each becomes an outcome."""

from typing import NoReturn

from clarion.engine.outcomes import Deferred, Reason, Refused, Scope


class ConnectionUnusable(Exception):
    """Nothing can be sent on this connection; `outcome` is that of a message which was not begun."""

    def __init__(self, outcome: Deferred | Refused) -> None:
        super().__init__(outcome.reason.name)
        self.outcome = outcome


class Stale(Exception):
    """The server had closed an idle connection before the message was begun: another one will do."""


class NotAReply(Exception):
    """What came in is not the protocol."""


def refuse(outcome: Deferred | Refused) -> NoReturn:
    """Raise ConnectionUnusable with this outcome."""
    raise ConnectionUnusable(outcome)


def not_begun(reason: Reason, words: str) -> Deferred:
    """Return the outcome of a message that no connection could be had for."""
    return Deferred(reason=reason, scope=Scope.PROVIDER, detail=words)
