"""`clarion template …`: the templates of a workspace, what they say in each language, and new versions from files."""

import shlex
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from clarion.cli import session, told
from clarion.cli.options import AsJson, Slug

if TYPE_CHECKING:
    from clarion.content.errors import TemplateChanged
    from clarion.content.models import Template, TemplateVersion

group = typer.Typer(
    no_args_is_help=True, help="Templates: what they say, and new versions of them from files."
)

Which = Annotated[str, typer.Argument(metavar="TEMPLATE", help="Its whole id, or its name.")]
Language = Annotated[
    str,
    typer.Option(
        "--language", metavar="TAG", help="In this language, such as de-AT; without it in its first."
    ),
]
File = Annotated[
    Path,
    typer.Argument(exists=True, dir_okay=False, metavar="FILE", help="What it says: a text file in UTF-8."),
]
Mode = Annotated[
    str,
    typer.Option(
        "--mode", metavar="MODE", help="How the file is written: blocks, html, mjml, markdown or text."
    ),
]
Subject = Annotated[
    str, typer.Option("--subject", help="The subject; without it the one of the version before.")
]
Version = Annotated[
    int,
    typer.Option(
        "--version", min=0, show_default=False, metavar="NUMBER",
        help="The version that the file was made from; needed where somebody else wrote what it says in the place of.",
    ),
]  # fmt: skip
Channel = Annotated[str, typer.Option("--channel", help="For a new template: the channel that it is for.")]

#: Octets of a file that are read; a template may be half of this.
_MOST = 2_000_000


def register(app: typer.Typer) -> None:
    """Add the commands to the program."""
    app.add_typer(group, name="template")


@group.command(name="list")
def list_(workspace: Slug = "", as_json: AsJson = False) -> None:
    """List the templates by name, with channel, version and languages. Archived ones are left out."""
    session.quiet()
    with session.opened():
        from clarion.content import queries
        from clarion.content.models import Template

        mine = Template.objects.filter(workspace=session.workspace(workspace), archived_at=None)
        for one in mine.order_by("name"):
            facts = _facts(queries.latest_version(one))
            if as_json:
                told.dump(facts)
            else:
                typer.echo(
                    f"{facts['template']}\t{one.name}\t{one.channel}\t{facts['version']}\t"
                    f"{','.join(facts['languages']) or '-'}"
                )


@group.command()
def show(template: Which, language: Language = "", workspace: Slug = "", as_json: AsJson = False) -> None:
    """Show what the latest version of a template says, as its author wrote it; with --json everything of it."""
    session.quiet()
    with session.opened():
        from clarion.content import queries
        from clarion.content.sources import in_language

        version = queries.latest_version(found_by(template, workspace))
        if as_json:
            told.dump({**_facts(version), "source": version.source, "variables": version.variables})
            return
        typer.echo(in_language(version.source, _there(version, language))["source"])


@group.command()
def save(
    template: Which, file: File, language: Language = "", mode: Mode = "", subject: Subject = "",
    version: Version = 0, channel: Channel = "", workspace: Slug = "", as_json: AsJson = False,
) -> None:  # fmt: skip
    """Save what a file says as a new version of a template, in one language, or as a new template with --channel.

    A language that the template does not have yet is added. What the command line saved before is replaced; somebody
    else's words only where --version says that they were seen. What is wrong with the file is told line by line, and
    nothing is saved then.
    """
    session.quiet()
    with session.opened():
        from clarion.content import operations
        from clarion.content.errors import (
            ContentInvalid,
            NameTaken,
            TemplateArchived,
            TemplateChanged,
            TrialFailed,
        )
        from clarion.content.sources import MODES
        from clarion.workspaces.actors import operator
        from clarion.workspaces.errors import NameInvalid

        if mode and mode not in MODES:
            session.refuse([f"--mode: there is no {mode!r}. There are: {', '.join(MODES)}."])
        source = _read(file)
        by = operator(session.workspace(workspace))
        try:
            if channel:
                saved = _made(
                    template, channel, {"mode": mode, "subject": subject, "source": source}, language, by
                )
            else:
                found = found_by(template, workspace)
                saved = operations.save_version(
                    template=found, by=by, source=_changed(found, language, mode, subject, source),
                    language=_tag(language, found), base=version or None,
                )  # fmt: skip
        except ContentInvalid as error:
            session.refuse([f"{one.field}, line {one.line}: {one.sentence}" for one in error.problems])
        except NameTaken:
            session.refuse([f"There is a template {template!r} already; leave --channel away to change it."])
        except NameInvalid:
            session.refuse(["A name has 1 to 120 printable characters."])
        except TemplateArchived:
            session.refuse(["The template is in the archive; restore it first."])
        except TemplateChanged as error:
            session.refuse([_changed_since(template, error)])
        except TrialFailed as error:
            session.refuse([str(error)])
        if as_json:
            told.dump(_facts(saved))
        else:
            typer.echo(f"Version {saved.number} of {saved.template.name}")


def _changed_since(name: str, error: "TemplateChanged") -> str:
    if error.is_gone:
        return (
            "Somebody else has taken this language out of the template. Leave --version away to add it again."
        )
    return (
        f"Somebody else wrote what would be written over, in version {error.number}. Look at it with"
        f" `clarion template show {shlex.quote(name)}`, and then say --version {error.number} to replace it."
    )


def _made(name: str, channel: str, source: dict[str, Any], language: str, by: Any) -> "TemplateVersion":
    from clarion.channels import registry
    from clarion.content import operations, queries

    if channel not in registry.CHANNELS:
        session.refuse(
            [f"--channel: there is no channel {channel!r}. There are: {', '.join(registry.CHANNELS)}."]
        )
    whole = {**source, "mode": source["mode"] or "text", "language": language}
    return queries.latest_version(operations.create_template(by=by, channel=channel, name=name, source=whole))


def _changed(template: "Template", language: str, mode: str, subject: str, source: str) -> dict[str, Any]:
    """Return what one language is to say: what it said, with what was given in its place."""
    from clarion.content import queries
    from clarion.content.sources import in_language

    before = in_language(queries.latest_version(template).source, _tag(language, template))
    return {
        **before,
        "mode": mode or before["mode"],
        "subject": subject or before["subject"],
        "source": source,
    }


def _tag(language: str, template: "Template") -> str:
    """Return the language's tag in its one form; "" for the template's first one."""
    from clarion.content import queries
    from clarion.lib import languages

    if not language:
        return ""
    try:
        tag = languages.clean(language)
    except ValueError as error:
        session.refuse([f"--language: {error}"])
    return "" if tag == queries.latest_version(template).source.get("language") else tag


def _there(version: "TemplateVersion", language: str) -> str:
    tag = _tag(language, version.template)
    if tag and tag not in (version.source.get("languages") or {}):
        session.refuse([f"--language: the template is not there in {tag}."])
    return tag


def _read(file: Path) -> str:
    octets = file.read_bytes() if file.stat().st_size <= _MOST else b""
    if not octets:
        session.refuse([f"{file} is empty, or larger than {_MOST:,} octets."])
    try:
        return octets.decode("utf-8-sig")
    except UnicodeDecodeError:
        session.refuse([f"{file} is not written in UTF-8."])


def found_by(words: str, slug: str) -> "Template":
    from clarion.content.models import Template

    mine = Template.objects.filter(workspace=session.workspace(slug))
    try:
        one = mine.filter(public_id=uuid.UUID(words)).first()
    except ValueError:
        one = mine.filter(name=words).order_by("archived_at").first()
    if one is None:
        session.refuse([f"There is no template {words!r}. `clarion template list` shows them."])
    return one


def _facts(version: "TemplateVersion") -> dict[str, Any]:
    own = version.source.get("language")
    return {
        "template": str(version.template.public_id),
        "name": version.template.name,
        "channel": version.template.channel,
        "version": version.number,
        "languages": [*([own] if own else []), *(version.source.get("languages") or {})],
        "saved_at": told.moment(version.created_at),
    }
