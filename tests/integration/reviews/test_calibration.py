"""Grades decided in calibration: by whom, how far, why, and what a later scoring does to them (SPEC 4)."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django.http import Http404
from django.test import Client
from django.urls import reverse

from appraisal.cycles.models import CycleState, KpiResult
from appraisal.cycles.queries import get_schemes
from appraisal.notices.models import Notice
from appraisal.reports.scorecards import scorecard_of
from appraisal.reviews.calibration import actions as calibration
from appraisal.reviews.figures.runs import roll_up_reviews
from appraisal.reviews.figures.sealed import content_of, sheet_from
from appraisal.reviews.figures.sheets import compute_sheets
from appraisal.reviews.models import Calibration, Review
from appraisal.reviews.rating import actions
from appraisal.reviews.steps.moves import ReviewConflict, move_cycle
from appraisal.reviews.vetoes import actions as vetoes
from engineers.models import AuditEntry, Role, User, UserRole
from tests.factories import hr_user
from tests.integration.reviews.calibrating import REASON, decided
from tests.once import once_a_module
from tests.world import NOW, World, advance, build_world, score

pytestmark = pytest.mark.django_db


@once_a_module
def built() -> World:
    """A world in calibration; the score of One gives B, of the grades A, B and D."""
    built = build_world()
    actions.save_rating(
        review_id=built.review.pk,
        version=built.review.version,
        scores=dict.fromkeys(built.rating_keys, 4),
        comment="",
        by=built.users["manager"],
        now=NOW,
    )
    advance(built.cycle, CycleState.CALIBRATION)
    built.review.refresh_from_db()
    return built


@pytest.fixture
def second(world: World) -> User:
    return hr_user(username="second-hr")


def client_of(world: World, role: str) -> Client:
    client = Client(headers={"accept-language": "en"})
    client.force_login(world.users[role])
    return client


def calibrate(world: World, grade: str = "A", role: str = "HR", **changes: Any) -> Calibration:
    given = {"review_id": world.review.pk, "grade": grade, "reason": REASON, "by": world.users[role], "now": NOW}
    return calibration.calibrate(**given | changes)


def decide(world: World, entered: Calibration, by: User, *, approve: bool = True) -> Calibration:
    return calibration.decide_calibration(
        review_id=world.review.pk, calibration_id=entered.pk, approve=approve, by=by, now=NOW, reason="Seen together"
    )


def withdraw(world: World, entered: Calibration, role: str = "HR", reason: str = REASON) -> Calibration:
    return calibration.withdraw_calibration(
        review_id=world.review.pk, calibration_id=entered.pk, reason=reason, by=world.users[role], now=NOW
    )


def grade(world: World) -> str:
    return Review.objects.get(pk=world.review.pk).grade


def code_of(change: Callable[[], object]) -> str:
    """Return the code of the one fault an action finds."""
    with pytest.raises(ValidationError) as caught:
        change()
    error = caught.value
    if hasattr(error, "error_dict"):
        ((found,),) = error.error_dict.values()
        return str(found.code)
    return str(error.code)


def in_four_grades(world: World) -> None:
    """Give the scheme the grade C between B and D: from B to D are two grades then."""
    world.version.grade_bands = [["A", "85"], ["B", "70"], ["C", "60"], ["D", "0"]]
    world.version.save()


def test_somebody_of_hr_does_not_calibrate_whom_they_rated(world: World, second: User) -> None:
    entered = calibrate(world, "D", by=second)
    Review.objects.filter(pk=world.review.pk).update(manager=world.users["HR"])
    with pytest.raises(Http404):
        calibrate(world)
    with pytest.raises(Http404):
        decide(world, entered, world.users["HR"])
    session = client_of(world, "HR").get(reverse("cycle_calibration", args=["2026-Q1"]))
    assert session.status_code == 200, "it is read all the same"


def test_one_grade_is_decided_by_one_person_and_counts_at_once(world: World) -> None:
    assert (world.review.band_grade, world.review.grade) == ("B", "B")
    entered = calibrate(world)
    review = Review.objects.get(pk=world.review.pk)
    assert (review.band_grade, review.grade, review.overall) == ("B", "A", world.review.overall)
    assert (entered.grade_before, entered.grade, entered.steps, entered.is_in_force) == ("B", "A", 1, True)
    entry = AuditEntry.objects.get(action="review.calibrated")
    assert (entry.before, entry.reason) == ({"result": "B"}, REASON)
    assert entry.after == {"result": "A", "from": "B", "to": "A", "source": "person"}


def test_more_than_one_grade_counts_once_a_second_person_approves(world: World, second: User) -> None:
    in_four_grades(world)
    entered = calibrate(world, "D")
    assert (entered.steps, entered.is_awaiting, grade(world)) == (2, True, "B")
    assert code_of(lambda: decide(world, entered, world.users["HR"])) == "own_proposal"
    decide(world, entered, second)
    assert grade(world) == "D"
    assert code_of(lambda: decide(world, entered, second)) == "decided"


def test_a_refused_grade_never_counts(world: World, second: User) -> None:
    in_four_grades(world)
    entered = calibrate(world, "D")
    decide(world, entered, second, approve=False)
    entered.refresh_from_db()
    assert (grade(world), entered.is_in_force, entered.is_awaiting) == ("B", False, False)
    assert AuditEntry.objects.filter(action="review.calibration_refused").count() == 1


def test_the_way_is_measured_from_the_score_not_from_the_last_decision(world: World) -> None:
    in_four_grades(world)
    calibrate(world, "C")
    assert calibrate(world, "D").is_awaiting, "two steps of one grade each need a second person all the same"
    assert grade(world) == "C"


def test_a_new_decision_replaces_the_one_in_force_which_stays_on_record(world: World, second: User) -> None:
    in_four_grades(world)
    first = calibrate(world, "A")
    entered = calibrate(world, "C", "second level")
    first.refresh_from_db()
    assert (first.replaced_by, first.ended_by) == (entered, world.users["second level"])
    assert (grade(world), Calibration.objects.in_force().count()) == ("C", 1)
    proposed = calibrate(world, "D")
    decide(world, proposed, second)
    entered.refresh_from_db()
    assert (entered.replaced_by, grade(world)) == (proposed, "D")


def test_a_scoring_or_a_rating_never_overwrites_a_decision(world: World) -> None:
    calibrate(world)
    score(world.cycle, now=NOW)
    assert grade(world) == "A"
    KpiResult.objects.filter(cycle=world.cycle, engineer=world.one).update(points="0")
    roll_up_reviews([world.review], get_schemes(world.cycle))
    review = Review.objects.get(pk=world.review.pk)
    assert (review.band_grade, review.grade) == ("D", "A"), "both are kept"
    page = client_of(world, "HR").get(reverse("review_calibration", args=[review.pk])).content.decode()
    assert "When the grade was decided the score gave B; by now it gives D." in page


def test_a_grade_taken_back_leaves_what_the_score_gives(world: World) -> None:
    entered = calibrate(world)
    assert code_of(lambda: withdraw(world, entered, reason="too short")) == "too_short"
    withdraw(world, entered, "second level")
    assert grade(world) == "B"
    assert code_of(lambda: withdraw(world, entered)) == "not_in_force"


def test_a_veto_comes_after_the_calibration(world: World) -> None:
    calibrate(world)
    event = {"cause": "safety_accident", "effect": "grade_cap", "grade": "D", "happened_on": world.cycle.end_date}
    veto = vetoes.propose_veto(review_id=world.review.pk, **event, evidence=REASON, by=world.users["manager"], now=NOW)
    vetoes.decide_veto(review_id=world.review.pk, veto_id=veto.pk, approve=True, by=world.users["HR"], now=NOW)
    assert grade(world) == "D"


@pytest.mark.parametrize(
    "role", ["engineer", "other engineer", "manager", "other manager", "auditor", "administrator"]
)
def test_only_hr_and_the_second_level_decide(world: World, role: str) -> None:
    with pytest.raises(Http404):
        calibrate(world, role=role)
    entered = calibrate(world, role="second level")
    with pytest.raises(Http404):
        withdraw(world, entered, role)
    with pytest.raises(Http404):
        decide(world, entered, world.users[role])


def test_nobody_decides_or_reads_their_own(world: World) -> None:
    UserRole.objects.create(user=world.users["engineer"], role=Role.HR)
    with pytest.raises(Http404):
        calibrate(world, role="engineer")
    client = client_of(world, "engineer")
    page = reverse("review_calibration", args=[world.review.pk])
    assert client.get(page).status_code == 404
    assert client.get(reverse("api:review-calibration-list", args=[world.review.pk])).status_code == 404
    listed = client.get(reverse("cycle_calibration", args=["2026-Q1"])).content.decode()
    assert f'review-{world.review.pk}"' not in listed
    assert f'review-{world.other_review.pk}"' in listed


def test_what_makes_no_sense_is_refused(world: World) -> None:
    assert code_of(lambda: calibrate(world, "S")) == "bad_grade"
    assert code_of(lambda: calibrate(world, "B")) == "unchanged"
    assert code_of(lambda: calibrate(world, reason=" nineteen characters ")) == "too_short"
    entered = calibrate(world)
    assert code_of(lambda: calibrate(world, "A")) == "unchanged"
    assert code_of(lambda: calibrate(world, "B")) == "withdraw"
    KpiResult.objects.filter(cycle=world.cycle, engineer=world.two).delete()
    roll_up_reviews([world.other_review], get_schemes(world.cycle))
    assert code_of(lambda: calibrate(world, "B", review_id=world.other_review.pk)) == "not_rated"
    with pytest.raises(ReviewConflict):
        calibrate(world, "D", version=world.review.version)
    with pytest.raises(Http404):
        calibration.withdraw_calibration(
            review_id=world.other_review.pk,
            calibration_id=entered.pk,
            reason=REASON,
            by=world.users["HR"],
            now=NOW,
        )


def test_one_proposal_waits_at_a_time(world: World) -> None:
    in_four_grades(world)
    entered = calibrate(world, "D")
    assert code_of(lambda: calibrate(world, "A")) == "waits"
    withdraw(world, entered)
    calibrate(world, "A")
    assert grade(world) == "A"


def test_grades_are_decided_in_the_calibration_only(world: World) -> None:
    entered = calibrate(world)
    hr = world.users["HR"]
    move_cycle(cycle_id=world.cycle.pk, transition="reopen_manager_review", by=hr, now=NOW, reason=REASON)
    assert code_of(lambda: calibrate(world, "D")) == "not_in_calibration"
    assert code_of(lambda: withdraw(world, entered)) == "not_in_calibration"
    assert grade(world) == "A", "what was decided stays"
    advance(world.cycle, CycleState.PUBLISHED, by=hr)
    assert code_of(lambda: calibrate(world, "D")) == "not_in_calibration"


def test_a_grade_that_waits_blocks_the_publication(world: World, second: User) -> None:
    in_four_grades(world)
    entered = calibrate(world, "D")
    publish = {"cycle_id": world.cycle.pk, "transition": "publish", "by": world.users["HR"], "now": NOW}
    with pytest.raises(ValidationError) as caught:
        move_cycle(**publish, reason=REASON)
    assert caught.value.code == "incomplete"
    assert "the grade D for One waits for a second person" in caught.value.messages[0]
    decide(world, entered, second)
    assert move_cycle(**publish, reason=REASON).state == CycleState.PUBLISHED


@pytest.mark.parametrize(
    "changes",
    [
        {"reason": "nineteen characters"},
        {"steps": 0},
        {"grade": "B"},
        {"steps": 2, "is_approved": True, "decided_by": "HR", "decided_at": NOW},  # the second person is the first
        {"steps": 2, "is_approved": True},  # by nobody
        {"is_approved": True, "decided_by": "second level", "decided_at": NOW},  # one grade needs nobody
        {"proposed_by": "engineer"},
        {"steps": 2, "is_approved": True, "decided_by": "engineer", "decided_at": NOW},
        {"ended_by": "engineer", "ended_at": NOW},
    ],
)
def test_the_database_itself_refuses_what_breaks_the_rules(world: World, changes: dict[str, Any]) -> None:
    people = {"proposed_by": "HR"} | {name: who for name, who in changes.items() if name.endswith("_by")}
    rest = {name: value for name, value in changes.items() if not name.endswith("_by")}
    given = {name: world.users[who] for name, who in people.items()} | rest
    with pytest.raises(IntegrityError), transaction.atomic():
        decided(world.review, rated=world.users["engineer"], **given).save()


def test_the_database_holds_one_grade_in_force_and_one_that_waits(world: World) -> None:
    hr = world.users["HR"]
    for steps in (1, 2):
        decided(world.review, proposed_by=hr, steps=steps).save()
        with pytest.raises(IntegrityError), transaction.atomic():
            decided(world.review, proposed_by=hr, steps=steps).save()


def test_people_are_told(world: World, second: User) -> None:
    in_four_grades(world)
    entered = calibrate(world, "D")
    waits = Notice.objects.filter(topic="review.calibration_to_approve")
    assert {notice.user for notice in waits} == {second, world.users["second level"]}
    decide(world, entered, second)
    told = Notice.objects.filter(topic="review.calibration_decided")
    assert {notice.user for notice in told} == {world.users["HR"], world.users["manager"]}


def test_the_engineer_reads_the_decision_once_it_is_published(world: World, tmp_path: Any) -> None:
    calibrate(world)
    page = reverse("scorecard_detail", args=[world.review.pk])
    before = client_of(world, "engineer").get(page).content.decode()
    assert REASON not in before
    assert scorecard_of(Review.objects.get(pk=world.review.pk), viewer=world.users["engineer"]).decision is None
    advance(world.cycle, CycleState.PUBLISHED, by=world.users["HR"])
    after = client_of(world, "engineer").get(page).content.decode()
    assert "The score gave B; in calibration the grade was decided as A." in after
    assert f"The reason: {REASON}" in after
    entry = client_of(world, "engineer").get(reverse("api:review-detail", args=[world.review.pk])).json()
    assert (entry["grade"], entry["band_grade"]) == ("A", "B")
    assert entry["calibration"] == {"grade": "A", "grade_before": "B", "reason": REASON, "source": "person"}
    path = tmp_path / "cycle.json"
    call_command("export_cycle", "2026-Q1", "--format", "json", "--output", str(path))
    exported = next(row for row in json.loads(path.read_text())["reviews"] if row["employee_no"] == "E1")
    assert (exported["grade"], exported["calibration"]["reason"]) == ("A", REASON)


def test_the_seal_holds_the_decision_and_finds_out_who_touches_it(world: World) -> None:
    entered = calibrate(world)
    review = Review.objects.select_related("cycle", "profile", "engineer").get(pk=world.review.pk)
    schemes = get_schemes(review.cycle)
    (computed,) = compute_sheets([review], schemes)
    read = sheet_from(content_of(computed), review, schemes, segments=[], vetoes=[])
    assert (read.decision, read.band_grade, read.grade) == (computed.decision, "B", "A")
    advance(world.cycle, CycleState.PUBLISHED, by=world.users["HR"])
    out = io.StringIO()
    call_command("verify_cycle", "2026-Q1", "--json", stdout=out)
    assert json.loads(out.getvalue())["matches"] is True
    Calibration.objects.filter(pk=entered.pk).update(grade="D")
    Review.objects.filter(pk=review.pk).update(band_grade="A")
    out = io.StringIO()
    with pytest.raises(CommandError):
        call_command("verify_cycle", "2026-Q1", "--json", stdout=out)
    places = {each["place"] for each in json.loads(out.getvalue())["differences"]}
    assert {"decision grade", "grade", "band_grade"} <= places


def test_the_form_works_without_javascript_and_goes_back_to_the_filtered_list(world: World) -> None:
    client = client_of(world, "HR")
    page = reverse("review_calibration", args=[world.review.pk])
    sent = {"version": world.review.version, "grade": "A", "reason": REASON, "decision": "calibrate"}
    answer = client.post(page, sent | {"back": "sort=name&team=1&page=2"})
    assert answer.headers["Location"] == f"{reverse('cycle_calibration', args=['2026-Q1'])}?sort=name&team=1&page=2"
    assert grade(world) == "A"
    answer = client.post(page, sent | {"reason": "short", "grade": "D", "version": world.review.version + 1})
    assert answer.status_code == 422
    assert "20 characters at least" in answer.content.decode()
    answer = client.post(page, sent | {"grade": "D"})
    assert answer.status_code == 409, "somebody else was faster"


def test_with_htmx_the_row_and_the_pools_come_back(world: World) -> None:
    client = client_of(world, "second level")
    page = reverse("review_calibration", args=[world.review.pk])
    sent = {"version": world.review.version, "grade": "A", "reason": REASON, "decision": "calibrate", "back": ""}
    answer = client.post(page, sent, headers={"HX-Request": "true"})
    text = answer.content.decode()
    assert (answer.status_code, text.lstrip()[:3]) == (200, "<tr")
    assert 'id="pools" hx-swap-oob="true"' in text
    refused = client.post(page, sent, headers={"HX-Request": "true"})
    assert refused.status_code == 409
    assert "changed this review meanwhile" in refused.content.decode()


def test_what_one_person_decided_and_a_scoring_moved_away_blocks_publishing_until_a_second_looks(
    world: World, second: User
) -> None:
    calibrate(world, "A")
    Review.objects.filter(pk=world.review.pk).update(band_grade="D")
    given = {"cycle_id": world.cycle.pk, "transition": "publish", "now": NOW, "reason": REASON}
    with pytest.raises(ValidationError, match="One: A lies more than one grade from D now") as caught:
        move_cycle(**given, by=world.users["HR"])
    assert caught.value.code == "incomplete"
    entered = world.review.calibrations.in_force().get()
    calibration.withdraw_calibration(
        review_id=world.review.pk, calibration_id=entered.pk, reason=REASON, by=second, now=NOW
    )
    assert move_cycle(**given, by=world.users["HR"]).state == CycleState.PUBLISHED


def test_approving_and_taking_back_on_the_page(world: World, second: User) -> None:
    in_four_grades(world)
    entered = calibrate(world, "D", "second level")
    director, hr = client_of(world, "second level"), client_of(world, "HR")
    page = reverse("review_calibration", args=[world.review.pk])
    address = reverse("decide_calibration", args=[world.review.pk, entered.pk])
    assert address not in director.get(page).content.decode()
    assert address in hr.get(page).content.decode()
    director.post(address, {"decision": "approve"})
    hr.post(address, {"decision": "perhaps"})
    assert grade(world) == "B"
    hr.post(address, {"decision": "approve"})
    assert grade(world) == "D"
    director.post(reverse("withdraw_calibration", args=[world.review.pk, entered.pk]), {"reason": REASON})
    assert grade(world) == "B"


def test_the_api_decides_approves_takes_back_and_lists(world: World, second: User) -> None:
    in_four_grades(world)
    address = reverse("api:review-calibration-list", args=[world.review.pk])
    kind = {"content_type": "application/json"}
    hr, director = client_of(world, "HR"), client_of(world, "second level")
    refused = hr.post(address, {"grade": "A", "reason": "short"}, **kind)
    assert (refused.status_code, set(refused.json())) == (409, {"reason"})
    entry = hr.post(address, {"grade": "D", "reason": REASON}, **kind).json()
    assert (entry["is_awaiting"], entry["is_in_force"], entry["steps"]) == (True, False, 2)
    decision = reverse("api:review-calibration-decision", args=[world.review.pk, entry["id"]])
    assert hr.post(decision, {"approve": True}, **kind).status_code == 409
    assert director.post(decision, {"approve": True}, **kind).json()["is_in_force"] is True
    listed = director.get(reverse("api:cycle-calibration-list", args=["2026-Q1"])).json()["results"]
    assert [(row["employee_no"], row["grade"]) for row in listed] == [("E1", "D")]
    withdrawal = reverse("api:review-calibration-withdrawal", args=[world.review.pk, entry["id"]])
    assert hr.post(withdrawal, {"reason": REASON}, **kind).json()["is_in_force"] is False
    assert grade(world) == "B"
    stale = hr.post(address, {"grade": "A", "reason": REASON, "version": 1}, **kind)
    assert stale.status_code == 409
    assert "version" in stale.json()


def test_hr_exports_the_changes_and_that_is_recorded(world: World) -> None:
    calibrate(world, reason="=SUM(A1) is no reason, but text")
    client = client_of(world, "HR")
    answer = client.post(reverse("calibration_export", args=["2026-Q1", "csv"]))
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert len(rows) == 2
    told = dict(zip(*rows, strict=True))
    assert told["Employee number"] == "E1"
    assert (told["Grade before"], told["Grade after"], told["Grades moved"]) == ("B", "A", "1")
    assert told["Reason"].startswith("'="), "no formula of a spreadsheet"
    assert (told["State"], told["Grade of the score now"], told["Grade that counts now"]) == ("in force", "B", "A")
    sheet = client.post(reverse("calibration_export", args=["2026-Q1", "xlsx"]))
    assert sheet.content[:2] == b"PK"
    assert [entry.after for entry in AuditEntry.objects.filter(action="cycle.calibration_exported")] == [
        {"format": "xlsx"},
        {"format": "csv"},
    ]
    assert client.post(reverse("calibration_export", args=["2026-Q1", "pdf"])).status_code == 404
    assert (
        client_of(world, "second level").post(reverse("calibration_export", args=["2026-Q1", "csv"])).status_code
        == 404
    )
