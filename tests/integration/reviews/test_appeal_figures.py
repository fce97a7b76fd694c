"""Appeals where more than one case and one figure is in play: terms over holidays, shared pools, segments."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.urls import reverse

from appraisal.cycles.models import CycleState, KpiResult, ScoringPool
from appraisal.reports.cases import get_line_cases
from appraisal.reviews.appeals import actions as appeals
from appraisal.reviews.models import (
    CriterionRating,
)
from engineers.models import TeamMembership
from tests.integration.reviews.appealing import (
    WHY,
    appeal_of,
    claim_of,
    client_of,
    decide,
    publish,
    rated_world,
    seals,
    upheld_all,
    verify,
)
from tests.world import IN_TIME, NOW, advance, build_world, score

pytestmark = pytest.mark.django_db


def test_the_term_of_e18_ends_on_the_make_up_saturdays_wednesday() -> None:
    """Notified 2026-04-30, 7 workdays: 05-09 works, so 2026-05-13 is the last day (SPEC E18)."""
    built = rated_world()
    notified = datetime(2026, 4, 30, 8, 0, tzinfo=UTC)
    advance(built.cycle, CycleState.PUBLISHED, by=built.users["HR"], now=notified)
    with time_machine.travel(notified, tick=False):
        page = client_of(built, "engineer").get(reverse("scorecard_detail", args=[built.review.pk])).content.decode()
    assert "2026-05-13" in page
    with pytest.raises(ValidationError, match="ended on 2026-05-13"):
        appeal_of(built, now=datetime(2026, 5, 14, 1, 0, tzinfo=UTC))
    appeal = appeal_of(built, now=datetime(2026, 5, 13, 15, 59, tzinfo=UTC))
    assert (appeal.supplement_until, appeal.decide_by) == (date(2026, 5, 18), date(2026, 5, 27))


def test_shared_pools_move_nobody_else_and_the_others_stay_the_others() -> None:
    built = publish(rated_world(shrink=True))
    before = seals()
    pools = list(ScoringPool.objects.order_by("pk").values_list("cases", "met"))
    appeal = appeal_of(built, IN_TIME)
    decide(built, upheld=upheld_all(appeal))
    # One's 9 of 11, drawn by 10 cases to the 9 of 12 of the others: (9 + 7.5) ÷ 21.
    result = KpiResult.objects.get(pk=built.result.pk)
    assert result.points == "550/7"
    assert list(ScoringPool.objects.order_by("pk").values_list("cases", "met")) == pools
    after = seals()
    assert {pk: seal for pk, seal in after.items() if pk != built.review.pk} == {
        pk: seal for pk, seal in before.items() if pk != built.review.pk
    }
    assert verify()[0] == 0
    line = get_line_cases(viewer=built.users["HR"], review_id=built.review.pk, line_id=built.result.line_id)
    assert line.explanation.shrink_steps[0].result == 12, "cases of the others as explained"


def test_a_case_of_a_segment_leaves_the_segment_and_the_whole() -> None:
    built = build_world()
    period = TeamMembership.objects.get(engineer=built.one)
    period.end_date = date(2026, 2, 15)
    period.save()
    TeamMembership.objects.create(
        engineer=built.one, team=TeamMembership.objects.get(engineer=built.two).team, start_date="2026-02-16"
    )
    for version_id, criterion in built.rating_keys:
        CriterionRating.objects.create(review=built.review, kpi_version_id=version_id, criterion=criterion, score=4)
    score(built.cycle, now=NOW)
    publish(built)
    appeal = appeals.file_appeal(
        review_id=built.review.pk, text=WHY, claims=[claim_of(built, segment=1)], by=built.users["engineer"], now=NOW
    )
    decide(built, upheld=upheld_all(appeal))
    results = KpiResult.objects.filter(engineer=built.one, line=built.result.line).order_by("segment")
    assert [(each.segment, each.denominator) for each in results] == [(0, "11"), (1, "11"), (2, "")]
    assert verify()[0] == 0
