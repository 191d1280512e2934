"""All commands of the program."""

import typer

from clarion.cli import (
    analytics,
    audit,
    backup,
    balance,
    bounce,
    campaign,
    contact,
    deliveries,
    demo,
    export,
    health,
    keeping,
    ledger,
    mail,
    member,
    one_off,
    price,
    run,
    segment,
    send,
    server,
    source,
    stopping,
    suppression,
    template,
    token,
    user,
    webhook,
    why,
    workspaces,
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
one_off.register(app)
demo.register(app)
ledger.register(app)
audit.register(app)
balance.register(app)
price.register(app)
member.register(app)
token.register(app)
user.register(app)
mail.register(app)
webhook.register(app)
segment.register(app)
source.register(app)
suppression.register(app)
template.register(app)
health.register(app)
backup.register(app)
bounce.register(app)
workspaces.register(app)
