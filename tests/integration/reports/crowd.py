"""A quarter of a few people with everything in it that bends a score."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from appraisal.cycles.models import Cycle
from appraisal.kpis.models import Kpi, SchemeLine
from appraisal.reviews.models import CriterionRating, LineOverride, Review, VetoEvent
from engineers.models import Leave, TeamMembership
from tests.factories import EngineerFactory, TeamFactory, UserFactory, hr_user
from tests.integration.reports.lines import INSIDE, add_tickets, kpi, line_of, open_cycle, review_of, scored
from tests.world import NOW

MARCH = INSIDE + timedelta(days=35)
ANCHORS = [{"zh": word, "en": word} for word in ("poor", "weak", "fair", "good", "excellent")]
CRITERION = {"code": "with_others", "name": {"zh": "配合", "en": "With others"}, "anchors": ANCHORS}


def decided_in(at: Any) -> dict[str, Any]:
    return {
        "opened_at": at,
        "first_response_at": at,
        "resolved_at": at,
        "completed_at": at,
        "response_decided_at": at,
        "resolution_decided_at": at,
    }


def make_crowd() -> Cycle:
    """A quarter with everything that bends a score: family means, case mix, segments, vetoes, overrides, absences."""
    north, south = (TeamFactory(manager=UserFactory()) for _ in range(2))
    people = {name: EngineerFactory(employee_no=name) for name in ("A", "B", "C", "D", "E")}
    moved = EngineerFactory(employee_no="M", team=north, team__end_date=date(2026, 2, 15))
    TeamMembership.objects.create(engineer=moved, team=south, start_date=date(2026, 2, 16))
    Leave.objects.create(engineer=people["E"], start_date=date(2026, 1, 1), end_date=date(2026, 3, 20))
    for at, engineer in enumerate((people["A"], people["B"], people["C"], people["E"]), start=1):
        add_tickets(engineer, 7 + at, met=5 + at, region="near")
        add_tickets(engineer, 3 * at, met=at, region="far")
    add_tickets(moved, 9, met=4, region="near")
    add_tickets(moved, 7, met=6, region="far", **decided_in(MARCH))
    cycle = scored(
        open_cycle(
            kpi("response_sla_rate", weight=40, shrink_k=10),
            kpi("resolution_sla_rate", weight=25, strata=["region"], scores_adjusted=True, shrink_k=5),
            kpi("complaint_index", weight=15, empty_policy="full", curve=[[0, 110], [10, 0]]),
            kpi("worklog_rate", weight=5, empty_policy="zero"),
            kpi("collaboration", weight=15, dimension="people", criteria=[CRITERION]),
            kpi("resolved_volume", weight=0, curve=[]),
            bonus_cap="3",
        )
    )
    rate(review_of(cycle, people["A"]), 5)
    rate(review_of(cycle, people["B"]), 2)
    LineOverride.objects.create(
        review=review_of(cycle, people["C"]),
        line_id=line_of(cycle, "response_sla_rate"),
        points=Decimal("66.6"),
        reason="The customer asked for a later date",
        entered_by=hr_user(),
        entered_at=NOW,
    )
    for effect, about in (
        ("grade_cap", {"grade": "D"}),
        ("zero_kpi", {"kpi": Kpi.objects.get(code="complaint_index")}),
        ("zero_bonus", {}),
    ):
        VetoEvent.objects.create(
            review=review_of(cycle, people["B" if effect == "zero_kpi" else "A"]),
            cause="safety_accident",
            effect=effect,
            happened_on=date(2026, 2, 3),
            evidence="Protocol 3 of the safety officer",
            proposed_by=hr_user(),
            proposed_at=NOW,
            decided_by=hr_user(),
            decided_at=NOW,
            is_approved=True,
            **about,
        )
    return scored(cycle)


def rate(review: Review, score: int) -> None:
    line = line_of(review.cycle, "collaboration")
    version = SchemeLine.objects.get(pk=line).kpi_version
    CriterionRating.objects.create(review=review, kpi_version=version, criterion="with_others", score=score)
