"""Every channel runs the whole contract: no transport and no parser without it, and no part of it left out."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from clarion.channels import registry

CHANNELS = Path(registry.__file__).parent
KITS = (CHANNELS / "testing.py", CHANNELS / "testing_receipts.py")
TRANSPORT, PARSER = {"TransportContract"}, {"ReceiptContract", "ParserContract"}


def classes(folder: Path) -> dict[str, ast.ClassDef]:
    """Return the classes of a channel's tests."""
    found: dict[str, ast.ClassDef] = {}
    for path in (folder / "tests").glob("test_*.py"):
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.ClassDef):
                found[f"{path.stem}.{node.name}"] = node
    return found


def heirs(folder: Path, contracts: set[str]) -> Iterator[str]:
    """Yield the test classes of a channel that inherit one of the contracts, if by another class."""
    known, found = classes(folder), set[str]()
    while True:
        more = {
            name
            for name, node in known.items()
            if name not in found
            for base in node.bases
            if isinstance(base, ast.Name)
            and (base.id in contracts or f"{name.partition('.')[0]}.{base.id}" in found)
        }
        if not more:
            break
        found |= more
    yield from (name for name in sorted(found) if name.rpartition(".")[2].startswith("Test"))


def kit_tests() -> set[str]:
    return {
        node.name
        for path in KITS
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_")
    }


@pytest.mark.parametrize("channel", sorted(registry.CHANNELS))
def test_every_transport_and_every_parser_of_a_channel_keeps_the_contract(channel: str) -> None:
    folder = CHANNELS / channel
    transports = [one for one in folder.rglob("transport.py") if "class Transport" in one.read_text()]
    parsers = list(folder.rglob("receipts.py"))

    assert transports
    assert len(list(heirs(folder, TRANSPORT))) >= len(transports)
    assert len(list(heirs(folder, PARSER))) >= len(parsers)


@pytest.mark.parametrize("channel", sorted(registry.CHANNELS))
def test_no_part_of_the_contract_is_taken_out(channel: str) -> None:
    wanted = kit_tests()
    assert len(wanted) > 15

    folder = CHANNELS / channel
    bound = set(heirs(folder, TRANSPORT | PARSER))
    left_out = [
        f"{name}.{getattr(part, 'name', ast.unparse(part))}"
        for name, node in classes(folder).items()
        for part in node.body
        if name in bound
        if (isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef) and part.name in wanted)
        or (isinstance(part, ast.Assign) and wanted & {ast.unparse(one) for one in part.targets})
    ]

    assert left_out == []


@pytest.mark.parametrize("channel", sorted(set(registry.CHANNELS) - {"sandbox"}))
def test_a_channel_says_what_it_was_tested_against(channel: str) -> None:
    assert "## Tested against" in (CHANNELS / channel / "README.md").read_text()
