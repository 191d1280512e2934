"""How many people a campaign of several channels will get to: in all, and by each of them, as its builder judges."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import orjson
from django.db import connection, transaction
from django.utils import timezone

from clarion.audience import addresses, capping, consent
from clarion.audience.addresses import SHARED, owners_sql, preferred_sql
from clarion.audience.columns import suggest_field
from clarion.audience.models import FILES, Source
from clarion.audience.queries import narrowing
from clarion.audience.queries.sources import CAPS_COUNTED, CAPS_SAMPLED, WORK_MEM, Waterfall
from clarion.audience.segments import Compiled
from clarion.channels import registry

#: Of a file with more rows about so many are looked at: other addresses than its own must be read one by one.
ROWS_COUNTED = 40_000
ROWS_SAMPLED = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """How many people a channel can reach, and how many of them get its message at the start: no tier before can."""

    channel: str
    people: int
    at_once: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Together:
    """Who gets a campaign by any of its channels, and by which; `waterfall.is_about` where some were looked at."""

    waterfall: Waterfall
    #: In the order in which the channels were named.
    ways: tuple[Way, ...]


#: One row a person: (key, contact_id, invalid, barred, a0…, u0…), the addresses and whether no consent is there.
_OF_CONTACTS = """
select c.id as key, c.id as contact_id, false as invalid, {barred} as barred, {addresses}, {unwilling}
from audience_contact c where c.workspace_id = %(workspace)s and {only}
"""
_OF_ROWS = """
select p.key, null::bigint as contact_id, p.invalid,
       exists (select from ({owners}) o where o.state = 'DO_NOT_CONTACT') as barred, {addresses}, {unwilling}
from unnest(%(keys)s::bigint[], %(invalids)s::boolean[], {arrays}) p(key, invalid, {names})
"""
#: `why` is the waterfall's step on which somebody stays; the numbers are those of its fields.
_JUDGED = """
with known as (
    select people.*, {identity} as identity from ({people}) people
), judged as (
    select known.*, {is_free}, {is_open},
        row_number() over (partition by identity order by key) = 1 as is_first
    from known {suppressed}
), told as (
    select *, case when identity is null and invalid then 'invalid'
                   when identity is null then 'no_address'
                   when not is_first then 'duplicate'
                   when not ({any_free}) then 'suppressed'
                   when barred then 'do_not_contact'
                   when not ({any_open}) then 'no_consent'
                   {capped} {excluded} else 'will_receive' end as why
    from judged people
)
select count(*) {steps} {ways} from told
"""
_STEPS = (
    "no_address", "invalid", "duplicate", "suppressed", "do_not_contact", "no_consent", "capped", "excluded",
    "will_receive",
)  # fmt: skip


def estimate_together(
    source: Source,
    tiers: Sequence[Sequence[str]],
    *,
    campaign_id: int | None = None,
    is_capped: bool = True,
) -> Together:
    """Return who would get a campaign now whose channels go tier by tier. The source is ready.

    A person with an address on any channel is one person, known by the first of them in that order. Of large files, and
    where caps hold large audiences back, some people are looked at and the numbers are about right.
    """
    channels = list(dict.fromkeys(channel for tier in tiers for channel in tier))
    asked = _Asked(source, channels, tiers)
    if source.kind in FILES:
        return asked.count(asked.held_back(campaign_id) if is_capped else None)
    before = asked.count(None)
    held = asked.held_back(campaign_id) if is_capped else None
    if held is None:
        return before
    people = before.waterfall.will_receive + before.waterfall.excluded
    every = 1 if people <= CAPS_COUNTED else people // CAPS_SAMPLED
    # Caps cost microseconds each: of many people some at random are held to them, and nobody else is counted.
    asked.every = every
    after = asked.count(held)
    return after if every == 1 else _joined(before, after)


def _joined(before: Together, after: Together) -> Together:
    """Return what was counted of everybody, with the share that the caps leave of it."""
    was, some = before.waterfall, after.waterfall
    people = was.will_receive + was.excluded
    left = some.capped + some.excluded + some.will_receive
    share = some.will_receive / left if left else 0.0
    capped = round(people * some.capped / left) if left else 0
    get_it = round(people * share)
    ratio = get_it / was.will_receive if was.will_receive else 0.0
    return Together(
        waterfall=replace(
            was, capped=capped, will_receive=get_it, excluded=max(0, people - capped - get_it), is_about=True
        ),
        ways=tuple(
            replace(way, people=round(way.people * ratio), at_once=round(way.at_once * ratio))
            for way in before.ways
        ),
    )


class _Asked:
    """A source and the channels, as statements."""

    def __init__(self, source: Source, channels: Sequence[str], tiers: Sequence[Sequence[str]]) -> None:
        self.source, self.channels, self.tiers = source, channels, tiers
        self.kinds = list(dict.fromkeys(registry.get(channel).address_kind for channel in channels))
        #: One in so many people is looked at.
        self.every = 1
        self._rows: Mapping[str, Any] | None = None

    def held_back(self, campaign_id: int | None) -> Compiled | None:
        """Return the condition that somebody has had their share; None where no cap concerns the channels."""
        owners = owners_sql(self.kinds[0], "people.identity")
        return capping.capped(
            self.source.workspace, channels=self.channels, address="people.identity",
            contact=f"coalesce(people.contact_id, (select o.id from ({owners}) o limit 1))",  # noqa: S608
            now=timezone.now(), campaign_id=campaign_id,
        )  # fmt: skip

    def count(self, held: Compiled | None) -> Together:
        people = self._of_rows() if self.source.kind in FILES else self._of_contacts()
        excluding = [
            one
            for number, kind in enumerate(self.kinds)
            if (one := narrowing.left_out(self.source, kind, f"people.a{number}", timezone.now())) is not None
        ]
        parameters = dict(people.parameters) | (held.parameters if held else {})
        for one in excluding:
            parameters |= one.parameters
        parameters |= {f"channel{n}": channel for n, channel in enumerate(self.channels)}
        parameters |= {"workspace": self.source.workspace_id}
        excluded = " or ".join(one.sql for one in excluding)
        statement = self._statement(
            people.sql,
            capped=f"when {held.sql} then 'capped'" if held else "",
            excluded=f"when {excluded} then 'excluded'" if excluded else "",
        )
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"set local work_mem = '{WORK_MEM}'")
            cursor.execute("set local jit = off")
            cursor.execute(statement, parameters)
            found = [int(count) * self.every for count in cursor.fetchone()]
        return self._told(found)

    def _statement(self, people: str, *, capped: str, excluded: str) -> str:
        ways = range(len(self.channels))
        address = [f"a{self.kinds.index(registry.get(channel).address_kind)}" for channel in self.channels]
        suppressed = " ".join(
            f"left join audience_suppression s{n} on s{n}.workspace_id = %(workspace)s"
            f" and s{n}.channel = %(channel{n})s and s{n}.address = known.{address[n]}"
            for n in ways
        )
        return _JUDGED.format(
            people=people,
            identity="coalesce(" + ", ".join(f"nullif(a{n}, '')" for n in range(len(self.kinds))) + ")",
            is_free=", ".join(f"{address[n]} <> '' and s{n}.id is null as f{n}" for n in ways),
            is_open=", ".join(f"{address[n]} <> '' and s{n}.id is null and not u{n} as o{n}" for n in ways),
            suppressed=suppressed,
            any_free=" or ".join(f"f{n}" for n in ways),
            any_open=" or ".join(f"o{n}" for n in ways),
            capped=capped,
            excluded=excluded,
            steps="".join(f", count(*) filter (where why = '{step}')" for step in _STEPS),
            ways="".join(self._way(n, address[n]) for n in ways),
        )  # fmt: skip

    def _way(self, number: int, address: str) -> str:
        """Return the two counts of a channel: nobody else's address, and no channel of a tier before."""
        channel = self.channels[number]
        tier = next(n for n, some in enumerate(self.tiers) if channel in some)
        before = [self.channels.index(one) for some in self.tiers[:tier] for one in some]
        at_once = f"o{number}" + "".join(f" and not o{one}" for one in before)
        # A mail address is one contact's, and identities are each counted once; other addresses may be two people's.
        what = "*" if address == "a0" else f"distinct {address}"
        return "".join(
            f", count({what}) filter (where why = 'will_receive' and {which})"
            for which in (f"o{number}", at_once)
        )

    def _told(self, found: Sequence[int]) -> Together:
        matched, *rest = found
        counts = dict(zip(_STEPS, rest, strict=False))
        ways = rest[len(_STEPS) :]
        return Together(
            waterfall=Waterfall(matched=matched, is_about=self.every > 1, **counts),
            ways=tuple(
                Way(channel=channel, people=ways[2 * n], at_once=ways[2 * n + 1])
                for n, channel in enumerate(self.channels)
            ),
        )

    def _of_contacts(self) -> Compiled:
        only = narrowing.members_only(self.source, timezone.now())
        some = f" and mod(abs(hashint8(c.id)), {self.every:d}) = 0" if self.every > 1 else ""
        unwilling = [
            consent.unwilling_sql(self.source.workspace, channel).replace("%(channel)s", f"%(channel{n})s")
            for n, channel in enumerate(self.channels)
        ]
        if consent.is_kept_from(self.source.workspace, self.kinds):
            kept = addresses.kept_from_sql(preferred_sql(SHARED))
            unwilling = [
                f"{one} or {kept}" if registry.get(channel).address_kind == SHARED else one
                for one, channel in zip(unwilling, self.channels, strict=True)
            ]
        statement = _OF_CONTACTS.format(
            barred=consent.barred_sql(self.source.workspace, self.kinds),
            addresses=", ".join(f"{preferred_sql(kind)} as a{n}" for n, kind in enumerate(self.kinds)),
            unwilling=", ".join(f"({one}) as u{n}" for n, one in enumerate(unwilling)),
            only=only.sql,
        )
        return Compiled(statement + some, only.parameters)

    def _of_rows(self) -> Compiled:
        """Return the rows of a file, or some of them, with all their addresses read."""
        if self._rows is None:
            self._rows = self._read()
        numbers = range(len(self.kinds))
        owners = " union all ".join(
            owners_sql(kind, f"nullif(p.a{n}, '')") for n, kind in enumerate(self.kinds)
        )
        statement = _OF_ROWS.format(
            owners=owners,
            addresses=", ".join(f"p.a{n}" for n in numbers),
            unwilling=", ".join(self._row_is_unwilling(n) for n in range(len(self.channels))),
            arrays=", ".join(f"%(addresses{n})s::text[]" for n in numbers),
            names=", ".join(f"a{n}" for n in numbers),
        )
        return Compiled(statement, dict(self._rows))

    def _row_is_unwilling(self, number: int) -> str:
        """Return whether any owner of a row's address refuses, or none agrees where that is needed."""
        channel = self.channels[number]
        kind = registry.get(channel).address_kind
        owners = owners_sql(kind, f"p.a{self.kinds.index(kind)}")
        said = "exists (select from ({owners}) w where %(channel{n})s = any(w.{column}))"
        unwilling = said.format(owners=owners, n=number, column="refusals")
        if consent.is_required(self.source.workspace, channel):
            unwilling = f"({unwilling} or not {said.format(owners=owners, n=number, column='consents')})"
        return f"{unwilling} as u{number}"

    def _read(self) -> Mapping[str, Any]:
        """Return rows of the file as arrays; sets `every`. Two rows with one address are both there, or neither."""
        table = self.source.table
        if table.row_count > ROWS_COUNTED:
            self.every = table.row_count // ROWS_SAMPLED
        with connection.cursor() as cursor:
            cursor.execute(
                "select id, address, data, problem <> '' from audience_sourcerow where source_id = %(source)s"
                " and mod(abs((case when address = '' then hashint8(id) else hashtext(address) end)::bigint),"
                " %(every)s) = 0"
                " order by id",
                {"source": table.pk, "every": self.every},
            )
            rows = cursor.fetchall()
        own = registry.get(table.dialect.get("channel", "email")).address_kind
        columns = further_columns(table, self.kinds)
        country = self.source.workspace.default_country
        forms = {kind: addresses.normaliser(addresses.kinds()[kind], country) for kind in columns}
        found: dict[str, list[str]] = {kind: [] for kind in self.kinds}
        for _id, address, data, is_bad in rows:
            values = orjson.loads(data) if isinstance(data, str) else data
            for kind, column in found.items():
                if kind == own:
                    column.append("" if is_bad else address)
                elif kind in columns:
                    column.append(_form(forms[kind], str(values.get(columns[kind]) or "")))
                else:
                    column.append("")
        return {
            "keys": [row[0] for row in rows],
            "invalids": [bool(row[1]) and row[3] for row in rows],
            **{f"addresses{n}": found[kind] for n, kind in enumerate(self.kinds)},
        }


def further_columns(source: Source, kinds: Sequence[str]) -> dict[str, str]:
    """Return which of a file's variables holds which further kind of address, by their names."""
    own = registry.get(source.dialect.get("channel", "email")).address_kind
    found: dict[str, str] = {}
    for name in source.dialect.get("variables", []):
        kind = name if name in kinds else suggest_field(name)
        if kind in kinds and kind != own:
            found.setdefault(kind, name)
    return found


def _form(form: Any, value: str) -> str:
    try:
        return str(form(value.strip())) if value.strip() else ""
    except ValueError:
        return ""
