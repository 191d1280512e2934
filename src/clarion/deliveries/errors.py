"""What can go wrong with a run."""


class RunInvalid(Exception):
    """The run cannot be put together; the message is a sentence for the campaign's author."""


class PushRefused(Exception):
    """Nobody can be pushed to the campaign now; the message is a sentence for whoever calls."""


class RefreshRefused(Exception):
    """The audience cannot be read anew now; the message is a sentence for a person."""


class RetryRefused(Exception):
    """What failed cannot be sent again; the message is a sentence for a person."""


class UnknownsRefused(Exception):
    """Unknown messages cannot be settled like that; the message is a sentence for a person."""


class ExportRefused(Exception):
    """A file of these recipients cannot be made; the message is a sentence for a person."""
