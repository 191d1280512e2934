"""Arguments and options that several commands have, on this machine and of a server elsewhere."""

from typing import Annotated

import typer

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do it without being asked.")]
Slug = Annotated[
    str, typer.Option("--workspace", metavar="SLUG", help="In this workspace; without it in the first.")
]
Reason = Annotated[str, typer.Option(metavar="TEXT", help="Why, for the audit trail.")]
Note = Annotated[str, typer.Option(metavar="TEXT", help="A note for the others, kept in the audit trail.")]

#: People.
Email = Annotated[str, typer.Argument(metavar="EMAIL", help="The address by which they sign in.")]
AsRole = Annotated[
    str, typer.Option("--role", metavar="ROLE", help="viewer, author, moderator, admin or owner.")
]

#: Money.
Amount = Annotated[str, typer.Argument(metavar="AMOUNT", help="Such as 250 or 19.90.")]
Why = Annotated[str, typer.Option("--note", metavar="TEXT", help="Why: the ledger keeps it.")]
Channel = Annotated[str, typer.Argument(metavar="CHANNEL", help="email, sms, …")]
OfSender = Annotated[
    str, typer.Option("--sender", metavar="NAME", help="For this sender only; without it for all.")
]
Prefix = Annotated[
    str, typer.Option("--prefix", metavar="DIGITS", help="For numbers that begin so; without it for all.")
]
Price = Annotated[str, typer.Argument(metavar="PRICE", help="Such as 0.045.")]
Period = Annotated[
    int,
    typer.Option("--period", metavar="SECONDS", help="Of calls: for each so many seconds that have begun."),
]
Refunds = Annotated[
    bool, typer.Option("--refunds", help="Give back what failed after the provider had accepted it.")
]

#: Webhooks.
Url = Annotated[str, typer.Argument(metavar="URL", help="Where events are posted to.")]
Events = Annotated[
    list[str],
    typer.Option(
        metavar="KIND",
        help="What it is told of: campaign, run, delivery, receipt, reply or suppression; once for each.",
    ),
]
Description = Annotated[str, typer.Option(metavar="TEXT", help="Of the program that is told.")]
WithAddresses = Annotated[
    bool, typer.Option("--with-addresses", help="Tell addresses and the texts of answers, too.")
]
