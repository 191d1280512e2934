"""What can be wrong with prices."""

from collections.abc import Mapping, Sequence


class PriceInvalid(ValueError):
    """A price makes no sense. `fields` holds a sentence for each field."""

    def __init__(self, fields: Mapping[str, str]) -> None:
        super().__init__(" ".join(fields.values()))
        self.fields = dict(fields)


class PriceListInvalid(ValueError):
    """A file of prices cannot be used, and nothing of it was. `problems` are sentences that name its lines."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__(" ".join(problems))
        self.problems = list(problems)
