"""The worked examples of SPEC 6 about repeats, complaints and surveys, end to end: imported, scored, exported."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from tests.examples import CASES
from tests.integration.scoring.example_cycles import (
    IDENTITY,
    import_rows,
    import_tickets,
    scored,
    shown,
    use_scheme,
)

pytestmark = pytest.mark.django_db


def test_e7_repeat(folder: Path) -> None:
    def fix(number: str, engineer: str, fault: str, opened: str, resolved: str, **more: object) -> dict[str, object]:
        asset, name = fault.split("/")
        base = {"number": number, "engineer": engineer, "asset": asset, "fault": name}
        return base | {"opened": opened, "resolved": resolved} | more

    import_tickets(
        folder,
        fix("F1", "A", "X/f", "2026-06-01 09:00:00", "2026-06-01 10:00:00"),
        fix("callback", "A", "X/f", "2026-06-10 09:00:00", "2026-06-10 10:00:00", no_fault_found="yes"),
        fix("preventive", "A", "X/f", "2026-06-20 09:00:00", "2026-06-20 10:00:00", job_type="preventive"),
        fix("F2", "B", "X/f", "2026-07-01 10:00:00", "2026-07-02 12:00:00"),
        fix("F3", "B", "X/f", "2026-07-20 09:00:00", "2026-07-20 18:00:00"),
        fix("F4", "A", "X/g", "2026-07-22 09:00:00", "2026-07-22 10:00:00"),
        fix("F5", "A", "Y/f", "2026-06-05 09:00:00", "2026-06-05 10:00:00"),
    )
    visits = [
        {"number": "V1", "ticket": "F3", "engineer": "B", "dispatched": "2026-07-20 09:30:00", "minutes": 120},
        {
            "number": "V2",
            "ticket": "F3",
            "engineer": "C",
            "dispatched": "2026-07-20 09:30:00",
            "minutes": 60,
            "assisting": "yes",
        },
    ]
    columns = ("number", "ticket", "engineer", "dispatched", "arrived", "minutes", "assisting")
    import_rows(folder, "visits", columns, visits)
    use_scheme("code: repeats, measure: repeat_repair_rate, credit: share, curve: [[0, 100], [100, 0]]")
    lines = scored(folder, "2026-07-01", "2026-08-31")
    case = CASES["E7_repeat"]
    for who in ("A", "B", "C"):
        line = lines[who]["repeats"]
        assert shown(line["value"]) == case["rate_pct"][who], who
        assert Fraction(line["denominator"]).limit_denominator(1000) == Fraction(case["denominators"][who]), who
    met = sum(Fraction(lines[who]["repeats"]["numerator"]) for who in "ABC")
    decided = sum(Fraction(lines[who]["repeats"]["denominator"]) for who in "ABC")
    team = 100 * met / decided
    assert shown(str(team.limit_denominator(1000))) == case["team_pct"]


def test_e7_repeat_one_second_later_is_none(folder: Path) -> None:
    one_second_more = {"asset": "X", "fault": "f", "opened": "2026-07-01 10:00:01"}
    import_tickets(
        folder,
        {
            "number": "F1",
            "engineer": "A",
            "asset": "X",
            "fault": "f",
            "opened": "2026-06-01 09:00:00",
            "resolved": "2026-06-01 10:00:00",
        },
        {"number": "F2", "engineer": "B"} | one_second_more,
    )
    use_scheme("code: repeats, measure: repeat_repair_rate, curve: [[0, 100], [100, 0]]")
    line = scored(folder, "2026-07-01", "2026-08-31")["A"]["repeats"]
    assert (line["numerator"], line["denominator"]) == ("0", "1")
    assert "F1" not in CASES["E7_repeat"]["window_minus_1s_hits"]


def test_e8_complaints(folder: Path) -> None:
    case = CASES["E8_complaints"]
    import_tickets(
        folder,
        *(
            {"number": number, "engineer": "甲", "opened": "2026-02-02 09:00:00", "resolved": "2026-02-02 10:00:00"}
            for number in range(case["tickets_closed"])
        ),
    )
    decided = [("general", "justified"), ("serious", "justified"), ("major", "pending"), ("general", "unjustified")]
    rows = [
        {
            "number": number,
            "engineer": "甲",
            "received": "2026-02-10 09:00:00",
            "type": "quality",
            "severity": severity,
            "verdict": verdict,
        }
        for number, (severity, verdict) in enumerate(decided)
    ]
    import_rows(folder, "complaints", ("number", "engineer", "received", "type", "severity", "verdict"), rows)
    use_scheme(
        "code: weighted, measure: complaint_index, curve: [[0, 100], [10, 0]]",
        "code: counted, measure: complaint_index, parameters: {weighted: 0}",
    )
    lines = scored(folder, "2026-01-01", "2026-03-31")["甲"]
    assert shown(lines["weighted"]["value"]) == case["weighted_per_100"]
    assert shown(lines["counted"]["value"]) == case["per_100"]
    assert lines["weighted"]["n"] == case["tickets_closed"]


def test_e19_survey(folder: Path) -> None:
    case = CASES["E19_survey"]
    scores = [5, 5, 4, 4, 3, 2, 1]
    recommended = [10, 9, 9, 8, 7, 6, 3]
    rows: list[dict[str, object]] = [
        {"number": number, "engineer": "甲", "sent": "2026-02-02 09:00:00"} for number in range(case["sent"])
    ]
    for row, score, recommend in zip(rows, scores, recommended, strict=False):
        row |= {"answered": "2026-02-03 09:00:00", "score": score, "attitude": score, "recommend": recommend}
    # The others of the family: 80 % satisfied.
    rows += [
        {
            "number": f"other {number}",
            "engineer": "others",
            "sent": "2026-02-02 09:00:00",
            "answered": "2026-02-03 09:00:00",
            "score": 5 if number < 8 else 1,
        }
        for number in range(10)
    ]
    columns = ("number", "ticket", "engineer", "sent", "answered", "score", "attitude", "recommend")
    import_rows(folder, "surveys", columns, rows)
    use_scheme(
        f"code: top2, measure: csat_top2, shrink_k: 10, curve: {IDENTITY}",
        "code: top_box, measure: csat_top2, parameters: {satisfied_from: 5}",
        "code: share, measure: service_attitude, statistic: score",
        "code: mean, measure: csat_avg, statistic: mean",
        "code: returned, measure: survey_response_rate",
        "code: nps, measure: nps, statistic: score",
    )
    lines = scored(folder, "2026-01-01", "2026-03-31")["甲"]
    assert lines["top2"]["n"] == case["n"]
    assert shown(lines["mean"]["value"]) == case["average"]
    assert shown(lines["top2"]["value"]) == case["top2_pct"]
    assert shown(lines["top_box"]["value"]) == case["top_box_pct"]
    # The mean of the same answers with 5 stars as 100: the share of all the points there were.
    assert shown(lines["share"]["value"]) == case["points_share_pct"]
    assert shown(lines["returned"]["value"]) == case["response_pct"]
    assert shown(lines["nps"]["value"]) == case["nps"]
    assert shown(lines["top2"]["points"]) == case["shrunk_top2_team_80_k10"]
