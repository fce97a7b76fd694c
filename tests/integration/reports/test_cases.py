"""The records behind a line: which counted and with what, which were left out and by which rule, who may open them."""

from __future__ import annotations

import csv
import io
from collections import Counter

import openpyxl
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from appraisal.evidence.models import Exclusion, JobType
from appraisal.reports.cases import CASES_PER_PAGE
from tests.factories import EngineerFactory, SurveyFactory, TeamFactory, UserFactory, VisitFactory, hr_user
from tests.integration.reports.lines import (
    INSIDE,
    add_tickets,
    client_of,
    kpi,
    line_of,
    listed,
    open_cycle,
    page_of,
    review_of,
    scored,
)
from tests.world import build_world

pytestmark = pytest.mark.django_db


def test_cases_left_out_name_their_rule_and_the_exclusion() -> None:
    engineer = EngineerFactory()
    add_tickets(engineer, 3, met=2)
    add_tickets(engineer, 1, exclusion=Exclusion.DUPLICATE)
    add_tickets(engineer, 2, job_type=JobType.PREVENTIVE)
    add_tickets(engineer, 1, no_fault_found=True)
    add_tickets(engineer, 1, resolved_at=None, completed_at=None)
    add_tickets(engineer, 1, priority=4)
    add_tickets(engineer, 2, priority=1, reopen_count=1)
    cycle = scored(open_cycle(kpi("first_time_fix_rate", filters={"priority": [1, 2, 3]})))
    counted = listed(cycle, engineer, "first_time_fix_rate")
    assert (counted["count"], [case["met"] for case in counted["cases"]]) == (2, [False, False])
    left_out = listed(cycle, engineer, "first_time_fix_rate", "?show=left_out")
    assert {rule["rule"]: rule["count"] for rule in left_out["rules"]} == {
        "excluded": 1,
        "undated": 1,
        "job_type": 2,
        "no_fault_found": 1,
        "filtered": 4,
    }
    assert [case["rule"] for case in left_out["cases"]].count("filtered") == 4
    labels = {case["rule"]: case["rule_label"] for case in left_out["cases"]}
    assert labels["excluded"].endswith(": duplicate")
    assert labels["no_fault_found"] == "cases in which no fault was found"
    page = page_of(cycle, engineer, "first_time_fix_rate", "?show=left_out")
    assert "cases not completed in the cycle: 1" in page
    assert '<span class="badge bg-secondary-lt ms-1" id="left-out">9</span>' in page


def test_a_case_shows_the_instants_that_decide_it() -> None:
    engineer = EngineerFactory()
    late = add_tickets(engineer, 1, met=0, first_response_at=INSIDE, response_decided_at=INSIDE).get()
    overdue = add_tickets(engineer, 1, first_response_at=None, response_decided_at=INSIDE).get()
    cycle = scored(open_cycle(kpi("response_sla_rate")))
    facts = {
        case["record_id"]: {fact["label"]: fact["value"] for fact in case["facts"]}
        for case in listed(cycle, engineer, "response_sla_rate")["cases"]
    }
    instant, share = "2026-02-02T02:00:00+00:00", "of the time promised"
    opened = {"opened": instant, "decided": instant}
    assert facts[late.pk] == opened | {"answered by a person": instant, "due": None, share: None}
    assert facts[overdue.pk] == opened | {"answered by a person": None, "due": instant, share: None}


def test_a_case_that_was_in_time_shows_how_much_of_the_promise_it_took() -> None:
    engineer = EngineerFactory()
    given = {"first_response_at": INSIDE, "response_decided_at": INSIDE, "response_due_at": INSIDE}
    ours = add_tickets(engineer, 1, response_share=409_444, **given).get()
    told = add_tickets(engineer, 1, **given).get()
    cycle = scored(open_cycle(kpi("response_sla_rate")))
    facts = {
        case["record_id"]: {fact["label"]: fact["value"] for fact in case["facts"]}
        for case in listed(cycle, engineer, "response_sla_rate")["cases"]
    }
    share = "of the time promised"
    assert (facts[ours.pk]["due"], facts[ours.pk][share]) == (None, "40.9444 %")
    assert facts[told.pk]["due"] == "2026-02-02T02:00:00+00:00", (
        "the source's own day, where no promise of ours is in force"
    )


def test_shared_credit_shows_the_minutes_of_the_engineer() -> None:
    engineer, helper = EngineerFactory(), EngineerFactory()
    ticket = add_tickets(engineer, 1, met=1, visit_minutes=120).get()
    for who, minutes in ((engineer, 30), (helper, 90)):
        VisitFactory(ticket=ticket, engineer=who, dispatched_at=INSIDE, minutes=minutes)
    cycle = scored(open_cycle(kpi("resolution_sla_rate", credit="share")))
    case = listed(cycle, helper, "resolution_sla_rate")["cases"][0]
    assert (case["own_minutes"], case["all_minutes"], case["met"]) == (90, 120, True)
    assert "× 30 ÷ 120" in page_of(cycle, engineer, "resolution_sla_rate")


def test_durations_are_listed_in_order_of_size() -> None:
    engineer = EngineerFactory()
    for minutes in (50, 10, 30):
        add_tickets(engineer, 1, response_us=minutes * 60_000_000)
    median = kpi("first_response_time", statistic="median", clock="calendar", curve=[], weight=0)
    cycle = scored(open_cycle(median, kpi("response_sla_rate")))
    cases = listed(cycle, engineer, "first_response_time")["cases"]
    assert [case["amount"] for case in cases] == ["10.00", "30.00", "50.00"]


def test_only_records_the_reader_may_open_are_links() -> None:
    team = TeamFactory(manager=UserFactory())
    account = UserFactory()
    engineer = EngineerFactory(user=account, team=team)
    other = EngineerFactory(team=TeamFactory())
    own = add_tickets(engineer, 1, met=1).get()
    foreign = add_tickets(other, 1, met=1, response_engineer=engineer).get()
    cycle = scored(open_cycle(kpi("response_sla_rate")))
    page = page_of(cycle, engineer, "response_sla_rate", client=client_of(account))
    assert f"/tickets/{own.pk}/" in page
    assert foreign.external_id in page
    assert f"/tickets/{foreign.pk}/" not in page
    assert f"/tickets/{foreign.pk}/" in page_of(cycle, engineer, "response_sla_rate")


def test_records_that_are_no_tickets_lead_to_their_own_page() -> None:
    engineer = EngineerFactory()
    survey = SurveyFactory(engineer=engineer, responded_at=INSIDE, score_hundredths=500)
    SurveyFactory(engineer=engineer, responded_at=INSIDE, score_hundredths=100, is_latest=False)
    cycle = scored(open_cycle(kpi("csat_avg", statistic="mean", curve=[[1, 0], [5, 100]])))
    page = page_of(cycle, engineer, "csat_avg")
    assert reverse("record_detail", args=["surveys", survey.pk]) in page
    assert listed(cycle, engineer, "csat_avg")["cases"][0]["amount"] == "5.00"
    assert listed(cycle, engineer, "csat_avg", "?show=left_out")["rules"][0]["rule"] == "superseded"


def test_long_lists_are_paged_and_cost_the_same_number_of_queries() -> None:
    engineer = EngineerFactory()
    add_tickets(engineer, 2, met=1)
    add_tickets(engineer, 1, exclusion=Exclusion.TEST)
    cycle = scored(open_cycle(kpi("response_sla_rate", shrink_k=10, strata=["priority"])))
    client = client_of()
    address = reverse("line_cases", args=[review_of(cycle, engineer).pk, line_of(cycle, "response_sla_rate")])

    def queries(query: str) -> int:
        client.get(address + query)
        with CaptureQueriesContext(connection) as captured:
            assert client.get(address + query).status_code == 200
        return len(captured)

    before = [queries(""), queries("?show=left_out")]
    add_tickets(engineer, CASES_PER_PAGE, met=3, priority=2)
    add_tickets(engineer, CASES_PER_PAGE, exclusion=Exclusion.TEST)
    scored(cycle)
    assert [queries(""), queries("?show=left_out")] == before
    found = client.get(address + "?page=2").context["found"]
    assert (found.page.paginator.num_pages, len(found.cases), found.left_out_count) == (2, 2, 1 + CASES_PER_PAGE)


@pytest.mark.parametrize("query", ["?part=evil", "?show=evil", "?segment=", "?segment=%C2%B2", "?page=0&part=%00x"])
def test_odd_queries_show_the_line_as_it_is(query: str) -> None:
    world = build_world()
    address = reverse("line_cases", args=[world.review.pk, world.result.line_id])
    assert client_of(world.users["HR"]).get(address + query).status_code in (200, 400)


def test_every_case_stands_in_the_file_with_the_rule_that_left_it_out() -> None:
    engineer = EngineerFactory(employee_no="E7")
    add_tickets(engineer, CASES_PER_PAGE + 1, met=CASES_PER_PAGE)
    add_tickets(engineer, 2, exclusion=Exclusion.DUPLICATE)
    cycle = scored(open_cycle(kpi("response_sla_rate")))
    line = {"review_id": review_of(cycle, engineer).pk, "line_id": line_of(cycle, "response_sla_rate")}
    answer = client_of(hr_user()).get(reverse("line_cases_file", kwargs=line | {"export_format": "csv"}))
    assert answer["Content-Disposition"] == f'attachment; filename="{cycle.code}-E7-response_sla_rate.csv"'
    titles, *rows = csv.reader(io.StringIO(answer.content.decode("utf-8-sig")))
    found = [dict(zip(titles, row, strict=True)) for row in rows]
    assert Counter((row["Counted"], row["Met"], row["Left out because"]) for row in found) == {
        ("yes", "yes", ""): CASES_PER_PAGE,
        ("yes", "no", ""): 1,
        ("no", "", "cancelled, duplicate, refused, withdrawn and test records: duplicate"): 2,
    }
    assert {row["Answered by a person"] for row in found} == {"2026-02-02 10:10"}
    xlsx, pdf = (
        client_of(hr_user()).get(reverse("line_cases_file", kwargs=line | {"export_format": name}))
        for name in ("xlsx", "pdf")
    )
    assert openpyxl.load_workbook(io.BytesIO(xlsx.content)).active.max_row == 1 + len(rows)
    assert pdf.status_code == 404
