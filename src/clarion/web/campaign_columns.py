"""The columns of an uploaded file, as the compose page shows them."""

from __future__ import annotations

from clarion.audience import queries as audience
from clarion.audience.masking import mask_values
from clarion.audience.models import FILES, Source, SourceKind
from clarion.campaigns.models import Campaign
from clarion.workspaces.models import Membership


def address_column_of(source: Source | None) -> str:
    """Return the column of an uploaded file that holds the addresses, as the file calls it."""
    dialect = source.table.dialect if source is not None and source.kind == SourceKind.UPLOAD else {}
    pairs = zip(dialect.get("variables", ()), dialect.get("columns", ()), strict=False)
    return str(dict(pairs).get(dialect.get("address", ""), ""))


def mapping(member: Membership, campaign: Campaign) -> list[tuple[str, str, str, bool]]:
    """Return the columns of an uploaded file: name, field in messages, first value, whether it is the address.

    The value is hidden from whom people are hidden from.
    """
    source = campaign.source
    if source is None or source.kind not in FILES:
        return []
    dialect = source.table.dialect
    columns, names = dialect.get("columns", ()), dialect.get("variables", ())
    first = next(iter(audience.sample(source, 1)), {})
    if not member.sees_people:
        first = mask_values(first)
    address = dialect.get("address", "")
    return [
        (column, name, str(first.get(name) or "")[:60], address in (column, name))
        for column, name in zip(columns, names, strict=False)
    ]
