"""What can go wrong with a campaign."""

from collections.abc import Mapping


class TransitionRefused(Exception):
    """The campaign is not in a state that allows this; somebody else may have been quicker."""


class CampaignInvalid(Exception):
    """Something is wrong with what the campaign says. `problems` are sentences for the author.

    `fields` holds the same sentences by the field they belong to, where they belong to one.
    """

    def __init__(self, problems: list[str], *, fields: Mapping[str, str] | None = None) -> None:
        super().__init__(" ".join(problems))
        self.problems = problems
        self.fields = dict(fields or {})
