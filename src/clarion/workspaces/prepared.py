"""Queries whose SQL is put together once for all their uses.

Django puts a query together anew each time, which takes longer than PostgreSQL takes to answer what every page asks:
who is it, which campaign, which run. Here the SQL of such a query is kept, with the places of its values.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar

from django.db import connection, models
from django.db.models.query import get_related_populators

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

M = TypeVar("M", bound=models.Model)


class Prepared(Generic[M]):
    """A query of whole rows that differs from use to use in its values only.

    `make` is called once, with the samples: values of the right types that equal no other value in its SQL. It may
    join by `select_related` and leave fields out; what it prefetches is not fetched. `all(…)` takes the values under
    the samples' names.
    """

    def __init__(self, make: Callable[..., models.QuerySet[M]], **samples: object) -> None:
        self._make = make
        self._samples = samples
        self._ready: _Ready | None = None

    def all(self, **values: object) -> list[M]:
        """Return the rows for these values. One query."""
        ready = self._ready
        if ready is None:
            ready = self._ready = _Ready(self._make(**self._samples), self._samples)
        return ready.rows(values)

    def first(self, **values: object) -> M | None:
        """Return the first of them; the query itself says that one is enough."""
        return next(iter(self.all(**values)), None)


class PreparedValues:
    """The same for a query of values: each row is a tuple, as the database gives it."""

    def __init__(self, make: Callable[..., models.QuerySet[Any, Any]], **samples: object) -> None:
        self._make = make
        self._samples = samples
        self._statement: _Statement | None = None

    def all(self, **values: object) -> list[tuple[Any, ...]]:
        """Return the rows for these values. One query."""
        statement = self._statement
        if statement is None:
            compiler = self._make(**self._samples).query.get_compiler(using=connection.alias)
            statement = self._statement = _Statement(compiler, self._samples)
        return statement.rows(values)


def keep_related(row: models.Model, name: str, rows: list[Any]) -> None:
    """Take these rows as those that `name` leads to from the row, as if they had been prefetched."""
    found = getattr(row, name).all()
    found._result_cache = rows
    found._prefetch_done = True
    kept = row.__dict__.setdefault("_prefetched_objects_cache", {})
    kept[name] = found


class _Statement:
    """The SQL, and where its values belong."""

    def __init__(self, compiler: Any, samples: dict[str, object]) -> None:
        self._sql, parameters = compiler.as_sql()
        self._parameters: Sequence[Any] = list(parameters)
        self._places = {name: _places(self._parameters, sample, name) for name, sample in samples.items()}

    def rows(self, values: dict[str, object]) -> list[tuple[Any, ...]]:
        parameters = list(self._parameters)
        for name, places in self._places.items():
            for place in places:
                parameters[place] = values[name]
        with connection.cursor() as cursor:
            cursor.execute(self._sql, parameters)
            rows: list[tuple[Any, ...]] = cursor.fetchall()
            return rows


class _Ready:
    """The statement, and how a row of its answer becomes a row of the model."""

    def __init__(self, queryset: models.QuerySet[Any], samples: dict[str, object]) -> None:
        compiler = queryset.query.get_compiler(using=connection.alias)
        self._statement = _Statement(compiler, samples)
        self._compiler = compiler
        info = compiler.klass_info
        fields = info["select_fields"]
        self._model = info["model"]
        self._from, self._to = fields[0], fields[-1] + 1
        self._names = [compiler.select[place][0].target.attname for place in fields]

    def rows(self, values: dict[str, object]) -> list[Any]:
        found: list[Any] = self._statement.rows(values)
        compiler = self._compiler
        converters = compiler.get_converters([one[0] for one in compiler.select])
        if converters:
            found = list(compiler.apply_converters(found, converters))
        # Django 5.2 takes three arguments; the types are of a later one.
        populators = get_related_populators(compiler.klass_info, compiler.select, connection.alias)  # type: ignore[call-arg]
        made = []
        for row in found:
            one = self._model.from_db(connection.alias, self._names, row[self._from : self._to])
            for populator in populators:
                populator.populate(row, one)
            made.append(one)
        return made


def _places(parameters: Sequence[object], sample: object, name: str) -> list[int]:
    places = [i for i, one in enumerate(parameters) if type(one) is type(sample) and one == sample]
    if not places:
        raise ValueError(f"{name} is not a value of the query")
    return places
