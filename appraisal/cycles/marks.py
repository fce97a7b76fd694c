"""Whatever figures are made of marks those it concerns, in the transaction that changes it (DESIGN 3, Live).

Triggers write the marks (``StaleFigures``), so that no door can forget it: imports, pages, API, admin, shell. On
PostgreSQL a statement marks everybody it concerns at once, and always anew: a mark that somebody is just working off
must not stand for what changed meanwhile. SQLite has one writer at a time and rows only; there a mark that no run has
counted on yet is enough. Taken away and put back around migrations, as those of ``guard``.
"""
# Names of tables and columns come from the models alone.
# ruff: noqa: S608

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db import connections
from django.db.models import ForeignKey, Model

from appraisal.cycles.workflow import UNDER_WAY
from engineers.models import Engineer

MARKS, CYCLES, RUNS = "cycles_stalefigures", "cycles_cycle", "cycles_scoringrun"
_STATES = ", ".join(f"'{state.value}'" for state in UNDER_WAY)
_ROWS = {"INSERT": ("NEW",), "UPDATE": ("OLD", "NEW"), "DELETE": ("OLD",)}
_SETS = {"NEW": "arriving", "OLD": "leaving"}
NOBODY_IN_PARTICULAR = ("NULL",)


@dataclass(frozen=True, kw_only=True)
class Marking:
    """A table whose changes mark. ``columns`` name the engineers; ``NOBODY_IN_PARTICULAR`` marks everybody.

    ``followers`` are tables and the column by which their rows refer to one of this table: who is named there is
    marked too when it changes. ``when`` are the columns of which one has to change. ``own_cycle``: only the cycle
    that the row belongs to is concerned, not every one under way.
    """

    table: str
    columns: tuple[str, ...]
    events: tuple[str, ...] = ("INSERT", "UPDATE", "DELETE")
    followers: tuple[tuple[str, str], ...] = ()
    when: tuple[str, ...] = ()
    own_cycle: bool = False


_MARKINGS: dict[str, Marking] = {}


def mark(
    model: type[Model], *, followers: Iterable[type[Model]] = (), everybody: bool = False, own_cycle: bool = False
) -> None:
    """Let changes of a model's rows mark whom they name, and whom the followers name that refer to them."""
    columns = NOBODY_IN_PARTICULAR if everybody else tuple(_columns_to(model, Engineer))
    followed = tuple((each._meta.db_table, column) for each in followers for column in _columns_to(each, model))
    _add(Marking(table=model._meta.db_table, columns=columns, followers=followed, own_cycle=own_cycle))


def mark_when(model: type[Model], *when: str, everybody: bool = False) -> None:
    """Let a change of some columns of a model mark everybody, or the engineer that the row itself is."""
    columns = NOBODY_IN_PARTICULAR if everybody else ("id",)
    _add(Marking(table=model._meta.db_table, columns=columns, events=("UPDATE",), when=when))


def remove(*, using: str, **_kwargs: object) -> None:
    """Drop the triggers."""
    connection = connections[using]
    with connection.cursor() as cursor:
        for table in _MARKINGS.keys() & set(connection.introspection.table_names(cursor)):
            for event in _ROWS:
                name = _name(table, event)
                cursor.execute(
                    f"DROP TRIGGER IF EXISTS {name}" + (f" ON {table}" if connection.vendor == "postgresql" else "")
                )


def install(*, using: str, **_kwargs: object) -> None:
    """Create the triggers of all tables that exist; those that were there are replaced."""
    remove(using=using)
    connection = connections[using]
    create = _on_postgresql if connection.vendor == "postgresql" else _on_sqlite
    with connection.cursor() as cursor:
        tables = set(connection.introspection.table_names(cursor))
        if not {MARKS, CYCLES, RUNS} <= tables:
            return
        for marking in _MARKINGS.values():
            if {marking.table, *(table for table, _column in marking.followers)} <= tables:
                for event in marking.events:
                    for statement in create(marking, event):
                        cursor.execute(statement)


def _add(marking: Marking) -> None:
    _MARKINGS[marking.table] = marking


def _columns_to(model: type[Model], other: type[Model]) -> Iterable[str]:
    for field in model._meta.concrete_fields:
        if isinstance(field, ForeignKey) and field.related_model is other:
            yield str(field.column)


def _name(table: str, event: str) -> str:
    return f"{table}_marks_{event.lower()}"


def _insert(marking: Marking, concerned: Iterable[str], unless: str = "") -> str:
    """Return SQL that writes the marks: one for each cycle concerned and each engineer."""
    cycle = "c.id = w.cycle_id AND " if marking.own_cycle else ""
    somebody = "" if marking.columns == NOBODY_IN_PARTICULAR else " AND w.engineer_id IS NOT NULL"
    return (
        f"INSERT INTO {MARKS} (cycle_id, engineer_id) SELECT c.id, w.engineer_id FROM ({' UNION '.join(concerned)}) w "
        f"JOIN {CYCLES} c ON {cycle}c.state IN ({_STATES}) WHERE true{somebody}{unless}"
    )


def _on_postgresql(marking: Marking, event: str) -> Iterable[str]:
    """Once per statement, over all its rows."""
    name = _name(marking.table, event)
    own = ", cycle_id" if marking.own_cycle else ""
    source = {row: _SETS[row] for row in _ROWS[event]}
    if marking.when:
        differs = " OR ".join(f"arriving.{column} IS DISTINCT FROM leaving.{column}" for column in marking.when)
        joined = f"(SELECT arriving.* FROM arriving JOIN leaving ON arriving.id = leaving.id WHERE {differs}) changed"
        source = {"NEW": joined}
    concerned = [
        f"SELECT {column}::bigint AS engineer_id{own} FROM {rows}"
        for rows in source.values()
        for column in marking.columns
    ]
    if event == "UPDATE":
        concerned += [
            f"SELECT f.engineer_id FROM {table} f JOIN arriving ON f.{column} = arriving.id"
            for table, column in marking.followers
        ]
    references = " ".join(f"{row} TABLE AS {_SETS[row]}" for row in _ROWS[event])
    yield (
        f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"IF EXISTS (SELECT 1 FROM {CYCLES} WHERE state IN ({_STATES})) THEN {_insert(marking, concerned)}; END IF; "
        f"RETURN NULL; END $$"
    )
    yield (
        f"CREATE TRIGGER {name} AFTER {event} ON {marking.table} REFERENCING {references} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION {name}()"
    )


def _on_sqlite(marking: Marking, event: str) -> Iterable[str]:
    """Once per row, unless it is marked already: the writers come one after the other."""
    concerned = []
    for row in _ROWS[event]:
        own = f", {row}.cycle_id AS cycle_id" if marking.own_cycle else ""
        concerned += [
            f"SELECT {column if column == 'NULL' else f'{row}.{column}'} AS engineer_id{own}"
            for column in marking.columns
        ]
    if event == "UPDATE":
        concerned += [
            f"SELECT f.engineer_id FROM {table} f WHERE f.{column} = NEW.id" for table, column in marking.followers
        ]
    known = (
        f" AND NOT EXISTS (SELECT 1 FROM {MARKS} m WHERE m.cycle_id = c.id AND m.engineer_id IS w.engineer_id "
        f"AND m.id > (SELECT COALESCE(MAX(r.newest_mark), 0) FROM {RUNS} r WHERE r.cycle_id = c.id))"
    )
    differs = " OR ".join(f"OLD.{column} IS NOT NEW.{column}" for column in marking.when)
    yield (
        f"CREATE TRIGGER {_name(marking.table, event)} AFTER {event} ON {marking.table} "
        f"WHEN {f'({differs}) AND ' if differs else ''}EXISTS (SELECT 1 FROM {CYCLES} WHERE state IN ({_STATES})) "
        f"BEGIN {_insert(marking, concerned, known)}; END"
    )
