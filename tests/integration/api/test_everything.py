"""Everything a screen or a command does is open to programs."""

import inspect
from collections.abc import Iterator, Mapping
from importlib import import_module
from pkgutil import iter_modules

import typer
from ninja import Schema

from clarion.api import endpoints, interface
from clarion.cli.program import app
from clarion.web import rights
from tests.integration.api import covered


def known() -> set[str]:
    found = interface.schema("")["paths"].values()
    return {one["operationId"] for methods in found for one in methods.values()}


def commands(group: typer.Typer, before: str = "") -> Iterator[str]:
    """Yield every command by its words."""
    for one in group.registered_commands:
        assert one.callback is not None
        yield before + (one.name or one.callback.__name__.rstrip("_").replace("_", "-"))
    for each in group.registered_groups:
        assert each.typer_instance is not None
        yield from commands(each.typer_instance, f"{before}{each.name} ")


def unknown(told: Mapping[str, str]) -> dict[str, set[str]]:
    """Return what is said to be done by operations that there are not."""
    there = known()
    return {name: rest for name, said in told.items() if (rest := {*said.split()} - there)}


def test_every_address_of_a_screen_has_its_operation_or_a_reason() -> None:
    named = [name for names in (*covered.PAGES, *covered.PAGES_WITHOUT) for name in names.split()]

    assert sorted(named) == sorted(rights.RIGHTS)
    assert unknown(covered.PAGES) == {}


def test_every_command_has_its_operation_or_a_reason() -> None:
    told = [*covered.COMMANDS, *covered.ON_THE_MACHINE, *covered.BEYOND_A_WORKSPACE]

    assert sorted(told) == sorted(commands(app))
    assert unknown(covered.COMMANDS) == {}


def test_no_two_shapes_share_a_name() -> None:
    """The document knows shapes by their names alone."""
    found: dict[str, set[str]] = {}
    for module in iter_modules(endpoints.__path__):
        whole = import_module(f"{endpoints.__name__}.{module.name}")
        for name, one in inspect.getmembers(whole, inspect.isclass):
            if issubclass(one, Schema) and not name.endswith("Wanted"):
                found.setdefault(name, set()).add(one.__module__)

    assert {name: where for name, where in found.items() if len(where) > 1} == {}
