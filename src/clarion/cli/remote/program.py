"""All commands that a server elsewhere carries out."""

import typer

from clarion.cli.remote import audience, campaign_more, campaigns, files, money, one_offs, webhooks, workspace

app = typer.Typer(name="clarion", add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False)
campaigns.register(app)
campaign_more.register(campaigns.campaign)
one_offs.register(app)
audience.register(app)
workspace.register(app)
money.register(app)
files.register(app)
webhooks.register(app)
