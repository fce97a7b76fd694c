"""HR's first page: the cycle under way, its next step, and what is open; none of it for anybody else."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse

from appraisal.cycles.models import Cycle, CycleState
from appraisal.kpis.models import SchemeVersion
from appraisal.reports.overview import Overview, get_overview
from appraisal.reviews.appeals.claims import Claim
from appraisal.reviews.appeals.disputes import raise_dispute
from appraisal.reviews.models import Review, ReviewState
from tests.factories import CycleFactory
from tests.once import once_a_module
from tests.world import NOW, World, advance, build_world

pytestmark = pytest.mark.django_db


@once_a_module
def built() -> World:
    return build_world()


def overview_of(world: World, role: str = "HR") -> Overview:
    overview = get_overview(viewer=world.users[role])
    assert overview is not None
    return overview


def test_hr_sees_where_the_cycle_stands_and_what_is_next(world: World) -> None:
    Review.objects.filter(pk=world.review.pk).update(
        state=ReviewState.CALIBRATED, active_percent=Decimal("70.00"), grade="B", submitted_at=NOW
    )
    Review.objects.filter(pk=world.other_review.pk).update(active_percent=Decimal("25.01"), grade="NR")
    overview = overview_of(world)
    assert overview.cycle == world.cycle
    assert (overview.engineers, overview.handed_in, overview.unrated) == (2, 1, 1)
    # (70 + 25.01) ÷ 2, half up.
    assert overview.measured_percent == Decimal("47.51")
    assert [(share.grade, share.number, share.percent) for share in overview.grades] == [
        ("B", 1, Decimal("50.00")),
        ("NR", 1, Decimal("50.00")),
    ]
    assert overview.step is not None
    assert overview.step.name == "start_calibration"
    # One review is not handed in: the step takes a reason, so it is no single press.
    assert [str(item.path) for item in overview.open_items] != []
    assert not overview.is_ready


def test_a_step_nothing_stands_against_is_one_button(world: World, client: Client) -> None:
    Cycle.objects.filter(pk=world.cycle.pk).update(state=CycleState.CLOSED)
    following = CycleFactory(code="2026-Q2", scheme=world.version)
    advance(following, CycleState.OPEN)
    client.force_login(world.users["HR"])
    page = client.get(reverse("home")).content.decode()
    assert f'action="{reverse("move_cycle", args=["2026-Q2"])}"' in page
    assert 'name="transition" value="start_manager_review"' in page
    client.post(reverse("move_cycle", args=["2026-Q2"]), {"transition": "start_manager_review"})
    following.refresh_from_db()
    assert following.state == CycleState.MANAGER_REVIEW


def test_an_auditor_reads_it_without_a_step(world: World, client: Client) -> None:
    assert overview_of(world, "auditor").step is None
    client.force_login(world.users["auditor"])
    page = client.get(reverse("home")).content.decode()
    assert 'id="overview"' in page
    assert "move/" not in page


@pytest.mark.parametrize("role", ["engineer", "manager", "second level", "administrator"])
def test_nobody_else_sees_it(world: World, role: str) -> None:
    assert get_overview(viewer=world.users[role]) is None


def test_there_is_none_without_a_cycle_that_is_not_over(world: World) -> None:
    Cycle.objects.filter(pk=world.cycle.pk).update(state=CycleState.CLOSED)
    assert get_overview(viewer=world.users["HR"]) is None


def test_the_managers_means_are_compared_with_the_mean_of_all(world: World) -> None:
    Review.objects.filter(pk=world.review.pk).update(overall=Decimal("80.00"), grade="B")
    Review.objects.filter(pk=world.other_review.pk).update(overall=Decimal("75.01"), grade="B")
    assert [(each.manager, each.reviews, each.difference) for each in overview_of(world).leniencies] == [
        (str(world.users["manager"]), 1, Decimal("2.50")),
        (str(world.users["other manager"]), 1, Decimal("-2.50")),
    ]
    # Who is not rated has no score to be lenient with, and one manager alone has nobody to be compared with.
    Review.objects.filter(pk=world.other_review.pk).update(grade="NR")
    assert overview_of(world).leniencies == ()


def test_the_shares_that_are_wanted_stand_beside_those_there_are(world: World) -> None:
    SchemeVersion.objects.filter(pk=world.version.pk).update(
        distribution={
            "shares": [{"grade": grade, "percent": "50", "cap": False} for grade in ("A", "B")],
            "smallest_pool": 2,
        }
    )
    Review.objects.filter(cycle=world.cycle).update(overall=Decimal("75.00"), band_grade="B", grade="B")
    assert [(share.grade, share.number, share.wanted) for share in overview_of(world).grades] == [
        ("A", 0, 1),
        ("B", 2, 1),
    ]


def test_what_waits_for_a_decision_in_the_cycle_is_counted(world: World) -> None:
    assert overview_of(world).open_appeals == 0
    claim = Claim(
        line_id=world.result.line_id, record_id=world.ticket.pk, cause="wrong_dispatch", text="That was not me at all."
    )
    raise_dispute(review_id=world.review.pk, claim=claim, by=world.users["engineer"], now=NOW)
    assert overview_of(world).open_appeals == 1
