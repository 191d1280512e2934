"""Words that people bring along for the states, from other programs and from their own: the search knows them."""

from clarion.campaigns.states import Status

#: Lower case → the states that it means.
SYNONYMS: dict[str, frozenset[Status]] = {
    "active": frozenset({Status.SENDING}),
    "running": frozenset({Status.SENDING}),
    "started": frozenset({Status.SENDING}),
    "pending": frozenset({Status.SCHEDULED}),
    "waiting": frozenset({Status.SCHEDULED}),
    "planned": frozenset({Status.SCHEDULED}),
    "new": frozenset({Status.IN_REVIEW, Status.READY}),
    "approved": frozenset({Status.READY}),
    "preparing": frozenset({Status.BUILDING}),
    "done": frozenset({Status.COMPLETED}),
    "finished": frozenset({Status.COMPLETED}),
    "canceled": frozenset({Status.CANCELLED}),
    "rejected": frozenset({Status.CANCELLED}),
    "halted": frozenset({Status.STOPPED}),
    "error": frozenset({Status.FAILED}),
    "errors": frozenset({Status.FAILED}),
}


def statuses_called(words: str) -> frozenset[Status]:
    """Return the states that the words name: by a synonym, or as they are called themselves."""
    word = words.strip().casefold()
    named = {status for status in Status if word in (status.label.casefold(), status.value.lower())}
    return SYNONYMS.get(word, frozenset()) | named
