"""Whatever cases an appeal upholds, overall and grade never fall, and nobody else's seal moves."""

from __future__ import annotations

from datetime import timedelta
from fractions import Fraction

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from appraisal.cycles.models import CycleState
from appraisal.evidence.models import Ticket
from appraisal.reviews.appeals import actions as appeals
from appraisal.reviews.appeals.claims import Claim
from appraisal.reviews.figures.seals import verify_cycle
from appraisal.reviews.models import Review, ReviewSeal
from appraisal.reviews.rating import actions
from appraisal.scoring.numbers import round_half_up
from tests.world import CASES, NOW, World, advance, build_world, score

pytestmark = pytest.mark.django_db

GRADES = ("A", "B", "D", "NR")
FEWEST = 10  # below which a share gives no points


@pytest.fixture
def world() -> World:
    built = build_world()
    actions.save_rating(
        review_id=built.review.pk,
        version=built.review.version,
        scores=dict.fromkeys(built.rating_keys, 4),
        comment="",
        by=built.users["manager"],
        now=NOW,
    )
    return built


def standing(met: list[bool]) -> tuple[Fraction | None, str]:
    """What these cases give: their share with 80 % of the weight, the manager's 80 points with the rest.

    Without the share too little of the weight can be measured: no rating.
    """
    if len(met) < FEWEST:
        return None, "NR"
    overall = Fraction(80 * sum(met), len(met)) + 16
    shown = round_half_up(overall)
    return overall, "A" if shown >= 85 else "B" if shown >= 70 else "D"


def expected(met: list[bool], upheld: list[int]) -> tuple[Fraction | None, str]:
    """All cases less if that lowers nothing; else each by itself, kept where it lowers nothing."""

    def less(*numbers: int) -> tuple[Fraction | None, str]:
        return standing([one for number, one in enumerate(met) if number not in numbers])

    def is_worse(one: tuple[Fraction | None, str], other: tuple[Fraction | None, str]) -> bool:
        return other[0] is not None and (one[0] is None or one[0] < other[0])

    if not is_worse(less(*upheld), standing(met)):
        return less(*upheld)
    gone: list[int] = []
    for number in upheld:
        if not is_worse(less(*gone, number), less(*gone)):
            gone.append(number)
    return less(*gone)


@settings(
    max_examples=6,
    deadline=timedelta(seconds=30),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    met=st.lists(st.booleans(), min_size=CASES, max_size=CASES),
    upheld=st.sets(st.integers(0, CASES - 1), min_size=1, max_size=4),
)
def test_an_upheld_appeal_never_lowers_overall_or_grade(world: World, met: list[bool], upheld: set[int]) -> None:
    with transaction.atomic():
        for number, in_time in enumerate(met):
            Ticket.objects.filter(external_id=f"E1-{number:02}").update(response_met=in_time)
        score(world.cycle, now=NOW)
        advance(world.cycle, CycleState.PUBLISHED, by=world.users["HR"])
        others = dict(ReviewSeal.objects.exclude(review=world.review).values_list("review", "content"))
        tickets = [Ticket.objects.get(external_id=f"E1-{number:02}") for number in sorted(upheld)]
        claims = [
            Claim(line_id=world.result.line_id, record_id=each.pk, cause="other", text="It was not my fault at all")
            for each in tickets
        ]
        sent = {"review_id": world.review.pk, "now": NOW}
        appeal = appeals.file_appeal(
            **sent, text="It was not my fault at all", claims=claims, by=world.users["engineer"]
        )
        appeals.decide_appeal(
            **sent,
            outcome="upheld",
            reason="The dispatcher confirms all of it",
            upheld=appeal.disputes.values_list("pk", flat=True),
            by=world.users["HR"],
        )
        before = standing(met)
        overall, grade = expected(met, sorted(upheld))
        review = Review.objects.get(pk=world.review.pk)
        assert review.overall == (None if overall is None else round_half_up(overall))
        assert review.grade == grade
        assert GRADES.index(review.grade) <= GRADES.index(before[1])
        assert dict(ReviewSeal.objects.exclude(review=world.review).values_list("review", "content")) == others
        assert list(verify_cycle(world.cycle)) == []
        transaction.set_rollback(True)
    world.cycle.refresh_from_db()
