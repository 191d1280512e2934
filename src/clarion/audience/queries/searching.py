"""Searching contacts by how an address or a name begins."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import reduce
from operator import or_
from typing import Any

from django.db import connection
from django.db.models import Q, QuerySet

from clarion.audience import addresses
from clarion.audience.models import Address, Contact
from clarion.workspaces.models import Workspace

#: Owners of further addresses that one search brings.
MOST_FURTHER = 500
#: As many contacts as begin with the same letters are read and sorted, and so many as a last resort.
FEW = 5_000
MANY = 100_000


def beginning_with(workspace: Workspace, search: str) -> Q:
    """Return the filter of contacts with an address, a first or a last name, or "first last", that begins so."""
    return reduce(or_, _ways(workspace, search))


def having(workspace: Workspace, search: str) -> Q:
    """Return the filter of contacts that have exactly this address, for who may not see addresses but knows one."""
    known = [search, search.lower()]
    ways = Q(email=search.lower()) & ~Q(email="")
    if (number := _number(search)) is not None:
        ways |= Q(phone=number) & ~Q(phone="")
        known.append(number)
    further = Address.objects.filter(workspace=workspace, address__in=known)
    return ways | Q(pk__in=list(further.values_list("contact_id", flat=True)[:MOST_FURTHER]))


def _number(search: str) -> str | None:
    """Return what is a telephone number or its beginning in its one form; None for anything else."""
    digits = search.replace(" ", "")
    if not digits.lstrip("+").isdigit():
        return None
    return digits if digits.startswith("+") else f"+{digits.lstrip('0')}"


def few_beginning_with(workspace: Workspace, search: str) -> set[int] | None:
    """Return the keys of the contacts that `beginning_with` means; None when there are many. In a transaction.

    Each way to be found is one look into one index: joined by "or", the planner may read every contact instead.
    """
    found: set[int] = set()
    with _by_indexes("enable_seqscan"):
        for way in _ways(workspace, search):
            found.update(_keys(workspace, way)[: FEW + 1])
            if len(found) > FEW:
                break
    return found if len(found) <= FEW else None


def few_with_tag(workspace: Workspace, tag: str) -> set[int] | None:
    """Return the keys of the contacts with the tag; None when there are many. In a transaction."""
    with _by_indexes("enable_seqscan", "enable_indexscan"):
        found = set(_keys(workspace, Q(tags__contains=[tag]) & ~Q(tags=[]))[: FEW + 1])
    return found if len(found) <= FEW else None


def all_beginning_with(workspace: Workspace, search: str) -> list[int] | None:
    """Return the same keys up to as many as can be sorted in a moment; None when there are more."""
    first, *others = (_keys(workspace, way) for way in _ways(workspace, search))
    with _by_indexes("enable_seqscan"):
        found = list(first.union(*others)[: MANY + 1])
    return found if len(found) <= MANY else None


def _keys(workspace: Workspace, way: Q) -> QuerySet[Any]:
    return Contact.objects.filter(way, workspace=workspace).order_by().values_list("pk", flat=True)


@contextmanager
def _by_indexes(*without: str) -> Iterator[None]:
    """Keep the planner from other ways than indexes; `without` are settings of the server."""
    with connection.cursor() as cursor:
        for name in without:
            cursor.execute("select set_config(%s, 'off', true)", [name])
        yield
        for name in without:
            cursor.execute("select set_config(%s, 'on', true)", [name])


def _ways(workspace: Workspace, search: str) -> list[Q]:
    """Return the ways to be found; each says that its field is not empty, which lets the partial indexes be used.

    Further addresses are few for one beginning; their owners are looked up first.
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
    owners: set[int] = set()
    for kind in addresses.kinds():
        for beginning in dict.fromkeys(begins):
            further = Address.objects.filter(workspace=workspace, kind=kind, address__startswith=beginning)
            owners.update(further.values_list("contact_id", flat=True)[:MOST_FURTHER])
    if owners:
        ways.append(Q(pk__in=owners))
    first, space, last = search.partition(" ")
    if space and last.strip():
        ways.append(
            has_last & has_first & Q(first_name__istartswith=first) & Q(last_name__istartswith=last.strip())
        )
    return ways
