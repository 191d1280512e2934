"""What holds for every channel: its limits are known when a message or a sender is saved, not when it is sent."""

import pytest

from clarion.channels import registry
from clarion.channels.base import Channel, ConfigInvalid

#: In characters: beyond what any channel takes.
FAR_TOO_LONG = 3_000_000


@pytest.fixture(params=sorted(registry.CHANNELS))
def channel(request: pytest.FixtureRequest) -> Channel:
    return registry.get(request.param)


def test_a_message_beyond_the_limits_is_refused_with_its_field_when_it_is_saved(channel: Channel) -> None:
    with pytest.raises(ConfigInvalid) as refusal:
        channel.check_content({"subject": "Hi", "text": "x" * FAR_TOO_LONG})

    assert refusal.value.problems
    assert all(sentence for sentence in refusal.value.problems.values())


def test_an_empty_message_is_refused_when_it_is_saved(channel: Channel) -> None:
    with pytest.raises(ConfigInvalid):
        channel.check_content({})


def test_settings_that_say_nothing_or_nonsense_are_refused_field_by_field(channel: Channel) -> None:
    if channel.name == "sandbox":
        assert channel.check_config({})  # it needs nothing
        return
    with pytest.raises(ConfigInvalid) as refusal:
        channel.check_config({})

    assert refusal.value.problems


def test_limits_that_a_new_sender_begins_with_are_spans_that_there_are(channel: Channel) -> None:
    suggested = getattr(channel, "suggested_limits", {})

    assert set(suggested) <= {"second", "minute", "hour", "day"}
    assert all(value > 0 for value in suggested.values())
