"""The audit of dependencies: fails on what is known, and says when nobody was asked."""

from pathlib import Path
from typing import Any

from tools.audit import NOT_AUDITED, VULNERABLE, audit, verdict_of

PINS = ["# via clarion", "aiohttp==3.14.5", "django==5.2.1 ; python_version > '3.10'", "    # via x==1"]
FAULT = {"id": "PYSEC-2026-7", "fix_versions": ["5.2.9"], "aliases": [], "description": ""}


def asking(vulnerable: bool = False, knows: bool = True) -> tuple[Any, list[list[str]]]:
    """Return somebody to ask, and what they were asked."""
    asked: list[list[str]] = []

    def ask(path: Path) -> tuple[dict[str, Any] | None, str]:
        lines = path.read_text().splitlines()
        asked.append(lines)
        rows = []
        for name, _equals, version in (line.partition(" ")[0].partition("==") for line in lines):
            faults = [FAULT] if vulnerable and name == "django" else []
            told = {"version": version, "vulns": faults} if knows else {"skip_reason": "not found"}
            rows.append({"name": name, **told})
        return {"dependencies": rows, "fixes": []}, ""

    return ask, asked


def test_a_known_vulnerability_fails_and_is_named_with_its_cure() -> None:
    said: list[str] = []
    ask, asked = asking(vulnerable=True)

    assert audit(ask, PINS, said.append) == VULNERABLE
    assert said[0] == "VULNERABLE: django 5.2.1: PYSEC-2026-7, mended in 5.2.9"
    assert asked == [PINS[2:3], PINS[1:3]]  # one first, then all; comments are no pins


def test_without_a_known_vulnerability_it_says_how_many_were_asked_about() -> None:
    said: list[str] = []

    assert audit(asking()[0], PINS, said.append) == 0
    assert said == ["2 pinned dependencies were asked about: 0 known vulnerabilities."]


def test_an_index_that_tells_nothing_of_vulnerabilities_is_said_at_once_and_is_no_all_clear() -> None:
    said: list[str] = []
    ask, asked = asking(knows=False)

    assert audit(ask, PINS, said.append) == NOT_AUDITED
    assert [line[:11] for line in said] == ["NOT AUDITED"]
    assert len(asked) == 1


def test_nobody_who_answers_is_said_and_is_no_all_clear() -> None:
    said: list[str] = []

    assert audit(lambda _path: (None, "no route to host"), PINS, said.append) == NOT_AUDITED
    assert said[0] == "NOT AUDITED: whoever knows of vulnerabilities could not be asked (no route to host)."


def test_what_was_known_before_the_answers_ended_fails_all_the_same() -> None:
    said: list[str] = []
    ask, asked = asking(vulnerable=True)

    def ends(path: Path) -> tuple[dict[str, Any] | None, str]:
        return (None, "it took more than 60 s") if asked else ask(path)

    assert audit(ends, PINS, said.append) == VULNERABLE
    assert [line.partition(":")[0] for line in said[:2]] == ["NOT AUDITED", "VULNERABLE"]


def test_what_alone_the_index_does_not_know_is_named_and_is_no_all_clear() -> None:
    report = {
        "dependencies": [{"name": "own", "skip_reason": "?"}, {"name": "a", "version": "1", "vulns": []}]
    }
    found = verdict_of(report)
    said: list[str] = []

    assert (found.asked, found.known, found.unasked) == (1, [], ["own"])
    assert audit(lambda _path: (report, ""), PINS, said.append) == NOT_AUDITED
    assert said[0] == "NOT AUDITED, because the index does not know them: own."
