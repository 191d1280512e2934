"""Commands that run the installation: up, web, worker, jobs, hooks, pushes, migrate, version."""

import json
from collections.abc import Callable
from typing import Annotated, Any, NoReturn

import typer

from clarion.cli import bootstrap
from clarion.lib import loading

#: Seconds to wait for a database that is still starting.
DATABASE_SECONDS = 60.0
#: Exit code when another supervisor has the home.
RUNS_ALREADY = 4


def register(app: typer.Typer) -> None:
    """Add the commands to the program."""
    app.command()(up)
    app.command()(web)
    app.command()(worker)
    app.command()(jobs)
    app.command()(hooks)
    app.command()(pushes)
    app.command()(migrate)
    app.command()(version)
    app.command(hidden=True)(prepare)


def version() -> None:
    """Print the version."""
    from importlib.metadata import version as installed

    typer.echo(installed("clarion"))


def up() -> None:
    """Start everything: the database, the web server, the sending processes and the jobs. Ctrl-C stops it."""
    settings = bootstrap.settings()
    from clarion.runtime import listening, postgres, supervisor

    plan = supervisor.plan_from(settings, workers=True)
    try:
        code = supervisor.run(plan, _announce)
    except supervisor.AlreadyRunning as problem:
        typer.echo(str(problem), err=True)
        raise typer.Exit(RUNS_ALREADY) from None
    except supervisor.StartFailed as problem:
        typer.echo(str(problem), err=True)
        raise typer.Exit(problem.code) from None
    except (listening.PortTaken, postgres.PostgresUnusable) as problem:
        typer.echo(str(problem), err=True)
        raise typer.Exit(1) from None
    raise typer.Exit(code)


def _announce(url: str, said: dict[str, Any]) -> None:
    lines = [f"Clarion is ready: {url}"]
    if owner := said.get("first_owner"):
        lines += [
            "",
            "  Sign in with   " + owner["email"],
            "  Password       " + owner["password"] + "   (shown only this once)",
            "",
        ]
    typer.echo("\n".join([*lines, "Ctrl-C stops it."]))


def prepare() -> None:
    """Bring tables and files up to date and print what the first start made, as JSON."""
    bootstrap.django()
    from clarion.runtime import preparation

    try:
        owner = preparation.prepare(patience_seconds=DATABASE_SECONDS)
    except preparation.DatabaseUnusable as problem:
        typer.echo(str(problem), err=True)
        raise typer.Exit(1) from None
    typer.echo(json.dumps({"first_owner": owner.as_json() if owner else None}))


def web(
    fd: Annotated[int | None, typer.Option("--fd", hidden=True, help="An open listening socket.")] = None,
) -> None:
    """Run the web server alone, on CLARION_BIND. The database must be running."""
    bootstrap.django()
    from django.conf import settings

    from clarion.runtime import catalogues, listening, static_files
    from clarion.runtime.web_server import WebServer

    if fd is None:
        bind = settings.CLARION_BIND
        try:
            listener = listening.listen(bind.host, bind.port, may_move=not bind.is_chosen)
        except listening.PortTaken as problem:
            typer.echo(str(problem), err=True)
            raise typer.Exit(1) from None
        static_files.collect_if_changed()
        catalogues.compile_if_changed()
        typer.echo(f"http://{bind.host}:{listener.getsockname()[1]}", err=True)
        fd = listener.detach()
    WebServer(listener=fd, workers=settings.CLARION_WEB_WORKERS, threads=settings.CLARION_WEB_THREADS).run()


def worker(
    lent: Annotated[bool, typer.Option("--lent", hidden=True, help="Serve one command.")] = False,
) -> None:
    """Run one sending process alone. The database must be running."""
    with loading.uncollected():
        bootstrap.django()
        from clarion.runtime import worker as process

    raise typer.Exit(process.main(is_lent=lent))


def jobs() -> None:
    """Run the background jobs alone: imports, reading of uploads, housekeeping. The database must be running."""
    with loading.uncollected():
        bootstrap.django()
        from clarion.runtime import jobs as process

    raise typer.Exit(process.main())


def hooks() -> None:
    """Take providers' callbacks in a process of its own, on CLARION_HOOKS_BIND. The database must be running."""
    bootstrap.django()
    from clarion.hooks import server

    _serve("CLARION_HOOKS_BIND", server.main)


def pushes() -> None:
    """Take people pushed into triggered campaigns in a process of its own, on CLARION_PUSHES_BIND.

    The database must be running.
    """
    bootstrap.django()
    from clarion.api.pushes import server

    _serve("CLARION_PUSHES_BIND", server.main)


def _serve(setting: str, main: Callable[[str, int], int]) -> NoReturn:
    from django.conf import settings

    bind = getattr(settings, setting)
    if bind is None:
        typer.echo(f"Set {setting} to HOST:PORT.", err=True)
        raise typer.Exit(2)
    try:
        raise typer.Exit(main(bind.host, bind.port))
    except OSError as problem:
        typer.echo(f"{bind.host}:{bind.port} cannot be listened on: {problem.strerror}.", err=True)
        raise typer.Exit(1) from None


def migrate() -> None:
    """Bring the database's tables up to this version. Safe to repeat, also on several hosts at once."""
    with bootstrap.database():
        from clarion.runtime import preparation

        try:
            preparation.wait_for_database(DATABASE_SECONDS)
            preparation.migrate(verbosity=1)
        except preparation.DatabaseUnusable as problem:
            typer.echo(str(problem), err=True)
            raise typer.Exit(1) from None
