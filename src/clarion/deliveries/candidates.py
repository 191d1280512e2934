"""The statements by which the builder takes people from each kind of source, a chunk at a time."""

from clarion.audience.models import SourceKind
from clarion.audience.queries import CONTACT_VARIABLES_SQL

#: Candidates of the next chunk: (key, contact_id, address, variables, invalid, barred, unwilling), and of contacts the
#: transaction that wrote them last. One for each kind.
_OF_FILES = """
        select id::bigint as key, null::bigint as contact_id, address, data as variables,
               problem <> '' as invalid,
               coalesce(owner.barred, false) as barred, {unwilling} as unwilling
        from audience_sourcerow s
        left join lateral ({owner}) owner on true
        where source_id = %(source)s and id > %(after)s order by id limit %(chunk)s
"""
#: Of people who were fixed beforehand.
OF_FIXED = f"""
        select c.id as key, c.id as contact_id, {{address}} as address, {CONTACT_VARIABLES_SQL} as variables,
               false as invalid, {{barred}} as barred, {{unwilling}} as unwilling, c.xmin as written
        from audience_sourcemember m
        join audience_contact c on c.id = m.contact_id and c.workspace_id = %(workspace)s
        where m.source_id = %(source)s and m.contact_id > %(after)s order by m.contact_id limit %(chunk)s
"""
CANDIDATES = {
    SourceKind.UPLOAD: _OF_FILES,
    SourceKind.SHEET: _OF_FILES,
    SourceKind.INPUT: _OF_FILES,
    SourceKind.CONTACTS: f"""
        select c.id as key, c.id as contact_id, {{address}} as address, {CONTACT_VARIABLES_SQL} as variables,
               false as invalid, {{barred}} as barred, {{unwilling}} as unwilling, c.xmin as written
        from audience_contact c
        where c.workspace_id = %(workspace)s and c.id > %(after)s order by c.id limit %(chunk)s
    """,
    SourceKind.SEGMENTS: f"""
        select c.id as key, c.id as contact_id, {{address}} as address, {CONTACT_VARIABLES_SQL} as variables,
               false as invalid, {{barred}} as barred, {{unwilling}} as unwilling, c.xmin as written
        from audience_contact c
        where c.workspace_id = %(workspace)s and c.id > %(after)s and {{only}} order by c.id limit %(chunk)s
    """,
    SourceKind.LISTS: f"""
        select c.id as key, c.id as contact_id, {{address}} as address, {CONTACT_VARIABLES_SQL} as variables,
               false as invalid, {{barred}} as barred, {{unwilling}} as unwilling, c.xmin as written
        from (
            select distinct contact_id
            from unnest(%(lists)s::bigint[]) wanted
            cross join lateral (
                -- Each list's next members by its own index, however many lists and members there are.
                select contact_id from audience_listmember
                where list_id = wanted and contact_id > %(after)s order by contact_id limit %(chunk)s
            ) next
            order by contact_id limit %(chunk)s
        ) m
        join audience_contact c
          on c.id = m.contact_id and c.id > %(after)s and c.workspace_id = %(workspace)s
    """,
}
