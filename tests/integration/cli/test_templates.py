"""`clarion template`: what it prints, what it saves, and how it ends."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from clarion.cli.program import app
from clarion.content import operations, queries
from clarion.content.models import Template
from clarion.workspaces.actors import of_member
from tests import ledgers

pytestmark = pytest.mark.django_db


def clarion(people: ledgers.People, *arguments: object) -> Result:
    words = [str(one) for one in ("template", *arguments, "--workspace", people.workspace.slug)]
    return CliRunner().invoke(app, words)


def given_a_file(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "message.txt"
    path.write_text(text)
    return path


def test_a_template_is_made_translated_and_read_back(people: ledgers.People, tmp_path: Path) -> None:
    first = given_a_file(tmp_path, "# Hello {{ first_name }}\n")
    made = clarion(people, "save", "Spring", first, "--channel", "email", "--mode", "markdown", "--subject", "Hello",
                   "--language", "en")  # fmt: skip
    assert made.stdout == "Version 1 of Spring\n"

    second = given_a_file(tmp_path, "# Hallo {{ first_name }}\n")
    added = json.loads(clarion(people, "save", "Spring", second, "--language", "de_AT", "--json").stdout)

    assert (added["version"], added["languages"]) == (2, ["en", "de-AT"])
    assert clarion(people, "list").stdout.endswith("\tSpring\temail\t2\ten,de-AT\n")
    assert clarion(people, "show", "Spring").stdout.startswith("# Hello")
    assert clarion(people, "show", "Spring", "--language", "de-AT").stdout.startswith("# Hallo")
    whole = json.loads(clarion(people, "show", "Spring", "--json").stdout)
    assert (whole["source"]["languages"]["de-AT"]["mode"], whole["variables"]) == ("markdown", ["first_name"])


def test_what_is_wrong_with_a_file_is_told_by_line_and_nothing_is_saved(
    people: ledgers.People, tmp_path: Path
) -> None:
    bad = given_a_file(tmp_path, "Hello\n{{ name")

    answer = clarion(people, "save", "Text", bad, "--channel", "sms")

    assert answer.exit_code == 2
    assert "source, line 2:" in answer.stderr
    assert not Template.objects.exists()


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("--channel", "fax"), "there is no channel 'fax'"),
        (("--mode", "word"), "there is no 'word'"),
        (("--language", "german!"), "language tag"),
        ((), "There is no template 'Text'"),
    ],
)
def test_what_makes_no_sense_is_refused(
    people: ledgers.People, tmp_path: Path, arguments: tuple[str, ...], why: str
) -> None:
    if "--language" in arguments:
        clarion(people, "save", "Text", given_a_file(tmp_path, "x"), "--channel", "sms")

    answer = clarion(people, "save", "Text", given_a_file(tmp_path, "x"), *arguments)

    assert answer.exit_code == 2
    assert why in answer.stderr


def test_somebody_elses_words_are_replaced_only_when_their_version_was_seen(
    people: ledgers.People, tmp_path: Path
) -> None:
    def saved(words: str, *rest: str) -> Result:
        return clarion(people, "save", "My text", given_a_file(tmp_path, words), *rest)

    alice = of_member(people.alice)
    saved("Hello", "--channel", "sms")
    template = Template.objects.get()
    assert saved("Hello you").stdout == "Version 2 of My text\n"  # its own words
    operations.save_version(template=template, by=alice, source={"mode": "text", "source": "Dear"}, base=2)

    for options in ((), ("--version", "2")):
        answer = saved("Hello all", *options)
        assert (answer.exit_code, queries.latest_version(template).source["source"]) == (2, "Dear")
        assert "clarion template show 'My text'" in answer.stderr
        assert "--version 3" in answer.stderr
    assert saved("Hello all", "--version", "3").stdout == "Version 4 of My text\n"
    assert saved("Hello everybody").stdout == "Version 5 of My text\n"


def test_a_template_of_another_workspace_is_not_there(people: ledgers.People, tmp_path: Path) -> None:
    clarion(people, "save", "Text", given_a_file(tmp_path, "x"), "--channel", "sms")

    for words in ("Text", Template.objects.get().public_id):
        asked = ["template", "show", str(words), "--workspace", people.mallory.workspace.slug]
        assert CliRunner().invoke(app, asked).exit_code == 2
