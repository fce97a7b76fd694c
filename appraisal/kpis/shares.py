"""Credit shared by minutes on site (SPEC G9): each engineer's part of a ticket, in numerator and denominator alike.

A ticket without minutes on site is its resolver's alone and counted by the pass over tickets.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from django.db.models import Count, F, Q, Sum

from appraisal.database.ranges import among
from appraisal.evidence.models import Exclusion, Visit
from appraisal.kpis.left_out import LeftOut
from appraisal.kpis.measures import Facts, Statistic, Window
from appraisal.kpis.questions import KpiQuestion, Pass, Raw, not_excluded

UNSHARED = Q(visit_minutes=0)
TOTAL = "ticket__visit_minutes"


def add_shares(
    questions: Mapping[int, KpiQuestion],
    raw: dict[tuple[int, int], Raw],
    *,
    window: Window,
    engineer_ids: Sequence[int],
    left_out: LeftOut,
) -> None:
    """Add what engineers contributed on site to the questions that share credit; one query for all of them.

    Grouped by the minutes of the whole ticket, so that every group's shares have the same denominator.
    """
    asked = {key: question for key, question in questions.items() if question.is_shared}
    if not asked:
        return
    collected = Pass()
    plans = {}
    for key, question in asked.items():
        part = question.measure.cases[""]
        kept = left_out.kept(question.measure.id, part.population.evidence, engineer="engineer_id", record="ticket")
        counted = under("ticket__", question.counts(part, window)) & kept
        plans[key] = {
            "cases": collected.add(Count("ticket", distinct=True, filter=counted)),
            "minutes": collected.add(Sum("minutes", filter=counted)),
        }
        met = question.met(part, window)
        if met is not None:
            plans[key]["met"] = collected.add(Sum("minutes", filter=counted & under("ticket__", met)))
    rows = (
        Visit.objects.filter(not_excluded(), among("engineer_id", engineer_ids), minutes__gt=0)
        .filter(ticket__exclusion=Exclusion.NONE)
        .order_by()
        .values("engineer_id", TOTAL)
        .annotate(**collected.aggregates)
    )
    for row in rows.iterator():
        for key, names in plans.items():
            found = raw.setdefault((row["engineer_id"], key), {})
            minutes = {name: row[fact] or 0 for name, fact in names.items()}
            found.setdefault("shares", []).append((row[TOTAL], minutes))


def read_shared(question: KpiQuestion, found: Raw) -> Facts:
    """Return the facts of a question whose credit is shared: whole tickets plus shares of others."""
    n = found.get("n", 0)
    decided, met = Fraction(n), Fraction(found.get("met") or 0)
    for total, minutes in found.get("shares", ()):
        n += minutes["cases"]
        decided += Fraction(minutes["minutes"], total)
        met += Fraction(minutes.get("met", 0), total)
    if question.statistic == Statistic.COUNT:
        return Facts(n=n, value=decided, numerator=decided)
    if not decided:
        return Facts()
    return Facts(n=n, value=100 * met / decided, numerator=met, denominator=decided)


def under(prefix: str, condition: Q) -> Q:
    """Return a condition on a ticket as one on a record that refers to it."""
    moved = Q(_connector=condition.connector, _negated=condition.negated)
    for child in condition.children:
        moved.children.append(under(prefix, child) if isinstance(child, Q) else _moved(prefix, child))
    return moved


def _moved(prefix: str, lookup: Any) -> tuple[str, Any]:
    name, value = lookup
    if isinstance(value, F):
        raise ValueError("a condition that compares two fields cannot be moved to another table")
    return f"{prefix}{name}", value
