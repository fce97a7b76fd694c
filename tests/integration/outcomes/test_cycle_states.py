"""What follows from results follows from published ones, and goes on after the cycle is closed."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError

from appraisal.cycles.models import Cycle, CycleState
from appraisal.outcomes import bonus, bonus_queries, honours, plans, training
from appraisal.reviews.vetoes import actions as vetoes
from tests.integration.outcomes.paying import bonus_of, compute, decided, draft, given
from tests.integration.outcomes.published import build_published
from tests.world import NOW, advance

pytestmark = pytest.mark.django_db


def test_a_veto_on_the_bonus_counts_as_it_was_published() -> None:
    world = build_published(state=CycleState.MANAGER_REVIEW)
    veto = vetoes.propose_veto(
        review_id=world.review.pk,
        cause="safety_accident",
        effect="zero_bonus",
        happened_on=NOW.date() - timedelta(days=30),
        evidence="Accident report 17/2026, signed by the safety officer",
        by=world.users["manager"],
        now=NOW,
    )
    vetoes.decide_veto(review_id=world.review.pk, veto_id=veto.pk, approve=True, by=world.users["HR"], now=NOW)
    advance(world.cycle, CycleState.PUBLISHED, by=world.users["HR"])
    plan = compute(world, draft(world, pool=Decimal(2000)))
    row = bonus_of(plan, world.review)
    assert (row.amount, row.reason, row.is_vetoed) == (0, "vetoed", True)
    assert bonus_of(plan, world.other_review).amount == 2000, "the budget goes to the others"
    assert bonus_queries.count_differences(plan) == 0


@pytest.mark.parametrize("state", [CycleState.MANAGER_REVIEW, CycleState.CALIBRATION])
def test_nothing_is_computed_before_publication(state: str) -> None:
    world = build_published(state=state)
    with pytest.raises(ValidationError, match="only published results have consequences"):
        bonus.create_plan(cycle_id=world.cycle.pk, **given(world))


def test_a_closed_cycle_still_gets_its_bonus() -> None:
    world = build_published(state=CycleState.CLOSED)
    assert bonus_of(decided(world), world.review).amount == 3300


def test_nothing_is_found_before_publication() -> None:
    world = build_published(state=CycleState.CALIBRATION, one=1)
    with pytest.raises(ValidationError, match="only published results"):
        training.request_needs(cycle_id=world.cycle.pk, **given(world))


def test_what_follows_goes_on_after_the_cycle_is_closed() -> None:
    world = build_published(one=1, state=CycleState.CLOSED)
    assert Cycle.objects.get(pk=world.cycle.pk).state == CycleState.CLOSED
    assert plans.draft_plan(review_id=world.review.pk, **given(world, "manager")).state == "draft"
    reason = "Two years of very good work with customers"
    made = honours.decide_promotion(
        review_id=world.review.pk,
        choice="not_now",
        reason=reason,
        **given(world),
    )
    assert made.choice == "not_now"
