"""What charts say: the figures of the page, and nothing a reader may not know."""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from appraisal.cycles.models import CycleState
from appraisal.cycles.queries import get_schemes
from appraisal.reports.charts import dimension_radar, grade_distribution, overall_trend, points_curve
from appraisal.reports.scorecards import DimensionView, Scorecard, get_scorecard
from appraisal.reviews.figures.lines import ReviewLine
from appraisal.reviews.figures.sheets import iter_sheets
from appraisal.reviews.models import Review
from tests.factories import CycleFactory, EngineerFactory
from tests.once import once_a_module
from tests.world import World, advance, build_world

pytestmark = pytest.mark.django_db


@once_a_module
def built() -> World:
    return build_world()


def line_of(world: World, code: str) -> ReviewLine:
    review = Review.objects.select_related("cycle", "profile").get(pk=world.review.pk)
    sheet = next(iter(iter_sheets([review], get_schemes(world.cycle))))
    return next(line for line in sheet.lines if line.kpi.kpi.code == code)


def card_with(world: World, role: str, scores: dict[str, str]) -> Scorecard:
    card = get_scorecard(viewer=world.users[role], review_id=world.review.pk)
    dimensions = tuple(
        DimensionView(
            code=code, name=code, weight=Decimal(10), score=Decimal(score), carries=None, contribution=None, lines=()
        )
        for code, score in scores.items()
    )
    return replace(card, dimensions=dimensions)


def fill_team(world: World, scores: list[str], *, start: int = 0) -> None:
    """Give the team of One colleagues whose dimension "a" has these scores."""
    Review.objects.filter(pk=world.review.pk).update(dimensions=[{"code": "a", "score": "60", "weight": "10"}])
    for number, score in enumerate(scores, start=start):
        Review.objects.create(
            cycle=world.cycle,
            engineer=EngineerFactory(employee_no=f"C{number}"),
            team=world.team,
            dimensions=[{"code": "a", "score": score, "weight": "10"}],
        )


def test_the_curve_holds_the_persons_place_exactly(world: World) -> None:
    # 9 of 12 in time is 75 %, and the curve from (0, 0) to (100, 100) gives 75 points.
    chart = points_curve(line_of(world, "in_time"))
    assert chart is not None
    assert chart.data["place"]["at"] == ["75", "75"]
    assert ["75", "75"] in chart.data["points"]
    assert chart.rows[-1] == (Decimal("100.00"), Decimal("100.00"))


def test_a_line_without_points_has_no_curve(world: World) -> None:
    assert points_curve(line_of(world, "volume")) is None
    assert points_curve(replace(line_of(world, "in_time"), value=None)) is None


def test_a_radar_needs_three_dimensions(world: World) -> None:
    assert dimension_radar(card_with(world, "HR", {"a": "60", "b": "70"}), viewer=world.users["HR"]) is None
    chart = dimension_radar(card_with(world, "HR", {"a": "60", "b": "70", "c": "80"}), viewer=world.users["HR"])
    assert chart is not None
    assert chart.rows == (("a", Decimal(60), 100), ("b", Decimal(70), 100), ("c", Decimal(80), 100))


def test_the_mean_of_a_team_is_shown_from_four_on(world: World) -> None:
    card = card_with(world, "HR", {"a": "60", "b": "70", "c": "80"})
    fill_team(world, ["70", "80"])
    few = dimension_radar(card, viewer=world.users["HR"])
    assert few is not None
    assert len(few.header) == 3
    fill_team(world, ["91"], start=2)
    enough = dimension_radar(card, viewer=world.users["HR"])
    assert enough is not None
    # (60 + 70 + 80 + 91) ÷ 4
    assert enough.rows == (
        ("a", Decimal(60), 100, Decimal("75.25")),
        ("b", Decimal(70), 100, None),
        ("c", Decimal(80), 100, None),
    )
    # Of two dimensions nothing is known: drawn, they would be a mean of 0.
    assert [series["name"] for series in enough.data["series"]] == [card.name, "full points"]


def test_the_mean_of_a_team_is_drawn_where_it_is_known_of_every_dimension(world: World) -> None:
    fill_team(world, ["70", "80", "91"])
    whole = [{"code": code, "score": "50", "weight": "10"} for code in "abc"]
    Review.objects.filter(team=world.team).update(dimensions=whole)
    chart = dimension_radar(card_with(world, "HR", {"a": "60", "b": "70", "c": "80"}), viewer=world.users["HR"])
    assert chart is not None
    assert chart.data["series"][2] == {"name": "mean of the team", "values": ["50.00", "50.00", "50.00"]}


def test_engineers_read_the_mean_of_the_team_once_results_are_out(world: World) -> None:
    fill_team(world, ["70", "80", "91"])
    before = dimension_radar(
        card_with(world, "engineer", {"a": "60", "b": "70", "c": "80"}), viewer=world.users["engineer"]
    )
    assert before is not None
    assert len(before.header) == 3
    advance(world.cycle, CycleState.PUBLISHED, by=world.users["HR"])
    after = dimension_radar(
        card_with(world, "engineer", {"a": "60", "b": "70", "c": "80"}), viewer=world.users["engineer"]
    )
    assert after is not None
    assert len(after.header) == 4


def test_the_trend_holds_published_cycles_only(world: World) -> None:
    card = get_scorecard(viewer=world.users["engineer"], review_id=world.review.pk)
    for code, state in (("2025-Q3", CycleState.CLOSED), ("2025-Q4", CycleState.CALIBRATION)):
        cycle = CycleFactory(code=code, name=code, start_date=f"{code[:4]}-0{code[-1]}-01", state=CycleState.OPEN)
        Review.objects.create(cycle=cycle, engineer=world.one, overall=Decimal("81.50"), grade="B")
        type(cycle).objects.filter(pk=cycle.pk).update(state=state)
    chart = overall_trend(card, viewer=world.users["engineer"])
    assert chart is not None
    assert chart.rows == (("2025-Q3", Decimal("81.50"), "B"), ("First quarter", Decimal("75.00"), "B"))


def test_each_bar_of_the_grades_leads_to_its_reviews() -> None:
    chart = grade_distribution([("S", 1), ("B", 3)], address="/results/")
    assert chart is not None
    assert chart.rows == (("S", 1, Decimal("25.00")), ("B", 3, Decimal("75.00")))
    assert chart.data["series"][0]["links"] == ("/results/?grade=S", "/results/?grade=B")
    assert Fraction(sum(row[2] for row in chart.rows)) == 100


def test_a_page_with_a_chart_has_its_table_too(world: World, client: Client) -> None:
    client.force_login(world.users["HR"])
    page = client.get(reverse("cycle_results", args=[world.cycle.code]), headers={"accept-language": "en"})
    text = page.content.decode()
    assert 'data-chart="grades"' in text
    bar = f'<a href="{reverse("cycle_results", args=[world.cycle.code])}?grade=B">B</a>'
    assert f'<th scope="row" class="wrap">{bar}</th><td class="figure">2</td><td class="figure">100.00</td>' in text


def test_the_colours_of_charts_are_tokens_they_can_read_in_both_themes() -> None:
    """The drawing library knows #rrggbb, not light-dark() or oklch(): such text was black on black."""
    script = (settings.BASE_DIR / "static/js/charts/options.js").read_text(encoding="utf-8")
    style = (settings.BASE_DIR / "static/css/portal.css").read_text(encoding="utf-8")
    light, dark = style.split('[data-bs-theme="dark"] {')[:2]
    names = re.findall(r'token\("(--[a-z-]+)"\)', script)
    assert len(names) >= 7
    for name in names:
        for theme in (light, dark):
            assert re.search(rf"{name}: #[0-9a-f]{{6}};", theme), name
