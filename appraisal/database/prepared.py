"""Statements that are put together once and run many times.

To put a statement together takes Django longer than PostgreSQL needs to answer it for one engineer. What differs from
one time to the next is left open in it by a ``Slot``. A slot can be compared with a column and shifted by days and
nothing else: a declaration that did more with it would raise, not go wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any, NamedTuple, TypeVar

from django.db import connection
from django.db.models import BigIntegerField, DateField, DateTimeField, Expression, Field, Model, QuerySet
from django.db.models.query import get_related_populators

from appraisal.database.ranges import IdRange, lie_close

_FETCHED = 2000  # rows at a time

Values = Mapping[str, Any]  # what the slots stand for, by name
Row = TypeVar("Row", bound=Model)


class Slot(Expression):
    """A parameter that is given when the statement runs, so many days earlier than what its name stands for."""

    def __init__(self, name: str, field: Field, days_back: int = 0) -> None:
        super().__init__(output_field=field)
        self.name, self.days_back = name, days_back

    def __sub__(self, other: Any) -> Slot:  # type: ignore[override]  # it stays a slot
        if not isinstance(other, timedelta) or other % timedelta(days=1):
            raise TypeError("a slot is shifted by whole days only")
        return Slot(self.name, self.output_field, self.days_back + other // timedelta(days=1))

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, Any]:
        return "%s", [self]

    def value(self, values: Values) -> Any:
        """Return what stands in its place this time, as the database takes it."""
        given = values[self.name]
        if self.days_back:
            given -= timedelta(days=self.days_back)
        return self.output_field.get_db_prep_value(given, connection)


class _Place(NamedTuple):
    """Where a slot stands among the parameters; the same for slots that stand for the same."""

    name: str
    days_back: int


@dataclass(frozen=True)
class Statement:
    """A statement with open slots, and how its columns are read."""

    sql: str
    parameters: tuple[Any, ...]
    slots: Mapping[_Place, Slot]
    names: tuple[str, ...]
    converters: Mapping[int, Any]
    klass_info: Any  # of a statement for objects: which columns make which object
    select: Any

    @classmethod
    def of(cls, rows: QuerySet[Any, Any]) -> Statement:
        """Put a statement together for the database at hand."""
        compiler = rows.query.get_compiler(connection=connection)
        sql, parameters = compiler.as_sql()
        slots = {_Place(each.name, each.days_back): each for each in parameters if isinstance(each, Slot)}
        parameters = [_Place(each.name, each.days_back) if isinstance(each, Slot) else each for each in parameters]
        converters = compiler.get_converters([column for column, _sql, _alias in compiler.select])
        names = tuple(rows.query.selected or ())
        return cls(sql, tuple(parameters), slots, names, converters, compiler.klass_info, compiler.select)

    def rows(self, values: Values) -> Iterator[dict[str, Any]]:
        """Run it; each row by the names of its columns."""
        for row in self.tuples(values):
            yield dict(zip(self.names, row, strict=True))

    def tuples(self, values: Values) -> Iterator[list[Any]]:
        """Run it; each row in the order of its columns."""
        # The same few stand in a statement many times.
        known = {place: slot.value(values) for place, slot in self.slots.items()}
        given = [known[each] if isinstance(each, _Place) else each for each in self.parameters]
        with connection.cursor() as cursor:
            cursor.execute(self.sql, given)
            while fetched := cursor.fetchmany(_FETCHED):
                for row in fetched:
                    yield self._read(list(row))

    def objects(self, values: Values) -> Iterator[Any]:
        """Run one that is not of ``.values()``; each row as an object, with those selected along."""
        # As ModelIterable does it.
        model, places = self.klass_info["model"], self.klass_info["select_fields"]
        columns = slice(places[0], places[-1] + 1)
        names = [column.target.attname for column, _sql, _alias in self.select[columns]]
        related = get_related_populators(self.klass_info, self.select, connection.alias)  # type: ignore[call-arg]  # of Django 5.2
        for row in self.tuples(values):
            found = model.from_db(connection.alias, names, row[columns])
            for populator in related:
                populator.populate(row, found)
            yield found

    def _read(self, row: list[Any]) -> list[Any]:
        for position, (readers, expression) in self.converters.items():
            for read in readers:
                row[position] = read(row[position], expression, connection)
        return row


_FIRST, _LAST = "first_id", "last_id"
_FIELDS: dict[type, type[Field]] = {int: BigIntegerField, date: DateField, datetime: DateTimeField}


def read(
    put_together: Callable[..., QuerySet[Any, Any]], *fixed: Hashable, ids: Sequence[int] | None = None, **values: Any
) -> list[Any]:
    """Return the rows of the ``.values_list()`` that a function gives; its statement is put together once.

    The function is called with what is ``fixed``, which tells its statements apart; the ids, which rise, to be named
    with ``among``; and values by name: it may only compare those with columns. ``among`` may name ids in between too.
    """
    if ids is not None and not lie_close(ids):
        # Far from each other they are a list, which has no fixed length.
        return list(put_together(*fixed, ids=ids, **values)) if ids else []
    statement, given = _statement_for(put_together, fixed, ids, values)
    return list(statement.tuples(given))


def read_objects(
    put_together: Callable[..., QuerySet[Row, Row]],
    *fixed: Hashable,
    ids: Sequence[int] | None = None,
    **values: Any,
) -> list[Row]:
    """Return the objects of a queryset that a function gives, as ``read`` does rows; nothing is prefetched."""
    if ids is not None and not lie_close(ids):
        return list(put_together(*fixed, ids=ids, **values)) if ids else []
    statement, given = _statement_for(put_together, fixed, ids, values)
    return list(statement.objects(given))


def _statement_for(
    put_together: Callable[..., QuerySet[Any, Any]],
    fixed: tuple[Hashable, ...],
    ids: Sequence[int] | None,
    values: Values,
) -> tuple[Statement, Values]:
    kinds = tuple((name, type(value)) for name, value in values.items())
    statement = _statement(put_together, fixed, kinds, ids is not None, connection.vendor)
    return statement, values if ids is None else {**values, _FIRST: ids[0], _LAST: ids[-1]}


@lru_cache(maxsize=256)
def _statement(
    put_together: Callable[..., QuerySet[Any, Any]],
    fixed: tuple[Hashable, ...],
    kinds: tuple[tuple[str, type], ...],
    has_ids: bool,
    _database: str,
) -> Statement:
    given: dict[str, Any] = {name: Slot(name, _FIELDS[kind]()) for name, kind in kinds}
    if has_ids:
        given["ids"] = IdRange(Slot(_FIRST, BigIntegerField()), Slot(_LAST, BigIntegerField()))
    return Statement.of(put_together(*fixed, **given))
