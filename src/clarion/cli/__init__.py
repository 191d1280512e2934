"""The one program, `clarion`. Commands hold no logic: they read options, call operations and print.

Django is imported inside commands only, so that `--help` answers at once.

Exit codes: 0 done; 1 failed; 2 bad input or settings; 3 a campaign ended otherwise than completed;
4 Clarion runs already; 130 interrupted.
"""

import sys

import typer

from clarion.cli import (
    analytics,
    audit,
    bounce,
    campaign,
    contact,
    deliveries,
    demo,
    export,
    health,
    keeping,
    ledger,
    member,
    run,
    segment,
    send,
    server,
    source,
    stopping,
    suppression,
    template,
    why,
)

app = typer.Typer(
    name="clarion",
    help="Clarion: a self-hosted outbound campaign manager.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
server.register(app)
send.register(app)
campaign.register(app)
analytics.register(campaign.group)
keeping.register(campaign.group)
contact.register(app)
why.register(campaign.group)
stopping.register(app)
run.register(app)
deliveries.register(app)
export.register(app)
demo.register(app)
ledger.register(app)
audit.register(app)
member.register(app)
segment.register(app)
source.register(app)
suppression.register(app)
template.register(app)
health.register(app)
bounce.register(app)


def main(arguments: list[str] | None = None) -> int:
    """Run one command and return its exit code."""
    try:
        app(args=arguments, prog_name="clarion")
    except SystemExit as end:
        if isinstance(end.code, str):
            sys.stderr.write(end.code + "\n")
            return 1
        return end.code or 0
    return 0
