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


def explain(code: int) -> Explained:
    """Return the reason in the present language. A code of a newer version is explained as such."""
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
