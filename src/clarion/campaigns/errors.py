"""What can go wrong with a campaign."""

from collections.abc import Mapping

from clarion.workspaces.errors import NotAllowed


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


class OwnWork(NotAllowed):
    """Whoever wrote, changed or submitted a campaign cannot approve it."""


class AwaitsRelease(TransitionRefused):
    """A first part is out and a moderator has to let the rest go; continuing is not enough."""


class ReviewStale(CampaignInvalid):
    """The campaign is not what the moderator looked at any more."""
