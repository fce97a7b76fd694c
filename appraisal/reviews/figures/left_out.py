"""Which records do not count for which engineers of a cycle, as upheld disputes say."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from fractions import Fraction
from typing import Any

from django.db.models import QuerySet

from appraisal.cycles.models import Cycle
from appraisal.cycles.pools import Stratum, contribution
from appraisal.database.prepared import read
from appraisal.database.ranges import IdRange, among
from appraisal.kpis.left_out import LeftOut, LeftOutRecord
from appraisal.reviews.figures.lines import ReviewLine
from appraisal.reviews.models import Dispute, EarlierSeal, Review
from appraisal.scoring.numbers import fraction_text


def left_out_of(cycle: Cycle, engineer_ids: Sequence[int]) -> LeftOut:
    """Return what was left out so far for some engineers, ids rising; one query."""
    if not engineer_ids:
        return LeftOut()
    return _left_out(read(_struck, ids=engineer_ids, cycle_id=cycle.pk))


def with_disputes(left_out: LeftOut, disputes: Collection[Dispute]) -> LeftOut:
    """Return the same with the records of some more disputes."""
    rows = [
        (each.review.engineer_id, each.evidence, each.record_id, each.everywhere, each.line.kpi_version.measure_id)
        for each in disputes
    ]
    return LeftOut((*left_out.records, *_left_out(rows).records))


def struck_since_publication(review: Review, line: ReviewLine) -> dict[Stratum, tuple[Fraction, Fraction]]:
    """Return what a decided appeal took out of one line, by stratum: the family's stored totals still hold it."""
    first = EarlierSeal.objects.filter(review=review).order_by("pk").first()
    whole = json.loads(first.content)["whole"] if first else None
    entry = whole["lines"].get(str(line.line.pk)) if whole else None
    if entry is None:
        return {}
    published = contribution(*(entry[name] for name in ("numerator", "denominator", "cells")))
    now = contribution(fraction_text(line.numerator), fraction_text(line.denominator), line.cells)
    nothing = (Fraction(0), Fraction(0))
    return {
        stratum: (cases - now.get(stratum, nothing)[0], met - now.get(stratum, nothing)[1])
        for stratum, (cases, met) in published.items()
    }


def _struck(ids: Sequence[int] | IdRange, *, cycle_id: int) -> QuerySet[Dispute, Any]:
    disputes = Dispute.objects.filter(among("review__engineer_id", ids), review__cycle=cycle_id, is_left_out=True)
    return disputes.order_by("pk").values_list(
        "review__engineer_id", "evidence", "record_id", "everywhere", "line__kpi_version__measure_id"
    )


def _left_out(rows: Iterable[Sequence[Any]]) -> LeftOut:
    return LeftOut.of(
        LeftOutRecord(
            engineer_id=engineer_id,
            evidence=evidence,
            record_id=record_id,
            measure_id="" if everywhere else measure_id,
        )
        for engineer_id, evidence, record_id, everywhere, measure_id in rows
    )
