"""The manager's board as a heat map: the points of the scorecards, and only of people the manager answers for."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.translation import override

from appraisal.cycles.models import CycleState
from appraisal.reports.board import Board, get_board, tone_of
from appraisal.reports.results import ResultFilters
from appraisal.reviews.models import Review
from appraisal.scoring.rollup import GradeRules
from tests.factories import CycleFactory, TeamFactory
from tests.once import once_a_module
from tests.world import NOW, World, add_ticket, advance, build_world, score

pytestmark = pytest.mark.django_db


@once_a_module
def built() -> World:
    return build_world()


def board_of(world: World, role: str, **query: str) -> Board:
    filters = ResultFilters.of(query, sort="-overall")
    return get_board(viewer=world.users[role], cycle=world.cycle, filters=filters, page=1)


def test_a_cell_holds_the_points_of_a_weighed_line_in_the_tone_of_their_grade(world: World) -> None:
    with override("en"):
        board = board_of(world, "manager")
    # The volume only informs and has no column.
    assert board.columns == ("In time", "Repeat repairs", "Cooperation")
    (row,) = board.rows
    # 9 of 12 in time is 75 %, on a straight line 75 points: a B from 70 on, the middle of three grades.
    assert (row.cells[0].points, row.cells[0].tone) == (Decimal("75.00"), "plain")
    # Nobody has rated yet.
    assert (row.cells[2].points, row.cells[2].tone) == (None, "none")
    with override("en"):
        assert str(row.cells[2].reason_label) == "awaiting the manager's rating"
    assert [(grade, tone) for grade, _lower, tone in board.bands] == [("A", "good"), ("B", "plain"), ("D", "poor")]


def test_a_board_has_the_people_of_the_teams_below_best_first(world: World) -> None:
    add_ticket(world.two, 90, in_time=True)
    score(world.cycle, now=NOW)
    assert [row.review.engineer.name for row in board_of(world, "manager").rows] == ["One"]
    rows = board_of(world, "second level").rows
    # 10 of 13 against 9 of 12.
    assert [row.review.engineer.name for row in rows] == ["Two", "One"]
    assert board_of(world, "HR").rows == ()
    assert board_of(world, "engineer").rows == ()


def test_the_trend_is_against_the_last_published_cycle(world: World) -> None:
    assert board_of(world, "manager").earlier is None
    publish_and_open_next(world)
    (row,) = board_of(world, "manager").rows
    # 9 of 12 before, 10 of 10 now.
    assert row.cells[0].points == Decimal("100.00")
    assert row.cells[0].change == Decimal("25.00")
    assert row.change == Decimal("25.00")


def test_there_is_no_trend_from_a_review_the_manager_may_not_see(world: World) -> None:
    publish_and_open_next(world)
    Review.objects.filter(cycle__code="2026-Q1").update(team=TeamFactory(code="ELSEWHERE"))
    board = board_of(world, "manager")
    assert board.earlier is None
    assert board.rows[0].change is None
    assert board.rows[0].cells[0].change is None


@pytest.mark.parametrize(
    ("bands", "tones"),
    [
        (["S", "A", "B", "C", "D"], ["good", "good", "plain", "fair", "poor"]),
        (["A", "B", "C", "D"], ["good", "good", "fair", "poor"]),
        (["A", "B", "D"], ["good", "plain", "poor"]),
        (["A", "D"], ["good", "poor"]),
        (["A"], ["good"]),
    ],
)
def test_tones_follow_the_grades_whatever_their_names(bands: list[str], tones: list[str]) -> None:
    lowers = [Decimal(10 * (len(bands) - 1 - at)) for at in range(len(bands))]
    rules = GradeRules(bands=list(zip(bands, lowers, strict=True)), rated_from_percent=Fraction(0))
    assert [tone_of(lower, rules) for lower in lowers] == tones


def test_each_cell_leads_to_the_cases_of_its_line(world: World, client: Client) -> None:
    client.force_login(world.users["manager"])
    page = client.get(reverse("team_board"), headers={"accept-language": "en"}).content.decode()
    address = reverse("line_cases", args=[world.review.pk, world.result.line_id])
    assert f'<a class="heat-chip tone-plain" href="{address}" title="In time: 75.00 · n = 12">' in page
    assert client.get(address).status_code == 200


def publish_and_open_next(world: World) -> None:
    """Publish the first quarter, and leave ``world.cycle`` a second one with ten cases, all in time."""
    advance(world.cycle, CycleState.PUBLISHED, by=world.users["HR"])
    for number in range(10):
        ticket = add_ticket(world.one, 50 + number, in_time=True)
        for name in ("opened_at", "first_response_at", "resolved_at", "completed_at", "response_decided_at"):
            setattr(ticket, name, getattr(ticket, name).replace(month=4, day=1))
        ticket.save()
    following = CycleFactory(
        code="2026-Q2", name="Second quarter", start_date="2026-04-01", end_date="2026-06-30", scheme=world.version
    )
    advance(following, CycleState.MANAGER_REVIEW)
    score(following, now=NOW)
    world.cycle.__dict__.update(following.__dict__)
