"""What HR and auditors do about evidence on pages can be done over REST: audits, bad data, targets."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from django.urls import reverse

from appraisal.evidence.models import AuditItem, ReportAudit, Settlement, Target
from engineers.models import AuditEntry, User
from tests.factories import (
    EngineerFactory,
    ServiceReportFactory,
    TicketFactory,
    UserFactory,
    VisitFactory,
    auditor_user,
    hr_user,
)
from tests.integration.reports.lines import client_of

pytestmark = pytest.mark.django_db

AT = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
MARKS = dict.fromkeys(AuditItem.values, 100)


def call(user: User, method: str, name: str, *args: Any, data: Any = None) -> Any:
    client = client_of(user)
    send = getattr(client, method)
    given = {} if data is None else {"data": data, "content_type": "application/json"}
    return send(reverse(f"api:{name}", args=args), **given)


@pytest.fixture
def report() -> Any:
    return ServiceReportFactory(
        engineer=EngineerFactory(name="Wang Wei"), service_ended_at=AT, submitted_at=AT, problem="Wang Wei says: noise"
    )


def draw(hr: User, *auditors: str, **changes: Any) -> Any:
    sample = {"first_date": "2026-03-01", "last_date": "2026-03-31", "per_engineer": 5, "seed": 7}
    return call(hr, "post", "auditsample-list", data=sample | {"auditors": auditors} | changes)


def test_a_sample_is_drawn_given_out_and_judged_blindly(report: Any) -> None:
    hr, judge, other = hr_user(), UserFactory(username="judge"), UserFactory(username="other")
    made = draw(hr, "judge")
    assert (made.status_code, made.json()["reports"], made.json()["judged"], made.json()["seed"]) == (201, 1, 0, 7)
    mine = call(judge, "get", "reportaudit-list").json()["results"]
    assert [(each["said"]["problem"], each["audited_at"]) for each in mine] == [("●●● says: noise", None)]
    assert "Wang" not in str(mine)
    address = ("reportaudit-detail", mine[0]["id"])
    assert call(other, "get", *address).status_code == 404
    found = {"marks": MARKS | {"problem": 50} if "problem" in MARKS else MARKS, "diagnosis_correct": True}
    assert call(other, "put", *address, data=found).status_code == 404
    done = call(judge, "put", *address, data=found).json()
    assert (done["marks"], done["diagnosis_correct"], done["audited_at"] is None) == (found["marks"], True, False)
    assert ReportAudit.objects.get().items == found["marks"]
    assert call(hr, "get", "auditsample-detail", made.json()["id"]).json()["judged"] == 1
    assert AuditEntry.objects.filter(action="evidence.report_audited", actor=judge).count() == 1


def test_a_sample_says_what_is_wrong_with_it(report: Any) -> None:
    hr = hr_user()
    UserFactory(username="judge")
    assert "auditors" in draw(hr, "nobody").json()
    assert "lies before" in str(draw(hr, "judge", last_date="2026-02-01").json())
    assert "No report was handed in" in str(draw(hr, "judge", first_date="2025-01-01", last_date="2025-01-31").json())
    assert draw(auditor_user(), "judge").status_code == 404


def test_a_judgement_needs_every_mark(report: Any) -> None:
    judge = UserFactory(username="judge")
    draw(hr_user(), "judge")
    audit = ReportAudit.objects.get()
    answer = call(judge, "put", "reportaudit-detail", audit.pk, data={"marks": {AuditItem.values[0]: 100}})
    assert (answer.status_code, "marks" in answer.json()) == (400, True)
    odd = call(judge, "put", "reportaudit-detail", audit.pk, data={"marks": MARKS | {AuditItem.values[0]: 70}})
    assert odd.status_code == 400


def test_bad_data_is_listed_and_settled() -> None:
    hr = hr_user()
    engineer = EngineerFactory()
    ticket = TicketFactory(engineer=engineer)
    visit = VisitFactory(engineer=engineer, ticket=ticket, dispatched_at=AT, anomalies="no_check_in")
    listed = client_of(hr).get(reverse("api:exception-list"), {"first": "2026-03-01", "last": "2026-03-31"}).json()
    assert [(each["about"], each["record_id"], each["anomaly"]) for each in listed["exceptions"]] == [
        ("visit", visit.pk, "no_check_in")
    ]
    assert client_of(hr).get(reverse("api:exception-list"), {"first": "March"}).status_code == 400
    decision = {"about": "visit", "record_id": visit.pk, "anomaly": "no_check_in", "decision": "excused"}
    assert call(hr, "post", "exception-settle", data=decision | {"reason": ""}).status_code == 400
    assert call(hr, "post", "exception-settle", data=decision | {"reason": "The gate logged him"}).status_code == 200
    assert Settlement.objects.get(visit=visit).decision == "excused"
    assert call(hr, "get", "exception-list").json()["count"] == 0
    missing = decision | {"record_id": visit.pk + 1, "reason": "Because"}
    assert call(hr, "post", "exception-settle", data=missing).status_code == 404


def test_targets_come_and_go() -> None:
    hr = hr_user()
    promise = {"kind": "arrival", "minutes": 240, "clock": "business", "from_date": "2026-01-01", "priority": 1}
    made = call(hr, "post", "target-list", data=promise)
    assert (made.status_code, made.json()["minutes"]) == (201, 240)
    twice = call(hr, "post", "target-list", data=promise)
    assert twice.status_code == 400
    assert call(hr, "delete", "target-detail", made.json()["id"]).status_code == 204
    assert not Target.objects.filter(pk=made.json()["id"]).exists()
    assert call(hr, "delete", "target-detail", made.json()["id"]).status_code == 404
