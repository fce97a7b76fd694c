"""Which tables hold anything, asked of all of them in one statement.

Names in the SQL are those of models and fields, quoted; values never become part of a statement.
"""
# ruff: noqa: S608

from __future__ import annotations

from collections.abc import Collection, Sequence

from django.db import connection
from django.db.models import Model

Place = tuple[type[Model], str]  # a table, and the column that may name one of the ids


def places_naming(places: Collection[Place], ids: Sequence[int]) -> set[Place]:
    """Return the places whose column names one of a few ids."""
    if not ids:
        return set()
    marks = ", ".join(["%s"] * len(ids))
    conditions = {place: f" WHERE {connection.ops.quote_name(place[1])} IN ({marks})" for place in places}
    return _holding(conditions, list(ids))


def not_empty(models: Collection[type[Model]]) -> set[type[Model]]:
    """Return the models of which there is any row."""
    return {model for model, _column in _holding({(model, ""): "" for model in models}, [])}


def _holding(conditions: dict[Place, str], parameters: list[int]) -> set[Place]:
    if not conditions:
        return set()
    places = list(conditions)
    parts = [
        f"SELECT {number} WHERE EXISTS (SELECT 1 FROM {connection.ops.quote_name(model._meta.db_table)}"
        f"{conditions[model, column]})"
        for number, (model, column) in enumerate(places)
    ]
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(parts), parameters * len(parts))
        return {places[number] for (number,) in cursor.fetchall()}
