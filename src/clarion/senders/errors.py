"""What can go wrong with senders."""


class NameTaken(Exception):
    """Another sender of the workspace has this name."""


class ChannelUnknown(Exception):
    """There is no such channel."""


class LimitInvalid(ValueError):
    """A limit is out of range; `problems` maps the field to a sentence."""

    def __init__(self, problems: dict[str, str]) -> None:
        super().__init__("; ".join(f"{name}: {sentence}" for name, sentence in problems.items()))
        self.problems = problems


class SenderInUse(Exception):
    """Campaigns use this sender, so it can be paused but not deleted."""


class SecretsLost(Exception):
    """The credentials cannot be opened with this installation's secret key; type them in again."""


class NothingToSync(Exception):
    """This sender's provider keeps no templates."""
