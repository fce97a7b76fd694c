"""The review of the KPIs after a cycle: every figure by hand, every sentence where it belongs."""

from __future__ import annotations

import csv
import io
import re
from decimal import Decimal
from typing import Any
from urllib.parse import quote

import openpyxl
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from appraisal.cycles.models import Cycle
from appraisal.evidence.models import ServiceReport, Ticket
from appraisal.reviews.models import Dispute, LineOverride
from engineers.models import AuditEntry, Engineer
from tests.factories import ComplaintFactory, EngineerFactory, auditor_user, hr_user
from tests.integration.reports.lines import INSIDE, add_tickets, client_of, kpi, line_of, open_cycle, review_of, scored
from tests.world import NOW, build_world, score

pytestmark = pytest.mark.django_db

# Answered in time, and solved in time, of ten each; everybody has a twin.
CROWD = [(10, 2), (10, 4), (10, 5), (10, 7), (9, 8), (0, 10)] * 2


@pytest.fixture
def cycle() -> Cycle:
    for at, (response, resolution) in enumerate(CROWD):
        engineer = EngineerFactory(employee_no=f"E{at}")
        add_tickets(engineer, 10, met=response, resolution_decided_at=None, resolution_met=None)
        add_tickets(engineer, 10, met=resolution, response_decided_at=None, response_met=None)
    return scored(
        open_cycle(
            kpi("response_sla_rate", weight=40, curve=[[0, 0], [90, 100]]),
            kpi("resolution_sla_rate", weight=30),
            kpi("resolution_sla_rate", code="the_same_again", weight=20),
            kpi("csat_top2", weight=10),
            kpi("resolved_volume", weight=0, curve=[]),
        )
    )


def reviewed(cycle: Cycle) -> dict[str, Any]:
    found: dict[str, Any] = client_of().get(reverse("api:cycle-kpi-review-list", args=[cycle.code])).json()
    return found


def kpi_of(cycle: Cycle, code: str) -> dict[str, Any]:
    return next(each for each in reviewed(cycle)["kpis"] if each["code"] == code)


def page_of(cycle: Cycle) -> str:
    answer = client_of().get(reverse("cycle_kpi_review", args=[cycle.code]))
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def test_points_are_counted_by_tenths_with_their_highest_and_lowest(cycle: Cycle) -> None:
    found = kpi_of(cycle, "response_sla_rate")
    # 100, 100, 100, 100, 90 and 0 percent; 100 points from 90 percent on.
    assert (found["people"], found["measured"], found["scored"]) == (12, 12, 12)
    assert (found["at_highest"], found["highest_percent"], found["highest"]) == (10, "83.3", "100")
    assert (found["at_lowest"], found["lowest_percent"], found["lowest"]) == (2, "16.7", "0")
    assert [each["people"] for each in found["bins"]] == [2, 0, 0, 0, 0, 0, 0, 0, 0, 10]
    # Five sixths of 100: mean 83.33, deviation √(5 · 100² ÷ 6 − 83.33²).
    assert (found["mean"], found["spread"]) == ("83.33", "37.27")
    other = kpi_of(cycle, "resolution_sla_rate")
    # 20, 40, 50, 70, 80, 100: a bound belongs to the bin above it, the very top to the last.
    assert [each["people"] for each in other["bins"]] == [0, 0, 2, 0, 2, 2, 0, 2, 2, 2]
    assert (other["mean"], other["at_highest"]) == ("60", 2)


def test_a_target_nearly_everybody_reaches_is_named(cycle: Cycle) -> None:
    (sentence,) = kpi_of(cycle, "response_sla_rate")["findings"]
    assert sentence.startswith("83.3 % reach the highest points: the target tells nobody apart.")
    assert "83.3 % reach the highest points" in page_of(cycle)


def test_what_nobody_has_is_named_with_its_reason(cycle: Cycle) -> None:
    found = kpi_of(cycle, "csat_top2")
    assert (found["measured"], found["scored"], found["without_percent"]) == (0, 0, "100")
    assert [(each["reason"], each["people"]) for each in found["reasons"]] == [("no_data", 12)]
    assert found["findings"][0].startswith("Nobody has points")


def test_points_that_stand_for_no_case_are_no_figures_and_hand_nothing_on() -> None:
    for _ in range(6):
        add_tickets(EngineerFactory(), 10, met=10)
    EngineerFactory()  # had no case at all
    cycle = scored(open_cycle(kpi("followup_continuity", empty_policy="full")))
    found = kpi_of(cycle, "followup_continuity")
    assert (found["people"], found["measured"], found["scored"], found["without_percent"]) == (7, 0, 6, "100")
    assert {each["reason"]: each["people"] for each in found["reasons"]} == {"no_data": 6, "not_applicable": 1}
    (sentence,) = found["findings"]
    assert sentence.startswith("100 % reach the highest points")


def test_kpis_that_go_along_are_told(cycle: Cycle) -> None:
    pairs = {(each["first"], each["second"]): each for each in reviewed(cycle)["correlations"]}
    same = pairs["resolution_sla_rate", "the_same_again"]
    assert (same["coefficient"], same["people"], same["is_twice"]) == ("1", 12, True)
    # Without the twins, ranks 4.5, 4.5, 4.5, 4.5, 2, 1 against 1 to 6: covariance −12.5, variances 12.5 and 17.5.
    other = pairs["response_sla_rate", "resolution_sla_rate"]
    assert other["coefficient"] == "-0.845154"
    assert not other["is_twice"]
    assert set(pairs) == {
        ("resolution_sla_rate", "the_same_again"),
        ("response_sla_rate", "resolution_sla_rate"),
        ("response_sla_rate", "the_same_again"),
    }, "what nobody has goes along with nothing"
    assert any("measures the same twice" in each for each in kpi_of(cycle, "the_same_again")["findings"])
    assert "measures the same twice" in page_of(cycle)


def test_points_given_by_managers_are_counted_and_leave_the_distribution_as_it_was(cycle: Cycle) -> None:
    before = kpi_of(cycle, "resolution_sla_rate")
    for number in ("E0", "E1"):
        LineOverride.objects.create(
            review=review_of(cycle, Engineer.objects.get(employee_no=number)),
            line_id=line_of(cycle, "resolution_sla_rate"),
            points=Decimal(90),
            reason="Seven of the cases waited for the customer",
            entered_by=hr_user(),
            entered_at=NOW,
        )
    found = kpi_of(cycle, "resolution_sla_rate")
    assert (found["overridden"], found["overridden_percent"]) == (2, "16.7")
    assert found["bins"] == before["bins"]
    assert any(each.startswith("Managers gave other points to 16.7 %") for each in found["findings"])


def test_disputes_that_were_upheld_are_counted_by_kpi(cycle: Cycle) -> None:
    review, hr, objector = review_of(cycle, Engineer.objects.get(employee_no="E0")), hr_user(), auditor_user()
    for number, outcome in enumerate(("upheld", "upheld", "refused", "")):
        decided = {"decided_by": hr, "decided_at": NOW, "reason": "As the dispatcher says"} if outcome else {}
        Dispute.objects.create(
            review=review,
            line_id=line_of(cycle, "response_sla_rate"),
            evidence="tickets",
            record_id=number + 1,
            number=str(number),
            cause="customer_absent",
            text="The customer was not there",
            raised_by=objector,
            raised_at=NOW,
            decide_by=NOW.date(),
            outcome=outcome,
            **decided,
        )
    assert (kpi_of(cycle, "response_sla_rate")["upheld"], kpi_of(cycle, "resolution_sla_rate")["upheld"]) == (2, 0)
    assert "<dt>Disputes upheld</dt><dd>2</dd>" in page_of(cycle)


def test_causes_are_counted_most_frequent_first(cycle: Cycle) -> None:
    for number, cause in enumerate(("product", "product", "engineer", "")):
        ComplaintFactory(external_id=f"C{number}", received_at=INSIDE, verdict="justified", cause=cause)
    ComplaintFactory(external_id="C9", received_at=INSIDE, verdict="unjustified", cause="engineer")
    Ticket.objects.filter(external_id__startswith="E1-").update(parts_missing=True)
    Ticket.objects.filter(external_id__startswith="E2-").update(exclusion="duplicate")
    ServiceReport.objects.create(source="test", external_id="R1", service_ended_at=INSIDE, final_cause="Worn seal")
    causes = {each["code"]: each for each in reviewed(cycle)["causes"]}
    assert [(each["label"], each["count"], each["percent"]) for each in causes["complaints"]["causes"]] == [
        ("product", 2, "50"),
        ("not known", 1, "25"),
        ("engineer", 1, "25"),
    ]
    # Late of everybody and their twins: 2 · (8 + 6 + 5 + 3 + 2), less 5 duplicates; six waited for parts.
    assert [(each["label"], each["count"]) for each in causes["late_parts"]["causes"]] == [
        ("neither waited for parts nor were escalated", 37),
        ("had to wait for parts", 6),
    ]
    assert causes["exclusions"]["total"] == 20
    assert [each["label"] for each in causes["faults"]["causes"]] == ["Worn seal"]
    assert "Worn seal" in page_of(cycle)


def test_the_review_is_exported_with_the_figures_of_the_page(cycle: Cycle) -> None:
    client = client_of(auditor_user())

    def exported(export_format: str) -> bytes:
        answer = client.post(reverse("kpi_review_export", args=[cycle.code, export_format]))
        assert answer.status_code == 200
        return b"".join(answer.streaming_content)

    rows = list(csv.DictReader(io.StringIO(exported("csv").decode("utf-8-sig"))))
    assert [row["KPI"] for row in rows] == ["response_sla_rate", "resolution_sla_rate", "the_same_again", "csat_top2"]
    assert (rows[0]["Mean points"], rows[0]["At the highest points, %"]) == ("83.33", "83.3")
    assert rows[0]["What stands out"].startswith("83.3 % reach the highest points")
    sheets = openpyxl.load_workbook(io.BytesIO(exported("xlsx")), read_only=True)
    assert sheets.sheetnames == ["KPIs", "Points", "Pairs", "Causes of failures"]
    points = list(sheets["Points"].iter_rows(values_only=True))
    assert points[1] == ("response_sla_rate", 0, 10, 2)
    assert list(sheets["Pairs"].iter_rows(values_only=True))[1][2:] == (1, 12)
    assert client.post(reverse("kpi_review_export", args=[cycle.code, "pdf"])).status_code == 404
    assert AuditEntry.objects.filter(action="cycle.exported").count() == 2


def test_a_cycle_without_a_scheme_says_so() -> None:
    world = build_world()
    world.cycle.schemes.all().delete()
    assert "Nothing to review yet" in page_of(world.cycle)


def test_the_page_asks_the_same_number_of_questions_for_more_people() -> None:
    world = build_world()
    client = client_of(world.users["auditor"])
    address = reverse("cycle_kpi_review", args=[world.cycle.code])
    asked = []
    for _ in range(2):
        client.get(address)
        with CaptureQueriesContext(connection) as captured:
            assert client.get(address).status_code == 200
        asked.append(len(captured))
        for _number in range(3):
            add_tickets(EngineerFactory(team=world.team), 10, met=3)
        score(world.cycle, now=NOW)
    assert asked[0] == asked[1]


def behind(cycle: Cycle, address: str, **query: str) -> list[str]:
    """Return what the rows behind a bar lead to, in their order, with the text of the first column."""
    answer = client_of().get(address, query)
    assert answer.status_code == 200
    body = re.search(r"<tbody>(.*)</tbody>", answer.content.decode(), re.DOTALL)
    return [] if body is None else re.findall(r'<td class="wrap"><a href="[^"]+">([^<]+)</a>', body[1])


def test_a_bar_leads_to_the_people_it_counts(cycle: Cycle) -> None:
    address = reverse("kpi_review_people", args=[cycle.code, "resolution_sla_rate", 1])
    assert f'href="{address}?tenth=7"' in page_of(cycle)
    names = dict(Engineer.objects.values_list("employee_no", "name"))
    of_tenth = {tenth: behind(cycle, address, tenth=str(tenth)) for tenth in range(10)}
    # 70 points are what the fourth of each row of twins has; a bound belongs to the tenth above it.
    assert of_tenth[7] == [names["E3"], names["E9"]]
    bins = kpi_of(cycle, "resolution_sla_rate")["bins"]
    assert [len(found) for found in of_tenth.values()] == [each["people"] for each in bins]
    everybody = behind(cycle, address)
    assert everybody == [name for found in of_tenth.values() for name in found], "the fewest points first"
    assert behind(cycle, address, tenth="nonsense") == everybody
    answer = client_of().get(address, {"tenth": "7"}).content.decode()
    assert reverse("scorecard_detail", args=[review_of(cycle, Engineer.objects.get(employee_no="E3")).pk]) in answer


def test_a_reason_leads_to_the_people_without_points(cycle: Cycle) -> None:
    (reason,) = kpi_of(cycle, "csat_top2")["reasons"]
    address = reverse("kpi_review_people", args=[cycle.code, "csat_top2", 1])
    assert f'href="{address}?reason={reason["reason"]}"' in page_of(cycle)
    assert len(behind(cycle, address, reason=reason["reason"])) == reason["people"] == 12
    for wrong in (["response_sla_rate", 2], ["nothing", 1]):
        assert client_of().get(reverse("kpi_review_people", args=[cycle.code, *wrong])).status_code == 404


def test_a_cause_leads_to_the_records_that_have_it(cycle: Cycle) -> None:
    for number, cause in enumerate(("product", "product", "engineer", "")):
        ComplaintFactory(external_id=f"C{number}", received_at=INSIDE, verdict="justified", cause=cause)
    Ticket.objects.filter(external_id__startswith="E1-").update(parts_missing=True, region="north")
    Ticket.objects.filter(external_id__startswith="E2-").update(exclusion="duplicate")
    Ticket.objects.filter(external_id__startswith="E3-1").update(anomalies="closed_before_opened")
    Ticket.objects.filter(external_id__startswith="E4-1").update(anomalies="closed_before_opened,no_check_in")
    report = {"source": "test", "service_ended_at": INSIDE, "final_cause": "Worn seal"}
    ServiceReport.objects.create(external_id="R1", anomalies="no_check_in", **report)
    body = page_of(cycle)
    tables = {each["code"]: each["causes"] for each in reviewed(cycle)["causes"]}
    assert tables.keys() == {"complaints", "late_parts", "late_regions", "exceptions", "exclusions", "faults"}
    for sort, causes in tables.items():
        address = reverse("kpi_review_records", args=[cycle.code, sort])
        for each in causes:
            assert f'href="{address}?cause={quote(each["cause"])}"' in body
            assert len(behind(cycle, address, cause=each["cause"])) == each["count"] > 0
    assert behind(cycle, reverse("kpi_review_records", args=[cycle.code, "faults"]), cause="Worn seal") == ["R1"]
    assert behind(cycle, reverse("kpi_review_records", args=[cycle.code, "faults"]), cause="Worn") == []
    assert client_of().get(reverse("kpi_review_records", args=[cycle.code, "nothing"])).status_code == 404
