"""The condition that a rule is compiled to says what a plain reading of the rule says, for random rules and people."""

import re
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clarion.audience import segments
from clarion.audience.models import Contact, ContactActivity, List, ListMember, Suppression
from clarion.campaigns.models import Campaign
from clarion.workspaces.models import Workspace
from tests.factories import Cast

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 21, 22, 30, tzinfo=UTC)
ZONE = "Asia/Tokyo"  # where it is tomorrow
LISTS = [str(uuid.UUID(int=n)) for n in (1, 2, 3)]
GONE = str(uuid.UUID(int=99))

WORDS = st.sampled_from(
    ["", "a, ab", "a", "A", "ab", "Ba", "é", "É", "Ёж", "ёЖ", "%", "_", "a'b", "\\", "x y", "%(a)s", "{}"]
)
NUMBERS = st.sampled_from(["0", "1", "-1", "2.5", "2.50", "10", "1e3", "1,5", " 1", "1\n", "nan", "٣"])
DAYS = st.sampled_from(
    ["2026-11-21", "2026-11-22", "2026-11-23", "2026-11-22T10:00", "2026-02-31", "2026-1-1", "0000-00-00"]
)
VALUES = st.one_of(WORDS, NUMBERS, DAYS, st.sampled_from([None, True, 3, 2.5, ["a"], {"a": 1}]))
NAMES = st.sampled_from(["n", "day", "it's", "%s"])


KINDS = ["sent", "delivered", "opened", "clicked", "answered", "failed"]
CAMPAIGNS = [str(uuid.UUID(int=n)) for n in (11, 12, 13)]  # the last one is another workspace's


def messages() -> st.SearchStrategy[dict[str, Any]]:
    """A message: by which campaign, and how many days ago something happened."""
    days = st.none() | st.integers(0, 4)
    return st.fixed_dictionaries({"campaign": st.sampled_from(CAMPAIGNS[:2]), **dict.fromkeys(KINDS, days)})


def wishes(said: Mapping[str, str]) -> dict[str, list[str]]:
    """Return what somebody agreed to and withdrew: never both of one channel."""
    return {
        name: [channel for channel, wish in said.items() if wish == word]
        for name, word in (("consents", "yes"), ("refusals", "no"))
    }


@st.composite
def people(draw: st.DrawFn) -> dict[str, Any]:
    return {
        "email": draw(st.sampled_from(["", "a@x.test", "b@x.test", "A@y.test"])),
        "phone": draw(st.sampled_from(["", "+4930123456", "+33123456"])),
        "first_name": draw(WORDS), "last_name": draw(WORDS),
        "language": draw(st.sampled_from(["", "de", "DE", "pt-BR"])), "zone": draw(st.sampled_from(["", "UTC"])),
        "state": draw(st.sampled_from(["ACTIVE", "INACTIVE", "DO_NOT_CONTACT"])),
        "tags": draw(st.lists(st.sampled_from(["vip", "VIP", "a'b"]), unique=True, max_size=2)),
        "attributes": draw(st.dictionaries(NAMES, VALUES, max_size=3)),
        "created_at": NOW - timedelta(hours=draw(st.integers(0, 100))),
        **wishes(draw(st.fixed_dictionaries(dict.fromkeys(("email", "sms"), st.sampled_from(["", "yes", "no"]))))),
        "lists": draw(st.lists(st.sampled_from(LISTS[:2]), unique=True)),
        "activity": draw(st.lists(messages(), max_size=4)),
    }  # fmt: skip


TEXT = WORDS.filter(bool)
TEXT_OPS = st.sampled_from(["equals", "differs", "contains", "lacks", "begins"])
OFFSETS = st.integers(-3, 3).map(lambda n: {"days": n})


def conditions() -> st.SearchStrategy[dict[str, Any]]:
    def made(fields: Any, ops: Any, values: Any) -> st.SearchStrategy[dict[str, Any]]:
        return st.fixed_dictionaries({"field": fields, "op": ops, "value": values})

    own = st.sampled_from(["email", "phone", "first_name", "last_name", "language", "zone"])
    attributes = NAMES.map(lambda name: f"attribute:{name}")
    both = own | attributes
    return st.one_of(
        made(both, TEXT_OPS, TEXT | st.sampled_from(["de", "@X", "+49"])),
        st.fixed_dictionaries({"field": both, "op": st.sampled_from(["empty", "filled"])}),
        made(attributes, st.sampled_from(["eq", "lt", "le", "gt", "ge"]), st.sampled_from(["0", "2.5", "-1"])),
        made(attributes, st.sampled_from(["on", "before", "after"]), OFFSETS | st.just("2026-11-22")),
        made(attributes, st.sampled_from(["last_days", "next_days"]), st.integers(0, 3)),
        made(st.just("state"), st.sampled_from(["is", "is_not"]), st.sampled_from(["ACTIVE", "INACTIVE"])),
        made(st.just("tag"), st.sampled_from(["has", "has_not"]), st.sampled_from(["vip", "a'b"])),
        made(st.just("list"), st.sampled_from(["in", "not_in"]), st.sampled_from([*LISTS, GONE])),
        made(
            st.just("suppressed"), st.sampled_from(["on_channel", "not_on_channel"]), st.just("email")
        ),
        made(attributes, st.sampled_from(["has", "has_not"]), TEXT),
        made(
            st.just("consent"), st.sampled_from(["given_on", "not_given_on", "withdrawn_on"]),
            st.sampled_from(["email", "sms"]),
        ),
        made(st.just("created"), st.sampled_from(["last_days", "older_days"]), st.integers(0, 5)),
        made(
            st.sampled_from(KINDS), st.sampled_from(["in_campaign", "not_in_campaign"]),
            st.sampled_from([*CAMPAIGNS, GONE]),
        ),
        made(st.sampled_from(KINDS), st.sampled_from(["activity_days", "no_activity_days"]), st.integers(0, 5)),
        made(st.sampled_from(KINDS[1:]), st.sampled_from(["of_latest", "none_of_latest"]), st.integers(1, 4)),
        made(
            st.sampled_from(KINDS), st.sampled_from(["at_least", "at_most"]),
            st.fixed_dictionaries({"messages": st.integers(1, 3), "days": st.integers(0, 5)}),
        ),
    )  # fmt: skip


def rules() -> st.SearchStrategy[dict[str, Any]]:
    def groups(inner: Any) -> Any:
        parts = st.lists(inner, min_size=1, max_size=3)
        return st.one_of(
            parts.map(lambda p: {"all": p}), parts.map(lambda p: {"any": p}), inner.map(lambda p: {"not": p})
        )

    # Four levels of groups at most, then a condition: within the limit on depth.
    return groups(conditions() | groups(conditions() | groups(conditions())))


def holds(rule: Mapping[str, Any], one: Mapping[str, Any]) -> bool:
    """The plain reading."""
    if "all" in rule:
        return all(holds(part, one) for part in rule["all"])
    if "any" in rule:
        return any(holds(part, one) for part in rule["any"])
    if "not" in rule:
        return not holds(rule["not"], one)
    field, op, value = rule["field"], rule["op"], rule.get("value")
    if field == "state":
        return (one["state"] == value) == (op == "is")
    if field == "tag":
        return (value in one["tags"]) == (op == "has")
    if field == "list":
        return (value in one["lists"]) == (op == "in")
    if field == "consent":
        if op == "withdrawn_on":
            return value in one["refusals"]
        return (value in one["consents"]) == (op == "given_on")
    if field == "suppressed":
        return (one["email"] == "a@x.test") == (op == "on_channel")
    if field in KINDS:
        return happened(field, op, value, one["activity"])
    today = NOW.astimezone(ZoneInfo(ZONE)).date()
    if field == "created":
        age: int = (today - one["created_at"].astimezone(ZoneInfo(ZONE)).date()).days
        return (age <= value) == (op == "last_days")
    text = as_text(one["attributes"].get(field[10:])) if field.startswith("attribute:") else one[field]
    if op in ("eq", "lt", "le", "gt", "ge"):
        return compared(op, text, Decimal(value))
    if op in ("on", "before", "after", "last_days", "next_days"):
        return in_time(op, text, value, today)
    if op in ("has", "has_not"):
        return (value.lower() in text.lower().split(", ")) == (op == "has")
    return said(op, text.lower(), (value or "").lower())


def happened(field: str, op: str, value: Any, activity: list[dict[str, Any]]) -> bool:
    if op.endswith("in_campaign"):
        found = any(one["campaign"] == value and one[field] is not None for one in activity)
        return found == (op == "in_campaign")
    if op.endswith("activity_days"):
        found = any(one[field] is not None and one[field] <= value for one in activity)
        return found == (op == "activity_days")
    if op in ("of_latest", "none_of_latest"):
        gone_out = [one for one in activity if one["sent"] is not None or one["failed"] is not None]
        latest = [one[field] is not None for one in gone_out[-value:]]
        return any(latest) if op == "of_latest" else len(latest) == value and not any(latest)
    times = sum(one[field] is not None and one[field] <= value["days"] for one in activity)
    return times >= value["messages"] if op == "at_least" else times <= value["messages"]


def as_text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    return {"['a']": '["a"]', "{'a': 1}": '{"a": 1}'}.get(str(value), str(value))


def compared(op: str, text: str, value: Decimal) -> bool:
    if not re.fullmatch(r"-?[0-9]{1,15}(\.[0-9]{1,9})?", text):
        return False
    n = Decimal(text)
    return {"eq": n == value, "lt": n < value, "le": n <= value, "gt": n > value, "ge": n >= value}[op]


def in_time(op: str, text: str, value: Any, today: Any) -> bool:
    if not re.match(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
        return False
    day = text[:10]
    if op == "last_days":
        return (today - timedelta(days=value)).isoformat() <= day <= today.isoformat()
    if op == "next_days":
        return today.isoformat() <= day <= (today + timedelta(days=value)).isoformat()
    wanted = value if isinstance(value, str) else (today + timedelta(days=value["days"])).isoformat()
    return {"on": day == wanted, "before": day < wanted, "after": day > wanted}[op]


def said(op: str, text: str, value: str) -> bool:
    if op in ("empty", "filled"):
        return (text == "") == (op == "empty")
    answers = {"equals": text == value, "contains": value in text, "begins": text.startswith(value)}
    return {**answers, "differs": text != value, "lacks": value not in text}[op]


def numbers_in(workspace: Workspace, rule: dict[str, Any]) -> set[int]:
    found = []
    for is_of_all in (False, True):
        made = segments.compiled(segments.parse(rule), workspace=workspace, now=NOW, is_of_all=is_of_all)
        with connection.cursor() as cursor:
            cursor.execute(
                f"select c.id from audience_contact c where c.workspace_id = %(ws)s and {made.sql}",  # noqa: S608
                made.parameters | {"ws": workspace.pk},
            )
            found.append({number for (number,) in cursor.fetchall()})
    assert found[0] == found[1]  # asked one by one and of all at once
    return found[0]


@pytest.fixture
def workspace(cast: Cast) -> Workspace:
    workspace = cast.workspace
    workspace.zone = ZONE
    workspace.save()
    for public_id, owner in zip(LISTS, (workspace, workspace, cast.elsewhere), strict=True):
        List.objects.create(workspace=owner, public_id=public_id, name=public_id)
    for public_id, owner in zip(CAMPAIGNS, (workspace, workspace, cast.elsewhere), strict=True):
        Campaign.objects.create(workspace=owner, public_id=public_id, name=public_id)
    Suppression.objects.create(workspace=workspace, channel="email", address="a@x.test", reason="MANUAL")
    Suppression.objects.create(workspace=cast.elsewhere, channel="email", address="b@x.test", reason="MANUAL")
    return workspace


def store(workspace: Workspace, found: list[dict[str, Any]]) -> list[Contact]:
    lists = {str(one.public_id): one for one in List.objects.all()}
    made = Contact.objects.bulk_create(
        Contact(workspace=workspace, **{k: v for k, v in one.items() if k not in ("lists", "activity")})
        for one in found
    )
    today = NOW.astimezone(ZoneInfo(ZONE)).date()
    campaigns = {str(one.public_id): one.pk for one in Campaign.objects.all()}
    ContactActivity.objects.bulk_create(
        ContactActivity(
            contact=contact, run_id=run, workspace_id=workspace.pk, campaign_id=campaigns[message["campaign"]],
            **{f"{kind}_on": None if message[kind] is None else today - timedelta(message[kind]) for kind in KINDS},
        )
        for contact, one in zip(made, found, strict=True)
        for run, message in enumerate(one.get("activity", ()), start=1)
    )  # fmt: skip
    members = [
        ListMember(list=lists[name], contact=contact)
        for contact, one in zip(made, found, strict=True)
        for name in one["lists"]
    ]
    ListMember.objects.bulk_create(members)
    return made


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    found=st.lists(people(), min_size=3, max_size=8, unique_by=lambda one: one["email"] or id(one)),
    asked=st.lists(rules(), min_size=3, max_size=6),
)
def test_the_database_finds_whom_a_plain_reading_finds(
    workspace: Workspace, found: list[dict[str, Any]], asked: list[dict[str, Any]]
) -> None:
    ListMember.objects.all().delete()
    ContactActivity.objects.all().delete()
    Contact.objects.all().delete()
    made = store(workspace, found)

    for rule in asked:
        expected = {contact.pk for contact, one in zip(made, found, strict=True) if holds(rule, one)}
        assert numbers_in(workspace, rule) == expected, rule
        answer = segments.explain(made[0], segments.parse(rule), now=NOW)
        assert answer.holds == (made[0].pk in expected), rule


def test_what_is_in_is_explained_by_the_conditions_that_decided(workspace: Workspace) -> None:
    (ana,) = store(workspace, [{"email": "a@x.test", "tags": ["vip"], "language": "de", "lists": []}])
    rule = segments.parse({"any": [
        {"field": "tag", "op": "has", "value": "vip"},
        {"not": {"field": "language", "op": "equals", "value": "fr"}},
        {"field": "phone", "op": "filled"},
    ]})  # fmt: skip

    answer = segments.explain(ana, rule, now=NOW)

    decided = [(segments.sentence(one.node), one.holds) for one in answer.deciding()]
    assert decided == [("has the tag “vip”", True), ("language is “fr”", False)]


def test_suppression_is_asked_of_the_channels_own_kind_of_address(workspace: Workspace) -> None:
    people = [{"email": "a@x.test", "phone": "+4930123456", "lists": []}, {"email": "c@x.test", "lists": []}]
    ana, _cy = store(workspace, people)
    Suppression.objects.create(workspace=workspace, channel="sms", address="+4930123456", reason="MANUAL")
    Suppression.objects.create(workspace=workspace, channel="sms", address="", reason="MANUAL")

    rule = {"all": [{"field": "suppressed", "op": "on_channel", "value": "sms"}]}

    assert numbers_in(workspace, rule) == {ana.pk}
