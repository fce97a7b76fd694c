"""Small numbers of a segment lean on the others of its family, whatever the engineer did before (SPEC 2.6)."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

import pytest
from django.urls import reverse

from appraisal.cycles.models import Cycle, KpiResult
from engineers.models import Engineer, JobProfile, TeamMembership
from tests.factories import EngineerFactory, JobProfileFactory, TeamFactory, UserFactory
from tests.integration.reports.lines import (
    INSIDE,
    add_tickets,
    calculations,
    client_of,
    kpi,
    line_of,
    open_cycle,
    review_of,
    scored,
)

pytestmark = pytest.mark.django_db

IN_MARCH = {name: INSIDE.replace(month=3) for name in ("opened_at", "resolved_at", "completed_at")} | {
    "response_decided_at": INSIDE.replace(month=3),
    "resolution_decided_at": INSIDE.replace(month=3),
}


def moved(first: JobProfile | None, then: JobProfile | None) -> Engineer:
    """Somebody who changed managers on 16 February, and jobs where two are given: 3 of 4 met before, 1 of 2 after."""
    north, south = (TeamFactory(manager=UserFactory()) for _ in range(2))
    engineer: Engineer = EngineerFactory(team=north, team__end_date=date(2026, 2, 15), team__profile=first)
    TeamMembership.objects.create(engineer=engineer, team=south, start_date=date(2026, 2, 16), profile=then)
    add_tickets(engineer, 4, met=3)
    add_tickets(engineer, 2, met=1, **IN_MARCH)
    return engineer


def colleague(profile: JobProfile | None) -> None:
    """Another one of the family, with 8 of 10 met."""
    add_tickets(EngineerFactory(team=TeamFactory(), team__profile=profile), 10, met=8)


def leaning() -> Cycle:
    return scored(open_cycle(kpi("response_sla_rate", shrink_k=10)))


def values_of(cycle: Cycle, engineer: Engineer) -> dict[int, Fraction | None]:
    found = KpiResult.objects.filter(cycle=cycle, engineer=engineer).values_list("segment", "scored_value")
    return {segment: Fraction(value) if value else None for segment, value in found}


def told_of(cycle: Cycle, engineer: Engineer, segment: int) -> list[str]:
    address = reverse("api:review-line", args=[review_of(cycle, engineer).pk, line_of(cycle, "response_sla_rate")])
    line = client_of().get(f"{address}?segment={segment}").json()
    return calculations(line["explanation"]["shrink_steps"])


def test_a_segment_leans_on_the_others_without_the_engineers_other_segments() -> None:
    engineer = moved(None, None)
    colleague(None)
    cycle = leaning()
    # The others met 8 of 10: (4 + 10 × 80 %) ÷ 16, (3 + 8) ÷ 14, (1 + 8) ÷ 12.
    assert values_of(cycle, engineer) == {0: Fraction(75), 1: Fraction(1100, 14), 2: Fraction(75)}
    assert told_of(cycle, engineer, 1) == ["100 × 8 ÷ 10", "(3 + 10 × 80 %) ÷ (4 + 10)"]


def test_a_segment_in_another_job_leans_on_a_family_that_holds_nothing_of_the_engineer() -> None:
    repair, remote = JobProfileFactory(), JobProfileFactory()
    engineer = moved(repair, remote)
    colleague(repair)
    cycle = leaning()
    # In the job of today there is nobody else to lean on: 4 of 6, and 1 of 2.
    assert values_of(cycle, engineer) == {0: Fraction(400, 6), 1: Fraction(1100, 14), 2: Fraction(50)}
    assert told_of(cycle, engineer, 1) == ["100 × 8 ÷ 10", "(3 + 10 × 80 %) ÷ (4 + 10)"]
