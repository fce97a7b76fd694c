"""Lookups that both databases answer from an index, or with fewer parameters than Django's own.

``field__any_of={…}`` sends many values as one parameter, where ``__in`` sends each. A set, not a list: Django looks
into every item of a list for expressions. ``field__begins_with="…"`` is a prefix that an index is used for.
"""

from __future__ import annotations

import json
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Field, Lookup
from django.db.models.sql.compiler import SQLCompiler


@Field.register_lookup
class AnyOf(Lookup):
    """True where the value is one of a set of texts or whole numbers."""

    lookup_name = "any_of"
    prepare_rhs = False

    def as_sql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> tuple[str, Any]:
        column, parameters = self.process_lhs(compiler, connection)
        values = list(self.rhs)
        if connection.vendor == "postgresql":
            return f"{column} = ANY(%s)", [*parameters, values]
        return f"{column} IN (SELECT value FROM json_each(%s))", [*parameters, json.dumps(values)]  # noqa: S608 -- no value in it


_LAST_CHARACTER = "\U0010ffff"


@Field.register_lookup
class BeginsWith(Lookup):
    """True where a text begins with another, in this very spelling.

    SQLite uses no index for the LIKE that ``startswith`` becomes, but one for a range; PostgreSQL, where the order of
    a range is that of a language, one with ``varchar_pattern_ops`` for LIKE.
    """

    lookup_name = "begins_with"
    prepare_rhs = False

    def as_sql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> tuple[str, Any]:
        column, parameters = self.process_lhs(compiler, connection)
        prefix = str(self.rhs)
        if connection.vendor == "postgresql":
            return f"{column} LIKE %s", [*parameters, f"{connection.ops.prep_for_like_query(prefix)}%"]
        return f"({column} >= %s AND {column} < %s)", [*parameters, prefix, *parameters, prefix + _LAST_CHARACTER]
