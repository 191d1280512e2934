"""`clarion deliveries`: what became of each message of a run."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any

import typer

from clarion.cli import session, told

if TYPE_CHECKING:
    from clarion.deliveries.models import Run
    from clarion.deliveries.recipients import Person
    from clarion.deliveries.states import Stage


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command()(deliveries)


def deliveries(
    id_: Annotated[
        str, typer.Argument(metavar="ID", help="A campaign's id for its latest run, or a run's number.")
    ],
    status: Annotated[
        str,
        typer.Option(
            metavar="STATUS", help="sent, failed, unknown, pending, in_flight, skipped, cancelled …"
        ),
    ] = "",
    limit: Annotated[int | None, typer.Option(metavar="N", min=1, help="At most so many.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object a line.")] = False,
) -> None:
    """List the deliveries of a run, all of them, in the order of the source.

    Addresses are shown whole: whoever runs this command holds the database.
    """
    session.quiet()
    with session.opened():
        from clarion.deliveries.states import Stage

        if status and status.upper() not in Stage.names:
            session.refuse([f"--status: choose one of: {', '.join(Stage.names).lower()}."])
        one = session.run(id_)
        stage = Stage[status.upper()] if status else None
        for number, row in enumerate(_rows(one, stage)):
            if limit is not None and number >= limit:
                break
            told.dump(row) if as_json else typer.echo(_line(row))


def _rows(run: "Run", stage: "Stage | None") -> Iterator[dict[str, Any]]:
    from clarion.deliveries import recipients

    after: int | None = None
    while True:
        page = recipients.recipients_page(run, stage=stage, after=after, limit=recipients.LARGEST_PAGE)
        for person in page.people:
            yield from _rows_of(run, person)
        after = page.next_after
        if after is None:
            return


def _rows_of(run: "Run", person: "Person") -> Iterator[dict[str, Any]]:
    from clarion.deliveries.reasons import explain

    row: dict[str, Any] = {
        "run": run.pk,
        "recipient": person.id,
        "address": person.address,
        "status": person.stage.name.lower(),
        "channel": None,
        "attempts": 0,
        "skip": person.skip.name.lower() if person.skip else None,
        "reason": None,
        "code": "",
        "provider_id": "",
        "result": None,
        "ended_at": None,
        "not_before": None,
    }
    if not person.messages:
        yield row
    for message in person.messages:
        reason = message.reason if message.reason is not None else message.waits_for
        yield {
            **row,
            "status": message.stage.name.lower(),
            "channel": message.channel,
            "attempts": message.attempts,
            "reason": explain(reason).name if reason is not None else None,
            "code": message.code,
            "provider_id": message.provider_id,
            "result": message.result.name.lower() if message.result else None,
            "ended_at": told.moment(message.ended_at),
            "not_before": told.moment(message.not_before),
        }


def _line(row: dict[str, Any]) -> str:
    facts = [row["skip"], row["reason"], row["code"]]
    return "\t".join(
        [str(row["recipient"]), row["status"], row["address"], *(fact for fact in facts if fact)]
    )
