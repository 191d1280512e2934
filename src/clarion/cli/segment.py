"""`clarion segment …`: the segments of a workspace, their rules in words and as JSON, and whom they fit."""

import uuid
from typing import TYPE_CHECKING, Annotated, Any

import typer

from clarion.cli import session, told
from clarion.cli.options import AsJson, Slug

if TYPE_CHECKING:
    from clarion.audience.models import Segment

group = typer.Typer(no_args_is_help=True, help="Segments: rules about contacts, and how many they fit.")

Which = Annotated[str, typer.Argument(metavar="SEGMENT", help="Its whole id, or its name.")]

#: Milliseconds that an exact count may take here, where somebody waits for it.
_PATIENCE_MS = 60_000


def register(app: typer.Typer) -> None:
    """Add the commands to the program."""
    app.add_typer(group, name="segment")


@group.command(name="list")
def list_(workspace: Slug = "", as_json: AsJson = False) -> None:
    """List the segments by name, each with its rule in words."""
    session.quiet()
    with session.opened():
        from clarion.audience.models import Segment

        for one in Segment.objects.filter(workspace=session.workspace(workspace)).order_by("name"):
            if as_json:
                told.dump(_as_json(one))
            else:
                typer.echo(f"{one.public_id}\t{one.name}\t{_sentence(one)}")


@group.command()
def show(segment: Which, workspace: Slug = "", as_json: AsJson = False) -> None:
    """Show a segment: its rule in words, and as the JSON that docs/reference/segments.md describes."""
    session.quiet()
    with session.opened():
        one = _found(segment, workspace)
        if as_json:
            told.dump(_as_json(one))
            return
        typer.echo(f"{one.name}\n{one.public_id}\n{_sentence(one)}")
        told.dump(one.rule)


@group.command()
def count(segment: Which, workspace: Slug = "", as_json: AsJson = False) -> None:
    """Count the contacts that a segment fits now. What takes longer than a minute is told as about so many."""
    session.quiet()
    with session.opened():
        from clarion.audience import segments
        from clarion.audience.queries import segments as counting

        one = _found(segment, workspace)
        found = counting.count(one.workspace, segments.parse(one.rule), milliseconds=_PATIENCE_MS)
        if as_json:
            told.dump({"segment": str(one.public_id), "count": found.value, "exact": found.is_exact})
        elif found.value is None:
            typer.echo("unknown: counting takes too long")
        else:
            typer.echo(f"{'' if found.is_exact else 'about '}{found.value:,}")


@group.command()
def explain(
    segment: Which,
    contact: Annotated[
        str, typer.Argument(metavar="CONTACT", help="Their e-mail address, phone or whole id.")
    ],
    workspace: Slug = "",
    as_json: AsJson = False,
) -> None:
    """Tell whether one contact is in a segment, and because of what. Exit code 1 when not."""
    session.quiet()
    with session.opened():
        from clarion.audience import segments
        from clarion.audience.queries import segments as counting

        one = _found(segment, workspace)
        found = counting.explained(one.workspace, segments.parse(one.rule), contact)
        if found is None:
            session.refuse([f"There is no contact {contact!r}."])
        if as_json:
            reasons = [{"condition": words, "holds": holds} for words, holds in found.reasons]
            told.dump({"contact": str(found.contact.public_id), "is_in": found.is_in, "because": reasons})
        else:
            typer.echo("in" if found.is_in else "not in")
            for words, holds in found.reasons:
                typer.echo(f"  {'yes' if holds else 'no'}: {words}")
        if not found.is_in:
            raise typer.Exit(1)


def _found(words: str, slug: str) -> "Segment":
    from clarion.audience.models import Segment

    workspace = session.workspace(slug)
    mine = Segment.objects.filter(workspace=workspace)
    try:
        one = mine.filter(public_id=uuid.UUID(words)).first()
    except ValueError:
        one = mine.filter(name=words).first()
    if one is None:
        session.refuse([f"There is no segment {words!r}. `clarion segment list` shows them."])
    return one


def _sentence(one: "Segment") -> str:
    from clarion.audience import segments
    from clarion.audience.queries.segments import sentence_of

    return sentence_of(one.workspace, segments.parse(one.rule))


def _as_json(one: "Segment") -> dict[str, Any]:
    return {
        "segment": str(one.public_id),
        "name": one.name,
        "workspace": one.workspace.slug,
        "sentence": _sentence(one),
        "rule": one.rule,
        "created_at": told.moment(one.created_at),
        "changed_at": told.moment(one.changed_at),
    }
