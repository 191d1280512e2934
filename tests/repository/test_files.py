"""Promises that the files of the repository keep."""

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "clarion"
#: Lines a module may have, and one of tests, which is a list; beyond that, two things live in one room.
MOST_LINES = 400
MOST_LINES_OF_TESTS = 600
#: Longer files, with the reason.
LONG_FILES: dict[str, str] = {
    "src/clarion/channels/email/protocol.py": "one state machine; its states in two rooms would be harder to follow",
}
#: Calls that write to the database.
WRITING = {
    *("save", "asave", "create", "acreate", "update", "aupdate", "delete", "adelete", "bulk_create"),
    *("bulk_update", "get_or_create", "update_or_create"),
}
#: What `WRITING` names on other things than querysets and models, by the receiver as it is written.
HARMLESS = re.compile(
    r"^(hashlib|router|.*[Hh]ash|.*digest|found|settings|context|environment|.*\.environ|.*headers|.*cookies)$"
)
#: Modules that may write besides `operations.py`, and what makes each an operation under a name of its own.
WRITERS = {
    "audience/importing.py": "keeps the progress of an import, row batch by row batch",
    "audience/fixing.py": "writes down who a source means, once",
    "audience/livesheets/rereading.py": "keeps what reading a live spreadsheet has shown",
    "audience/reading.py": "keeps the progress of reading a source, row batch by row batch",
    "campaigns/lifecycle.py": "the one door of a campaign's states",
    "deliveries/building.py": "makes a run's rows",
    "deliveries/confirming.py": "keeps how far the confirmation of an answer is",
    "deliveries/counting.py": "notes whom runs have written to, chunk by chunk",
    "deliveries/closing.py": "ends a run whose rows are all settled",
    "deliveries/erasing.py": "removes an erased person from what was sent, run by run",
    "deliveries/exporting/working.py": "keeps the progress of an export",
    "deliveries/heeding.py": "keeps how far suppressions were heeded by what waits",
    "deliveries/partitions.py": "makes room for new runs",
    "deliveries/pushing.py": "adds people to a triggered run, each key once",
    "deliveries/releasing.py": "lets a run's people go, part by part",
    "deliveries/remembering.py": "notes whom recurring campaigns have reached, chunk by chunk",
    "deliveries/telling/feeding.py": "keeps how far webhooks were told of a run, chunk by chunk",
    "deliveries/telling/suppressions.py": "keeps how far webhooks were told of suppressions",
    "deliveries/tracking/folding.py": "keeps how far a run's people are noted for segments",
    "deliveries/tracking/preparing.py": "stores what of a run is followed as it begins",
    "deliveries/retention.py": "blanks the people of old runs, batch by batch",
    "deliveries/purging.py": "removes a campaign with its rows, batch by batch",
    "runtime/demo/large.py": "fills a workspace with generated rows",
    "workspaces/audit.py": "the one door of the audit trail",
}
#: Packages that never see a model; the import contracts say so.
WITHOUT_A_DATABASE = ("engine", "lib", "channels")


def tracked(*patterns: str) -> list[Path]:
    """Return the repository's files that match, whether committed yet or not."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", *patterns],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if listed.returncode:
        pytest.skip("this is no git work tree")
    return [path for line in listed.stdout.splitlines() if (path := ROOT / line).is_file()]


def name(path: Path) -> str:
    """Return the path within the repository."""
    return path.relative_to(ROOT).as_posix()


def most_lines(path: Path) -> int:
    """Return how long this module may be."""
    return MOST_LINES_OF_TESTS if "tests" in path.parts else MOST_LINES


def test_nothing_is_left_to_do() -> None:
    mark = re.compile(r"\b(TO" + r"DO|FIX" + r"ME|XX" + r"X|HA" + r"CK)\b")
    files = [
        path for path in tracked("*.py", "*.html", "*.css", "*.js", "*.md", "*.sql") if path != Path(__file__)
    ]

    assert [name(path) for path in files if mark.search(path.read_text())] == []


def test_modules_are_short() -> None:
    long = {
        name(path)
        for path in tracked("*.py", "*.css", "*.js")
        if "migrations" not in path.parts and len(path.read_text().splitlines()) > most_lines(path)
    }

    assert long == set(LONG_FILES)


def test_templates_hold_no_inline_script_or_style() -> None:
    """The content security policy would block them; mails are another matter."""
    inline = re.compile(
        r"<style|<script(?![^>]*\bsrc=)(?![^>]*type=\"application/json\")|\sstyle=|\son[a-z]+=\""
    )
    tag = re.compile(r"{%.*?%}|{{.*?}}", re.DOTALL)  # arguments of template tags are no attributes
    pages = [path for path in tracked("src/clarion/**/*.html") if "mail" not in name(path)]

    assert [name(path) for path in pages if inline.search(tag.sub("", path.read_text()))] == []


def test_decisions_are_numbered_in_sequence() -> None:
    numbers = [int(path.name[:4]) for path in sorted((ROOT / "docs" / "adr").glob("[0-9]*.md"))]

    assert numbers == list(range(1, len(numbers) + 1))


def test_the_changelog_has_a_place_for_what_comes_next() -> None:
    assert "## Unreleased" in (ROOT / "CHANGELOG.md").read_text()


def test_the_generated_reference_is_current() -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "docs" / "generate.py"), "--check"],
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stderr) == (0, "")


def test_links_between_documents_lead_somewhere() -> None:
    link = re.compile(r"\]\((?!https?:|mailto:|#)([^)#]+)")
    broken = [
        f"{name(path)} -> {target}"
        for path in tracked("*.md")
        for target in link.findall(path.read_text())
        if not (path.parent / target).exists()
    ]

    assert broken == []


def test_no_merge_is_left_half_done() -> None:
    mark = re.compile(r"^(<{7}|>{7}|\|{7})( |$)", re.MULTILINE)
    files = [path for path in tracked() if path.suffix not in (".png", ".ico", ".woff2")]

    assert [name(path) for path in files if mark.search(path.read_text())] == []


def test_words_of_the_glossary_are_models() -> None:
    glossary = (ROOT / "docs" / "glossary.md").read_text().partition("machinery")[0]
    words = {
        word.title().replace(" ", "") for word in re.findall(r"^- \*\*([a-z ]+)\*\*", glossary, re.MULTILINE)
    }
    models = {
        node.name
        for path in SOURCE.glob("*/**/models.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ClassDef)
    }

    assert len(words) > 10
    assert words - models == {"Channel", "Member"}  # a folder of code; and its model is Membership


def test_the_lock_files_name_every_dependency_and_no_host() -> None:
    locked = (ROOT / "requirements.txt").read_text() + (ROOT / "requirements-dev.txt").read_text()
    names = {line.partition("==")[0].lower() for line in locked.splitlines() if "==" in line}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    declared = project["project"]["dependencies"] + project["dependency-groups"]["dev"]
    wanted = {re.split(r"[^A-Za-z0-9-]", line)[0].lower() for line in declared}

    assert wanted - names == set()
    assert "://" not in locked


def writes(path: Path) -> Iterator[str]:
    """Return every database write in a module: its line and what it is called on."""
    text = path.read_text()
    if not any(f".{method}(" in text for method in WRITING):
        return
    tree = ast.parse(text)
    imported = set(_operations_in(tree))
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in WRITING:
            receiver = ast.unparse(node.func.value)
            if receiver not in imported and _is_a_row_or_queryset(receiver, node):
                yield f"{name(path)}:{node.lineno} {receiver[:40]}.{node.func.attr}"


def _operations_in(tree: ast.Module) -> Iterator[str]:
    """Return the names under which a module has imported operations; calling those is what is asked."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            yield from (one.asname or one.name for one in node.names if one.name == "operations")


def _is_a_row_or_queryset(receiver: str, call: ast.Call) -> bool:
    if HARMLESS.match(receiver):
        return False
    method = call.func.attr  # type: ignore[attr-defined]
    if ".objects" in receiver or "_set" in receiver or ".filter(" in receiver:
        return True
    if method == "update":  # dict.update and hash.update take an argument without a name
        return not call.args
    return method in ("save", "asave", "delete", "adelete", "bulk_create", "bulk_update")


def test_only_operations_write() -> None:
    readers = [
        path
        for path in sorted(SOURCE.rglob("*.py"))
        if path.name != "operations.py"
        and path.relative_to(SOURCE).as_posix() not in WRITERS
        and not {"migrations", "tests", "operations", *WITHOUT_A_DATABASE}
        & set(path.relative_to(SOURCE).parts)
    ]

    assert [found for path in readers for found in writes(path)] == []


#: A group or a set with a possessive quantifier.
POSSESSIVE = re.compile(r"(?<!\\)[)\]][*+?]\+")


def test_no_pattern_uses_what_early_pythons_match_wrongly() -> None:
    """Possessive quantifiers over groups fail before Python 3.11.5, and Debian 12 has 3.11.2."""
    found = [
        f"{name(path)}:{node.lineno}"
        for path in tracked("src/*.py")
        if POSSESSIVE.search(text := path.read_text())
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and POSSESSIVE.search(node.value)
    ]

    assert found == []


def test_modules_that_may_write_are_there() -> None:
    assert [path for path in WRITERS if not (SOURCE / path).is_file()] == []


def test_the_search_for_writes_finds_them() -> None:
    module = ROOT / "tests" / "repository" / "sample_of_writes.py.txt"

    assert [line.rpartition(" ")[2] for line in writes(module)] == [
        "Run.objects.create",
        "runs.filter(id=1).update",
        "run.save",
        "run.delete",
    ]
