"""Alice as the actor, and short ways to uploads and contacts."""

import io
from collections.abc import Callable

import pytest

from clarion.audience import operations, reading
from clarion.audience.models import Contact, Source
from clarion.workspaces import actors
from tests.factories import Cast


@pytest.fixture
def alice(cast: Cast) -> actors.Actor:
    return actors.of_member(cast.alice)


@pytest.fixture
def upload(alice: actors.Actor) -> Callable[..., Source]:
    """Return a function that uploads a text as a source and reads it."""

    def make(text: str, *, is_read: bool = True, channel: str = "email", **overrides: object) -> Source:
        source = operations.create_upload_source(
            by=alice, file=io.BytesIO(text.encode()), file_name="people.csv", channel=channel,
            dialect_overrides=overrides,
        )  # fmt: skip
        return reading.read_source(source) if is_read else source

    return make


@pytest.fixture
def contact(alice: actors.Actor) -> Callable[..., Contact]:
    """Return a function that makes a contact."""

    def make(email: str, **fields: object) -> Contact:
        return operations.create_contact(by=alice, fields={"email": email, **fields})  # type: ignore[typeddict-item]

    return make
