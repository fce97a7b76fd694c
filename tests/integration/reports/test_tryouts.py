"""Trying a scheme version on a cycle: exact where nothing changes, by hand where something does, and never stored."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
import yaml
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from appraisal.cycles.models import Cycle, CycleScheme, KpiResult, ScoringPool
from appraisal.cycles.queries import get_schemes
from appraisal.kpis.actions import draft_scheme
from appraisal.kpis.files import dump_scheme, load_scheme
from appraisal.kpis.models import SchemeLine, SchemeVersion
from appraisal.reviews.figures.runs import roll_up_reviews
from appraisal.reviews.models import CriterionRating, LineOverride, Review, VetoEvent
from appraisal.reviews.rating import actions
from engineers.models import Engineer
from tests.factories import EngineerFactory, JobProfileFactory, auditor_user, hr_user
from tests.integration.reports.crowd import CRITERION, make_crowd
from tests.integration.reports.lines import (
    add_tickets,
    client_of,
    kpi,
    line_of,
    open_cycle,
    review_of,
    scored,
)
from tests.world import NOW, World, build_world, score

pytestmark = pytest.mark.django_db


@pytest.fixture
def crowd() -> Cycle:
    return make_crowd()


def next_version(cycle: Cycle, change: Any = None) -> SchemeVersion:
    """Write the cycle's scheme anew, changed, as the next active version."""
    held = CycleScheme.objects.get(cycle=cycle, profile=None).version
    file = yaml.safe_load(dump_scheme(held))
    kpis = {entry["code"]: entry for dimension in file["dimensions"] for entry in dimension["kpis"]}
    if change:
        change(file, kpis)
    return load_scheme(text=yaml.safe_dump(file, allow_unicode=True), by=None, now=NOW)


def tried(cycle: Cycle, version: SchemeVersion, client: Client | None = None, **asked: str) -> dict[str, Any]:
    """Try a version by the API; all people on one page."""
    address = reverse("api:scheme-tryout-list", args=[version.scheme.code, version.number])
    answer = (client or client_of()).get(address, {"cycle": cycle.code, "show": "all", "sort": "number"} | asked)
    assert answer.status_code == 200, answer.content
    found: dict[str, Any] = answer.json()
    return found


def figures(cycle: Cycle) -> dict[str, tuple[Decimal | None, str]]:
    return {r.engineer.employee_no: (r.overall, r.grade) for r in cycle.reviews.select_related("engineer")}


def after(found: dict[str, Any]) -> dict[str, tuple[Decimal | None, str]]:
    return {
        person["employee_no"]: (
            None if person["new_overall"] is None else Decimal(person["new_overall"]),
            person["new_grade"],
        )
        for person in found["people"]
    }


def test_the_version_of_the_cycle_gives_exactly_what_is_stored(crowd: Cycle) -> None:
    version = CycleScheme.objects.get(cycle=crowd).version
    stored = figures(crowd)
    assert len({overall for overall, _grade in stored.values()}) > 4, "the crowd has different scores"
    assert review_of(crowd, Engineer.objects.get(employee_no="M")).segments.count() == 2
    found = tried(crowd, version)
    assert after(found) == stored
    assert found["outcome"]["moved"] == 0
    assert found["outcome"]["before"] == found["outcome"]["after"]
    assert {entry["source"] for entry in found["outcome"]["kpis"]} == {"stored", "rated"}


def test_points_computed_anew_by_an_equal_curve_are_the_stored_ones(crowd: Cycle) -> None:
    def add_a_point_on_the_line(_file: Any, kpis: dict[str, Any]) -> None:
        for code in ("response_sla_rate", "resolution_sla_rate", "worklog_rate"):
            kpis[code]["curve"] = [[0, 0], [50, 50], [100, 100]]
        kpis["complaint_index"]["curve"] = [[0, 110], [5, 55], [10, 0]]

    found = tried(crowd, next_version(crowd, add_a_point_on_the_line))
    assert after(found) == figures(crowd)
    assert {entry["code"]: entry["source"] for entry in found["outcome"]["kpis"]} == {
        "response_sla_rate": "rescored",
        "resolution_sla_rate": "rescored",
        "complaint_index": "rescored",
        "worklog_rate": "rescored",
        "collaboration": "rated",
    }


def test_figures_measured_anew_from_the_records_are_the_stored_ones(crowd: Cycle) -> None:
    def name_all_kpis_anew(_file: Any, kpis: dict[str, Any]) -> None:
        for code in ("response_sla_rate", "resolution_sla_rate", "worklog_rate"):
            kpis[code]["code"] = f"new_{code}"

    version = next_version(crowd, name_all_kpis_anew)
    found = tried(crowd, version)
    sources = {entry["code"]: entry["source"] for entry in found["outcome"]["kpis"] if entry["new_weight"]}
    assert sources["new_resolution_sla_rate"] == sources["new_response_sla_rate"] == "measured"
    # C's points were given to the old KPI: only there the computed ones come back.
    stored = figures(crowd)
    LineOverride.objects.all().delete()
    roll_up_reviews(list(crowd.reviews.select_related("profile", "cycle")), get_schemes(crowd))
    assert after(found) == figures(crowd)
    assert stored["C"] != figures(crowd)["C"]


def test_a_tried_version_gives_what_a_real_cycle_under_it_gives(crowd: Cycle) -> None:
    def change(file: Any, kpis: dict[str, Any]) -> None:
        kpis["response_sla_rate"] |= {"weight": 20, "curve": [[50, 0], [90, 100]], "shrink_k": 0}
        kpis["resolution_sla_rate"] |= {"weight": 45, "strata": [], "scores_adjusted": False, "shrink_k": 20}
        kpis["complaint_index"] |= {"empty_policy": "redistribute"}
        kpis["worklog_rate"] |= {"empty_policy": "full"}
        file["grade_bands"] = [["S", 80], ["A", 60], ["D", 0]]
        file["bonus_cap"] = "1"

    version = next_version(crowd, change)
    found = tried(crowd, version)
    CycleScheme.objects.filter(cycle=crowd).update(version=version)
    LineOverride.objects.update(line_id=line_of(crowd, "response_sla_rate"))
    # In a real cycle the managers would have rated by the newest wording.
    CriterionRating.objects.update(
        kpi_version=SchemeLine.objects.get(dimension__code="people", dimension__version=version).kpi_version
    )
    scored(crowd)
    assert after(found) == figures(crowd)


def test_nothing_is_stored(crowd: Cycle) -> None:
    version = next_version(crowd, lambda file, kpis: kpis["response_sla_rate"].update(code="anew", weight=40))

    def everything() -> list[Any]:
        return [list(model.objects.order_by("pk").values()) for model in (KpiResult, ScoringPool, Review)]

    client = client_of()
    before = everything()
    with CaptureQueriesContext(connection) as captured:
        tried(crowd, version, client)
    assert everything() == before
    assert [query["sql"] for query in captured if query["sql"].startswith(("INSERT", "UPDATE", "DELETE"))] == []


@pytest.fixture
def pair() -> Cycle:
    """One answers 9 of 10 in time and solves 4 of 10, Two 6 and 8: 60 to 40 they have 70 and 68 points."""
    for number, response, resolution in (("E1", 9, 4), ("E2", 6, 8)):
        engineer = EngineerFactory(employee_no=number, name=f"Engineer {number}")
        add_tickets(engineer, 10, met=response, resolution_decided_at=None, resolution_met=None)
        add_tickets(engineer, 10, met=resolution, response_decided_at=None, response_met=None)
    return scored(open_cycle(kpi("response_sla_rate", weight=60), kpi("resolution_sla_rate", weight=40)))


def turn_weights_round(_file: Any, kpis: dict[str, Any]) -> None:
    kpis["response_sla_rate"]["weight"], kpis["resolution_sla_rate"]["weight"] = 20, 80


def test_other_weights_move_people_and_the_bonus(pair: Cycle) -> None:
    found = tried(pair, next_version(pair, turn_weights_round), base="1000")
    # E1: 0.2 × 90 + 0.8 × 40 = 50; E2: 0.2 × 60 + 0.8 × 80 = 76.
    assert figures(pair) == {"E1": (Decimal(70), "B"), "E2": (Decimal(68), "D")}
    assert after(found) == {"E1": (Decimal(50), "D"), "E2": (Decimal(76), "B")}
    outcome = found["outcome"]
    assert (outcome["moved"], outcome["risen"], outcome["fallen"]) == (2, 1, 1)
    assert outcome["before"] == {"rated": 2, "not_rated": 0, "mean": "69", "spread": "1"}
    assert outcome["after"] == {"rated": 2, "not_rated": 0, "mean": "63", "spread": "13"}
    # One B at 1.0 and one D at 0.5, both times.
    assert (outcome["bonus_before"], outcome["bonus_after"]) == ("1500", "1500")
    assert [(row["grade"], row["before"], row["after"]) for row in outcome["grades"]] == [
        ("A", 0, 0),
        ("B", 1, 1),
        ("D", 1, 1),
        ("NR", 0, 0),
    ]
    means = {entry["code"]: (entry["old_mean"], entry["new_mean"]) for entry in outcome["kpis"]}
    assert means == {"response_sla_rate": ("75", "75"), "resolution_sla_rate": ("60", "60")}


def test_the_bonus_counts_days_present_and_stops_at_a_veto(pair: Cycle) -> None:
    Review.objects.filter(cycle=pair, engineer__employee_no="E1").update(eligible_days=30, workdays=60)
    VetoEvent.objects.create(
        review=pair.reviews.get(engineer__employee_no="E2"),
        cause="falsified_report",
        effect="zero_bonus",
        happened_on=date(2026, 2, 3),
        evidence="Report 17 was never written",
        proposed_by=hr_user(),
        proposed_at=NOW,
        decided_by=hr_user(),
        decided_at=NOW,
        is_approved=True,
    )
    outcome = tried(pair, next_version(pair, turn_weights_round), c_B="1.2", c_D="0.4")["outcome"]
    # E1 alone, for half of the days: 1.2 ÷ 2 as a B, 0.4 ÷ 2 as a D.
    assert (outcome["bonus_before"], outcome["bonus_after"]) == ("0.6", "0.2")


def test_bands_and_the_cap_of_the_tried_version_count(pair: Cycle) -> None:
    def widen(file: dict[str, Any], _kpis: Any) -> None:
        file["grade_bands"] = [["Top", 69], ["Rest", 0]]

    found = tried(pair, next_version(pair, widen), c_Top="2", c_Rest="1")
    assert [grade for _overall, grade in after(found).values()] == ["Top", "Rest"]
    assert [row["grade"] for row in found["outcome"]["grades"]] == ["A", "B", "Top", "D", "Rest", "NR"]
    # Before one B at 1.0 and one D at 0.5.
    assert (found["outcome"]["bonus_before"], found["outcome"]["bonus_after"]) == ("1.5", "3")


def test_what_nobody_rated_is_named_and_its_weight_is_handed_on(pair: Cycle) -> None:
    def ask_managers(file: dict[str, Any], kpis: dict[str, Any]) -> None:
        kpis["response_sla_rate"]["weight"] = 30
        rated = kpi("collaboration", weight=30, criteria=[CRITERION])
        file["dimensions"].append({"code": "people", "name": {"zh": "人", "en": "People"}, "kpis": [rated]})

    found = tried(pair, next_version(pair, ask_managers))
    assert found["outcome"]["missing"] == ["collaboration"]
    # 30 : 40 of what is left.
    assert after(found)["E1"] == (Decimal("61.43"), "D")
    page = client_of().get(reverse("scheme_try", args=["tried", 2])).content.decode()
    assert "Nobody has points for these KPIs" in page
    assert "cannot be had: its weight is handed on" in page


def test_a_line_that_only_informed_can_be_tried_with_a_weight() -> None:
    engineer = EngineerFactory()
    add_tickets(engineer, 10, met=8)
    cycle = scored(open_cycle(kpi("response_sla_rate"), kpi("resolution_sla_rate", weight=0, curve=[])))

    def weigh(_file: Any, kpis: dict[str, Any]) -> None:
        kpis["response_sla_rate"]["weight"] = 50
        kpis["resolution_sla_rate"] |= {"weight": 50, "curve": [[0, 0], [80, 40], [100, 100]]}

    found = tried(cycle, next_version(cycle, weigh))
    assert after(found)[engineer.employee_no] == (Decimal(60), "D")


def test_only_those_are_tried_whose_scheme_is_replaced(pair: Cycle) -> None:
    other = JobProfileFactory()
    Engineer.objects.filter(employee_no="E2").update(profile=other)
    elsewhere = load_scheme(
        text=yaml.safe_dump(
            {
                "code": "elsewhere",
                "name": {"zh": "别处", "en": "Elsewhere"},
                "grade_bands": [["A", 50], ["D", 0]],
                "dimensions": [
                    {"code": "work", "name": {"zh": "工作", "en": "Work"}, "kpis": [kpi("resolution_sla_rate")]}
                ],
            }
        ),
        by=None,
        now=NOW,
    )
    CycleScheme.objects.create(cycle=pair, profile=other, version=elsewhere)
    score(pair, now=NOW)
    version = next_version(pair, turn_weights_round)
    assert figures(pair)["E2"] == (Decimal(80), "A")
    found = tried(pair, version)
    assert found["instead_of"] == "tried"
    assert after(found) == {"E1": (Decimal(50), "D"), "E2": (Decimal(80), "A")}
    assert after(tried(pair, version, instead_of="elsewhere")) == {"E1": (Decimal(70), "B"), "E2": (Decimal(76), "B")}


def test_a_year_is_tried_by_its_quarters(pair: Cycle) -> None:
    version = CycleScheme.objects.get(cycle=pair).version
    year = Cycle.objects.create(
        code="2026", name="2026", start_date="2026-01-01", end_date="2026-12-31", time_zone="Asia/Shanghai"
    )
    CycleScheme.objects.create(cycle=year, version=version)
    year.parts.add(pair)
    actions.open_cycle(cycle_id=year.pk, by=None, now=NOW)
    scored(year)
    assert figures(year) == figures(pair)
    assert after(tried(year, version)) == figures(year)
    found = tried(year, next_version(pair, turn_weights_round))
    assert after(found) == {"E1": (Decimal(50), "D"), "E2": (Decimal(76), "B")}


def test_the_page_lists_sorts_and_filters_people(pair: Cycle) -> None:
    version = next_version(pair, turn_weights_round)
    address = reverse("scheme_try", args=[version.scheme.code, version.number])

    def listed(**asked: str) -> list[str]:
        return [person.employee_no for person in client_of().get(address, asked).context["people"]]

    assert listed() == ["E1", "E2"], "the greatest loss first"
    assert listed(sort="-change") == ["E2", "E1"]
    assert listed(show="risen") == ["E2"]
    assert listed(show="fallen") == ["E1"]
    assert listed(show="not_rated") == []
    assert listed(before="B") == listed(after="D") == listed(q="engineer e1") == ["E1"]
    page = client_of().get(address, {"base": "many"})
    assert page.status_code == 422
    assert "Enter a number." in page.content.decode()
    assert client_of().get(address, {"cycle": "nowhere"}).status_code == 404


def test_hr_tries_a_draft_from_its_page_and_an_auditor_only_looks() -> None:
    world = build_world()
    draft = draft_scheme(scheme=world.version.scheme, by=None, now=NOW)
    client = client_of(world.users["HR"])
    form = client.get(reverse("scheme_draft", args=["small"])).context["form"]
    answer = client.post(
        reverse("scheme_draft", args=["small"]),
        {name: form[name].value() or "" for name in form.fields if not name.startswith("leads_")} | {"try": "1"},
    )
    address = reverse("scheme_try", args=["small", draft.number])
    assert (answer.status_code, answer["location"]) == (302, address)
    for user, status in ((auditor_user(), 200), (world.users["manager"], 404), (world.users["engineer"], 404)):
        assert client_of(user).get(address).status_code == status


def test_the_page_asks_the_same_number_of_questions_for_more_people() -> None:
    world: World = build_world()
    client = client_of(world.users["HR"])
    address = reverse("scheme_try", args=["small", 1])
    asked = []
    for _ in range(2):
        client.get(address)
        with CaptureQueriesContext(connection) as captured:
            assert client.get(address, {"show": "all"}).status_code == 200
        asked.append(len(captured))
        for _number in range(3):
            add_tickets(EngineerFactory(team=world.team), 10, met=3)
        score(world.cycle, now=NOW)
    assert asked[0] == asked[1]


def test_without_any_cycle_the_page_says_so() -> None:
    world = build_world()
    Cycle.objects.update(state="draft")
    page = client_of(world.users["HR"]).get(reverse("scheme_try", args=["small", 1]))
    assert "No cycle to try it on" in page.content.decode()
