"""What `clarion up` starts, by the settings."""

import socket
from typing import Any

import pytest
from typer.testing import CliRunner

from clarion.cli.program import app
from clarion.runtime import supervisor
from clarion.settings import env


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        ({}, {"web", "jobs", "worker-1"}),
        ({"HOOKS_BIND": 8009}, {"web", "jobs", "worker-1", "hooks"}),
        ({"PUSHES_BIND": 8010}, {"web", "jobs", "worker-1", "pushes"}),
    ],
)
def test_doors_of_their_own_are_started_where_they_have_an_address(
    settings: Any, chosen: dict[str, int], expected: set[str]
) -> None:
    settings.CLARION_WORKERS = 1
    for name, port in chosen.items():
        setattr(settings, f"CLARION_{name}", env.Bind(host="127.0.0.1", port=port, is_chosen=True))
    plan = supervisor.plan_from(settings, workers=True)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        assert {program.name for program in plan.programs(listener, {})} == expected


@pytest.mark.parametrize("command", ["hooks", "pushes"])
def test_without_an_address_they_say_which_setting_is_missing(command: str) -> None:
    told = CliRunner().invoke(app, [command])

    assert told.exit_code == 2
    assert f"CLARION_{command.upper()}_BIND" in told.output
