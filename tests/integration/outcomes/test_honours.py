"""Promotions by rules that are shown, commendations by two people, and the links to what follows (SPEC 4)."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.http import Http404
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from appraisal.cycles.models import CycleState
from appraisal.notices.models import Notice
from appraisal.outcomes import honours, promotion_queries
from appraisal.outcomes.models import Commendation, PromotionDecision, TrainingNeed
from appraisal.outcomes.weak import get_rules
from appraisal.reviews.models import Review, VetoEvent
from engineers.models import AuditEntry
from tests.factories import CertificateFactory
from tests.integration.outcomes.published import add_next_cycle, build_published, client_of
from tests.once import once_a_module
from tests.world import NOW, World

pytestmark = pytest.mark.django_db

REASON = "Two years of very good work with customers"
TODAY = date(2026, 4, 2)


@once_a_module
def built() -> World:
    return build_published()


@pytest.fixture
def second(world: World) -> Review:
    """One stands at A in two published cycles running; this is the later review."""
    following = add_next_cycle(world, in_time=1, late=0, state=CycleState.PUBLISHED)
    Review.objects.filter(engineer=world.one).update(grade="A")
    return Review.objects.get(cycle=following, engineer=world.one)


def given(world: World, role: str = "HR") -> dict[str, Any]:
    return {"by": world.users[role], "now": NOW}


def rules_of(review: Review) -> dict[str, bool]:
    views = promotion_queries.check_rules([review], review.cycle, get_rules(), on=TODAY)[review.pk]
    return {view.code: view.is_met for view in views}


def veto(review: Review, by: Any, **more: Any) -> VetoEvent:
    event = {"cause": "safety_accident", "effect": "grade_cap", "grade": "D", "happened_on": date(2026, 3, 1)}
    return VetoEvent.objects.create(
        review=review, **event, evidence=REASON, proposed_by=by, proposed_at=NOW, is_approved=True, **more
    )


def test_two_a_running_without_veto_and_with_valid_certificates_meet_the_rules(second: Review) -> None:
    assert rules_of(second) == {"grades": True, "vetoes": True, "certificates": True}


def test_one_published_cycle_is_not_two(world: World) -> None:
    Review.objects.filter(pk=world.review.pk).update(grade="A")
    world.review.refresh_from_db()
    assert rules_of(world.review)["grades"] is False


def test_a_b_between_ends_the_row(world: World, second: Review) -> None:
    Review.objects.filter(pk=world.review.pk).update(grade="B")
    assert rules_of(second)["grades"] is False
    found = promotion_queries.candidates(Review.objects.all(), second.cycle, get_rules())
    assert list(found) == []


def test_a_veto_in_one_of_the_cycles_is_a_rule_missed(world: World, second: Review) -> None:
    event = veto(world.review, world.users["manager"])
    assert rules_of(second)["vetoes"] is False
    VetoEvent.objects.filter(pk=event.pk).update(withdrawn_at=NOW, withdrawn_by=world.users["HR"])
    assert rules_of(second)["vetoes"] is True, "one taken back counts no more"


def test_an_expired_certificate_is_a_rule_missed_until_it_is_renewed(world: World, second: Review) -> None:
    CertificateFactory(engineer=world.one, title="Electrician", expires_on=date(2026, 4, 1))
    assert rules_of(second)["certificates"] is False
    CertificateFactory(engineer=world.one, title="Electrician", expires_on=TODAY)
    assert rules_of(second)["certificates"] is True, "valid on its last day"


def test_hr_nominates_with_the_rules_as_they_stood(world: World, second: Review) -> None:
    made = honours.decide_promotion(review_id=second.pk, choice="nominated", reason=REASON, **given(world))
    assert made.rules == {"grades": True, "vetoes": True, "certificates": True}
    entry = AuditEntry.objects.get(action="promotion.decided")
    assert (entry.after["choice"], entry.reason, entry.concerned_id) == ("nominated", REASON, world.one.pk)


def test_nobody_is_nominated_against_a_rule_but_may_be_told_not_now(world: World, second: Review) -> None:
    veto(second, world.users["manager"])
    with pytest.raises(ValidationError, match="against the rules"):
        honours.decide_promotion(review_id=second.pk, choice="nominated", reason=REASON, **given(world))
    made = honours.decide_promotion(review_id=second.pk, choice="not_now", reason=REASON, **given(world))
    assert made.rules["vetoes"] is False
    with pytest.raises(ValidationError, match="10 characters"):
        honours.decide_promotion(review_id=second.pk, choice="not_now", reason="no", **given(world))


@pytest.mark.parametrize("role", ["engineer", "manager", "second level", "auditor", "administrator"])
def test_only_hr_decides_about_promotions(world: World, second: Review, role: str) -> None:
    with pytest.raises(Http404):
        honours.decide_promotion(review_id=second.pk, choice="not_now", reason=REASON, **given(world, role))


def test_the_pages_of_a_promotion(world: World, second: Review) -> None:
    detail = reverse("promotion", args=[second.pk])
    seen = {role for role in world.users if client_of(world, role).get(detail).status_code == 200}
    assert seen == {"manager", "second level", "HR", "HR two", "auditor"}
    client = client_of(world, "HR")
    assert "First quarter A" in client.get(detail).content.decode()
    assert client.post(detail, {"choice": "nominated", "reason": "x"}).status_code == 422
    assert client.post(detail, {"choice": "nominated", "reason": REASON}).status_code == 302
    listed = client.get(reverse("promotions", args=["2026-Q2"])).content.decode()
    assert "nominated" in listed
    json = {"content_type": "application/json"}
    answer = client.post(
        reverse("api:promotion-decision", args=[second.pk]), {"choice": "not_now", "reason": REASON}, **json
    )
    assert answer.status_code == 201
    read = client.get(reverse("api:promotion-detail", args=[second.pk])).json()
    assert [decision["choice"] for decision in read["decisions"]] == ["not_now", "nominated"]
    assert [rule["is_met"] for rule in read["rules"]] == [True, True, True]
    found = client.get(reverse("api:promotion-list"), {"cycle": "2026-Q2"}).json()["results"]
    assert [(row["employee_no"], row["grade"], row["grade_before"]) for row in found] == [("E1", "A", "A")]


def test_rules_are_checked_with_a_fixed_number_of_questions(world: World, second: Review) -> None:
    reviews = list(Review.objects.filter(cycle=second.cycle).select_related("cycle"))
    assert len(reviews) == 2

    def asked(some: list[Review]) -> int:
        with CaptureQueriesContext(connection) as captured:
            promotion_queries.check_rules(some, second.cycle, get_rules(), on=TODAY)
        return len(captured)

    assert asked(reviews[:1]) == asked(reviews)


def test_the_rules_are_hrs_to_change(world: World, second: Review) -> None:
    form = {
        "weak_points": "70",
        "plan_grades": "D",
        "plan_twice_grades": "C，B",
        "promotion_grades": "S, A",
        "promotion_cycles": "3",
    }
    client = client_of(world, "HR")
    assert client.post(reverse("outcome_rules"), form | {"promotion_cycles": "13"}).status_code == 422
    assert client.post(reverse("outcome_rules"), form).status_code == 302
    rules = get_rules()
    assert (rules.weak_points, rules.plan_twice_grades, rules.promotion_cycles) == (70, ["C", "B"], 3)
    assert rules_of(second)["grades"] is False
    entry = AuditEntry.objects.get(action="outcomes.rules_changed")
    assert (entry.before["promotion_cycles"], entry.after["promotion_cycles"]) == (2, 3)
    body = client.get(reverse("api:outcome-rule-list")).json()
    json = {"content_type": "application/json"}
    changed = client.put(reverse("api:outcome-rule-change"), body | {"promotion_cycles": 1}, **json)
    assert changed.json()["promotion_cycles"] == 1


def praise(world: World, role: str = "manager") -> Commendation:
    return honours.propose_commendation(
        engineer_id=world.one.pk, title="Night of the storm", text=REASON, **given(world, role)
    )


def test_a_commendation_is_shown_once_a_second_person_approved_it(world: World) -> None:
    made = praise(world)
    card = reverse("scorecard_detail", args=[world.review.pk])
    engineer = client_of(world, "engineer")
    assert "Night of the storm" not in engineer.get(card).content.decode()
    assert Notice.objects.filter(user=world.users["HR"], topic="outcomes.praise_proposed").exists()
    with pytest.raises(ValidationError, match="does not decide"):
        honours.decide_commendation(commendation_id=made.pk, approve=True, **given(world, "manager"))
    honours.decide_commendation(commendation_id=made.pk, approve=True, **given(world, "second level"))
    assert "Night of the storm" in engineer.get(card).content.decode()
    assert engineer.get(reverse("commendation", args=[made.pk])).status_code == 200
    assert Notice.objects.filter(user=world.users["engineer"], topic="outcomes.praise").exists()
    with pytest.raises(ValidationError, match="decided already"):
        honours.decide_commendation(commendation_id=made.pk, approve=False, reason=REASON, **given(world))


@pytest.mark.parametrize("role", ["engineer", "other engineer", "other manager", "auditor", "administrator"])
def test_only_hr_and_the_managers_above_commend(world: World, role: str) -> None:
    with pytest.raises(Http404):
        praise(world, role)


def test_a_rejected_commendation_has_a_reason_and_is_not_shown(world: World) -> None:
    made = praise(world, "HR")
    with pytest.raises(ValidationError, match="10 characters"):
        honours.decide_commendation(commendation_id=made.pk, approve=False, **given(world, "HR two"))
    honours.decide_commendation(commendation_id=made.pk, approve=False, reason=REASON, **given(world, "HR two"))
    assert client_of(world, "engineer").get(reverse("commendation", args=[made.pk])).status_code == 404


def test_commendations_in_the_browser_and_by_the_api(world: World) -> None:
    manager = client_of(world, "manager")
    form = {"engineer": "E1", "title": "Praise", "text": REASON}
    assert manager.post(reverse("commendations"), form | {"text": "x"}).status_code == 422
    # Whom the manager may not see is answered like a number that does not exist.
    hidden, unknown = (manager.post(reverse("commendations"), form | {"engineer": no}) for no in ("E2", "E9"))
    assert hidden.status_code == unknown.status_code == 422
    assert manager.post(reverse("commendations"), form).status_code == 302
    made = Commendation.objects.get()
    client_of(world, "HR").post(reverse("commendation", args=[made.pk]), {"decision": "approve"})
    made.refresh_from_db()
    assert made.is_approved
    json = {"content_type": "application/json"}
    body = {"engineer_id": world.one.pk, "title": "Again", "text": REASON}
    again = manager.post(reverse("api:commendation-list"), body, **json).json()
    decision = reverse("api:commendation-decision", args=[again["id"]])
    assert manager.post(decision, {"approve": True}, **json).status_code == 409
    assert client_of(world, "HR").post(decision, {"approve": True}, **json).json()["is_approved"] is True


def test_the_scorecard_and_the_first_page_lead_to_what_follows(world: World) -> None:
    Review.objects.filter(pk=world.review.pk).update(grade="D")
    TrainingNeed.objects.create(review=world.review, kpi=world.result.line.kpi_version.kpi, points=Decimal(50))
    card = reverse("scorecard_detail", args=[world.review.pk])
    assert (
        reverse("improvement_plan_draft", args=[world.review.pk])
        in client_of(world, "manager").get(card).content.decode()
    )
    engineer = client_of(world, "engineer").get(card).content.decode()
    assert "1 training need" in engineer
    assert reverse("promotion", args=[world.review.pk]) not in engineer
    home = client_of(world, "manager").get(reverse("home")).content.decode()
    assert "Training needs to decide" in home
    praise(world)
    assert "Commendations to decide" in client_of(world, "HR").get(reverse("home")).content.decode()
    cycle = client_of(world, "HR").get(reverse("cycle_detail", args=["2026-Q1"])).content.decode()
    assert reverse("promotions", args=["2026-Q1"]) in cycle


def test_the_database_refuses_what_is_no_decision(world: World) -> None:
    made = praise(world)
    rows = Commendation.objects.filter(pk=made.pk)
    with pytest.raises(IntegrityError, match="commendation_is_decided_by_a_second_person"), transaction.atomic():
        rows.update(decided_by=world.users["manager"], is_approved=True)
    with pytest.raises(IntegrityError, match="commendation_decided_says_by_whom"), transaction.atomic():
        rows.update(is_approved=True)
    with pytest.raises(IntegrityError, match="promotion_decision_has_a_reason"), transaction.atomic():
        PromotionDecision.objects.create(
            review=world.review, choice="not_now", decided_by=world.users["HR"], decided_at=NOW
        )
