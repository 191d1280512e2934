"""Which languages a source's people speak."""

from django.db import connection
from django.utils import timezone

from clarion.audience.addresses import preferred_sql
from clarion.audience.models import FILES, Source
from clarion.audience.queries import narrowing
from clarion.channels import registry

#: So many different languages are told apart; files may hold anything in that column.
_MOST = 200

_OF_ROWS = """
    select left(data ->> 'language', 40) as tag, count(*) from audience_sourcerow
    where source_id = %(source)s and problem = '' and data ->> 'language' <> ''
    group by tag order by count(*) desc limit %(most)s
"""
_OF_CONTACTS = """
    select c.language, count(*) from audience_contact c
    where c.workspace_id = %(workspace)s and c.state = 'ACTIVE' and c.language <> '' and {address} <> '' and {only}
    group by c.language order by count(*) desc limit %(most)s
"""


def spoken(source: Source, channel: str) -> dict[str, int]:
    """Return {language as the records have it: people}, of those whose language is known and who can be written to.

    Suppressions and exclusions are not looked at: it is told to authors, nothing is decided by it.
    """
    facts = {"source": source.table.pk, "workspace": source.workspace_id, "most": _MOST}
    if source.kind in FILES:
        statement = _OF_ROWS
    else:
        only = narrowing.members_only(source, timezone.now())
        address = preferred_sql(registry.get(channel).address_kind)
        statement = _OF_CONTACTS.format(address=address, only=only.sql)
        facts |= only.parameters
    with connection.cursor() as cursor:
        cursor.execute(statement, facts)
        return {tag: int(count) for tag, count in cursor.fetchall()}
