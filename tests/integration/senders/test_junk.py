"""Settings come from programs too: whatever they hold is told as a problem, never a mistake."""

import contextlib
from typing import Any

import pytest

from clarion.channels import registry
from clarion.channels.base import ConfigInvalid
from clarion.channels.forms import protocols, setup_form

JUNK: tuple[Any, ...] = (
    0, -1, 2**70, 1.5, True, "\x7f", "[", "http://[", [], ["x"], [["x"]], [["x", "y"]], ["x", ["y"]],
)  # fmt: skip


@pytest.mark.parametrize("channel", sorted(registry.CHANNELS))
def test_junk_in_any_setting_is_a_problem_of_that_setting(channel: str) -> None:
    forms = [setup_form(channel, protocol) for protocol in protocols(channel) or ("",)]
    names = {name for form in forms for name in form.base_fields} | {
        *registry.get(channel).secrets,
        "dkim_keys",
    }
    for protocol in protocols(channel) or ("",):
        for name in names:
            for junk in JUNK:
                with contextlib.suppress(ConfigInvalid):
                    registry.get(channel).check_config({"protocol": protocol, name: junk})
