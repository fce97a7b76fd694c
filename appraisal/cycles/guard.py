"""The database itself refuses to change what belongs to a closed cycle, whoever asks: pages, admin, shell, SQL.

The triggers are taken away before migrations run and put back after them (``CyclesConfig``): SQLite rebuilds tables
when it alters them, and loses the triggers of a table with it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db import connections
from django.db.models import Model

MESSAGE = "the cycle is closed"
CYCLES, REOPENINGS = "cycles_cycle", "cycles_reopening"
_EVENTS = ("INSERT", "UPDATE", "DELETE")


@dataclass(frozen=True)
class Guarded:
    """A table whose rows belong to cycles, and how a row leads to its cycle: ((column, table), …)."""

    table: str
    steps: tuple[tuple[str, str], ...]

    def is_closed(self, row: str, *, is_set: bool) -> str:
        """Return SQL: whether a row belongs to a closed cycle, or some row of a set of rows."""
        tables = [row] if is_set else []
        conditions, key = ["guarded.state = 'closed'"], f"{row}.{self.steps[0][0]}"
        for number, (_column, table) in enumerate(self.steps[:-1]):
            tables.append(f"{table} t{number}")
            conditions.append(f"t{number}.id = {key}")
            key = f"t{number}.{self.steps[number + 1][0]}"
        tables.append(f"{CYCLES} guarded")
        conditions.append(f"guarded.id = {key}")
        # Names of tables and columns come from the models alone.
        return f"EXISTS (SELECT 1 FROM {', '.join(tables)} WHERE {' AND '.join(conditions)})"  # noqa: S608


_GUARDED: dict[str, Guarded] = {}


def guard(model: type[Model], *path: str) -> None:
    """Guard the rows of a model; ``path`` names the foreign keys from it to the cycle."""
    steps, at = [], model
    for name in path:
        field = at._meta.get_field(name)
        at = field.related_model  # type: ignore[assignment]  # a foreign key, as the caller says
        steps.append((str(field.column), at._meta.db_table))  # type: ignore[union-attr]
    _GUARDED[model._meta.db_table] = Guarded(model._meta.db_table, tuple(steps))


def remove(*, using: str, **_kwargs: object) -> None:
    """Drop every trigger of the guard."""
    connection = connections[using]
    with connection.cursor() as cursor:
        tables = set(connection.introspection.table_names(cursor))
        for table in [CYCLES, *_GUARDED]:
            if table in tables:
                for statement in _drops(table, connection.vendor):
                    cursor.execute(statement)


def install(*, using: str, **kwargs: object) -> None:
    """Create the triggers of all tables that exist; those that were there are replaced."""
    remove(using=using)
    connection = connections[using]
    create = _on_postgresql if connection.vendor == "postgresql" else _on_sqlite
    with connection.cursor() as cursor:
        tables = set(connection.introspection.table_names(cursor))
        if not {CYCLES, REOPENINGS} <= tables:
            return
        for statement in _of_the_cycle(connection.vendor):
            cursor.execute(statement)
        for guarded in _GUARDED.values():
            if {guarded.table, *(table for _column, table in guarded.steps)} <= tables:
                for statement in create(guarded):
                    cursor.execute(statement)


def _drops(table: str, vendor: str) -> Iterable[str]:
    for event in _EVENTS:
        name = f"{table}_closed_{event.lower()}"
        yield f"DROP TRIGGER IF EXISTS {name}" + (f" ON {table}" if vendor == "postgresql" else "")


def _of_the_cycle(vendor: str) -> Iterable[str]:
    """A closed cycle is neither changed nor deleted; an approved reopening not used yet lets its state be changed."""
    allowed = (
        f"NEW.state = 'published' AND EXISTS (SELECT 1 FROM {REOPENINGS} r WHERE r.cycle_id = OLD.id "  # noqa: S608
        f"AND r.transition = 'reopen_published' AND r.is_approved AND r.applied_at IS NULL)"
    )
    if vendor == "postgresql":
        yield (
            f"CREATE OR REPLACE FUNCTION {CYCLES}_closed() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            f"IF TG_OP = 'UPDATE' THEN IF {allowed} THEN RETURN NEW; END IF; END IF; "
            f"RAISE EXCEPTION '{MESSAGE}' USING ERRCODE = 'integrity_constraint_violation'; END $$"
        )
        for event in ("UPDATE", "DELETE"):
            yield (
                f"CREATE TRIGGER {CYCLES}_closed_{event.lower()} BEFORE {event} ON {CYCLES} FOR EACH ROW "
                f"WHEN (OLD.state = 'closed') EXECUTE FUNCTION {CYCLES}_closed()"
            )
        return
    for event, unless in (("UPDATE", f" AND NOT ({allowed})"), ("DELETE", "")):
        yield (
            f"CREATE TRIGGER {CYCLES}_closed_{event.lower()} BEFORE {event} ON {CYCLES} "
            f"WHEN OLD.state = 'closed'{unless} BEGIN SELECT RAISE(ABORT, '{MESSAGE}'); END"
        )


def _on_sqlite(guarded: Guarded) -> Iterable[str]:
    rows = {"INSERT": ("NEW",), "UPDATE": ("OLD", "NEW"), "DELETE": ("OLD",)}
    for event in _EVENTS:
        closed = " OR ".join(guarded.is_closed(row, is_set=False) for row in rows[event])
        yield (
            f"CREATE TRIGGER {guarded.table}_closed_{event.lower()} BEFORE {event} ON {guarded.table} "
            f"WHEN {closed} BEGIN SELECT RAISE(ABORT, '{MESSAGE}'); END"
        )


def _on_postgresql(guarded: Guarded) -> Iterable[str]:
    """Once per statement, not per row: a scoring run writes a hundred thousand rows at a time."""
    sets = {"INSERT": ("arriving",), "UPDATE": ("leaving", "arriving"), "DELETE": ("leaving",)}
    for event, names in sets.items():
        name = f"{guarded.table}_closed_{event.lower()}"
        closed = " OR ".join(guarded.is_closed(rows, is_set=True) for rows in names)
        references = " ".join(f"{'NEW' if rows == 'arriving' else 'OLD'} TABLE AS {rows}" for rows in names)
        yield (
            f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            f"IF {closed} THEN RAISE EXCEPTION '{MESSAGE}' USING ERRCODE = 'integrity_constraint_violation'; END IF; "
            f"RETURN NULL; END $$"
        )
        yield (
            f"CREATE TRIGGER {name} AFTER {event} ON {guarded.table} REFERENCING {references} "
            f"FOR EACH STATEMENT EXECUTE FUNCTION {name}()"
        )
