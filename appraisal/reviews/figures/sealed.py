"""A sheet as it was published: written down once, read back as it stood (DESIGN 3.7).

Whatever happens to evidence, definitions or code afterwards, the figures of a sealed cycle are these.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from fractions import Fraction
from typing import Any

from appraisal.cycles.queries import CycleSchemes
from appraisal.kpis.models import SchemeLine
from appraisal.kpis.queries import AppliedScheme
from appraisal.reviews.figures.lines import ReviewLine
from appraisal.reviews.figures.sheet import GradeDecision, SegmentSheet, Sheet, band_grade
from appraisal.reviews.figures.years import Year
from appraisal.reviews.models import Review, ReviewSegment, VetoEvent
from appraisal.scoring.annual import AnnualScore, Quarter
from appraisal.scoring.numbers import fraction_text, read_fraction
from appraisal.scoring.rollup import DimensionScore, RollUp

Content = dict[str, Any]

_EXACT = ("value", "numerator", "denominator", "scored_value", "points", "computed_points")
_PLAIN = ("n", "reason", "is_manual", "is_feedback", "cells", "is_overridden", "override_reason")


def content_of(sheet: Sheet) -> Content:
    """Return a sheet as plain data: numbers as exact fractions, objects as their ids."""
    review = sheet.review
    # Only where there is one: seals without are written as they were before there was a calibration.
    decided: Content = {"decision": asdict(sheet.decision)} if sheet.decision else {}
    return decided | {
        "engineer": review.engineer_id,
        "workdays": review.workdays,
        "eligible_days": review.eligible_days,
        "comment": review.comment,
        "overall": fraction_text(sheet.overall),
        "grade": sheet.grade,
        "unrated_reason": str(sheet.unrated_reason),
        "whole": _part(sheet.scheme, sheet.lines, sheet.total),
        "segments": {str(part.segment.number): _part(part.scheme, part.lines, part.total) for part in sheet.segments},
        "year": _year(sheet.year),
        "vetoes": [veto.pk for veto in sheet.vetoes],
    }


def text_of(content: Content) -> str:
    """Write content in the one way that is hashed."""
    return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def digest_of(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def sheet_from(
    content: Content,
    review: Review,
    schemes: CycleSchemes,
    *,
    segments: Sequence[ReviewSegment],
    vetoes: Sequence[VetoEvent],
) -> Sheet:
    """Return the sheet that ``content_of`` wrote down.

    ``segments`` and ``vetoes`` are those of the review; raises LookupError when one that was sealed is gone.
    """
    known = {applied.key: applied for applied in schemes.all()}
    whole = _read_part(content["whole"], known)
    scheme, lines, total = whole or (None, (), None)
    by_number = {str(segment.number): segment for segment in segments}
    by_id = {veto.pk: veto for veto in vetoes}
    parts = []
    for number, entry in content["segments"].items():
        part = _read_part(entry, known)
        if part is None:
            raise LookupError(f"segment {number} of review {review.pk} was sealed without a scheme")
        parts.append(SegmentSheet(segment=by_number[number], scheme=part[0], lines=part[1], total=part[2]))
    review.workdays, review.eligible_days = content["workdays"], content["eligible_days"]
    review.comment = content["comment"]
    overall, decision = read_fraction(content["overall"]), content.get("decision")
    return Sheet(
        review=review,
        scheme=scheme,
        lines=lines,
        total=total,
        segments=tuple(parts),
        year=_read_year(content["year"]),
        vetoes=tuple(by_id[pk] for pk in content["vetoes"]),
        overall=overall,
        band_grade=band_grade(overall, scheme),
        decision=GradeDecision(**decision) if decision else None,
        grade=content["grade"],
        unrated_reason=content["unrated_reason"],
    )


def _part(scheme: AppliedScheme | None, lines: Sequence[ReviewLine], total: RollUp | None) -> Content | None:
    if scheme is None or total is None:
        return None
    return {
        "scheme": list(scheme.key),
        "lines": {str(line.line.pk): _line(line) for line in lines},
        "dimensions": {
            each.code: [fraction_text(each.weight), fraction_text(each.score)] for each in total.dimensions
        },
        "overall": fraction_text(total.overall),
        "active_percent": fraction_text(total.active_percent),
        "grade": total.grade,
        "base": fraction_text(total.base),
        "bonus": fraction_text(total.bonus),
        "deduction": fraction_text(total.deduction),
    }


def _line(line: ReviewLine) -> Content:
    exact = {name: fraction_text(getattr(line, name)) for name in _EXACT}
    return exact | {name: getattr(line, name) for name in _PLAIN}


def _read_part(
    entry: Content | None, known: Mapping[tuple[int, int], AppliedScheme]
) -> tuple[AppliedScheme, tuple[ReviewLine, ...], RollUp] | None:
    if entry is None:
        return None
    version_id, number_of_lines = entry["scheme"]
    scheme = known[version_id, number_of_lines]
    lines = tuple(_read_line(entry["lines"][str(line.pk)], line) for line in scheme.lines)
    total = RollUp(
        dimensions=tuple(
            DimensionScore(code=each.code, weight=_number(weight), score=read_fraction(score))
            for each in scheme.dimensions
            for weight, score in [entry["dimensions"][each.code]]
        ),
        overall=read_fraction(entry["overall"]),
        active_percent=_number(entry["active_percent"]),
        grade=entry["grade"],
        base=read_fraction(entry["base"]),
        bonus=_number(entry["bonus"]),
        deduction=_number(entry["deduction"]),
    )
    return scheme, lines, total


def _read_line(entry: Content, line: SchemeLine) -> ReviewLine:
    read: Content = {name: read_fraction(entry[name]) for name in _EXACT}
    # What a later version began to seal is not in older seals, and then stands as a line has it from the start.
    read |= {name: entry[name] for name in _PLAIN if name in entry}
    return ReviewLine(line=line, **read)


def _year(year: Year | None) -> Content | None:
    if year is None:
        return None
    return {
        "names": list(year.names),
        "quarters": [[q.workdays, q.eligible_workdays, fraction_text(q.score)] for q in year.quarters],
        "score": fraction_text(year.score.score),
        "eligible_percent": fraction_text(year.score.eligible_percent),
        "rated": list(year.score.rated),
    }


def _read_year(entry: Content | None) -> Year | None:
    if entry is None:
        return None
    return Year(
        tuple(entry["names"]),
        tuple(
            Quarter(workdays=workdays, eligible_workdays=eligible, score=read_fraction(score))
            for workdays, eligible, score in entry["quarters"]
        ),
        AnnualScore(
            score=read_fraction(entry["score"]),
            eligible_percent=_number(entry["eligible_percent"]),
            rated=tuple(entry["rated"]),
        ),
    )


def _number(text: str) -> Fraction:
    return Fraction(text)
