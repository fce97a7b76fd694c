"""Passes over the evidence that are put together once and run many times: dozens of aggregates each.

What differs from one time to the next — the window's instants and days, the range of engineers — is left open by slots
(``database.prepared``).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, TypeVar, cast

from django.db import connection
from django.db.models import BigIntegerField, DateField, DateTimeField, Q

from appraisal.database.prepared import Slot, Values
from appraisal.database.ranges import among, lie_close
from appraisal.kpis.left_out import NOTHING_LEFT_OUT, LeftOut
from appraisal.kpis.measures import Window
from appraisal.kpis.questions import KpiQuestion

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
