"""Every state that exists has a word, an icon and a tone of its own."""

from enum import Enum

import pytest

from clarion.audience.models import ContactState, ImportStatus, SourceStatus
from clarion.campaigns.states import Status
from clarion.channels import registry
from clarion.deliveries.states import Result, Stage
from clarion.senders.models import SenderStatus
from clarion.web import icons, statuses


@pytest.mark.parametrize(
    ("kind", "states"),
    [
        ("campaign", Status),
        ("recipient", Stage),
        ("result", Result),
        ("thing", SenderStatus),
        ("thing", ContactState),
        ("thing", ImportStatus),
        ("thing", SourceStatus),
    ],
    ids=lambda value: value if isinstance(value, str) else value.__name__,
)
def test_every_state_is_described(kind: str, states: type[Enum]) -> None:
    missing = [
        state.name for state in states if statuses.key_of(state, kind=kind) not in statuses.KINDS[kind]
    ]

    assert missing == []


def test_states_are_known_as_models_hold_them() -> None:
    assert statuses.key_of(Status.SENDING) == "sending"
    assert statuses.key_of("SENDING") == "sending"
    assert statuses.key_of(3, kind="recipient") == "partly"
    assert statuses.key_of(Result.BOUNCED, kind="result") == "bounced"
    with pytest.raises(ValueError, match="99"):
        statuses.key_of(99, kind="recipient")


def test_no_two_campaign_states_look_alike() -> None:
    looks = [(look.icon, look.tone) for look in statuses.CAMPAIGN.values()]

    assert len({icon for icon, _tone in looks}) == len({tone for _icon, tone in looks}) == len(looks)


def test_every_icon_of_a_state_is_in_the_sprite() -> None:
    used = {look.icon for kind in (*statuses.KINDS.values(), statuses.CHANNELS) for look in kind.values()}

    assert used <= icons.ICONS


def test_every_channel_of_the_registry_is_described() -> None:
    assert set(registry.CHANNELS) <= set(statuses.CHANNELS)
