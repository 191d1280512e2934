"""Reason codes of the ledger in words, for screens, exports and the command line."""

from dataclasses import dataclass

from django.utils.translation import gettext

from clarion.engine.outcomes import REASONS, Reason


@dataclass(frozen=True, slots=True)
class Explained:
    """A reason: its stable name, what happened, and what to do."""

    code: int
    #: "mailbox_full"; stable, for machines.
    name: str
    sentence: str
    cure: str


#: Of a message that the provider took and that came back, or was never delivered: its receipt says so. It is no reason
#: of an attempt, so the engine does not know it.
UNDELIVERED = 0
#: Codes of what went wrong between us and the provider, not with a message or its recipient.
_INFRASTRUCTURE = range(100, 300), range(500, 599)


def is_infrastructure(code: int) -> bool:
    """Whether the reason lies with connection, provider, sender or program: an error of the job, not of a message."""
    return any(code in codes for codes in _INFRASTRUCTURE)


def explain(code: int) -> Explained:
    """Return the reason in the present language. A code of a newer version is explained as such."""
    if code == UNDELIVERED:
        return Explained(
            code,
            "undelivered",
            gettext("The provider took the message and reported later that it did not arrive."),
            gettext(
                "Look up the code with the provider. Addresses that came back for good are suppressed by themselves."
            ),
        )
    try:
        reason = Reason(code)
    except ValueError:
        return Explained(
            code,
            str(code),
            gettext("A reason that this version of the program does not know."),
            gettext("Update the program."),
        )
    explanation = REASONS[reason]
    return Explained(code, reason.name.lower(), gettext(explanation.sentence), gettext(explanation.cure))


def sentence_of(code: int | None) -> str:
    """Return the reason's sentence; empty without a reason."""
    return explain(code).sentence if code is not None else ""
