"""`clarion --server URL contact …`, `segment`, `suppression`, `cap` and `source`."""

import json
import time
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote, urlencode

import typer

from clarion.cli.options import AsJson, Yes
from clarion.cli.remote import asked, fetched, one_of, pages, refuse, sent, sure, tell

contact = typer.Typer(
    no_args_is_help=True, help="Contacts: one person, what they may have, and forgetting them."
)
segment = typer.Typer(no_args_is_help=True, help="Segments: whom they fit, and why.")
suppression = typer.Typer(no_args_is_help=True, help="Suppressions: addresses that no campaign writes to.")
cap = typer.Typer(no_args_is_help=True, help="Frequency caps: at most so many messages in so many days.")
source = typer.Typer(no_args_is_help=True, help="Live sources, which are read again for each run.")

#: Until a file is asked after again that the server reads.
LOOK_SECONDS = 0.5

Who = Annotated[
    str, typer.Argument(metavar="CONTACT", help="Its id, its e-mail address or its phone number.")
]
Segment = Annotated[str, typer.Argument(metavar="SEGMENT", help="Its id, or its name.")]
Source = Annotated[str, typer.Argument(metavar="SOURCE", help="Its id, or its name.")]
OnChannel = Annotated[str, typer.Option("--channel", metavar="CHANNEL", help="email, sms, …")]
Why = Annotated[str, typer.Option("--reason", metavar="REASON", help="One of those that the list shows.")]
Days = Annotated[int, typer.Option("--days", min=0, help="Added within so many days; 0 for all.")]


def register(app: typer.Typer) -> None:
    """Add the commands to the program."""
    for name, group in (("contact", contact), ("segment", segment), ("suppression", suppression), ("cap", cap),
                        ("source", source)):  # fmt: skip
        app.add_typer(group, name=name)


def _contact(words: str) -> str:
    if len(words) == 36 and "@" not in words:
        return quote(words, safe="")
    found = [
        one for one in pages("/contacts", 200, q=words)
        if words.lower() in (one["email"].lower(), one["phone"].lower())
    ]  # fmt: skip
    if len(found) != 1:
        refuse(f"{len(found)} contacts have the address {words!r}.")
    return str(found[0]["id"])


@contact.command(name="show")
def show_contact(
    who: Who,
    reveal: Annotated[
        bool, typer.Option("--reveal", help="Show what the workspace masks; the audit trail keeps it.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Show a contact: its addresses, attributes, consent, and the newest messages to it."""
    path = f"/contacts/{_contact(who)}"
    one = asked("POST", f"{path}/reveal") if reveal else asked("GET", path)
    one |= asked("GET", f"{path}/addresses") | {"messages": asked("GET", f"{path}/messages")}
    tell(one, lambda facts: "\n".join(f"{name}\t{value}" for name, value in facts.items()), as_json=as_json)


@contact.command(name="data")
def person_data(
    who: Who,
    output: Annotated[Path, typer.Argument(metavar="FILE", help="The ZIP file to write; it must not exist.")],
) -> None:
    """Write all that is known of a person into a ZIP file, for them to have. The audit trail keeps it."""
    octets = fetched("POST", f"/contacts/{_contact(who)}/file")
    try:
        with output.open("xb") as file:
            file.write(octets)
    except OSError as problem:
        refuse(f"{output}: {problem.strerror}")


@contact.command(name="merge")
def merge_contacts(
    kept: Annotated[str, typer.Argument(metavar="KEPT", help="The contact that stays.")],
    gone: Annotated[str, typer.Argument(metavar="GONE", help="The contact that becomes a part of it.")],
    take: Annotated[
        list[str] | None, typer.Option("--take", metavar="FIELD", help="Take this of the other.")
    ] = None,
) -> None:
    """Make one of two contacts. It cannot be taken back."""
    asked("POST", f"/contacts/{_contact(kept)}/merge", {"gone": _contact(gone), "take": take or []})


@contact.command(name="erase")
def erase_contact(
    who: Who,
    yes: Yes = False,
    reason: Annotated[str, typer.Option(metavar="TEXT", help="Kept in the trail; no personal data.")] = "",
) -> None:
    """Forget a person: everything about them is removed; counts stay."""
    sure(yes, "erase a person")
    typer.echo(json.dumps(asked("POST", f"/contacts/{_contact(who)}/erase", {"reason": reason})))


@segment.command(name="list")
def list_segments(as_json: AsJson = False) -> None:
    """List the segments, the newest first."""
    tell(list(pages("/segments", 10_000)), lambda one: f"{one['id']}\t{one['name']}", as_json=as_json)


@segment.command(name="show")
def show_segment(which: Segment, as_json: AsJson = False) -> None:
    """Show a segment: its rule in words, and as JSON."""
    one = one_of("/segments", which, "segment")
    counted = asked("GET", f"/segments/{one['id']}/count")
    one |= {"sentence": counted["sentence"]}
    tell(
        one,
        lambda it: f"{it['name']}\n{it['id']}\n{it['sentence']}\n{json.dumps(it['rule'])}",
        as_json=as_json,
    )


@segment.command(name="count")
def count_segment(which: Segment, as_json: AsJson = False) -> None:
    """Count the contacts that a segment fits now."""
    one = one_of("/segments", which, "segment")
    tell(asked("GET", f"/segments/{one['id']}/count"), _counted, as_json=as_json)


def _counted(one: Any) -> str:
    if one["count"] is None:
        return "unknown: counting takes too long"
    return f"{'' if one['exact'] else 'about '}{one['count']:,}"


@segment.command(name="explain")
def explain_segment(which: Segment, who: Who, as_json: AsJson = False) -> None:
    """Tell whether one contact is in a segment, and because of what. Exit code 1 when not."""
    one = one_of("/segments", which, "segment")
    found = asked("GET", f"/segments/{one['id']}/explain?{urlencode({'who': who})}")
    because = "".join(
        f"\n  {'yes' if each['holds'] else 'no'}: {each['condition']}" for each in found["because"]
    )
    tell(found, lambda it: ("in" if it["is_in"] else "not in") + because, as_json=as_json)
    if not found["is_in"]:
        raise typer.Exit(1)


def _narrowed(reason: str, channel: str, days: int) -> dict[str, str]:
    given = {"reason": reason.lower(), "channel": channel, "days": str(days or "")}
    return {name: value for name, value in given.items() if value}


@suppression.command(name="list")
def list_suppressions(reason: Why = "", channel: OnChannel = "", days: Days = 0) -> None:
    """Print the suppressions as CSV, the oldest first."""
    query = urlencode(_narrowed(reason, channel, days))
    typer.echo(fetched("GET", f"/suppressions/file?{query}").decode(), nl=False)


@suppression.command(name="add")
def suppress(
    address: Annotated[str, typer.Argument(metavar="ADDRESS", help="A mail address or a phone number.")],
    channel: OnChannel = "email",
    note: Annotated[str, typer.Option("--note", help="Why, for others to read.")] = "",
) -> None:
    """Suppress an address."""
    asked("POST", "/suppressions", {"channel": channel, "address": address, "note": note})


@suppression.command(name="import")
def import_suppressions(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="CSV, XLSX or ODS.")],
    channel: OnChannel = "email",
    as_json: AsJson = False,
) -> None:
    """Suppress every address of a file. A column `reason` is heeded where it holds one of ours."""
    query = urlencode({"channel": channel, "name": file.name[:100]})
    found = sent(f"/suppressions/import?{query}", file.read_bytes())
    while found["finished_at"] is None:
        time.sleep(LOOK_SECONDS)
        found = asked("GET", f"/imports/{found['id']}")
    if found["failure"]:
        refuse(found["failure"])
    tell(
        found,
        lambda it: (
            f"{it['created']:,} added, {it['unchanged']:,} known before, {it['rejected']:,} not readable"
        ),
        as_json=as_json,
    )


@suppression.command(name="remove")
def remove_suppressions(
    why: Annotated[str, typer.Option("--why", help="Kept in the audit trail; required.")],
    reason: Why = "",
    channel: OnChannel = "",
    days: Days = 0,
    address: Annotated[str, typer.Option("--address", help="This one alone, or all that begin so.")] = "",
    yes: Yes = False,
) -> None:
    """Allow addresses again: those for which all that is given holds."""
    if not yes:
        typer.confirm("Write to all of these again?", abort=True)
    said = {"why": why, "address": address, **_narrowed(reason, channel, 0), "days": days or None}
    typer.echo(f"{asked('POST', '/suppressions/remove', said)['removed']:,} allowed again")


@cap.command(name="list")
def list_caps(as_json: AsJson = False) -> None:
    """List the frequency caps."""
    tell(
        asked("GET", "/caps"), lambda one: f"{one['channel'] or 'all'}\t{one['messages']} in {one['days']} days",
        as_json=as_json,
    )  # fmt: skip


@cap.command(name="set")
def set_caps(
    rules: Annotated[
        list[str] | None,
        typer.Argument(metavar="[CHANNEL:]MESSAGES/DAYS", help="Such as 3/7 or sms:1/1; none for no caps."),
    ] = None,
) -> None:
    """Let these be the frequency caps, in place of those there are."""
    caps = []
    for rule in rules or []:
        channel, _colon, numbers = rule.rpartition(":")
        messages, _slash, days = numbers.partition("/")
        if not (messages.isdecimal() and days.isdecimal() and len(numbers) < 12):
            refuse(f"{rule!r} is not [CHANNEL:]MESSAGES/DAYS, such as 3/7 or sms:1/1.")
        caps.append({"channel": channel or None, "messages": int(messages), "days": int(days)})
    asked("PUT", "/caps", {"caps": caps})


def _source(one: Any) -> str:
    return (
        f"{one['id']}\t{one['name']}\t{one['status']}\t{one['rows'] or 0:,} rows\t{one['problem']}".rstrip()
    )


@source.command(name="list")
def list_sources(as_json: AsJson = False) -> None:
    """List the live sources: rows, and what was wrong when they were read last."""
    tell(list(pages("/sheets", 10_000)), _source, as_json=as_json)


@source.command(name="add")
def add_source(
    name: Annotated[str, typer.Argument(help="Its name.")],
    url: Annotated[str, typer.Option(metavar="URL", help="The address of the spreadsheet.")] = "",
    path: Annotated[str, typer.Option(metavar="PATH", help="Or a file that the server watches.")] = "",
    channel: Annotated[str, typer.Option(help="Whose addresses it holds.")] = "email",
    address: Annotated[str, typer.Option(metavar="COLUMN", help="The column with the addresses.")] = "",
    sheet: Annotated[str, typer.Option(metavar="NAME", help="The sheet of a workbook.")] = "",
    keep_hours: Annotated[int, typer.Option(metavar="N", help="Use a copy of at most so many hours.")] = 0,
    as_json: AsJson = False,
) -> None:
    """Keep a live source and have it read for the first time."""
    said = {"name": name, "url": url, "path": path, "channel": channel, "address": address, "sheet": sheet}
    tell(asked("POST", "/sheets", said | _kept(keep_hours)), _source, as_json=as_json)


def _kept(keep_hours: int) -> dict[str, Any]:
    return {"when_unreadable": "keep", "keep_hours": keep_hours} if keep_hours else {}


@source.command(name="groups")
def list_groups(
    sender: Annotated[str, typer.Argument(metavar="SENDER", help="Its id, or its name.")],
    as_json: AsJson = False,
) -> None:
    """List the groups that a sender's phone is in, by name."""
    one = one_of("/senders", sender, "sender")
    found = asked("GET", f"/senders/{one['id']}/groups")
    tell(found, lambda it: f"{it['id']}\t{it['name']}\t{it['members'] or ''}", as_json=as_json)


@source.command(name="add-group")
def add_group(
    name: Annotated[str, typer.Argument(help="Its name.")],
    sender: Annotated[str, typer.Option(metavar="SENDER", help="Whose phone is in the group.")],
    group_id: Annotated[
        str, typer.Option("--group", metavar="ID", help="The group, as `source groups` lists it.")
    ],
    keep_hours: Annotated[int, typer.Option(metavar="N", help="Use a copy of at most so many hours.")] = 0,
    as_json: AsJson = False,
) -> None:
    """Keep a group as a live source and have it read who is in it."""
    said = {"name": name, "sender": one_of("/senders", sender, "sender")["id"], "group": group_id}
    tell(asked("POST", "/sheets", said | _kept(keep_hours)), _source, as_json=as_json)


@source.command(name="refresh")
def refresh_source(which: Source, as_json: AsJson = False) -> None:
    """Have a live source read again now."""
    one = one_of("/sheets", which, "live source")
    tell(asked("POST", f"/sheets/{one['id']}/refresh"), _source, as_json=as_json)


@source.command(name="delete")
def delete_source(which: Source) -> None:
    """Forget a live source that no campaign has. The spreadsheet stays where it is."""
    asked("DELETE", f"/sheets/{one_of('/sheets', which, 'live source')['id']}")
