"""What can be wrong with a session. It never leaves the channel: it becomes an outcome."""

from typing import NoReturn

from clarion.engine.outcomes import Deferred, Reason, Refused, Scope


class SessionUnusable(Exception):
    """Nothing can be sent on this session; `outcome` is that of a message which was not begun."""

    def __init__(self, outcome: Deferred | Refused) -> None:
        super().__init__(outcome.reason.name)
        self.outcome = outcome


def put_off(reason: Reason, words: str) -> NoReturn:
    """Raise SessionUnusable because of the provider as a whole."""
    raise SessionUnusable(Deferred(reason=reason, scope=Scope.PROVIDER, detail=words[:200]))
