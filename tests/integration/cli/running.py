"""Running one command inside a test."""

from typer.testing import CliRunner, Result

from clarion.cli.program import app


def clarion(*arguments: object) -> Result:
    """Return how the command ended and what it printed."""
    return CliRunner().invoke(app, [str(one) for one in arguments])
