"""What can go wrong with endpoints."""

from collections.abc import Mapping


class EndpointInvalid(Exception):
    """Something is wrong with what was said of an endpoint. `fields` holds a sentence for each field."""

    def __init__(self, fields: Mapping[str, str]) -> None:
        super().__init__(" ".join(fields.values()))
        self.fields = dict(fields)


class SecretLost(Exception):
    """The endpoint's secret was sealed with another secret key: rotate it."""
