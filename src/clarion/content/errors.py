"""What can go wrong with templates."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from clarion.lib.sentences import spoken


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a content: the field as the author knows it, the line in it (0 for all of it), a sentence."""

    field: str
    line: int
    sentence: str
    #: Of which language, when it is not the template's first.
    language: str = ""


class ContentInvalid(ValueError):
    """The content cannot be used; `problems` says where and why."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("; ".join(f"{one.field}, line {one.line}: {one.sentence}" for one in problems))
        # In the language of whoever asked for it.
        self.problems = [replace(one, sentence=spoken(one.sentence)) for one in problems]


class NameTaken(Exception):
    """Another template of the workspace has this name."""


class TemplateChanged(Exception):
    """Somebody else has saved what was being edited, or is to be written over unseen.

    `is_gone` when they took its language out; `number` is the version that stands now. `is_unseen` when nobody said
    which version was looked at: whoever has seen that one may say so.
    """

    def __init__(self, *, number: int, is_gone: bool = False, is_unseen: bool = False) -> None:
        super().__init__("somebody else has saved it")
        self.number, self.is_gone, self.is_unseen = number, is_gone, is_unseen


class TemplateInUse(Exception):
    """Campaigns need the template; `count` says how many."""

    def __init__(self, count: int) -> None:
        super().__init__(f"{count} campaigns use it")
        self.count = count


class MediaInvalid(ValueError):
    """The file cannot go into the library; the message is a sentence."""


class MediaInUse(Exception):
    """Templates or campaigns need the file; the names of some, and how many more there are."""

    def __init__(self, names: Sequence[str], more: int = 0) -> None:
        super().__init__(", ".join(names))
        self.names, self.more = list(names), more


class TemplateArchived(Exception):
    """The template is in the archive; restore it first."""


class TrialFailed(Exception):
    """The trial could not be carried out. Nothing is wrong with the template as far as is known."""


class BrandingInvalid(ValueError):
    """A logo or colour cannot be used; `field` is which, the message is a sentence."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field = field
