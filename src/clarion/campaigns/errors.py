"""What can go wrong with a campaign."""


class TransitionRefused(Exception):
    """The campaign is not in a state that allows this; somebody else may have been quicker."""


class CampaignInvalid(Exception):
    """Something keeps the campaign from being launched. `problems` are sentences for the author."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__(" ".join(problems))
        self.problems = problems
