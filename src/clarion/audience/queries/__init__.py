"""Every read of contacts, lists, suppressions, sources and imports beyond a plain filter."""

from clarion.audience.addresses import CONTACT_ADDRESS_COLUMNS
from clarion.audience.queries.consent import (
    caps_of,
    is_suppressed,
    own_words_of,
    replies_of,
    rules_of,
    words_of,
)
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
from clarion.audience.queries.imports import PreviewRow, import_for, import_preview, imports_for
from clarion.audience.queries.segments import segment_for, segments_for
from clarion.audience.queries.sources import (
    CONTACT_VARIABLES_SQL,
    Waterfall,
    estimate,
    known_variables,
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
    "caps_of",
    "contact_for",
    "contacts_by_public_ids",
    "contacts_page",
    "estimate",
    "import_for",
    "import_preview",
    "imports_for",
    "is_suppressed",
    "known_variables",
    "list_for",
    "lists_for",
    "lists_of",
    "own_words_of",
    "problem_rows",
    "reaches_anybody",
    "replies_of",
    "rules_of",
    "sample",
    "segment_for",
    "segments_for",
    "source_for",
    "suppression_for",
    "suppression_rows",
    "suppressions_page",
    "tags_of",
    "words_of",
]
