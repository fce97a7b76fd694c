"""Each case of an appeal is upheld or not for itself; and a calibrated grade beside a new band is not silent."""

from __future__ import annotations

from decimal import Decimal

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.urls import reverse

from appraisal.cycles.models import CycleState
from appraisal.evidence.models import Ticket
from appraisal.notices.models import Notice
from appraisal.reviews.appeals import disputes
from appraisal.reviews.calibration.actions import calibrate
from appraisal.reviews.figures.seals import verify_cycle
from appraisal.reviews.models import AppealLine, Dispute, Review
from appraisal.reviews.steps.moves import move_cycle
from tests.integration.reviews.appealing import (
    REASON,
    appeal_of,
    claim_of,
    client_of,
    decide,
    publish,
    rated_line,
    rated_world,
    upheld_all,
)
from tests.world import IN_TIME, NOW, World, advance, score

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return publish(rated_world())


def outcomes(world: World) -> dict[str, tuple[str, bool]]:
    rows = Dispute.objects.values_list("number", "outcome", "is_left_out")
    return {number: (outcome, left_out) for number, outcome, left_out in rows}


def test_only_the_case_that_is_upheld_is_left_out(world: World) -> None:
    appeal = appeal_of(world, IN_TIME, IN_TIME + 1)
    first = appeal.disputes.get(number="E1-09")
    decided = decide(world, "partly", upheld=[first.pk])
    assert outcomes(world) == {"E1-09": ("upheld", True), "E1-10": ("refused", False)}
    # 9 of 11: 81.81… × 0.8 + 16; before and after stand beside each case.
    assert (decided.before["overall"], decided.after["overall"]) == ("76.00", "81.45")
    first.refresh_from_db()
    assert (first.before["value"], first.after["value"], first.reason) == ("75.00", "81.82", REASON)


def test_cases_that_would_lower_the_result_together_are_tried_one_by_one(world: World) -> None:
    """Four cases less are too few to be rated; those that lower nothing by themselves are left out all the same."""
    late, in_time = [IN_TIME, IN_TIME + 1], [0, 1]
    appeal = appeal_of(world, *late, *in_time)
    decide(world, upheld=upheld_all(appeal))
    # 9 of 10 after the two late ones; less one of those in time would be 8 of 9, and fewer than ten are not rated.
    assert outcomes(world) == {
        "E1-09": ("upheld", True),
        "E1-10": ("upheld", True),
        "E1-00": ("upheld", False),
        "E1-01": ("upheld", False),
    }
    assert Review.objects.get(pk=world.review.pk).overall == Decimal("88.00")
    assert list(verify_cycle(world.cycle)) == []


def test_points_count_where_the_cases_beside_them_would_lower_the_result(world: World) -> None:
    place = (0, rated_line(world))
    appeal = appeal_of(world, 0, 1, 2)
    decide(world, upheld=upheld_all(appeal), points={place: Decimal(100)})
    # 75 × 0.8 + 100 × 0.2; each case alone lowers the share.
    assert Review.objects.get(pk=world.review.pk).overall == Decimal("80.00")
    assert {left_out for _outcome, left_out in outcomes(world).values()} == {False}
    assert AppealLine.objects.get().points == Decimal(100)


def calibrated_world(grade: str) -> World:
    """76.00 gives a B; people decide another grade in the calibration."""
    built = rated_world()
    advance(built.cycle, CycleState.CALIBRATION, by=built.users["HR"])
    score(built.cycle, now=NOW)
    calibrate(
        review_id=built.review.pk,
        grade=grade,
        version=Review.objects.get(pk=built.review.pk).version,
        reason="Discussed with all managers of the region",
        by=built.users["second level"],
        now=NOW,
    )
    return built


def test_a_calibrated_grade_stands_beside_the_new_band_and_hr_is_asked_to_look_again() -> None:
    world = publish(calibrated_world("D"))
    assert Review.objects.get(pk=world.review.pk).grade == "D"
    appeal = appeal_of(world, IN_TIME, IN_TIME + 1, now=NOW)
    decided = decide(world, upheld=upheld_all(appeal))
    # 9 of 10: 90 × 0.8 + 16 = 88, the band of A; the decision of people is not overwritten.
    review = Review.objects.get(pk=world.review.pk)
    assert (review.overall, review.band_grade, review.grade) == (Decimal("88.00"), "A", "D")
    assert (decided.after["band_grade"], decided.after["calibrated"]) == ("A", "D")
    notice = Notice.objects.get(topic="appeal.grade_stands")
    assert (notice.user, notice.path) == (world.users["HR"], reverse("review_calibration", args=[review.pk]))
    page = client_of(world, "HR").get(reverse("review_appeal", args=[review.pk])).content.decode()
    assert "The calibrated grade D stands beside the new band A" in page
    assert notice.path in page
    engineer = client_of(world, "engineer").get(reverse("review_appeal", args=[review.pk])).content.decode()
    assert "The calibrated grade D stands beside the new band A" in engineer
    assert notice.path not in engineer


def test_closing_past_a_calibrated_grade_beside_another_band_takes_a_reason() -> None:
    world = publish(calibrated_world("D"))
    decide(world, upheld=upheld_all(appeal_of(world, IN_TIME, IN_TIME + 1)))
    closing = {"cycle_id": world.cycle.pk, "transition": "close", "by": world.users["HR"], "now": NOW}
    with pytest.raises(ValidationError, match="the calibrated grade D of One stands beside the band A"):
        move_cycle(**closing)
    move_cycle(**closing, reason="The managers looked again and keep it")
    world.cycle.refresh_from_db()
    assert world.cycle.state == CycleState.CLOSED


@pytest.mark.parametrize("grade", ["B", "A"])
def test_nothing_is_asked_where_the_band_stays_or_agrees(grade: str) -> None:
    """9 of 11 stay in the band of B; 9 of 10 reach the A that was decided."""
    world = publish(rated_world() if grade == "B" else calibrated_world("A"))
    cases = [IN_TIME] if grade == "B" else [IN_TIME, IN_TIME + 1]
    decided = decide(world, upheld=upheld_all(appeal_of(world, *cases)))
    assert "calibrated" not in decided.after
    assert not Notice.objects.filter(topic="appeal.grade_stands").exists()


@time_machine.travel(NOW, tick=False)
def test_a_dispute_upheld_in_calibration_says_the_same() -> None:
    world = calibrated_world("D")
    sent = {"review_id": world.review.pk, "now": NOW}
    for number in (IN_TIME, IN_TIME + 1):
        Ticket.objects.get(external_id=f"E1-{number:02}")
        dispute = disputes.raise_dispute(claim=claim_of(world, number), by=world.users["engineer"], **sent)
        decided = disputes.decide_dispute(
            dispute_id=dispute.pk, uphold=True, reason=REASON, by=world.users["HR"], **sent
        )
    assert (decided.after["band_grade"], decided.after["calibrated"]) == ("A", "D")
    assert Review.objects.get(pk=world.review.pk).grade == "D"
    assert Notice.objects.filter(topic="appeal.grade_stands", user=world.users["HR"]).count() == 1
    page = client_of(world, "HR").get(reverse("dispute_detail", args=[world.review.pk, decided.pk]))
    assert "The calibrated grade D stands beside the new band A" in page.content.decode()
