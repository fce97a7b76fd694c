"""A line explained: the value, the points, what it takes from the job family, where its weight went."""

from __future__ import annotations

import csv
import html
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from django.core.management import call_command
from django.urls import reverse
from django.utils import translation

from appraisal.cycles.models import ManualValue
from appraisal.kpis.models import Kpi
from appraisal.reviews.models import VetoEvent
from appraisal.reviews.rating import actions
from engineers.models import TeamMembership
from tests.factories import EngineerFactory, JobProfileFactory, TeamFactory, UserFactory, hr_user
from tests.integration.reports.lines import (
    add_tickets,
    calculations,
    client_of,
    kpi,
    line_of,
    open_cycle,
    page_of,
    results,
    review_of,
    scored,
    told,
)
from tests.world import NOW, build_world

pytestmark = pytest.mark.django_db


def test_a_share_is_added_up_from_its_cases() -> None:
    engineer = EngineerFactory()
    add_tickets(engineer, 20, met=17)
    curve = [[60, 0], [80, 60], [95, 100]]
    cycle = scored(open_cycle(kpi("response_sla_rate", target=95, curve=curve)))
    line = told(cycle, engineer, "response_sla_rate")
    why = line["explanation"]
    assert results(why["value_steps"]) == {"Cases that count as yes": "17", "Cases counted": "20", "Value": "85"}
    assert calculations(why["value_steps"]) == ["100 × 17 ÷ 20"]
    assert results(why["points_steps"]) == {
        "Anchor at 80, in points": "60",
        "Anchor at 95, in points": "100",
        "Points": "73.333333",
    }
    assert calculations(why["points_steps"]) == ["60 + (100 − 60) × (85 − 80) ÷ (95 − 80)"]
    assert why["sentences"][0] == "17 of 20 cases counted: 17 ÷ 20 = 85 %."
    assert why["n_sentence"].startswith("n = 20: tickets")
    assert (line["value"], line["points"], line["carries"], why["is_current"]) == ("85", "73.333333", "100", True)


def test_the_likely_range_is_shown_and_never_scored() -> None:
    engineer = EngineerFactory()
    add_tickets(engineer, 50, met=42)
    cycle = scored(open_cycle(kpi("response_sla_rate", target=95)))
    line = told(cycle, engineer, "response_sla_rate")
    interval = line["explanation"]["interval"]
    assert (interval["flag"], interval["target"]) == ("significantly_worse", "95")
    assert (round(Decimal(interval["lower"]), 2), round(Decimal(interval["upper"]), 2)) == (
        Decimal("71.49"),
        Decimal("91.66"),
    )
    assert line["points"] == "84"
    assert "the true share lies between 71.49 % and 91.66 %" in page_of(cycle, engineer, "response_sla_rate")


def test_few_cases_drawn_to_the_job_family_are_written_out() -> None:
    engineer, other = EngineerFactory(), EngineerFactory()
    add_tickets(engineer, 50, met=42)
    add_tickets(other, 30, met=24)
    cycle = scored(open_cycle(kpi("response_sla_rate", shrink_k=10)))
    line = told(cycle, engineer, "response_sla_rate")
    steps = line["explanation"]["shrink_steps"]
    assert calculations(steps) == ["100 × 24 ÷ 30", "(42 + 10 × 80 %) ÷ (50 + 10)"]
    assert results(steps) == {
        "Cases of others in the job family": "30",
        "Their mean": "80",
        "Cases of that mean added": "10",
        "Scored value": "83.333333",
    }
    assert (line["value"], line["scored_value"], line["points"]) == ("84", "83.333333", "83.333333")
    assert "84 % is scored as 83.33." in line["explanation"]["sentences"][1]
    assert "(42 + 10 × 80 %) ÷ (50 + 10)" in page_of(cycle, engineer, "response_sla_rate")


def test_without_others_in_the_job_family_the_value_stays() -> None:
    engineer = EngineerFactory(profile=JobProfileFactory())
    add_tickets(engineer, 4, met=3)
    cycle = scored(open_cycle(kpi("response_sla_rate", shrink_k=10)))
    steps = told(cycle, engineer, "response_sla_rate")["explanation"]["shrink_steps"]
    assert list(results(steps).values()) == ["0", "75"]


@pytest.mark.parametrize("is_scored", [True, False])
def test_the_mix_of_cases_is_shown_beside_the_raw_figure(is_scored: bool) -> None:
    """SPEC 6, E16: near .95, far .70, pool .80; A 9 of 10 and 30 of 40."""
    one, two, three = (EngineerFactory() for _ in range(3))
    for engineer, near, far in ((one, (10, 9), (40, 30)), (two, (40, 36), (10, 6)), (three, (150, 145), (250, 174))):
        add_tickets(engineer, near[0], met=near[1], region="near")
        add_tickets(engineer, far[0], met=far[1], region="far")
    cycle = scored(open_cycle(kpi("response_sla_rate", strata=["region"], scores_adjusted=is_scored)))
    line = told(cycle, one, "response_sla_rate")
    mix = line["explanation"]["case_mix"]
    assert [
        (each["name"], each["n"], each["met"], each["pool_percent"], each["expected"]) for each in mix["strata"]
    ] == [("region: far", 40, 30, "70", "28"), ("region: near", 10, 9, "95", "9.5")]
    assert results(mix["steps"]) == {
        "Observed": "39",
        "Expected": "37.5",
        "Observed ÷ expected": "1.04",
        "Rate of the family": "80",
        "Adjusted for the mix of cases, at most 100": "83.2",
        "Not adjusted": "78",
    }
    assert (line["value"], line["points"]) == ("78", "83.2" if is_scored else "78")
    assert mix["is_scored"] is is_scored
    assert 'id="case-mix"' in page_of(cycle, one, "response_sla_rate")


def test_a_rare_kind_of_case_says_that_its_rate_is_taken_together_with_others() -> None:
    engineer = EngineerFactory()
    for region, number in (("near", 30), ("far", 2), ("east", 3)):
        add_tickets(engineer, number, met=1, region=region)
    cycle = scored(open_cycle(kpi("response_sla_rate", strata=["region"])))
    strata = told(cycle, engineer, "response_sla_rate")["explanation"]["case_mix"]["strata"]
    assert {each["name"]: (each["is_merged"], each["pool_n"]) for each in strata} == {
        "region: east": (True, 5),
        "region: far": (True, 5),
        "region: near": (False, 30),
    }


def test_a_median_names_the_cases_it_lies_between() -> None:
    engineer = EngineerFactory()
    for minutes in (50, 10, 30, 20):
        add_tickets(engineer, 1, response_us=minutes * 60_000_000)
    settings = {"statistic": "median", "clock": "calendar", "curve": [[0, 100], [60, 0]]}
    cycle = scored(open_cycle(kpi("first_response_time", **settings)))
    why = told(cycle, engineer, "first_response_time")["explanation"]
    assert results(why["value_steps"]) == {
        "Case 2 in order of size": "20",
        "Case 3 in order of size": "30",
        "Way from the one to the other": "0.5",
        "Value": "25",
    }


def test_too_few_cases_give_no_points_and_say_how_many_are_needed() -> None:
    engineer = EngineerFactory()
    add_tickets(engineer, 4, met=3)
    cycle = scored(open_cycle(kpi("response_sla_rate", minimum_n=10)))
    line = told(cycle, engineer, "response_sla_rate")
    assert line["reason"] == "too_few"
    assert line["explanation"]["sentences"][1] == "No points: 4 cases are fewer than the 10 that are needed."
    assert line["explanation"]["points_steps"] == []


def test_nothing_gone_wrong_gives_full_points_and_says_so() -> None:
    engineer = EngineerFactory()
    add_tickets(engineer, 1, met=1)
    cycle = scored(open_cycle(kpi("followup_continuity", empty_policy="full")))
    line = told(cycle, engineer, "followup_continuity")
    assert (line["points"], line["value"]) == ("100", None)
    assert line["explanation"]["sentences"][1] == "No case, so nothing went wrong: full points, 100."


def test_a_value_entered_by_hand_names_who_entered_it_and_from_where() -> None:
    engineer = EngineerFactory()
    cycle = open_cycle(kpi("response_sla_rate"))
    ManualValue.objects.create(
        cycle=cycle,
        engineer=engineer,
        kpi=Kpi.objects.get(code="response_sla_rate"),
        value=Decimal("87.5"),
        n=8,
        evidence="Paper book 7",
        entered_by=UserFactory(username="clerk", first_name="Clerk"),
        entered_at=NOW,
    )
    scored(cycle)
    why = told(cycle, engineer, "response_sla_rate")["explanation"]
    assert (why["manual"]["value"], why["manual"]["n"], why["manual"]["evidence"]) == ("87.5", 8, "Paper book 7")
    assert why["manual"]["entered_by"] == "Clerk"
    assert why["sentences"][0] == "87.5 % was entered by hand, in place of what the records say."
    assert "Paper book 7" in page_of(cycle, engineer, "response_sla_rate")


def test_a_vetoed_line_names_the_event() -> None:
    engineer = EngineerFactory()
    add_tickets(engineer, 2, met=2)
    cycle = scored(open_cycle(kpi("response_sla_rate")))
    VetoEvent.objects.create(
        review=review_of(cycle, engineer),
        cause="falsified_report",
        effect="zero_kpi",
        kpi=Kpi.objects.get(code="response_sla_rate"),
        happened_on=date(2026, 2, 3),
        evidence="Report 9",
        proposed_by=hr_user(),
        proposed_at=NOW,
        decided_by=hr_user(),
        decided_at=NOW,
        is_approved=True,
    )
    line = told(cycle, engineer, "response_sla_rate")
    assert (line["points"], line["reason"]) == ("0", "vetoed")
    assert line["explanation"]["vetoes"][0]["happened_on"] == "2026-02-03"
    page = page_of(cycle, engineer, "response_sla_rate")
    assert "A confirmed event vetoes this line" in page
    assert "Falsified report, 2026-02-03: one KPI counts 0" in page


def test_weight_goes_from_a_line_without_points_to_named_others() -> None:
    engineer = EngineerFactory()
    add_tickets(engineer, 10, met=8)
    cycle = scored(
        open_cycle(
            kpi("response_sla_rate", weight=30),
            kpi("resolution_sla_rate", weight=30),
            kpi("csat_top2", weight=20),
            kpi("nps", weight=20, dimension="customers"),
        )
    )
    line = told(cycle, engineer, "response_sla_rate")
    assert (line["weight"], line["nominal"], line["received"], line["carries"]) == ("30", "30", "20", "50")
    assert line["received_from"] == [
        {"kpi": "csat_top2", "name": "Csat top2", "percent": "10"},
        {"kpi": "nps", "name": "Nps", "percent": "10"},
    ]
    assert line["explanation"]["sentences"][2] == (
        "It carries 50 of 100: 30 of its own and 20 from lines without points."
    )
    given = told(cycle, engineer, "nps")
    assert given["handed"] == [
        {"kpi": "response_sla_rate", "percent": "10"},
        {"kpi": "resolution_sla_rate", "percent": "10"},
    ]
    assert given["explanation"]["sentences"][2] == (
        "Its 20 of 100 go to: Response sla rate (10), Resolution sla rate (10)."
    )
    assert "It brings 80.00 × 50.00 ÷ 100" in page_of(cycle, engineer, "response_sla_rate")


def test_bonus_and_deduction_lines_say_what_they_add_and_take() -> None:
    engineer = EngineerFactory()
    add_tickets(engineer, 10, met=8)
    bonus = {"form": "bonus", "target": 70, "step": 5, "per_step": 1, "full_points": 5, "role": "bonus"}
    minus = {"form": "deduction", "target": 90, "step": 5, "per_step": 2, "full_points": 10, "role": "deduction"}
    cycle = scored(
        open_cycle(
            kpi("response_sla_rate"),
            kpi("resolution_sla_rate", weight=0, curve=[], **bonus),
            kpi("major_issue_resolution_rate", weight=0, curve=[]),
            kpi("problem_resolution_rate", weight=0, curve=[], **(minus | {"target": 110})),
        )
    )
    assert told(cycle, engineer, "resolution_sla_rate")["explanation"]["sentences"][2] == (
        "It adds 2 points on top of the overall."
    )
    assert told(cycle, engineer, "problem_resolution_rate")["explanation"]["sentences"][2] == (
        "It takes 4 points off the overall."
    )


def test_page_api_and_export_say_the_same_of_every_line(tmp_path: Path) -> None:
    world = build_world()
    path = tmp_path / "cycle.csv"
    with translation.override("en"):
        call_command("export_cycle", "2026-Q1", "--format", "csv", "--output", str(path))
    client = client_of(world.users["HR"])
    with path.open(encoding="utf-8-sig", newline="") as file:
        head, *rows = list(csv.reader(file))
    own = [row for row in rows if row[0] == "E1"]
    assert [row[8] for row in own] == ["in_time", "volume", "repeat", "cooperation"]
    for row in own:
        line_id = line_of(world.cycle, row[8])
        answer = client.get(reverse("api:review-line", args=[world.review.pk, line_id])).json()
        assert " ".join(answer["explanation"]["sentences"]) == row[head.index("Explanation")]
        page = client.get(reverse("line_cases", args=[world.review.pk, line_id])).content.decode()
        for sentence in answer["explanation"]["sentences"]:
            assert html.escape(sentence) in page


def test_a_rated_line_shows_the_criteria_and_hides_them_from_the_engineer_until_publication() -> None:
    world = build_world()
    actions.save_rating(
        review_id=world.review.pk,
        version=world.review.version,
        scores=dict(zip(world.rating_keys, (5, 4), strict=True)),
        comment="",
        by=world.users["manager"],
        now=NOW,
    )
    manager, engineer = client_of(world.users["manager"]), client_of(world.users["engineer"])
    why = told(world.cycle, world.one, "cooperation", client=manager)["explanation"]
    assert [(each["score"], each["anchor"]) for each in why["criteria"]] == [(5, "excellent"), (4, "good")]
    assert results(why["value_steps"])["Value"] == "90"
    assert "180 ÷ 2 = 90." in why["sentences"][0]
    hidden = told(world.cycle, world.one, "cooperation", client=engineer)
    assert (hidden["value"], hidden["points"], hidden["explanation"]["criteria"]) == (None, None, [])
    assert "excellent" not in page_of(world.cycle, world.one, "cooperation", client=engineer)


def test_a_part_of_the_cycle_is_explained_by_its_own_days() -> None:
    north, south = (TeamFactory(manager=UserFactory()) for _ in range(2))
    engineer = EngineerFactory(team=north, team__end_date=date(2026, 2, 15))
    TeamMembership.objects.create(engineer=engineer, team=south, start_date=date(2026, 2, 16))
    add_tickets(engineer, 4, met=1)  # on 2 February
    cycle = scored(open_cycle(kpi("response_sla_rate")))
    review, line_id = review_of(cycle, engineer), line_of(cycle, "response_sla_rate")
    address = reverse("api:review-line", args=[review.pk, line_id])
    client = client_of()
    first, second = (client.get(f"{address}?segment={number}").json() for number in (1, 2))
    assert (first["n"], first["value"], first["counted"]) == (4, "25", 4)
    assert (second["n"], second["value"], second["counted"]) == (0, None, 0)
    assert client.get(f"{address}?segment=3").status_code == 404
    card = client.get(reverse("scorecard_detail", args=[review.pk])).content.decode()
    assert f"/lines/{line_id}/?segment=2" in card


def test_records_that_changed_since_the_scoring_are_said() -> None:
    engineer = EngineerFactory()
    add_tickets(engineer, 2, met=1)
    cycle = scored(open_cycle(kpi("response_sla_rate")))
    assert told(cycle, engineer, "response_sla_rate")["explanation"]["is_current"] is True
    add_tickets(engineer, 1, met=1)
    assert told(cycle, engineer, "response_sla_rate")["explanation"]["is_current"] is False
    assert "The records have changed since the scoring" in page_of(cycle, engineer, "response_sla_rate")


def test_a_line_of_another_scheme_is_a_404() -> None:
    world = build_world()
    assert client_of().get(reverse("line_cases", args=[world.review.pk, 999_999])).status_code == 404
