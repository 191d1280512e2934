"""The one program, `clarion`. Commands hold no logic: they read options, call operations and print.

Django is imported inside commands only, so that `--help` answers at once.

Exit codes: 0 done; 1 failed; 2 bad input or settings; 3 a campaign ended otherwise than completed;
4 Clarion runs already; 130 interrupted.
"""

import gc
import sys


def main(arguments: list[str] | None = None) -> int:
    """Run one command and return its exit code."""
    given = sys.argv[1:] if arguments is None else arguments
    try:
        if given == ["worker"]:
            return _worker()
        from clarion.cli import remote

        if remote.is_meant(given):
            remote.main(given)
            return 0
        from clarion.cli.program import app

        app(args=given, prog_name="clarion")
    except SystemExit as end:
        if isinstance(end.code, str):
            sys.stderr.write(end.code + "\n")
            return 1
        return end.code or 0
    finally:
        # The interpreter would look through all that is about to go.
        gc.freeze()
    return 0


def _worker() -> int:
    """Send, as the command does. A process that stays needs none of what reads command lines, which takes 12 MB."""
    # The log's library takes it for colours in tracebacks wherever it is there: 4 MB.
    sys.modules["rich"] = None  # type: ignore[assignment]
    from clarion.cli import bootstrap
    from clarion.lib import loading

    with loading.uncollected():
        bootstrap.django()
        from clarion.runtime import worker

    return worker.main()
