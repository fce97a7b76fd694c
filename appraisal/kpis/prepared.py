"""Statements over the evidence that are put together once and run many times.

To put a statement of dozens of aggregates together takes longer than PostgreSQL needs to answer it for one engineer.
What differs from one time to the next — the window's instants and days, the range of engineers — is left open in it
by a ``Slot``. A slot can be compared with a column and shifted by days and nothing else: a declaration that did more
with its window would raise, not go wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from typing import Any, TypeVar, cast

from django.db import connection
from django.db.models import BigIntegerField, DateField, DateTimeField, Expression, Field, Q, QuerySet

from appraisal.database.ranges import among, lie_close
from appraisal.kpis.left_out import NOTHING_LEFT_OUT, LeftOut
from appraisal.kpis.measures import Window
from appraisal.kpis.questions import KpiQuestion

_FETCHED = 2000  # rows at a time

Values = Mapping[str, Any]  # what the slots stand for, by name


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
        given = values[self.name]
        if self.days_back:
            given -= timedelta(days=self.days_back)
        return self.output_field.get_db_prep_value(given, connection)


ANY_WINDOW = Window(
    start=Slot("start", DateTimeField()),  # type: ignore[arg-type]  # stands for an instant
    end=Slot("end", DateTimeField()),  # type: ignore[arg-type]
    first_date=Slot("first_date", DateField()),  # type: ignore[arg-type]
    last_date=Slot("last_date", DateField()),  # type: ignore[arg-type]
)
FIRST_ENGINEER, LAST_ENGINEER = Slot("first_engineer", BigIntegerField()), Slot("last_engineer", BigIntegerField())


def values_over(window: Window, engineer_ids: Sequence[int]) -> Values:
    """Return what the slots stand for this time; ids rise."""
    return {
        "start": window.start,
        "end": window.end,
        "first_date": window.first_date,
        "last_date": window.last_date,
        "first_engineer": engineer_ids[0],
        "last_engineer": engineer_ids[-1],
    }


@dataclass(frozen=True)
class Statement:
    """A statement with open slots, and how its columns are read."""

    sql: str
    parameters: tuple[Any, ...]
    names: tuple[str, ...]
    converters: Mapping[int, Any]

    @classmethod
    def of(cls, rows: QuerySet[Any, dict[str, Any]]) -> Statement:
        """Put the statement of ``.values()`` together for the database at hand."""
        compiler = rows.query.get_compiler(connection=connection)
        sql, parameters = compiler.as_sql()
        converters = compiler.get_converters([column for column, _sql, _alias in compiler.select])
        return cls(sql, tuple(parameters), tuple(rows.query.selected or ()), converters)

    def rows(self, values: Values) -> Iterator[dict[str, Any]]:
        """Run it."""
        given = [each.value(values) if isinstance(each, Slot) else each for each in self.parameters]
        with connection.cursor() as cursor:
            cursor.execute(self.sql, given)
            while fetched := cursor.fetchmany(_FETCHED):
                for row in fetched:
                    yield dict(zip(self.names, self._read(list(row)), strict=True))

    def _read(self, row: list[Any]) -> list[Any]:
        for position, (readers, expression) in self.converters.items():
            for read in readers:
                row[position] = read(row[position], expression, connection)
        return row


Asked = tuple[tuple[int, KpiQuestion], ...]  # questions by their key, as something that can be looked up
Place = tuple[Any, ...]  # table, field of the engineer, and what else tells passes apart
Prepared = TypeVar("Prepared")
Prepare = Callable[[Asked, Place, Q, LeftOut], Prepared]


def prepared(
    prepare: Prepare[Prepared], asked: Asked, place: Place, engineer_ids: Sequence[int], *, left_out: LeftOut
) -> Prepared:
    """Return what a function puts together for questions and engineers, ids rising; for a range of them, once.

    The questions themselves are the key: the same ones over the same measures give the same statement. Where records
    are left out, which is rare, the statement names them and is put together for this time only.
    """
    if left_out.records or not lie_close(engineer_ids):
        return prepare(asked, place, among(place[1], engineer_ids), left_out)
    return cast("Prepared", _over_a_range(prepare, asked, place, connection.vendor))


@lru_cache(maxsize=128)
def _over_a_range(prepare: Prepare[Any], asked: Asked, place: Place, _database: str) -> Any:
    engineers = Q(**{f"{place[1]}__gte": FIRST_ENGINEER, f"{place[1]}__lte": LAST_ENGINEER})
    return prepare(asked, place, engineers, NOTHING_LEFT_OUT)
