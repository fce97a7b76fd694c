"""Complaints: what is charged to an engineer, and how heavily. Source: SPEC 1 ``complaint_index``, E8."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from appraisal.scoring.values import per_hundred


class Severity(StrEnum):
    GENERAL = "general"
    SERIOUS = "serious"
    MAJOR = "major"


class Verdict(StrEnum):
    PENDING = "pending"
    JUSTIFIED = "justified"
    UNJUSTIFIED = "unjustified"


SEVERITY_WEIGHT = {Severity.GENERAL: 1, Severity.SERIOUS: 3, Severity.MAJOR: 5}


@dataclass(frozen=True, kw_only=True)
class Complaint:
    severity: Severity
    verdict: Verdict


@dataclass(frozen=True, kw_only=True)
class ComplaintRates:
    """Justified complaints per 100 closed cases, plain and by severity; None without a closed case."""

    per_hundred: Fraction | None
    weighted_per_hundred: Fraction | None


def complaint_rates(complaints: Iterable[Complaint], *, closed: int) -> ComplaintRates:
    """Count what is justified only: a pending complaint waits for its decision."""
    weights = [SEVERITY_WEIGHT[each.severity] for each in complaints if each.verdict is Verdict.JUSTIFIED]
    return ComplaintRates(
        per_hundred=per_hundred(total=len(weights), base=closed),
        weighted_per_hundred=per_hundred(total=sum(weights), base=closed),
    )
