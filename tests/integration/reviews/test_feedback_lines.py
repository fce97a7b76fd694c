"""Lines that 360° feedback tells: once a cycle has a round, the manager does not rate them a second time."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse

from appraisal.cycles.models import CycleState
from appraisal.cycles.queries import get_schemes
from appraisal.feedback.models import FeedbackRound
from appraisal.reports.scorecards import get_scorecard
from appraisal.reviews.conditions import Strength, feedback_released
from appraisal.reviews.figures.lines import ReviewLine
from appraisal.reviews.figures.runs import score_now
from appraisal.reviews.figures.sheets import iter_sheets
from appraisal.reviews.models import Review, ReviewState
from appraisal.reviews.rating import actions
from appraisal.scoring.rollup import Reason
from tests.integration.feedback.asking import AFTER, ask_and_answer, make_round, release
from tests.once import once_a_module
from tests.world import NOW, World, advance, build_world

pytestmark = pytest.mark.django_db

# Three colleagues: (5 + 4 + 3) ÷ 3 = 4 of 5 is 80 per cent. Response weighs 80 with 75 points, teamwork 20.
PEERS = {"peer": [5, 4, 3]}
WITH_FEEDBACK = Decimal("76.00")


@once_a_module
def built() -> World:
    return build_world()


@pytest.fixture
def feedback(world: World) -> FeedbackRound:
    return make_round(world.cycle)


def cooperation(review: Review) -> ReviewLine:
    sheet = next(iter(iter_sheets([review], get_schemes(review.cycle))))
    return next(line for line in sheet.lines if line.kpi.kpi.code == "cooperation")


def run_after_release(world: World) -> Review:
    score_now(world.cycle.runs.get(state="running"), now=AFTER)
    return Review.objects.get(pk=world.review.pk)


def test_the_released_figure_is_the_value_of_the_line(world: World, feedback: FeedbackRound) -> None:
    ask_and_answer(feedback, world.one, PEERS, by=world.users["HR"])
    release(feedback, by=world.users["HR"])
    review = run_after_release(world)
    line = cooperation(review)
    assert (line.value, line.n, line.points, line.reason) == (Fraction(80), 3, Fraction(80), "")
    assert (review.overall, review.active_percent) == (WITH_FEEDBACK, Decimal("90.00"))


def test_before_the_release_the_line_waits_and_its_weight_goes_on(world: World, feedback: FeedbackRound) -> None:
    ask_and_answer(feedback, world.one, PEERS, by=world.users["HR"])
    review = Review.objects.get(pk=world.review.pk)
    line = cooperation(review)
    assert (line.value, line.points, line.reason) == (None, None, Reason.AWAITING_FEEDBACK)
    assert review.overall == Decimal("75.00")


def test_a_figure_of_too_few_is_not_shown_and_its_weight_goes_on(world: World, feedback: FeedbackRound) -> None:
    ask_and_answer(feedback, world.one, {"peer": [5, 4]}, by=world.users["HR"])
    release(feedback, by=world.users["HR"])
    review = run_after_release(world)
    line = cooperation(review)
    assert (line.value, line.n, line.points, line.reason) == (None, 0, None, Reason.SUPPRESSED)
    assert review.overall == Decimal("75.00")


def save(world: World, review: Review, scores: dict[tuple[int, str], int]) -> Review:
    return actions.save_rating(
        review_id=review.pk, version=review.version, scores=scores, comment="", by=world.users["manager"], now=NOW
    )


def test_the_manager_is_not_asked_a_second_time(world: World) -> None:
    keys = world.rating_keys
    make_round(world.cycle)
    review = Review.objects.get(pk=world.review.pk)
    assert actions.criteria_of(review) == []
    with pytest.raises(ValidationError) as refused:
        save(world, review, dict.fromkeys(keys, 5))
    assert refused.value.code == "bad_rating"
    handed_in = actions.submit_review(review_id=review.pk, version=review.version, by=world.users["manager"], now=NOW)
    assert handed_in.state == ReviewState.CALIBRATED


def test_ratings_given_before_the_round_was_planned_give_way_to_it(world: World) -> None:
    save(world, world.review, dict.fromkeys(world.rating_keys, 5))
    feedback = make_round(world.cycle)
    ask_and_answer(feedback, world.one, PEERS, by=world.users["HR"])
    release(feedback, by=world.users["HR"])
    assert run_after_release(world).overall == WITH_FEEDBACK


def test_the_form_says_where_the_figure_comes_from(world: World, feedback: FeedbackRound, client: Client) -> None:
    client.force_login(world.users["manager"])
    page = client.get(
        reverse("rate_review", args=[world.review.pk]), headers={"accept-language": "en"}
    ).content.decode()
    assert "360° feedback tells this" in page
    assert 'type="radio"' not in page


def test_the_engineer_reads_it_only_once_the_results_are_out(world: World, feedback: FeedbackRound) -> None:
    ask_and_answer(feedback, world.one, PEERS, by=world.users["HR"])
    release(feedback, by=world.users["HR"])
    run_after_release(world)

    def shown() -> tuple[Decimal | None, str]:
        card = get_scorecard(viewer=world.users["engineer"], review_id=world.review.pk)
        line = next(line for line in card.lines if line.kpi == "cooperation")
        return line.points, str(line.reason)

    assert shown() == (None, Reason.AWAITING_FEEDBACK)
    advance(world.cycle, CycleState.PUBLISHED, by=world.users["HR"])
    assert shown() == (Decimal("80.00"), "")


def test_a_sealed_line_still_says_that_it_came_from_feedback(world: World, feedback: FeedbackRound) -> None:
    ask_and_answer(feedback, world.one, PEERS, by=world.users["HR"])
    release(feedback, by=world.users["HR"])
    run_after_release(world)
    advance(world.cycle, CycleState.PUBLISHED, by=world.users["HR"])
    line = cooperation(Review.objects.select_related("cycle").get(pk=world.review.pk))
    assert (line.is_feedback, line.value, line.n) == (True, Fraction(80), 3)


def test_publishing_without_the_release_needs_a_reason(world: World, feedback: FeedbackRound) -> None:
    assert [item.strength for item in feedback_released(world.cycle)] == [Strength.NEEDS_REASON]
    release(feedback, by=world.users["HR"])
    assert feedback_released(world.cycle) == []
