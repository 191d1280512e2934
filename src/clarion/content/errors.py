"""What can go wrong with templates."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a content: the field as the author knows it, the line in it (0 for all of it), a sentence."""

    field: str
    line: int
    sentence: str


class ContentInvalid(ValueError):
    """The content cannot be used; `problems` says where and why."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("; ".join(f"{one.field}, line {one.line}: {one.sentence}" for one in problems))
        self.problems = list(problems)


class NameTaken(Exception):
    """Another template of the workspace has this name."""


class TemplateArchived(Exception):
    """The template is in the archive; restore it first."""


class TrialFailed(Exception):
    """The trial could not be carried out. Nothing is wrong with the template as far as is known."""
