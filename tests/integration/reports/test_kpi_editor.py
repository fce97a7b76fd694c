"""The curve beside the form of a KPI: the points of the one rule, the faults by field, people as counts only."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from appraisal.cycles.models import Cycle
from appraisal.kpis.models import KpiVersion
from appraisal.kpis.points import rule_of
from appraisal.reports.kpi_curves import RuleView, view_rule
from tests.factories import EngineerFactory
from tests.integration.reports.lines import add_tickets, client_of, kpi, open_cycle, scored

pytestmark = pytest.mark.django_db

RATE = {
    "measure": "response_sla_rate",
    "name_zh": "及时率",
    "name_en": "In time",
    "statistic": "rate",
    "direction": "up",
    "minimum_n": "1",
    "empty_policy": "redistribute",
}
CURVE = {
    "form": "anchors",
    "curve_value_0": "0",
    "curve_points_0": "0",
    "curve_value_1": "80",
    "curve_points_1": "100",
}
FORMS = [
    CURVE,
    CURVE | {"cliff": "on", "curve_value_0": "50", "curve_points_0": "60"},
    CURVE | {"form": "bands"},
    {"form": "ratio", "target": "95"},
    {"form": "deduction", "target": "90", "step": "3", "per_step": "7", "full_points": "100", "steps": "ceil"},
    {"form": "bonus", "target": "95", "step": "0.5", "per_step": "1", "full_points": "5", "steps": "floor"},
]


@pytest.fixture
def hr() -> Client:
    return client_of()


@pytest.fixture
def cycle() -> Cycle:
    """Three with 20, 85 and 100 percent; the fourth has one case."""
    for met, number in ((2, 10), (17, 20), (10, 10), (1, 1)):
        add_tickets(EngineerFactory(), number, met=met)
    return scored(open_cycle(kpi("response_sla_rate")))


def previewed(client: Client, *parts: dict[str, str], page: str = "") -> Any:
    entered = {name: value for part in (RATE, *parts, {"preview": "1"}) for name, value in part.items()}
    return client.post(page or reverse("kpi_new"), {"code": "unsaved"} | entered)


def view(client: Client, *parts: dict[str, str]) -> RuleView:
    found: RuleView = previewed(client, *parts).context["rule"]
    return found


@pytest.mark.parametrize("form", FORMS)
def test_every_point_drawn_is_what_the_rule_gives(hr: Client, form: dict[str, str]) -> None:
    curve = view(hr, form).curve
    assert curve is not None
    assert not KpiVersion.objects.exists(), "a look stores nothing"
    assert hr.post(reverse("kpi_new"), RATE | form | {"code": "saved"}).status_code == 302
    rule = rule_of(KpiVersion.objects.get())
    assert rule is not None
    drawn = [(Fraction(value), Fraction(points)) for value, points in curve.data["points"]]
    assert len(drawn) > 100
    assert [value for value, _points in drawn] == sorted(value for value, _points in drawn)
    beside = Fraction(1, 1_000_000)
    for value, points in drawn:
        # A value is written with six places: at a jump it may lie on either side of its bound.
        exact = [rule.points(value + sign * beside) for sign in (-1, 0, 1)]
        assert min(abs(points - each) for each in exact if each is not None) <= Fraction(1, 1000), value
    for sample in curve.rows:
        assert Fraction(str(sample[1])) == round(rule.points(Fraction(str(sample[0]))) or 0, 4)


def test_a_jump_is_drawn_as_a_jump(hr: Client) -> None:
    curve = view(hr, CURVE | {"form": "bands", "curve_value_0": "50", "curve_points_0": "60"}).curve
    assert curve is not None
    drawn = {Fraction(value): Fraction(points) for value, points in curve.data["points"]}
    below = max(value for value in drawn if value < 80)
    assert (drawn[below], drawn[Fraction(80)]) == (60, 100)
    assert 80 - below < Fraction(1, 50)


def test_the_people_of_the_last_cycle_lie_below_the_curve_as_counts_only(hr: Client, cycle: Cycle) -> None:
    found = view(hr, CURVE | {"minimum_n": "5"})
    assert found.people is not None
    # From 0 to 100 in twenty parts of five percent.
    assert found.people.data["edges"] == [str(5 * at) for at in range(21)]
    counts = [0] * 20
    counts[4] = counts[17] = counts[19] = 1
    assert found.people.data["counts"] == counts
    assert found.people.rows == (("20 – 25", 1), ("85 – 90", 1), ("95 – 100", 1))
    assert found.too_few == 1
    page = previewed(hr, CURVE, {"minimum_n": "5"}).content.decode()
    assert "3 people of First quarter" in page
    assert "1 person has too few cases to be scored." in page
    assert "Engineer" not in page.split('id="points"')[1].split("</details>")[1]


def test_people_beyond_the_values_drawn_stand_at_the_ends(hr: Client, cycle: Cycle) -> None:
    narrow = {"curve_value_0": "90", "curve_value_1": "96"}
    found = view(hr, CURVE | narrow)
    assert found.people is not None
    assert (found.people.data["counts"][0], found.people.data["counts"][-1]) == (2, 2)
    assert "lie beyond the values drawn" in found.people.summary


@pytest.mark.parametrize(
    "changes", [{"measure": "resolution_sla_rate"}, {"filter_priority": "1"}, {"credit": "owner"}]
)
def test_people_are_shown_only_where_the_cycle_asked_the_same(
    hr: Client, cycle: Cycle, changes: dict[str, str]
) -> None:
    assert view(hr, CURVE).people is not None
    assert view(hr, CURVE | changes).people is None
    assert view(hr, CURVE | changes).curve is not None


def test_what_is_wrong_is_listed_by_field_and_nothing_is_drawn(hr: Client) -> None:
    for entered, said in (
        ({"form": "deduction", "target": "90"}, "This form of scoring needs it."),
        (CURVE | {"curve_points_1": ""}, "Fill in both the value and the points."),
        (CURVE | {"curve_points_0": "120"}, "Points must rise where higher is better"),
        (CURVE | {"curve_value_1": "0"}, "Each value may stand in the curve only once"),
    ):
        answer = previewed(hr, entered)
        assert answer.status_code == 200
        assert answer.context["rule"] is None
        part = answer.content.decode().split('id="points"')[1]
        assert said in part
        assert "data-chart" not in part


def test_a_script_gets_the_part_alone_with_the_same_figures(hr: Client, cycle: Cycle) -> None:
    whole = previewed(hr, CURVE)
    part = hr.post(
        reverse("kpi_new"), {"code": "unsaved"} | RATE | CURVE | {"preview": "1"}, headers={"hx-request": "true"}
    )
    assert part.content.decode().strip().startswith('<div id="points"')
    assert part.content.decode().strip() in whole.content.decode()


def test_the_page_of_a_kpi_draws_what_is_stored(hr: Client, cycle: Cycle) -> None:
    page = hr.get(reverse("kpi_edit", args=["response_sla_rate"]))
    stored = view_rule(KpiVersion.objects.get(kpi__code="response_sla_rate"), cycle=cycle)
    assert page.context["rule"] == stored
    assert stored.people is not None
    assert sum(stored.people.data["counts"]) == 4
    assert [use.scheme.code for use in page.context["uses"]] == ["tried"]
