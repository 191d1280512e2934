"""Every state that exists has a word, an icon and a tone of its own."""

import re
from enum import Enum
from importlib.resources import files

import pytest

from clarion.audience.models import ContactState, ImportStatus, SourceStatus
from clarion.campaigns.states import LIVE, Status
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


def test_working_states_move_final_ones_stand_still_and_cancelled_is_struck_through() -> None:
    css = (files("clarion") / "static/css/components/badge.css").read_text("utf-8")
    rules = re.findall(r"([^{}]+)\{([^{}]*)\}", css)

    def told(kind: str, what: str) -> set[str]:
        heads = [head for head, body in rules if what in body and f".{kind}" in head]
        return {status for head in heads for status in re.findall(r'data-status="(\w+)"', head)}

    assert told("badge", "animation:") & set(statuses.CAMPAIGN) == {status.value.lower() for status in LIVE}
    assert told("badge", "line-through") == told("outcome", "line-through") == {"cancelled"}
    assert statuses.CAMPAIGN["cancelled"].tone == "mute"


def test_the_types_that_people_know_by_a_colour_have_it() -> None:
    tones = {name: statuses.CHANNELS[name].tone for name in ("whatsapp", "waba", "sms", "voice")}

    assert tones == {"whatsapp": "green", "waba": "green", "sms": "blue", "voice": "purple"}


def test_every_icon_of_a_state_is_in_the_sprite() -> None:
    used = {look.icon for kind in (*statuses.KINDS.values(), statuses.CHANNELS) for look in kind.values()}

    assert used <= icons.ICONS


def test_every_channel_of_the_registry_is_described() -> None:
    assert set(registry.CHANNELS) <= set(statuses.CHANNELS)
