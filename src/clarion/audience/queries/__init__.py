"""Every read of contacts, lists, suppressions, sources and imports beyond a plain filter."""

from clarion.audience.addresses import CONTACT_ADDRESS_COLUMNS
from clarion.audience.queries.contacts import (
    Page,
    contact_for,
    contacts_by_public_ids,
    contacts_page,
    list_for,
    lists_for,
    lists_of,
    tags_of,
)
from clarion.audience.queries.imports import (
    PreviewRow,
    import_for,
    import_preview,
    import_questions,
    imports_for,
)
from clarion.audience.queries.livesheets import campaigns_with, sheet_for, sheets_for, sheets_of, usable_copy
from clarion.audience.queries.segments import segment_for, segments_for
from clarion.audience.queries.sources import (
    CONTACT_VARIABLES_SQL,
    Waterfall,
    estimate,
    known_variables,
    members_of,
    problem_rows,
    reaches_anybody,
    sample,
    source_for,
)
from clarion.audience.queries.suppressions import suppression_for, suppression_rows, suppressions_page

__all__ = [
    "CONTACT_ADDRESS_COLUMNS",
    "CONTACT_VARIABLES_SQL",
    "Page",
    "PreviewRow",
    "Waterfall",
    "campaigns_with",
    "contact_for",
    "contacts_by_public_ids",
    "contacts_page",
    "estimate",
    "import_for",
    "import_preview",
    "import_questions",
    "imports_for",
    "known_variables",
    "list_for",
    "lists_for",
    "lists_of",
    "members_of",
    "problem_rows",
    "reaches_anybody",
    "sample",
    "segment_for",
    "segments_for",
    "sheet_for",
    "sheets_for",
    "sheets_of",
    "source_for",
    "suppression_for",
    "suppression_rows",
    "suppressions_page",
    "tags_of",
    "usable_copy",
]
