"""The worked examples of SPEC 6 about time, end to end: imported, scored, exported."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse

from appraisal.evidence.models import TargetKind
from appraisal.kpis.models import SchemeLine
from appraisal.reviews.models import Review
from tests.examples import CASES
from tests.factories import hr_user
from tests.integration.scoring.cycles import Line
from tests.integration.scoring.example_cycles import (
    IDENTITY,
    hours,
    import_rows,
    import_tickets,
    promise,
    scored,
    shown,
    update_all_figures,
    use_scheme,
)

pytestmark = pytest.mark.django_db

BUSINESS = "code: business, measure: resolution_time, statistic: median, clock: business, curve: [[0, 100], [99, 0]]"
CALENDAR = "code: calendar, measure: resolution_time, statistic: median, clock: calendar"
IN_TIME = f"code: in_time, measure: resolution_sla_rate, curve: {IDENTITY}"


def test_e1_holiday_makeup(folder: Path) -> None:
    import_tickets(
        folder, {"number": 1, "engineer": "甲", "opened": "2026-02-13 17:30:00", "resolved": "2026-02-24 10:00:00"}
    )
    use_scheme(BUSINESS, CALENDAR)
    lines = scored(folder, "2026-01-01", "2026-03-31")["甲"]
    case = CASES["E1_holiday_makeup"]
    assert shown(lines["business"]["value"]) == hours(case["correct_min"])
    assert shown(lines["calendar"]["value"]) == hours(case["calendar_min"])


def test_e2_pauses(folder: Path) -> None:
    import_tickets(
        folder, {"number": 1, "engineer": "甲", "opened": "2026-09-20 16:00:00", "resolved": "2026-09-28 10:00:00"}
    )
    pauses = [("2026-09-21 10:00:00", "2026-09-21 15:00:00"), ("2026-09-21 14:00:00", "2026-09-22 09:30:00")]
    pauses.append(("2026-09-24 17:00:00", ""))  # runs on until the case is resolved
    rows = [
        {"number": f"P{at}", "ticket": 1, "type": "paused", "at": at, "until": until, "reason": "waiting_customer"}
        for at, until in pauses
    ]
    import_rows(folder, "events", ("number", "ticket", "engineer", "type", "at", "until", "reason"), rows)
    case = CASES["E2_pauses"]
    promise(TargetKind.RESOLUTION, int(case["target_min"]))
    use_scheme(BUSINESS, IN_TIME)
    update_all_figures()
    lines = scored(folder, "2026-07-01", "2026-09-30")["甲"]
    assert shown(lines["business"]["value"]) == hours(case["net_min"])
    assert (lines["in_time"]["numerator"], lines["in_time"]["denominator"]) == ("0", "1")
    assert case["met"] is False


def test_e3_reopened(folder: Path) -> None:
    case = CASES["E3_reopened"]
    promise(TargetKind.RESOLUTION, int(case["target_min"]))
    import_tickets(
        folder, {"number": 1, "engineer": "甲", "opened": "2026-03-02 09:00:00", "resolved": "2026-03-04 16:00:00"}
    )
    happened = [("resolved", "2026-03-02 15:00:00"), ("reopened", "2026-03-04 10:00:00")]
    happened.append(("resolved", "2026-03-04 16:00:00"))
    rows = [{"number": at, "ticket": 1, "type": kind, "at": at} for kind, at in happened]
    import_rows(folder, "events", ("number", "ticket", "engineer", "type", "at"), rows)
    use_scheme(BUSINESS, IN_TIME, "code: ftf, measure: first_time_fix_rate")
    member = date.fromisoformat(case["member_date"])
    lines = scored(folder, member.isoformat(), member.isoformat())["甲"]
    assert shown(lines["business"]["value"]) == hours(case["resume_min"])
    assert lines["ftf"]["value"] == ("100" if case["first_time_fix"] else "0")
    # The day before holds nothing of it: the last resolution is the date of membership.
    day_before = (member - timedelta(days=1)).isoformat()
    earlier = scored(folder, "2026-03-02", day_before, code="earlier")["甲"]
    assert earlier["business"]["n"] == 0
    whole = scored(folder, "2026-03-01", "2026-03-31", code="whole")["甲"]
    assert (whole["in_time"]["numerator"], whole["in_time"]["denominator"]) == ("0", "1")
    assert case["met_resume"] is False


def test_e5_membership(folder: Path) -> None:
    import_tickets(
        folder,
        {
            "number": "late",
            "engineer": "甲",
            "opened": "2026-03-31 09:00:00",
            "response_due": "2026-03-31 17:00:00",
            "responded": "2026-04-01 09:10:00",
        },
        {  # answered at 2026-03-31T16:30Z, which is April in Shanghai
            "number": "utc",
            "engineer": "乙",
            "opened": "2026-03-31 20:00:00",
            "response_due": "2026-04-02 09:00:00",
            "responded": "2026-04-01 00:30:00",
        },
        {"number": "open", "engineer": "丙", "opened": "2026-03-31 20:00:00", "response_due": "2027-01-31 09:00:00"},
    )
    use_scheme(f"code: answered, measure: response_sla_rate, curve: {IDENTITY}")
    spans = {"2026-Q1": ("2026-01-01", "2026-03-31"), "2026-Q2": ("2026-04-01", "2026-06-30")}
    figures = members_by_cycle(
        {quarter: scored(folder, *days, code=quarter) for quarter, days in spans.items()}, kpi="answered"
    )
    case = CASES["E5_membership"]
    assert case["utc_event"] == "2026-03-31T16:30Z"
    assert figures["甲"] == {case["late_ticket_cycle"]: "1" if case["late_ticket_met"] else "0"}
    assert figures["乙"] == {case["utc_event_cycle"]: "1"}
    assert figures.get("丙", "not a member") == case["open_not_due_at_cycle_end"]
    # Only in a cycle of UTC days would the answer after midnight in Shanghai count in March.
    in_utc = members_by_cycle({"2026-Q1": scored(folder, *spans["2026-Q1"], code="utc", zone="UTC")}, kpi="answered")
    assert in_utc["乙"] == {case["wrong_utc_cycle"]: "1"}


def members_by_cycle(cycles: dict[str, dict[str, dict[str, Line]]], *, kpi: str) -> dict[str, dict[str, str]]:
    """Return by engineer the cycles that count any case of theirs, with the number of those in time."""
    found: dict[str, dict[str, str]] = {}
    for code, lines in cycles.items():
        for who, own in lines.items():
            if own[kpi]["n"]:
                found.setdefault(who, {})[code] = own[kpi]["numerator"]
    return found


def test_e6_followup(folder: Path) -> None:
    def ticket(number: str, due: str, resolved: str) -> dict[str, str]:
        return {
            "number": number,
            "engineer": "甲",
            "opened": "2026-03-02 09:00:00",
            "resolution_due": due,
            "resolved": resolved,
        }

    import_tickets(
        folder,
        ticket("A", "2026-03-02 10:00:00", "2026-03-03 18:00:00"),
        ticket("B", "2026-03-04 09:00:00", "2026-03-06 12:00:00"),
        ticket("C", "2026-03-05 16:00:00", "2026-03-06 10:00:00"),
        ticket("D", "2026-03-03 10:00:00", "2026-03-13 10:00:00"),
    )
    rows: list[dict[str, str]] = [
        {"number": f"{ticket} {at}", "ticket": ticket, "type": "updated", "at": at}
        for ticket, at in (
            ("A", "2026-03-02 17:00:00"),
            ("A", "2026-03-03 11:00:00"),
            ("B", "2026-03-06 09:00:00"),
        )
    ]
    rows.append(
        {"number": "D", "ticket": "D", "type": "paused", "at": "2026-03-02 09:00:00", "reason": "waiting_customer"}
    )
    import_rows(folder, "events", ("number", "ticket", "engineer", "type", "at", "reason"), rows)
    use_scheme(f"code: followed, measure: followup_continuity, curve: {IDENTITY}")
    line = scored(folder, "2026-01-01", "2026-03-31")["甲"]["followed"]
    case = CASES["E6_followup"]
    assert int(line["numerator"]) == sum(case["compliant"])
    assert int(line["denominator"]) == len(case["compliant"])
    assert shown(line["value"]) == case["rate_pct"]


def test_e6_nothing_overdue_is_full_points_for_who_had_a_ticket_and_nothing_for_who_had_none(folder: Path) -> None:
    import_tickets(
        folder,
        {"number": 1, "engineer": "甲", "opened": "2026-03-02 09:00:00", "resolved": "2026-03-02 10:00:00"},
        {"number": 2, "engineer": "乙", "opened": "2026-04-02 09:00:00"},  # nothing of it decided in the cycle
    )
    use_scheme(f"code: followed, measure: followup_continuity, empty_policy: full, curve: {IDENTITY}")
    lines = scored(folder, "2026-01-01", "2026-03-31")
    owned, none = (lines[who]["followed"] for who in ("甲", "乙"))
    assert (owned["points"], owned["value"]) == ("100", None)
    assert (none["points"], none["value"]) == (None, None)
    told = f"score {owned['points']} if >=1 ticket owned, else {none['reason']}"
    assert told == CASES["E6_followup"]["empty_denominator"]


def import_lengths(folder: Path, *lengths: int) -> None:
    """Import a case of each length in hours."""
    opened = datetime(2026, 2, 2, 9)
    import_tickets(
        folder,
        *(
            {
                "number": number,
                "engineer": "甲",
                "opened": f"{opened:%Y-%m-%d %H:%M:%S}",
                "resolved": f"{opened + timedelta(hours=length):%Y-%m-%d %H:%M:%S}",
            }
            for number, length in enumerate(lengths)
        ),
    )


def test_e17_outliers(folder: Path) -> None:
    import_lengths(folder, 1, 2, 2, 3, 4, 5, 6, 7, 8, 120)
    kpis = [
        f"code: {statistic}, measure: resolution_time, statistic: {statistic}, clock: calendar"
        for statistic in ("median", "mean", "p90")
    ]
    use_scheme(kpis[0] + ", curve: [[0, 100], [99, 0]]", *kpis[1:])
    lines = scored(folder, "2026-01-01", "2026-03-31")["甲"]
    case = CASES["E17_outliers"]
    assert shown(lines["mean"]["value"]) == case["mean"]
    assert shown(lines["median"]["value"]) == case["median"]
    assert shown(lines["p90"]["value"]) == case["p90_cont"]


MEAN = "measure: resolution_time, statistic: mean, clock: calendar"


def explained(code: str) -> str:
    review = Review.objects.get()
    line = SchemeLine.objects.get(kpi_version__kpi__code=code)
    client = Client(headers={"accept-language": "en"})
    client.force_login(hr_user())
    return client.get(reverse("line_cases", args=[review.pk, line.pk])).content.decode()


def test_e17_a_mean_that_scores_is_the_median_of_few_cases(folder: Path) -> None:
    import_lengths(folder, 1, 2, 2, 3, 4, 5, 6, 7, 8, 120)
    use_scheme(f"code: scored, {MEAN}, curve: [[0, 100], [100, 0]]", f"code: told, {MEAN}")
    lines = scored(folder, "2026-01-01", "2026-03-31")["甲"]
    case = CASES["E17_outliers"]
    assert shown(lines["scored"]["value"]) == case["median"]
    assert shown(lines["told"]["value"]) == case["mean"]
    assert lines["scored"]["points"] == "95.5"
    page = explained("scored")
    assert "The mean scores; of fewer than 20 cases it is their middle: 4.5 h." in page
    assert "Case 5 in order of size" in page
    assert "The mean scores" not in explained("told")


def test_g11_a_mean_that_scores_of_many_cases_is_cut_at_the_95th_percentile(folder: Path) -> None:
    import_lengths(folder, *range(1, 20), 1000)
    use_scheme(f"code: scored, {MEAN}, curve: [[0, 100], [100, 0]]", f"code: told, {MEAN}")
    lines = scored(folder, "2026-01-01", "2026-03-31")["甲"]
    # The 95th percentile lies a twentieth of the way from 19 to 1000, at 68.05; 190 of the others and it are 258.05.
    assert (lines["scored"]["value"], lines["scored"]["numerator"], lines["scored"]["n"]) == ("12.9025", "258.05", 20)
    assert lines["scored"]["points"] == "87.0975"
    assert lines["told"]["value"] == "59.5"
    page = explained("scored")
    assert "258.05 ÷ 20" in page
    assert "Case 19 in order of size" in page
