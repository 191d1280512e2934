"""What commands about campaigns share: a database with tables, a workspace, the campaign that is meant."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, NoReturn

import typer

from clarion.cli import bootstrap

if TYPE_CHECKING:
    from clarion.campaigns.models import Campaign
    from clarion.deliveries.models import Run
    from clarion.workspaces.models import Workspace

#: Exit codes.
BAD_INPUT = 2
ENDED_OTHERWISE = 3
INTERRUPTED = 130

#: Seconds to wait for a database that is still starting.
DATABASE_SECONDS = 30.0


#: Digits of the ids that lists show.
SHORT_ID = 8


def quiet() -> None:
    """Log errors only, unless told otherwise: the command says itself what happens. Call it before all else."""
    if "CLARION_LOG_LEVEL_FILE" not in os.environ:
        os.environ.setdefault("CLARION_LOG_LEVEL", "error")


@contextmanager
def opened() -> Iterator[None]:
    """Have a database that answers and holds the tables of this version."""
    with bootstrap.database():
        from django.conf import settings
        from django.db import OperationalError

        from clarion.runtime import preparation

        try:
            preparation.ready_for_command(
                may_migrate=settings.CLARION_DATABASE_IS_EMBEDDED, patience_seconds=DATABASE_SECONDS
            )
        except preparation.DatabaseUnusable as problem:
            typer.echo(str(problem), err=True)
            raise typer.Exit(1) from None
        try:
            yield
        except OperationalError as problem:
            reason = (str(problem).strip() or "no reason was given").splitlines()[0]
            typer.echo(
                f"The database does not answer any more: {reason}\n"
                "A campaign that was started goes on when it does: clarion campaign continue ID.",
                err=True,
            )
            raise typer.Exit(1) from None


def refuse(problems: list[str]) -> NoReturn:
    """Say what is wrong with the input and end."""
    if len(problems) > 1:
        typer.echo(f"There are {len(problems)} problems:", err=True)
        problems = [f"  - {problem}" for problem in problems]
    for problem in problems:
        typer.echo(problem, err=True)
    raise typer.Exit(BAD_INPUT)


def workspace(slug: str) -> "Workspace":
    """Return the workspace, the first one without a name; ends the command when there is no such one."""
    from clarion.workspaces import operations
    from clarion.workspaces.models import Workspace

    if not slug:
        return operations.default_workspace()
    found = Workspace.objects.filter(slug=slug).first()
    if found is None:
        known = ", ".join(Workspace.objects.order_by("slug").values_list("slug", flat=True)) or "none yet"
        refuse([f"--workspace: there is no workspace {slug!r}. There are: {known}."])
    return found


def campaign(words: str) -> "Campaign":
    """Return the campaign whose id is, or begins, so; ends the command when it is none or several."""
    from clarion.campaigns import queries

    found = queries.find_everywhere(words)
    if not found:
        refuse([f"There is no campaign {words!r}. `clarion campaign list` shows them."])
    if len(found) > 1:
        shown = "".join(f"\n  {one.public_id}  {one.name}" for one in found)
        refuse([f"Several campaigns begin with {words!r}:{shown}"])
    return found[0]


def run(words: str) -> "Run":
    """Return the run of that number, or the latest of the campaign whose id begins so."""
    from clarion.campaigns import queries
    from clarion.deliveries.models import Run

    if words.isascii() and words.isdigit() and len(words) < 10:
        found = Run.objects.select_related("campaign__workspace").filter(pk=int(words)).first()
        if found is not None:
            return found
        # The beginning of an id may happen to have digits only.
        if len(words) < SHORT_ID or not queries.find_everywhere(words):
            refuse([f"There is no run {words}."])
    one = campaign(words)
    latest = (
        Run.objects.select_related("campaign__workspace").filter(campaign=one).order_by("-number").first()
    )
    if latest is None:
        refuse([f"The campaign {one.name} was not started yet, so it has no run."])
    return latest
