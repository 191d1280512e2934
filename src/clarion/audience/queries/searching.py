"""Searching contacts by how an address or a name begins."""

from collections.abc import Sequence
from itertools import chain
from typing import Any

from django.db import connection
from django.db.models import Q, QuerySet

from clarion.audience import addresses
from clarion.audience.models import Address, Contact
from clarion.workspaces.models import Workspace

#: Owners of further addresses that one search brings, for each kind of address.
MOST_FURTHER = 500


def having(workspace: Workspace, search: str) -> list[Q]:
    """Return the ways to have exactly this address, for who may not see addresses but knows one."""
    known = [search, search.lower()]
    ways = [Q(email=search.lower()) & ~Q(email="")]
    if (number := _number(search)) is not None:
        ways.append(Q(phone=number) & ~Q(phone=""))
        known.append(number)
    further = Address.objects.filter(workspace=workspace, address__in=known)
    if owners := list(further.values_list("contact_id", flat=True)[:MOST_FURTHER]):
        ways.append(Q(pk__in=owners))
    return ways


def _number(search: str) -> str | None:
    """Return what is a telephone number or its beginning in its one form; None for anything else."""
    digits = search.replace(" ", "")
    if not digits.lstrip("+").isdigit():
        return None
    return digits if digits.startswith("+") else f"+{digits.lstrip('0')}"


def first_of(parts: Sequence[QuerySet[Contact]], *, is_upwards: bool, limit: int) -> list[int]:
    """Return the keys of the first contacts of all the parts, by their keys. In a transaction.

    Each part is found whole, by an index of its own, and then sorted: asked for in this order, the planner walks along
    all contacts instead, which takes whom few resemble for somebody whom it will soon meet; joined by "or", it may read
    every contact.
    """
    asked = [part.order_by().values_list("pk").query.sql_with_params() for part in parts]
    # Not to skip any keeps the order out of the parts. Somebody may be in each of them, which costs less than to look.
    statement = (
        f"select id from ({' union all '.join(sql for sql, _given in asked)} offset 0) found (id)"  # noqa: S608 - the ORM's
        f" order by id {'asc' if is_upwards else 'desc'} limit %s"
    )
    given = [*chain.from_iterable(parameters for _sql, parameters in asked), limit * len(parts)]
    with connection.cursor() as cursor:
        cursor.execute("select set_config('enable_seqscan', 'off', true)")
        cursor.execute(statement, given)
        found = dict.fromkeys(pk for (pk,) in cursor.fetchall())
        cursor.execute("select set_config('enable_seqscan', 'on', true)")
    return list(found)[:limit]


def beginning_with(workspace: Workspace, search: str) -> list[Q]:
    """Return the ways to have an address, a first or a last name, or "first last", that begins so.

    Each says that its field is not empty, which lets the partial indexes be used. Further addresses are few for one
    beginning; their owners are looked up first.
    """
    has_email, has_phone = ~Q(email=""), ~Q(phone="")
    has_first, has_last = ~Q(first_name=""), ~Q(last_name="")
    begins = [search.lower(), search]
    ways = [
        has_email & Q(email__startswith=search.lower()),
        has_last & Q(last_name__istartswith=search),
        has_first & Q(first_name__istartswith=search),
    ]
    if (number := _number(search)) is not None:
        ways.append(has_phone & Q(phone__startswith=number))
        begins.append(number)
    if owners := _owners(workspace, list(dict.fromkeys(begins))):
        ways.append(Q(pk__in=owners))
    first, space, last = search.partition(" ")
    if space and last.strip():
        ways.append(
            has_last & has_first & Q(first_name__istartswith=first) & Q(last_name__istartswith=last.strip())
        )
    return ways


def _owners(workspace: Workspace, beginnings: Sequence[str]) -> set[int]:
    """Return the contacts of further addresses that begin so, by one question about every kind."""
    asked: list[QuerySet[Any]] = [
        Address.objects.filter(workspace=workspace, kind=kind, address__startswith=beginning)
        .order_by()
        .values_list("contact_id", flat=True)[:MOST_FURTHER]
        for kind in addresses.kinds()
        for beginning in beginnings
    ]
    return set(asked[0].union(*asked[1:], all=True))
