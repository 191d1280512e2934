"""Write the reference pages that are made from the program itself; `--check` only tells whether they are current."""

import os
import re
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

REFERENCE = Path(__file__).resolve().parent / "reference"
#: A name that is filled in, and how it is shown.
_PARAMETER, _ITALIC = re.compile(r"%\((\w+)\)s"), r"*\1*"
NOTE = "<!-- Made by docs/generate.py from the program; change it there. -->\n"


def settings_page() -> str:
    """Return the page of all settings."""
    from clarion.settings.table import SETTINGS

    def lines() -> Iterator[str]:
        yield "# Settings\n"
        yield (
            "All come from the environment. Everything has a default that runs. Each may also be given as a\n"
            "file: `CLARION_SECRET_KEY_FILE=/run/secrets/key` reads the value from there. A `CLARION_*` variable\n"
            "that is not in this list stops the start, as does any bad value; all problems are told at once, with\n"
            "exit code 2.\n"
        )
        for setting in SETTINGS:
            yield f"## `CLARION_{setting.name}`\n"
            yield f"{setting.meaning}\n"
            yield f"- Accepts: {setting.accepts}"
            yield f"- Default: {setting.default}\n"

    return NOTE + "\n".join(lines()).rstrip() + "\n"


def checks_page() -> str:
    """Return the page of all system checks."""
    from clarion.runtime.checks import FINDINGS

    rows = [f"## `{found.id}`\n\n{found.sentence}\n\n{found.hint}\n" for found in FINDINGS]
    head = "# System checks\n\n`clarion check` reports these. Errors (E) end with exit code 1, warnings (W) do not.\n"
    return NOTE + "\n".join([head, *rows])


def commands_page() -> str:
    """Return the page of all commands and their options."""
    import click
    import typer

    from clarion.cli.program import app

    program = typer.main.get_command(app)
    parts = [
        "# Commands\n",
        "Results go to stdout, everything else to stderr. Exit codes: 0 done; 1 failed; 2 bad input or settings;\n"
        "3 a campaign ended otherwise than completed; 4 Clarion runs already; 130 interrupted.\n",
    ]
    parts += _command_parts(program, "clarion", click.Context(program, info_name="clarion"))
    return NOTE + "\n".join(parts).rstrip() + "\n"


def _command_parts(command: object, name: str, context: object) -> Iterator[str]:
    commands = getattr(command, "commands", None)
    if commands is None:
        yield f"## `{name}`\n"
        yield f"{(getattr(command, 'help', '') or '').strip()}\n"
        for parameter in command.params:  # type: ignore[attr-defined]
            record = None if getattr(parameter, "hidden", False) else parameter.get_help_record(context)
            if record:
                yield f"- `{' '.join(record[0].split())}` {record[1]}".rstrip()
        yield ""
        return
    for part in sorted(commands):
        if not commands[part].hidden:
            yield from _command_parts(commands[part], f"{name} {part}", context)


def statuses_page() -> str:
    """Return the page of a campaign's states, with their diagram."""
    from clarion.campaigns import guide

    def lines() -> Iterator[str]:
        yield "# Statuses of a campaign\n"
        yield (
            "One table decides which action leads from which state to which, and who may do it. The pages, the\n"
            "command line and the scheduler all go by it, and so does this page. An archived campaign keeps its\n"
            "state; until it is restored it can only be duplicated.\n"
        )
        yield f"```mermaid\n{guide.diagram()}\n```\n"
        for state in guide.explained():
            yield f"## {state.label}\n"
            yield f"{state.meaning}\n"
            if state.synonyms:
                yield f"Elsewhere called: {', '.join(state.synonyms)}.\n"
            if state.deeds:
                yield "| action | what it does | leads to | who |"
                yield "|---|---|---|---|"
                for deed in state.deeds:
                    targets = ", ".join(str(target.label) for target in deed.targets)
                    who = ", ".join(deed.roles) or "by itself"
                    yield f"| {deed.label} | {deed.sentence} | {targets} | {who} |"
                yield ""
            yield f"May be changed: {state.changes} Besides: {', '.join(state.handling).lower()}.\n"

    return NOTE + "\n".join(lines()).rstrip() + "\n"


WHY = """# Why is it not moving?

The page of a campaign, `clarion campaign why ID` and `deliveries.explain` answer this from one place: what holds
how many of the pending messages, since when or until when, and what helps. The numbers of the causes add up to the
pending messages. They come from counters, from where each step's claims have come to, and from the waiting list (of
which at most 20,000 rows are read, by their index), never from counting millions; where a share is an estimate, the
answer says so, and the sum is true all the same.

What holds the whole campaign comes first and holds everything. What would hold it next, such as a blocked sender
behind a halt, follows without a number. A campaign that sends divides what is left: not yet released, put off until
a moment, held by the sender or its provider, and what is ready, which goes by the limits, the other campaigns on the
sender and the campaign's own pace. Pace alone is told only while nothing leaves.

Outages of a provider are remembered for the errors page of every run they held: when the circuit breaker opened, how
often it was tried in vain, what the provider said, and when it answered again. One that fails again within a minute
has one outage.

## The kill switch

`clarion halt --workspace SLUG --reason TEXT`, or the power button at the top of every page, stops everything that
leaves a workspace; `clarion sender pause SENDER` stops one sender. Both need the permission to change senders. The
sending processes are notified at once, give back what they had claimed, and hand over nothing that had not begun:
within a second nothing more leaves, at any speed and however many processes send. Campaigns keep their states, so
lifting it continues all of them where they were. Who did it, when and why stands on every page while it lasts, and
in the audit trail.

## Every cause

| Code | What is said | What helps |
|---|---|---|
"""


def causes_page() -> str:
    """Return the page of everything that can keep a campaign from moving."""
    from clarion.deliveries.causes import CAUSES

    rows = [
        f"| `{kind.value}` | {re.sub(_PARAMETER, _ITALIC, str(words.title))} | {words.cure} |"
        for kind, words in CAUSES.items()
    ]
    return NOTE + WHY + "\n".join(rows) + "\n"


def api_page() -> str:
    """Return the page of every address of the REST API."""
    from clarion.api import reference

    return NOTE + reference.page()


def webhooks_page() -> str:
    """Return the page of every event that webhooks are told."""
    from clarion.webhooks import reference

    return NOTE + reference.page()


#: Pages beside the reference are named from there.
PAGES = {
    "settings.md": settings_page,
    "checks.md": checks_page,
    "commands.md": commands_page,
    "statuses.md": statuses_page,
    "api.md": api_page,
    "webhooks.md": webhooks_page,
    "../explanation/why-not-moving.md": causes_page,
}


def main(arguments: list[str]) -> int:
    """Write or check every page; return 1 when a checked page is out of date."""
    os.environ["TERMINAL_WIDTH"] = "120"
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clarion.settings")
    # The reference is the same everywhere: nothing of this machine's installation goes into it.
    with tempfile.TemporaryDirectory() as home:
        os.environ["CLARION_HOME"] = home
        import django

        django.setup()
    stale = []
    for name, make in PAGES.items():
        path, content = REFERENCE / name, make()
        if path.exists() and path.read_text() == content:
            continue
        stale.append(name)
        if "--check" not in arguments:
            path.write_text(content)
            sys.stdout.write(f"{path}\n")
    if stale and "--check" in arguments:
        sys.stderr.write(f"Out of date: {', '.join(stale)}. Run `make docs`.\n")
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
