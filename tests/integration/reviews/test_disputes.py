"""Cases disputed while the cycle runs: said by the engineer, decided by somebody who did not rate, left out."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.http import Http404
from django.test import Client
from django.urls import reverse

from appraisal.cycles.models import CycleState, KpiResult
from appraisal.evidence.models import Ticket
from appraisal.notices.models import Notice
from appraisal.reports.cases import get_line_cases
from appraisal.reviews.appeals import disputes
from appraisal.reviews.appeals.claims import Claim
from appraisal.reviews.models import AppealTerms, Dispute, Review
from appraisal.reviews.rating import actions
from appraisal.reviews.reminders import remind
from engineers.models import AuditEntry, Role, UserRole
from tests.once import once_a_module
from tests.world import CASES, IN_TIME, NOW, World, advance, build_world, score

pytestmark = pytest.mark.django_db

WHY = "The customer was not there, see the photo of the door"
REASON = "Confirmed by the dispatcher on the telephone"


@once_a_module
def built() -> World:
    """9 of 12 cases in time: 75 points with weight 70; the manager gives 80 with weight 20."""
    built = build_world()
    actions.save_rating(
        review_id=built.review.pk,
        version=built.review.version,
        scores=dict.fromkeys(built.rating_keys, 4),
        comment="",
        by=built.users["manager"],
        now=NOW,
    )
    built.review.refresh_from_db()
    return built


def late_ticket(world: World, number: int = IN_TIME) -> Ticket:
    return Ticket.objects.get(external_id=f"E1-{number:02}")


def claim_of(world: World, ticket: Ticket, **changes: Any) -> Claim:
    given = {"line_id": world.result.line_id, "record_id": ticket.pk, "cause": "customer_absent", "text": WHY}
    return Claim(**given | changes)


def dispute_of(world: World, ticket: Ticket | None = None, **changes: Any) -> Dispute:
    claim = claim_of(world, ticket or late_ticket(world), **changes)
    return disputes.raise_dispute(review_id=world.review.pk, claim=claim, by=world.users["engineer"], now=NOW)


def decide(world: World, dispute: Dispute, role: str = "HR", *, uphold: bool = True, reason: str = REASON) -> Dispute:
    return disputes.decide_dispute(
        review_id=world.review.pk,
        dispute_id=dispute.pk,
        uphold=uphold,
        reason=reason,
        by=world.users[role],
        now=NOW,
    )


def line_of(world: World) -> KpiResult:
    return KpiResult.objects.get(pk=world.result.pk)


def client_of(world: World, role: str) -> Client:
    client = Client(headers={"accept-language": "en"})
    client.force_login(world.users[role])
    return client


def test_an_upheld_case_counts_no_longer_and_the_engineer_is_scored_anew(world: World) -> None:
    dispute = dispute_of(world)
    assert (line_of(world).numerator, line_of(world).denominator) == (str(IN_TIME), str(CASES)), "nothing yet"

    decided = decide(world, dispute)

    # 9 of 11 = 81.81…; and the dimensions weigh 80 and 20.
    assert (line_of(world).numerator, line_of(world).denominator) == ("9", "11")
    assert (decided.before["value"], decided.after["value"]) == ("75.00", "81.82")
    assert (decided.before["overall"], decided.after["overall"]) == ("76.00", "81.45")
    assert Review.objects.get(pk=world.review.pk).overall == Decimal("81.45")
    score(world.cycle, now=NOW)
    assert line_of(world).denominator == "11", "and it stays out of the next scoring"


def test_only_the_disputed_measure_leaves_the_case_out_unless_it_is_disputed_everywhere(world: World) -> None:
    def volume() -> int:
        return KpiResult.objects.get(
            cycle=world.cycle, engineer=world.one, segment=0, line__kpi_version__kpi__code="volume"
        ).n

    decide(world, dispute_of(world))
    assert volume() == CASES
    decide(world, dispute_of(world, late_ticket(world, IN_TIME + 1), everywhere=True))
    assert (volume(), line_of(world).denominator) == (CASES - 1, "10")


def test_the_case_of_another_engineer_is_not_touched(world: World) -> None:
    Ticket.objects.filter(pk=late_ticket(world).pk).update(engineer=world.two, response_engineer=world.two)
    score(world.cycle, now=NOW)
    other = KpiResult.objects.get(cycle=world.cycle, engineer=world.two, line=world.result.line)
    decide(world, dispute_of(world, late_ticket(world, IN_TIME + 1)))
    score(world.cycle, now=NOW)
    now = KpiResult.objects.get(pk=other.pk)
    assert (now.numerator, now.denominator) == (other.numerator, other.denominator)


def test_a_left_out_case_stands_in_its_list_with_a_rule_of_its_own(world: World) -> None:
    decide(world, dispute_of(world))
    found = get_line_cases(
        viewer=world.users["HR"], review_id=world.review.pk, line_id=world.result.line_id, show="left_out"
    )
    assert [(case.number, case.rule) for case in found.cases] == [("E1-09", "disputed")]
    assert found.counted == CASES - 1
    assert found.explanation.is_current
    told = client_of(world, "engineer").get(
        reverse("line_cases", args=[world.review.pk, world.result.line_id]), {"show": "left_out"}
    )
    assert "the dispute was upheld" in told.content.decode()


def test_a_refused_case_stays(world: World) -> None:
    decided = decide(world, dispute_of(world), uphold=False)
    assert (decided.outcome, decided.is_left_out, line_of(world).denominator) == ("refused", False, "12")


def test_an_upheld_case_that_would_lower_the_result_keeps_counting(world: World) -> None:
    in_time = late_ticket(world, 0)
    decided = decide(world, dispute_of(world, in_time))
    assert (decided.outcome, decided.is_left_out) == ("upheld", False)
    assert decided.before == decided.after
    assert line_of(world).denominator == "12"
    page = client_of(world, "engineer").get(reverse("dispute_detail", args=[world.review.pk, decided.pk]))
    assert "keeps counting all the same" in page.content.decode()


@pytest.mark.parametrize(
    "role", ["engineer", "manager", "other manager", "other engineer", "auditor", "administrator"]
)
def test_who_rated_or_is_not_concerned_does_not_decide(world: World, role: str) -> None:
    dispute = dispute_of(world)
    with pytest.raises(Http404):
        decide(world, dispute, role)


def test_the_second_level_decides_unless_it_rated(world: World) -> None:
    first = dispute_of(world)
    assert decide(world, first, "second level").decided_by == world.users["second level"]
    other = dispute_of(world, late_ticket(world, IN_TIME + 1))
    world.review.refresh_from_db()
    actions.save_rating(
        review_id=world.review.pk,
        version=world.review.version,
        scores=dict.fromkeys(world.rating_keys, 3),
        comment="",
        by=world.users["second level"],
        now=NOW,
    )
    with pytest.raises(Http404):
        decide(world, other, "second level")


def test_hr_people_do_not_decide_about_themselves(world: World) -> None:
    dispute = dispute_of(world)
    UserRole.objects.create(user=world.users["engineer"], role=Role.HR)
    with pytest.raises(Http404):
        decide(world, dispute, "engineer")


@pytest.mark.parametrize("role", ["HR", "manager", "second level", "other engineer", "auditor"])
def test_only_the_engineer_disputes(world: World, role: str) -> None:
    claim = claim_of(world, late_ticket(world))
    with pytest.raises(Http404):
        disputes.raise_dispute(review_id=world.review.pk, claim=claim, by=world.users[role], now=NOW)


def test_only_a_case_that_counts_in_the_line_is_disputed_and_once(world: World) -> None:
    foreign = Ticket.objects.get(external_id="E2-09")
    with pytest.raises(ValidationError, match="does not count"):
        dispute_of(world, foreign)
    with pytest.raises(ValidationError, match="20 characters"):
        dispute_of(world, text="too short")
    with pytest.raises(ValidationError, match="Choose what happened"):
        dispute_of(world, cause="bad_mood")
    dispute_of(world)
    with pytest.raises(ValidationError, match="disputed already"):
        dispute_of(world)


def test_a_decision_needs_a_reason_and_is_taken_once(world: World) -> None:
    dispute = dispute_of(world)
    with pytest.raises(ValidationError, match="20 characters"):
        decide(world, dispute, reason="because")
    decide(world, dispute, uphold=False)
    with pytest.raises(ValidationError, match="closed already: refused"):
        decide(world, dispute)
    answer = client_of(world, "HR").post(
        reverse("decide_dispute", args=[world.review.pk, dispute.pk]), {"uphold": "yes", "reason": REASON}
    )
    assert answer.status_code == 422
    assert "This dispute is closed already: refused." in answer.content.decode()


def test_every_step_is_in_the_trail_and_told(world: World) -> None:
    dispute = dispute_of(world)
    assert set(Notice.objects.filter(topic="appeal.dispute_raised").values_list("user__username", flat=True)) == {
        "hr",
        "director",
    }
    decide(world, dispute)
    raised = AuditEntry.objects.get(action="review.dispute_raised")
    upheld = AuditEntry.objects.get(action="review.dispute_upheld")
    assert (raised.reason, raised.after["record"], raised.after["kpi"]) == (WHY, "tickets E1-09", "in_time")
    assert (upheld.before["overall"], upheld.after["overall"], upheld.reason) == ("76.00", "81.45", REASON)
    assert upheld.after["left_out"] is True
    assert Notice.objects.filter(topic="appeal.dispute_decided", user=world.users["engineer"]).exists()


def test_the_deadline_is_ten_workdays_or_what_the_cycle_says(world: World) -> None:
    # 2026-04-02 is a Thursday; 2026-04-06 is a holiday (Qingming).
    assert dispute_of(world).decide_by == date(2026, 4, 17)
    AppealTerms.objects.create(cycle=world.cycle, dispute_days=2)
    assert dispute_of(world, late_ticket(world, IN_TIME + 1)).decide_by == date(2026, 4, 7)


def test_open_disputes_hold_up_the_publication(world: World) -> None:
    dispute = dispute_of(world)
    with pytest.raises(ValidationError, match="E1-09 of One is disputed"):
        advance(world.cycle, CycleState.PUBLISHED, by=world.users["HR"])
    decide(world, dispute, uphold=False)
    assert advance(world.cycle, CycleState.PUBLISHED, by=world.users["HR"]).state == CycleState.PUBLISHED


def test_after_publication_a_dispute_is_an_appeal(world: World) -> None:
    advance(world.cycle, CycleState.PUBLISHED, by=world.users["HR"])
    with pytest.raises(ValidationError, match="by an appeal only"):
        dispute_of(world)


def test_the_engineer_disputes_and_hr_decides_in_the_browser(world: World) -> None:
    engineer, hr = client_of(world, "engineer"), client_of(world, "HR")
    listed = engineer.get(reverse("line_cases", args=[world.review.pk, world.result.line_id]))
    ticket = late_ticket(world)
    address = (
        f"{reverse('dispute_new', args=[world.review.pk, world.result.line_id])}?segment=0&part=&record={ticket.pk}"
    )
    assert address.replace("&", "&amp;") in listed.content.decode()
    assert engineer.get(address).status_code == 200
    assert engineer.post(address, {"cause": "other", "text": "short"}).status_code == 422
    assert engineer.post(address, {"cause": "other", "text": WHY}).status_code == 302
    dispute = Dispute.objects.get()
    queue = hr.get(reverse("dispute_queue")).content.decode()
    assert "E1-09" in queue
    assert "you decide" in queue
    assert "you decide" not in client_of(world, "manager").get(reverse("dispute_queue")).content.decode()
    door = reverse("decide_dispute", args=[world.review.pk, dispute.pk])
    assert hr.post(door, {"uphold": "yes", "reason": ""}).status_code == 422
    assert hr.post(door, {"uphold": "yes", "reason": REASON}).status_code == 302
    shown = engineer.get(reverse("dispute_detail", args=[world.review.pk, dispute.pk])).content.decode()
    assert "76.00" in shown
    assert "81.45" in shown
    assert "E1-09" in hr.get(reverse("dispute_queue"), {"show": "decided"}).content.decode()


def test_a_foreign_case_has_no_form(world: World) -> None:
    foreign = Ticket.objects.get(external_id="E2-09")
    door = reverse("dispute_new", args=[world.review.pk, world.result.line_id])
    assert client_of(world, "engineer").get(door, {"record": foreign.pk}).status_code == 404


def test_the_api_does_the_same(world: World) -> None:
    engineer, hr = client_of(world, "engineer"), client_of(world, "HR")
    door = reverse("api:dispute-list", args=[world.review.pk])
    sent = {"line": world.result.line_id, "record": late_ticket(world).pk, "cause": "parts_missing", "text": WHY}
    made = engineer.post(door, sent, content_type="application/json")
    assert made.status_code == 201
    assert made.json()["number"] == "E1-09"
    assert client_of(world, "manager").post(door, sent, content_type="application/json").status_code == 404
    decision = reverse("api:dispute-decision", args=[world.review.pk, made.json()["id"]])
    given = {"uphold": True, "reason": REASON}
    assert client_of(world, "manager").post(decision, given, content_type="application/json").status_code == 404
    answer = hr.post(decision, given, content_type="application/json")
    assert (answer.status_code, answer.json()["is_left_out"]) == (200, True)
    assert hr.post(decision, given, content_type="application/json").status_code == 409
    assert [each["number"] for each in engineer.get(door).json()] == ["E1-09"]


@pytest.mark.parametrize(
    "broken",
    [
        {"outcome": "upheld"},
        {"outcome": "upheld", "by": "engineer"},
        {"outcome": "upheld", "by": "manager"},
        {"is_left_out": True},
        {"by": "HR"},
    ],
)
def test_the_database_refuses_decisions_that_break_the_rules(world: World, broken: dict[str, Any]) -> None:
    dispute = dispute_of(world)
    given = {name: value for name, value in broken.items() if name != "by"}
    if "by" in broken:
        given["decided_by"] = world.users[broken["by"]]
    with pytest.raises(IntegrityError), transaction.atomic():
        Dispute.objects.filter(pk=dispute.pk).update(**given, decided_at=datetime(2026, 4, 3, tzinfo=UTC))


def test_the_database_keeps_one_open_dispute_about_a_case(world: World) -> None:
    dispute = dispute_of(world)
    dispute.pk = None
    with pytest.raises(IntegrityError), transaction.atomic():
        dispute.save()


def test_who_decides_is_reminded_once_a_day_before_the_term_ends(world: World) -> None:
    dispute = dispute_of(world)
    deciders = {world.users["HR"].username, world.users["second level"].username}

    def told_of(day: datetime) -> set[str]:
        remind(now=day)
        notices = Notice.objects.filter(topic="appeal.decide_soon", at=day)
        return set(notices.values_list("user__username", flat=True))

    due = datetime.combine(dispute.decide_by, time(9), tzinfo=ZoneInfo("Asia/Shanghai"))
    assert told_of(due - timedelta(days=14)) == set()
    assert told_of(due - timedelta(hours=2)) == set(), "before the day begins nobody is disturbed"
    assert told_of(due) == deciders
    assert told_of(due + timedelta(hours=1)) == set(), "once a day"
    assert told_of(due + timedelta(days=1)) == deciders, "overdue, the next day again"
    assert Notice.objects.filter(topic="appeal.decide_soon").first().params["due"] == dispute.decide_by.isoformat()
    decide(world, dispute)
    assert told_of(due + timedelta(days=2)) == set()
