"""`clarion contact …`: one person's contact, their data as a file, merging, and forgetting them."""

import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from clarion.cli import session, told
from clarion.cli.options import AsJson, Slug

if TYPE_CHECKING:
    from clarion.audience.models import Contact

group = typer.Typer(
    no_args_is_help=True, help="Contacts: one person, what they may have of it, and forgetting them."
)

Which = Annotated[str, typer.Argument(metavar="CONTACT", help="Its id, or any of its addresses.")]


def register(app: typer.Typer) -> None:
    """Add the commands to the program."""
    app.add_typer(group, name="contact")


@group.command()
def show(
    contact: Which,
    workspace: Slug = "",
    reveal: Annotated[
        bool, typer.Option("--reveal", help="Show what the workspace masks; it is noted in the audit trail.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Show a contact: its addresses, attributes, consent, and the newest messages to it."""
    session.quiet()
    with session.opened():
        from clarion.deliveries import history

        one = found_by(contact, workspace)
        facts = _shown(one, is_asked=reveal)
        sent = history.messages_to(one).messages
        if as_json:
            told.dump(facts | {"messages": [_message(each) for each in sent]})
            return
        for name, value in facts.items():
            typer.echo(f"{name}\t{value}")
        for each in sent:
            typer.echo(
                f"message\t{each.campaign_name}\t{each.channel}\t{each.stage.name}\t{told.moment(each.at)}"
            )


@group.command()
def data(
    contact: Which,
    output: Annotated[Path, typer.Argument(metavar="FILE", help="The ZIP file to write; it must not exist.")],
    workspace: Slug = "",
) -> None:
    """Write all that is known of a person into a ZIP file, for them to have. It is noted in the audit trail."""
    session.quiet()
    with session.opened():
        from clarion.audience import operations
        from clarion.deliveries import personal
        from clarion.workspaces import actors

        one = found_by(contact, workspace)
        try:
            file = output.open("xb")
        except OSError as problem:
            session.refuse([f"{output}: {problem.strerror}"])
        with file:
            operations.record_person_export(by=actors.operator(one.workspace), contact=one)
            personal.write_zip(one, file)


@group.command()
def merge(
    kept: Annotated[
        str, typer.Argument(metavar="KEPT", help="The contact that stays: its id or an address.")
    ],
    gone: Annotated[str, typer.Argument(metavar="GONE", help="The contact that becomes a part of it.")],
    workspace: Slug = "",
    take: Annotated[
        list[str] | None,
        typer.Option(
            "--take",
            metavar="FIELD",
            help="Take this field of the other, such as first_name or attribute:city.",
        ),
    ] = None,
) -> None:
    """Make one of two contacts: all addresses, tags, lists and messages of both. It cannot be taken back."""
    session.quiet()
    with session.opened():
        from clarion.audience import operations
        from clarion.audience.errors import ContactInvalid
        from clarion.workspaces import actors

        one, other = found_by(kept, workspace), found_by(gone, workspace)
        try:
            operations.merge_contacts(
                by=actors.operator(one.workspace), kept=one, gone=other, take=take or ()
            )
        except ContactInvalid as refusal:
            session.refuse([str(refusal)])
        typer.echo(str(one.public_id))


@group.command()
def erase(
    contact: Which,
    workspace: Slug = "",
    yes: Annotated[bool, typer.Option("--yes", help="Do it: it cannot be taken back.")] = False,
    reason: Annotated[
        str, typer.Option("--reason", metavar="TEXT", help="Kept in the audit trail; no personal data.")
    ] = "",
) -> None:
    """Forget a person: everything about them is removed, at once and by this command; counts stay."""
    session.quiet()
    with session.opened():
        from clarion.deliveries import erasing
        from clarion.workspaces import actors

        one = found_by(contact, workspace)
        if not yes:
            session.refuse(["It cannot be taken back. Say --yes to erase the person."])
        made = erasing.erase(by=actors.operator(one.workspace), contact=one, reason=reason)
        is_whole = erasing.finish(made.pk)
        made.refresh_from_db()
        told.dump({"erasure": str(made.public_id), "done": is_whole, **made.counts})


def found_by(words: str, slug: str) -> "Contact":
    """Return the workspace's contact of that id, or the only one with that address."""
    from clarion.audience import addresses
    from clarion.audience.models import Contact

    workspace = session.workspace(slug)
    try:
        rows = list(Contact.objects.filter(workspace=workspace, public_id=uuid.UUID(words)))
    except ValueError:
        rows = []
        for kind in addresses.kinds():
            try:
                address = addresses.normalised(kind, words, country=workspace.default_country)
            except ValueError:
                continue
            facts = {"workspace": workspace.pk, "address": address}
            rows += Contact.objects.raw(addresses.owners_sql(kind, "%(address)s"), facts)
    found = {row.pk: row for row in rows}
    if len(found) > 1:
        ids = ", ".join(str(row.public_id) for row in found.values())
        session.refuse([f"Several contacts have this address: {ids}."])
    if not found:
        session.refuse([f"There is no contact {words!r}."])
    return next(iter(found.values()))


def _facts(one: "Contact") -> dict[str, Any]:
    from clarion.audience import addresses

    return {
        "contact": str(one.public_id),
        "state": one.state,
        "first_name": one.first_name,
        "last_name": one.last_name,
        "addresses": addresses.all_of(one),
        "tags": one.tags,
        "attributes": one.attributes,
        "consent": {"given": one.consents, "withdrawn": one.refusals},
        "created_at": told.moment(one.created_at),
    }


def _shown(one: "Contact", *, is_asked: bool) -> dict[str, Any]:
    """Return the facts as the workspace shows them: masked where it wants people to be asked for, until they are."""
    from clarion.audience import operations
    from clarion.audience.masking import mask, mask_name
    from clarion.workspaces import actors
    from clarion.workspaces.models import PiiPolicy

    facts = _facts(one)
    if one.workspace.pii_policy == PiiPolicy.SHOWN:
        return facts
    if is_asked:
        operations.reveal_contact(by=actors.operator(one.workspace), contact=one)
        return facts
    addresses = {kind: [mask(each) for each in every] for kind, every in facts["addresses"].items()}
    names = {name: mask_name(facts[name]) for name in ("first_name", "last_name")}
    return facts | names | {"addresses": addresses, "attributes": dict.fromkeys(facts["attributes"], "…")}


def _message(each: Any) -> dict[str, Any]:
    return {
        "campaign": each.campaign_public_id, "run": each.run_number, "channel": each.channel,
        "stage": each.stage.name, "skip": each.skip.name if each.skip else None,
        "result": each.result.name if each.result else None, "at": told.moment(each.at),
    }  # fmt: skip
