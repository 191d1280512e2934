"""`clarion --server URL member …`, `token`, `sender`, `template`, `audit`, `halt` and `lift`."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from clarion.cli.options import AsJson, AsRole, Email, Reason
from clarion.cli.remote import Limit, asked, one_of, pages, refuse, tell

member = typer.Typer(no_args_is_help=True, help="Members: who belongs to the workspace, and as what.")
token = typer.Typer(no_args_is_help=True, help="Tokens: keys by which programs act for a member.")
sender = typer.Typer(no_args_is_help=True, help="Stop a sender, and let it send again.")
template = typer.Typer(no_args_is_help=True, help="Templates: what they say, and new versions of them.")
audit = typer.Typer(no_args_is_help=True, help="The audit trail.")

Which = Annotated[str, typer.Argument(metavar="SENDER", help="The sender's name, its id, or its beginning.")]
Template = Annotated[str, typer.Argument(metavar="TEMPLATE", help="Its id, or its name.")]
Language = Annotated[
    str, typer.Option("--language", metavar="TAG", help="In this language; else in its first.")
]


def register(app: typer.Typer) -> None:
    """Add the commands to the program."""
    for name, group in (("member", member), ("token", token), ("sender", sender), ("template", template),
                        ("audit", audit)):  # fmt: skip
        app.add_typer(group, name=name)
    app.command()(halt)
    app.command()(lift)


@member.command(name="list")
def list_members(as_json: AsJson = False) -> None:
    """List everybody who belongs to the workspace, and who was invited."""
    found = [
        one | {"state": "suspended" if one["suspended_at"] else "member"} for one in asked("GET", "/members")
    ]
    found += [one | {"name": "", "state": "invited"} for one in asked("GET", "/invitations")]
    tell(
        found,
        lambda one: f"{one['email']}\t{one['role']}\t{one['state']}\t{one['name']}".rstrip(),
        as_json=as_json,
    )


@member.command(name="invite")
def invite(email: Email, role: AsRole = "author", as_json: AsJson = False) -> None:
    """Invite somebody and print the link by which they join. It is shown only now; nothing is mailed."""
    made = asked("POST", "/invitations", {"email": email, "role": role.lower()})
    tell(made, lambda one: str(one["link"]), as_json=as_json)


@member.command(name="role")
def change_role(email: Email, role: AsRole) -> None:
    """Give a member another role."""
    one = one_of("/members", email.lower(), "member", by="email")
    now = asked("PATCH", f"/members/{one['id']}", {"role": role.lower()})
    typer.echo(f"{now['email']} is {now['role']} now.")


@member.command(name="remove")
def remove_member(email: Email) -> None:
    """End somebody's membership. Their account stays, and so does what they did."""
    one = one_of("/members", email.lower(), "member", by="email")
    asked("DELETE", f"/members/{one['id']}")
    typer.echo(f"{one['email']} does not belong to the workspace any more.")


@token.command(name="list")
def list_tokens(as_json: AsJson = False) -> None:
    """List tokens. Their secrets are not kept, so none is shown."""
    tell(asked("GET", "/tokens"), _token, as_json=as_json)


def _token(one: Any) -> str:
    used, until = one["last_used_at"] or "never", one["expires_at"] or "no end"
    return f"{one['id'][:8]}\t{one['member']}\t{one['name']}\tused {used}\tuntil {until}"


@token.command(name="create")
def create_token(
    name: Annotated[str, typer.Option(metavar="NAME", help="Of the program that will have it.")],
    scope: Annotated[
        list[str] | None,
        typer.Option(metavar="SCOPE", help="What it may do; once for each. Seeing is in all."),
    ] = None,
    days: Annotated[
        int, typer.Option(metavar="N", min=0, help="For how many days; 0 as long as the asking one.")
    ] = 0,
    per_minute: Annotated[int | None, typer.Option(metavar="N", min=1, help="Requests a minute.")] = None,
    as_json: AsJson = False,
) -> None:
    """Make a token for the same member and print its secret, which is shown only now."""
    until = (datetime.now(UTC) + timedelta(days=min(days, 3_650))).isoformat() if days else None
    said = {"name": name, "scopes": scope or [], "expires_at": until, "per_minute": per_minute}
    tell(asked("POST", "/tokens", said), lambda one: str(one["secret"]), as_json=as_json)


@token.command(name="revoke")
def revoke_token(
    id_: Annotated[str, typer.Argument(metavar="ID", help="The token's id, its beginning, or its name.")],
) -> None:
    """End a token, at once."""
    one = one_of("/tokens", id_, "token")
    asked("DELETE", f"/tokens/{one['id']}")
    typer.echo(f"The token {one['name']} is revoked.")


def _sender(one: Any) -> str:
    return f"{one['name']} is {one['status']}." + (f" {one['reason']}" if one["reason"] else "")


@sender.command(name="pause")
def pause_sender(which: Which, reason: Reason = "", as_json: AsJson = False) -> None:
    """Let nothing more leave by a sender, within a second; its campaigns wait."""
    one = one_of("/senders", which, "sender")
    tell(asked("POST", f"/senders/{one['id']}/actions/pause", {"reason": reason}), _sender, as_json=as_json)


@sender.command(name="resume")
def resume_sender(which: Which, as_json: AsJson = False) -> None:
    """Let a sender that was paused or blocked send again."""
    one = one_of("/senders", which, "sender")
    tell(asked("POST", f"/senders/{one['id']}/actions/activate"), _sender, as_json=as_json)


def _workspace(one: Any) -> str:
    return f"{one['name']} is halted: nothing leaves." if one["halted_at"] else f"{one['name']} sends."


def halt(reason: Reason = "", as_json: AsJson = False) -> None:
    """Let nothing more leave the workspace, within a second, until the halt is lifted."""
    tell(asked("POST", "/workspace/halt", {"reason": reason}), _workspace, as_json=as_json)


def lift(reason: Reason = "", as_json: AsJson = False) -> None:
    """Lift the halt of the workspace: sending goes on where it was."""
    tell(asked("POST", "/workspace/lift", {"reason": reason}), _workspace, as_json=as_json)


@template.command(name="list")
def list_templates(as_json: AsJson = False) -> None:
    """List the templates, the newest first. Archived ones are left out."""
    found = list(pages("/templates", 10_000))
    tell(found, lambda one: f"{one['id']}\t{one['name']}\t{one['channel']}", as_json=as_json)


@template.command(name="show")
def show_template(which: Template, language: Language = "", as_json: AsJson = False) -> None:
    """Show what the latest version of a template says, as its author wrote it."""
    one = asked("GET", f"/templates/{one_of('/templates', which, 'template')['id']}")
    tell(one, lambda it: str(_said(it["source"], language)["source"]), as_json=as_json)


def _said(source: dict[str, Any], language: str) -> dict[str, Any]:
    if not language or language == source.get("language"):
        return source
    others = source.get("languages") or {}
    if language not in others:
        refuse(f"--language: the template is not there in {language}.")
    return dict(others[language])


@template.command(name="save")
def save_template(
    which: Template,
    file: Annotated[
        Path, typer.Argument(exists=True, dir_okay=False, metavar="FILE", help="What it says, in UTF-8.")
    ],
    language: Language = "",
    mode: Annotated[str, typer.Option("--mode", help="blocks, html, mjml, markdown or text.")] = "",
    subject: Annotated[str, typer.Option("--subject", help="Else that of the version before.")] = "",
    version: Annotated[
        int,
        typer.Option(
            "--version",
            min=0,
            show_default=False,
            metavar="NUMBER",
            help="The version that the file was made from; needed where somebody else wrote it.",
        ),
    ] = 0,
    channel: Annotated[str, typer.Option("--channel", help="For a new template: the channel.")] = "",
    as_json: AsJson = False,
) -> None:
    """Save what a file says as a new version of a template, or as a new template with --channel.

    Words of somebody else are written over only where --version says that they were seen.
    """
    text = file.read_text(encoding="utf-8-sig")
    if channel:
        source = {"mode": mode or "text", "subject": subject, "source": text, "language": language}
        made = asked("POST", "/templates", {"channel": channel, "name": which, "source": source})
    else:
        one = asked("GET", f"/templates/{one_of('/templates', which, 'template')['id']}")
        own = one["source"].get("language") or ""
        tag = "" if language in ("", own) else language
        before = (one["source"].get("languages") or {}).get(tag) or one["source"]
        changed = {
            **{name: before.get(name) for name in ("mode", "subject", "preheader", "text", "defaults", "files")
               if before.get(name)},
            "source": text,
        }  # fmt: skip
        changed |= {name: value for name, value in (("mode", mode), ("subject", subject)) if value}
        said = {"source": changed, "language": tag} | ({"version": version} if version else {})
        made = asked("PATCH", f"/templates/{one['id']}", said)
    tell(made, lambda it: f"Version {it['version']} of {it['name']}", as_json=as_json)


@audit.command(name="list")
def list_events(
    kind: Annotated[str, typer.Option(metavar="KIND", help="Such as campaign, list or sender.")] = "",
    action: Annotated[str, typer.Option(metavar="ACTION", help="Such as campaign.pause.")] = "",
    search: Annotated[str, typer.Option(metavar="TEXT", help="In the name of what it happened to.")] = "",
    limit: Limit = 50,
    as_json: AsJson = False,
) -> None:
    """List what was done, the newest first."""
    found = list(pages("/audit", limit, kind=kind, action=action, q=search))
    tell(found, _event, as_json=as_json)


def _event(one: Any) -> str:
    return f"{one['number']:>6}  {one['at'][:16]}  {one['actor']}  {one['action']}  {one['object_name']}".rstrip()


@audit.command(name="verify")
def verify(as_json: AsJson = False) -> None:
    """Go through the whole trail. Exit code 1 when an event is not as it was recorded."""
    found = asked("POST", "/audit/check")
    if as_json:
        typer.echo(json.dumps(found))
    elif found["broken"] is None:
        typer.echo(f"{found['events'] or 0:,} events, every one as it was recorded.")
    else:
        typer.echo(f"Event {found['broken']} is not as it was recorded.", err=True)
    if found["broken"] is not None:
        raise typer.Exit(1)
