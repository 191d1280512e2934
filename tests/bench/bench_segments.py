"""How long it takes to count whom a segment's conditions fit, one kind after the other, of a million contacts.

Run: .venv/bin/python -m tests.bench.bench_segments [CONTACTS] [WORD …]. With words only conditions that have one of
them. Milliseconds on the clock: of an exact count, the better of two, and of what the page shows.
"""

import sys
import time
from typing import Any

from tests.bench import bench_send, machine

HOME = bench_send.HOME

from django.db import connection

from clarion.audience import segments
from clarion.audience.models import List
from clarion.audience.queries import segments as counting
from clarion.workspaces.models import Workspace
from tests.bench import activity

#: Messages that each contact got, one every ten days.
MESSAGES = 4
_CONTACTS = """
insert into audience_contact (workspace_id, public_id, email, phone, first_name, last_name, language, zone, state, tags,
    attributes, consents, refusals, created_at, updated_at)
select %(ws)s, gen_random_uuid(), 'p' || i || '@' || (array['example.test', 'mail.test', 'shop.test'])[1 + i %% 3],
    case when i %% 2 = 0 then '+49301' || lpad(i::text, 7, '0') else '' end,
    (array['Amira', 'Bo', 'Chloé', 'Dmitri', 'Eve'])[1 + i %% 5], 'N' || i %% 5000,
    (array['en', 'de', 'fr', 'uk', ''])[1 + i %% 5], '', case when i %% 50 = 0 then 'INACTIVE' else 'ACTIVE' end,
    case when i %% 20 = 0 then array['vip'] when i %% 3 = 0 then array['newsletter'] else '{}' end,
    jsonb_build_object('city', (array['Leipzig', 'Lyon', 'Kyiv'])[1 + i %% 3], 'points', (i %% 977)::text,
        'birthday', (date '1960-01-01' + (i %% 15000))::text, 'likes', 'tea,cake'),
    case when i %% 4 = 0 then array['email'] else '{}' end, case when i %% 100 = 1 then array['email'] else '{}' end,
    now() - i %% 700 * interval '1 day', now()
from generate_series(1, %(n)s) i
"""


def fill(workspace: Workspace, count: int) -> dict[str, str]:
    """Make the contacts, a list of a third of them, suppressions of a fiftieth, and activity."""
    listed = List.objects.create(workspace=workspace, name="News", member_count=count // 3)
    with connection.cursor() as cursor:
        cursor.execute(_CONTACTS, {"ws": workspace.pk, "n": count})
        cursor.execute(
            "insert into audience_listmember (list_id, contact_id, added_at)"
            " select %s, id, now() from audience_contact where mod(id, 3) = 0",
            [listed.pk],
        )
        cursor.execute(
            "insert into audience_suppression (workspace_id, channel, address, reason, origin, created_at)"
            " select workspace_id, 'email', email, 'MANUAL', '', now() from audience_contact where mod(id, 50) = 1"
        )
    *_earlier, last = activity.fill(workspace, MESSAGES)
    with connection.cursor() as cursor:
        cursor.execute("vacuum analyze")
    return {"list": str(listed.public_id), "campaign": last}


def conditions(ids: dict[str, str]) -> list[dict[str, Any]]:
    asked: list[tuple[str, str, Any]] = [
        ("state", "is", "ACTIVE"), ("state", "is", "INACTIVE"), ("tag", "has", "vip"), ("tag", "has_not", "vip"),
        ("list", "in", ids["list"]), ("list", "not_in", ids["list"]), ("suppressed", "on_channel", "email"),
        ("suppressed", "not_on_channel", "email"), ("created", "last_days", 30), ("created", "older_days", 365),
        ("consent", "given_on", "email"), ("consent", "not_given_on", "email"), ("consent", "withdrawn_on", "email"),
        ("email", "equals", "p4711@mail.test"), ("email", "contains", "shop.test"), ("phone", "filled", None),
        ("first_name", "equals", "chloé"), ("last_name", "begins", "n47"), ("language", "equals", "de"),
        ("attribute:city", "equals", "Kyiv"), ("attribute:city", "contains", "ei"),
        ("attribute:points", "gt", "900"), ("attribute:birthday", "before", "1980-01-01"),
        ("clicked", "in_campaign", ids["campaign"]), ("opened", "not_in_campaign", ids["campaign"]),
        ("sent", "in_campaign", ids["campaign"]), ("clicked", "activity_days", 30), ("opened", "activity_days", 30),
        ("opened", "no_activity_days", 30), ("clicked", "at_least", {"messages": 2, "days": 30}),
        ("opened", "at_least", {"messages": 2, "days": 90}), ("sent", "at_most", {"messages": 3, "days": 30}),
        ("opened", "of_latest", 3), ("opened", "none_of_latest", 3),
    ]  # fmt: skip
    made = []
    for field, op, value in asked:
        one: dict[str, Any] = {"field": field, "op": op}
        made.append(one if value is None else one | {"value": value})
    return made


def main(count: int, words: list[str]) -> None:
    with machine.Machine(HOME):
        workspace = Workspace.objects.create(slug="bench", name="Bench")
        ids = fill(workspace, count)
        print("| condition | people | exact ms | page ms |\n|---|---|---|---|")
        for one in conditions(ids):
            if words and not any(word in str(one) for word in words):
                continue
            node = segments.parse({"all": [one]})
            exact = []
            for _again in range(2):
                began = time.perf_counter()
                found = counting.count(workspace, node, milliseconds=60_000)
                exact.append(1000 * (time.perf_counter() - began))
            began = time.perf_counter()
            told = counting.count(workspace, node)
            live = 1000 * (time.perf_counter() - began)
            name = f"{one['field']} {one['op']} {one.get('value', '')!s:.24}"
            what = (
                ""
                if told.is_exact
                else f" (about {told.value:,})"
                if told.value is not None
                else " (nothing)"
            )
            print(f"| {name} | {found.value:,} | {min(exact):.0f} | {live:.0f}{what} |", flush=True)


if __name__ == "__main__":
    said = sys.argv[1:]
    size = int(said.pop(0)) if said and said[0].isdigit() else 1_000_000
    main(size, said)
