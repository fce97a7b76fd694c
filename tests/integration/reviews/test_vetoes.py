"""Vetoes: proposed by one person with evidence, decided by a second, in force at once (SPEC 2.5)."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.http import Http404
from django.test import Client
from django.urls import reverse

from appraisal.cycles.models import CycleState
from appraisal.evidence.models import Certificate
from appraisal.kpis.models import Kpi, SchemeLine
from appraisal.reviews.models import Review, VetoEvent
from appraisal.reviews.rating import actions
from appraisal.reviews.vetoes import actions as vetoes
from appraisal.reviews.vetoes.queries import list_expired_licences
from engineers.models import AuditEntry, Role, UserRole
from tests.once import once_a_module
from tests.world import NOW, World, advance, build_world, score

pytestmark = pytest.mark.django_db

EVIDENCE = "Accident report 17/2026, signed by the safety officer"


@once_a_module
def built() -> World:
    """A world whose review of One is rated: 75 of 100 for what is computed, 80 for what the manager rates."""
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


def client_of(world: World, role: str) -> Client:
    client = Client(headers={"accept-language": "en"})
    client.force_login(world.users[role])
    return client


def propose(world: World, role: str = "HR", **changes: Any) -> VetoEvent:
    given = {
        "review_id": world.review.pk,
        "cause": "safety_accident",
        "effect": "grade_cap",
        "grade": "D",
        "happened_on": date(2026, 3, 1),
        "evidence": EVIDENCE,
        "by": world.users[role],
        "now": NOW,
    }
    return vetoes.propose_veto(**given | changes)


def decide(world: World, veto: VetoEvent, role: str = "second level", *, approve: bool = True) -> Review:
    vetoes.decide_veto(
        review_id=world.review.pk, veto_id=veto.pk, approve=approve, by=world.users[role], now=NOW, reason="Confirmed"
    )
    return Review.objects.get(pk=world.review.pk)


def test_a_grade_is_capped_once_a_second_person_approves(world: World) -> None:
    assert world.review.grade == "B"
    veto = propose(world)
    assert Review.objects.get(pk=world.review.pk).grade == "B", "a proposal changes nothing"
    review = decide(world, veto)
    assert (review.grade, review.overall) == ("D", world.review.overall)
    score(world.cycle, now=NOW)
    assert Review.objects.get(pk=world.review.pk).grade == "D", "and it survives the next scoring"


def test_a_rejected_veto_changes_nothing(world: World) -> None:
    review = decide(world, propose(world), approve=False)
    assert (review.grade, review.overall) == (world.review.grade, world.review.overall)


def test_a_kpi_counts_0(world: World) -> None:
    before = world.review.overall
    assert before is not None
    veto = propose(world, effect="zero_kpi", kpi=Kpi.objects.get(code="cooperation"), cause="falsified_report")
    assert veto.grade == "", "what the effect does not need is not kept"
    review = decide(world, veto)
    # Cooperation weighs 20 of 100, and its 80 points are gone.
    assert review.overall is not None
    assert before - review.overall == 16


def test_every_step_is_in_the_audit_trail_with_its_reason(world: World) -> None:
    decide(world, propose(world))
    proposed = AuditEntry.objects.get(action="review.veto_proposed")
    approved = AuditEntry.objects.get(action="review.veto_approved")
    assert (proposed.reason, proposed.after["grade"]) == (EVIDENCE, "D")
    assert (approved.before["result"], approved.after["result"], approved.reason) == ("B", "D", "Confirmed")
    assert approved.actor == world.users["second level"]


@pytest.mark.parametrize("role", ["HR", "manager", "second level"])
def test_hr_and_the_managers_above_propose(world: World, role: str) -> None:
    assert propose(world, role).proposed_by == world.users[role]


@pytest.mark.parametrize("role", ["engineer", "other manager", "other engineer", "auditor", "administrator"])
def test_nobody_else_proposes_or_decides(world: World, role: str) -> None:
    veto = propose(world)
    with pytest.raises(Http404):
        propose(world, role)
    with pytest.raises(Http404):
        decide(world, veto, role)


def test_who_proposed_does_not_decide(world: World) -> None:
    for role in ("HR", "second level"):
        veto = propose(world, role)
        with pytest.raises(ValidationError) as caught:
            decide(world, veto, role)
        assert caught.value.code == "own_proposal"


def test_the_direct_manager_does_not_decide(world: World) -> None:
    with pytest.raises(Http404):
        decide(world, propose(world), "manager")


def test_hr_decides_what_the_manager_proposed(world: World) -> None:
    assert decide(world, propose(world, "manager"), "HR").grade == "D"


def test_the_rated_person_neither_proposes_nor_decides_even_as_hr(world: World) -> None:
    veto = propose(world)
    UserRole.objects.create(user=world.users["engineer"], role=Role.HR)
    with pytest.raises(Http404):
        propose(world, "engineer")
    with pytest.raises(Http404):
        decide(world, veto, "engineer")


def test_a_veto_is_decided_once(world: World) -> None:
    veto = propose(world)
    decide(world, veto)
    with pytest.raises(ValidationError) as caught:
        decide(world, veto, approve=False)
    assert caught.value.code == "decided"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"evidence": "nineteen characters"}, "evidence"),
        ({"evidence": " " * 40}, "evidence"),
        ({"grade": ""}, "grade"),
        ({"grade": "S"}, "grade"),
        ({"effect": "zero_kpi"}, "kpi"),
        ({"happened_on": date(2026, 4, 3)}, "happened_on"),
        ({"happened_on": date(2025, 12, 31)}, "happened_on"),
        ({"cause": "bad mood"}, "cause"),
        ({"effect": "dismissal"}, "effect"),
    ],
)
def test_what_does_not_fit_the_review_is_refused(world: World, changes: dict[str, Any], field: str) -> None:
    with pytest.raises(ValidationError) as caught:
        propose(world, **changes)
    assert field in caught.value.error_dict
    assert not VetoEvent.objects.exists()


def test_a_kpi_of_another_scheme_cannot_count_0(world: World) -> None:
    other = Kpi.objects.create(code="elsewhere")
    with pytest.raises(ValidationError) as caught:
        propose(world, effect="zero_kpi", kpi=other)
    assert set(caught.value.error_dict) == {"kpi"}


def test_a_published_cycle_takes_no_vetoes(world: World) -> None:
    veto = propose(world)
    decide(world, veto, approve=False)
    advance(world.cycle, CycleState.PUBLISHED, by=world.users["HR"])
    for change in (lambda: propose(world), lambda: decide(world, veto)):
        with pytest.raises(ValidationError) as caught:
            change()
        assert caught.value.code == "cycle_not_ratable"


def test_the_database_refuses_one_person_for_both_and_a_cap_without_a_grade(world: World) -> None:
    veto = propose(world)
    for broken in ({"decided_by": veto.proposed_by}, {"grade": ""}, {"effect": "zero_kpi"}):
        with pytest.raises(IntegrityError), transaction.atomic():
            VetoEvent.objects.filter(pk=veto.pk).update(**broken)


def add_licence(world: World, number: str, expires: date | None, **fields: Any) -> Certificate:
    given = {"title": "Welding", "is_licence": True, "issued_on": date(2024, 1, 1), "source": "test"}
    made: Certificate = Certificate.objects.create(
        engineer=world.one, external_id=number, expires_on=expires, **given | fields
    )
    return made


def test_a_licence_that_expired_before_the_end_of_the_cycle_is_suggested(world: World) -> None:
    today = date(2026, 6, 1)
    expired = add_licence(world, "L1", date(2026, 3, 30))
    add_licence(world, "L2", date(2026, 3, 31), title="Heights")  # valid to the last day
    add_licence(world, "L3", None, title="Gas")
    add_licence(world, "L4", date(2026, 1, 1), title="First aid", is_licence=False)
    assert list_expired_licences(world.review, today=today) == [expired]
    assert list_expired_licences(world.review, today=date(2026, 3, 1)) == [], "not expired yet"
    add_licence(world, "L5", date(2028, 1, 1))
    assert list_expired_licences(world.review, today=today) == [], "renewed"


def test_the_page_suggests_proposes_and_decides(world: World) -> None:
    licence = add_licence(world, "L1", date(2026, 3, 30))
    page = reverse("review_vetoes", args=[world.review.pk])
    manager, director = client_of(world, "manager"), client_of(world, "second level")
    shown = manager.get(page, {"licence": licence.pk})
    assert "The licence “Welding” expired on 2026-03-30." in shown.content.decode()
    form = {field.name: field.value() for field in shown.context["form"]} | {"effect": "grade_cap", "grade": "D"}
    assert (form["cause"], form["happened_on"]) == ("licence_expired", date(2026, 3, 30))
    assert manager.post(page, form | {"kpi": ""}).status_code == 302
    veto = VetoEvent.objects.get()
    own = reverse("decide_veto", args=[world.review.pk, veto.pk])
    assert "Approve" not in manager.get(page).content.decode()
    assert "Approve" in director.get(page).content.decode()
    assert manager.post(own, {"decision": "approve"}).status_code == 404
    director.post(own, {"decision": "perhaps"})
    director.post(own, {"decision": "approve"})
    veto.refresh_from_db()
    assert veto.is_approved
    assert Review.objects.get(pk=world.review.pk).grade == "D"


def test_the_engineer_reads_what_is_in_force_and_nothing_else(world: World) -> None:
    page = reverse("review_vetoes", args=[world.review.pk])
    proposed = propose(world, evidence="A rumour nobody has looked into yet")
    assert "rumour" not in client_of(world, "engineer").get(page).content.decode()
    decide(world, proposed, approve=False)
    assert "rumour" not in client_of(world, "engineer").get(page).content.decode()
    decide(world, propose(world))
    assert EVIDENCE in client_of(world, "engineer").get(page).content.decode()
    assert "rumour" in client_of(world, "auditor").get(page).content.decode()


def test_the_page_says_what_is_wrong_beside_its_field(world: World) -> None:
    page = reverse("review_vetoes", args=[world.review.pk])
    form = {"cause": "safety_accident", "effect": "grade_cap", "happened_on": "2026-03-01", "evidence": "short"}
    answer = client_of(world, "HR").post(page, form | {"grade": "D"})
    assert answer.status_code == 422
    assert "evidence" in answer.context["form"].errors
    answer = client_of(world, "HR").post(page, form | {"evidence": EVIDENCE})
    assert "grade" in answer.context["form"].errors


def test_the_api_proposes_lists_and_decides(world: World) -> None:
    address = reverse("api:veto-list", args=[world.review.pk])
    sent = {
        "cause": "falsified_report",
        "effect": "zero_kpi",
        "kpi": "cooperation",
        "happened_on": "2026-03-01",
        "evidence": EVIDENCE,
    }
    hr = client_of(world, "HR")
    answer = hr.post(address, sent, content_type="application/json")
    assert answer.status_code == 201, answer.json()
    entry = answer.json()
    assert (entry["proposed_by"], entry["is_approved"]) == ("hr", None)
    assert client_of(world, "engineer").get(address).json()["results"] == []
    assert client_of(world, "other manager").get(address).status_code == 404
    decision = reverse("api:veto-decision", args=[world.review.pk, entry["id"]])
    assert hr.post(decision, {"approve": True}, content_type="application/json").status_code == 409
    director = client_of(world, "second level")
    assert director.post(decision, {}, content_type="application/json").status_code == 400
    answer = director.post(decision, {"approve": True}, content_type="application/json")
    assert (answer.status_code, answer.json()["is_approved"]) == (200, True)
    assert [entry["id"]] == [row["id"] for row in client_of(world, "engineer").get(address).json()["results"]]
    refused = hr.post(address, sent | {"evidence": "short"}, content_type="application/json")
    assert (refused.status_code, set(refused.json())) == (409, {"evidence"})


def test_a_veto_of_another_review_is_not_found(world: World) -> None:
    veto = propose(world)
    other = reverse("decide_veto", args=[world.other_review.pk, veto.pk])
    assert client_of(world, "second level").post(other, {"decision": "approve"}).status_code == 404


def withdraw(world: World, veto: VetoEvent, role: str = "HR", reason: str = EVIDENCE) -> VetoEvent:
    return vetoes.withdraw_veto(
        review_id=world.review.pk, veto_id=veto.pk, reason=reason, by=world.users[role], now=NOW
    )


def test_hr_takes_an_approved_veto_back_and_the_figures_count_again(world: World) -> None:
    veto = propose(world)
    decide(world, veto)
    withdraw(world, veto)
    assert Review.objects.get(pk=world.review.pk).grade == "B"
    score(world.cycle, now=NOW)
    assert Review.objects.get(pk=world.review.pk).grade == "B"
    entry = AuditEntry.objects.get(action="review.veto_withdrawn")
    assert (entry.before["result"], entry.after["result"], entry.reason) == ("D", "B", EVIDENCE)
    with pytest.raises(ValidationError) as caught:
        withdraw(world, veto)
    assert caught.value.code == "not_in_force"


def test_who_approved_does_not_take_it_back_nor_does_anybody_but_hr(world: World) -> None:
    veto = propose(world, "manager")
    with pytest.raises(ValidationError) as caught:
        withdraw(world, veto)
    assert caught.value.code == "not_in_force"
    decide(world, veto, "HR")
    with pytest.raises(ValidationError) as caught:
        withdraw(world, veto)
    assert caught.value.code == "own_decision"
    for role in ("manager", "second level", "engineer", "auditor"):
        with pytest.raises(Http404):
            withdraw(world, veto, role)
    with pytest.raises(IntegrityError), transaction.atomic():
        VetoEvent.objects.filter(pk=veto.pk).update(withdrawn_by=world.users["HR"], withdrawn_at=NOW)


def test_taking_back_needs_a_reason_and_an_unpublished_cycle(world: World) -> None:
    veto = propose(world)
    decide(world, veto)
    with pytest.raises(ValidationError) as caught:
        withdraw(world, veto, reason="nineteen characters")
    assert set(caught.value.error_dict) == {"reason"}
    advance(world.cycle, CycleState.PUBLISHED, by=world.users["HR"])
    with pytest.raises(ValidationError) as caught:
        withdraw(world, veto)
    assert caught.value.code == "cycle_not_ratable"


def test_page_and_api_take_a_veto_back(world: World) -> None:
    hr = client_of(world, "HR")
    for number, door in enumerate(("withdraw_veto", "api:veto-withdrawal")):
        veto = propose(world)
        decide(world, veto)
        page = hr.get(reverse("review_vetoes", args=[world.review.pk])).content.decode()
        assert f"/vetoes/{veto.pk}/withdraw/" in page
        kind = {"content_type": "application/json"} if number else {}
        answer = hr.post(reverse(door, args=[world.review.pk, veto.pk]), {"reason": EVIDENCE}, **kind)
        assert answer.status_code == (200 if number else 302)
        veto.refresh_from_db()
        assert veto.withdrawn_by == world.users["HR"]


def test_a_kpi_that_weighs_nothing_cannot_count_0(world: World) -> None:
    SchemeLine.objects.filter(kpi_version__kpi__code="volume").update(weight=0, role="weighed")
    kpi = Kpi.objects.get(code="volume")
    with pytest.raises(ValidationError) as caught:
        propose(world, effect="zero_kpi", kpi=kpi)
    assert set(caught.value.error_dict) == {"kpi"}
    page = client_of(world, "HR").get(reverse("review_vetoes", args=[world.review.pk])).content.decode()
    assert 'value="in_time"' in page
    assert 'value="volume"' not in page
