"""Appeals after publication: in time, decided by who did not rate, never for the worse; nobody else's seal moves."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.http import Http404
from django.urls import reverse

from appraisal.cycles.models import CycleState, KpiResult
from appraisal.evidence.models import Ticket
from appraisal.notices.models import Notice
from appraisal.reports.cases import get_line_cases
from appraisal.reviews.appeals import actions as appeals
from appraisal.reviews.models import (
    Appeal,
    AppealLine,
    AppealTerms,
    CycleSeal,
    Dispute,
    EarlierSeal,
    LineOverride,
    Review,
    ReviewSeal,
    ReviewState,
)
from appraisal.reviews.steps import moves
from engineers.models import AuditEntry, Role
from tests.factories import UserFactory
from tests.integration.reviews.appealing import (
    LAST_DAY,
    REASON,
    WHY,
    appeal_of,
    claim_of,
    client_of,
    decide,
    publish,
    rated_line,
    rated_world,
    seals,
    upheld_all,
    verify,
)
from tests.once import once_a_module
from tests.world import IN_TIME, NOW, World, advance, score

pytestmark = pytest.mark.django_db


@once_a_module
def built() -> World:
    return publish(rated_world())


def test_an_upheld_case_changes_the_one_review_and_its_seal_alone(world: World) -> None:
    before, digest = seals(), CycleSeal.objects.get().reviews_digest
    appeal = appeal_of(world, IN_TIME)
    decided = decide(world, upheld=upheld_all(appeal))

    # 9 of 11 cases: 81.81… × 0.8 + 16.
    review = Review.objects.get(pk=world.review.pk)
    assert (review.state, review.overall, review.grade) == (ReviewState.DECIDED, Decimal("81.45"), "B")
    assert (decided.before, decided.after) == ({"overall": "76.00", "grade": "B"}, {"overall": "81.45", "grade": "B"})
    after = seals()
    assert after.pop(review.pk) != before.pop(review.pk)
    assert after == before, "nobody else's seal moves by a byte"
    assert CycleSeal.objects.get().reviews_digest != digest
    seal, earlier = ReviewSeal.objects.get(review=review), EarlierSeal.objects.get()
    assert (seal.appeal, earlier.appeal) == (appeal, appeal)
    assert json.loads(seal.content)["replaces"] == earlier.digest
    assert json.loads(earlier.content)["overall"] == "76", "what was first published can still be shown"
    code, told = verify()
    assert (code, told["differences"]) == (0, [])


def test_page_api_and_list_of_cases_show_the_figure_after_the_appeal(world: World) -> None:
    decide(world, upheld=upheld_all(appeal_of(world, IN_TIME)))
    engineer = client_of(world, "engineer")
    assert "81.45" in engineer.get(reverse("scorecard_detail", args=[world.review.pk])).content.decode()
    told = engineer.get(reverse("api:review-detail", args=[world.review.pk])).json()
    assert Decimal(told["overall"]) == Decimal("81.45")
    found = get_line_cases(
        viewer=world.users["engineer"], review_id=world.review.pk, line_id=world.result.line_id, show="left_out"
    )
    assert [case.number for case in found.cases] == ["E1-09"]
    page = engineer.get(reverse("review_appeal", args=[world.review.pk])).content.decode()
    assert "Published before: 76.00" in page


def test_tampering_after_an_appeal_is_found(world: World) -> None:
    decide(world, upheld=upheld_all(appeal_of(world, IN_TIME)))
    KpiResult.objects.filter(pk=world.result.pk).update(points="99")
    assert verify()[0] == 1
    KpiResult.objects.filter(pk=world.result.pk).update(points="900/11")
    assert verify()[0] == 0
    EarlierSeal.objects.update(content='{"overall":"1"}')
    code, told = verify()
    assert (code, told["differences"][0]["place"]) == (1, "earlier seal")
    EarlierSeal.objects.all().delete()
    assert verify()[0] == 1


def test_a_decision_does_not_seal_what_was_tampered_with(world: World) -> None:
    appeal = appeal_of(world, IN_TIME)
    KpiResult.objects.filter(engineer=world.one, line__kpi_version__kpi__code="volume").update(n=99)
    with pytest.raises(ValidationError, match="not those that were published"):
        decide(world, upheld=upheld_all(appeal))
    assert Appeal.objects.get().outcome == ""


def test_facts_that_came_after_publication_do_not_slip_in_with_an_appeal(world: World) -> None:
    appeal = appeal_of(world, IN_TIME)
    # A fact of another line: it would bring the resolved volume down.
    Ticket.objects.filter(external_id="E1-00").update(completed_at=None)
    decide(world, upheld=upheld_all(appeal))
    volume = KpiResult.objects.get(engineer=world.one, segment=0, line__kpi_version__kpi__code="volume")
    assert volume.n == 12
    code, told = verify()
    assert code == 0
    assert {each["fault"] for each in told["differences"]} == {"evidence"}


def test_an_upheld_case_never_lowers_the_published_result(world: World) -> None:
    before = seals()
    appeal = appeal_of(world, 0)  # one that was in time
    decided = decide(world, upheld=upheld_all(appeal))
    assert decided.before == decided.after == {"overall": "76.00", "grade": "B"}
    assert seals() == before
    assert Dispute.objects.get().is_left_out is False
    page = client_of(world, "engineer").get(reverse("review_appeal", args=[world.review.pk])).content.decode()
    assert "The published figure stays" in page
    assert verify()[0] == 0


def test_a_line_gets_other_points(world: World) -> None:
    place = (0, world.result.line_id)
    appeal = appeal_of(world, lines=[place])
    decide(world, points={place: Decimal(90)})
    # 90 × 0.8 + 80 × 0.2.
    assert Review.objects.get(pk=world.review.pk).overall == Decimal("88.00")
    line = AppealLine.objects.get(appeal=appeal)
    assert (line.is_claimed, line.points_before, line.points) == (True, Decimal(75), Decimal(90))
    override = LineOverride.objects.get()
    assert (override.entered_by, override.reason) == (world.users["HR"], REASON)
    assert verify()[0] == 0


def test_the_rating_of_the_manager_can_be_raised_too(world: World) -> None:
    place = (0, rated_line(world))
    appeal_of(world)
    decide(world, "partly", points={place: Decimal(100)})
    assert Review.objects.get(pk=world.review.pk).overall == Decimal("80.00")


def test_cases_and_points_are_upheld_together(world: World) -> None:
    place = (0, rated_line(world))
    appeal = appeal_of(world, IN_TIME, IN_TIME + 1)
    only = appeal.disputes.get(number="E1-09").pk
    decide(world, "partly", upheld=[only], points={place: Decimal(85)})
    # 81.81… × 0.8 + 85 × 0.2 = 82.4545…
    assert Review.objects.get(pk=world.review.pk).overall == Decimal("82.45")
    assert dict(appeal.disputes.values_list("number", "outcome")) == {"E1-09": "upheld", "E1-10": "refused"}


def test_points_are_never_below_the_published_ones_nor_above_what_the_line_gives(world: World) -> None:
    appeal_of(world)
    for points in ("74.99", "100.01"):
        with pytest.raises(ValidationError, match="an appeal lowers nothing"):
            decide(world, points={(0, world.result.line_id): Decimal(points)})
    with pytest.raises(ValidationError, match="no such line"):
        decide(world, points={(1, world.result.line_id): Decimal(90)})


def test_a_refused_appeal_changes_nothing(world: World) -> None:
    before = seals()
    appeal = appeal_of(world, IN_TIME)
    decided = decide(world, "refused")
    assert (decided.outcome, Dispute.objects.get().outcome, seals()) == ("refused", "refused", before)
    assert Review.objects.get(pk=world.review.pk).state == ReviewState.DECIDED
    assert Notice.objects.filter(topic="appeal.decided", user=world.users["engineer"]).exists()
    assert appeal.pk == decided.pk


def test_the_outcome_fits_what_follows(world: World) -> None:
    appeal = appeal_of(world, IN_TIME)
    with pytest.raises(ValidationError, match="changes nothing"):
        decide(world, "refused", upheld=upheld_all(appeal))
    with pytest.raises(ValidationError, match="Say what follows"):
        decide(world, "upheld")
    with pytest.raises(ValidationError, match="Choose the outcome"):
        decide(world, "lapsed")
    with pytest.raises(ValidationError, match="partly upheld"):
        decide(world, points={(0, world.result.line_id): Decimal(90)})
    with pytest.raises(ValidationError, match="Only cases of this appeal"):
        decide(world, upheld=[10**6])
    with pytest.raises(ValidationError, match="20 characters"):
        decide(world, "refused", reason="no")


@pytest.mark.parametrize(
    "role", ["engineer", "manager", "other manager", "other engineer", "auditor", "administrator"]
)
def test_who_rated_or_is_not_concerned_does_not_decide(world: World, role: str) -> None:
    appeal_of(world)
    with pytest.raises(Http404):
        decide(world, "refused", role=role)


def test_somebody_of_hr_who_had_a_part_in_the_result_does_not_decide(world: World) -> None:
    appeal_of(world)
    hr = UserFactory(username="hr-2", roles=[Role.HR])
    world.users["HR 2"] = hr
    parts = (
        {"approved_by": hr, "approved_at": NOW},
        {"submitted_by": hr, "submitted_at": NOW},
        {"manager": hr},
    )
    for part in parts:
        kept = {name: getattr(Review.objects.get(pk=world.review.pk), name) for name in part}
        Review.objects.filter(pk=world.review.pk).update(**part)
        with pytest.raises(Http404):
            decide(world, "refused", role="HR 2")
        Review.objects.filter(pk=world.review.pk).update(**kept)
    segment = world.review.segments.create(
        number=1, first_date="2026-01-01", last_date="2026-02-01", workdays=20, manager=hr
    )
    with pytest.raises(Http404):
        decide(world, "refused", role="HR 2")
    segment.delete()
    decide(world, "refused", role="HR 2")


@pytest.mark.parametrize("role", ["HR", "manager", "second level", "other engineer", "auditor"])
def test_only_the_engineer_appeals(world: World, role: str) -> None:
    with pytest.raises(Http404):
        appeal_of(world, by=world.users[role])


def test_the_time_to_appeal_and_to_add_ends(world: World) -> None:
    with pytest.raises(ValidationError, match="ended on 2026-04-14"):
        appeal_of(world, now=datetime(2026, 4, 14, 16, 0, tzinfo=UTC))  # midnight in Shanghai
    appeal_of(world, now=LAST_DAY)
    given = {"review_id": world.review.pk, "text": "And here is the photo of it", "by": world.users["engineer"]}
    appeals.add_supplement(**given, now=datetime(2026, 4, 17, 15, 59, tzinfo=UTC))
    with pytest.raises(ValidationError, match="until 2026-04-17"):
        appeals.add_supplement(**given, now=datetime(2026, 4, 17, 16, 0, tzinfo=UTC))
    assert [each.text for each in Appeal.objects.get().supplements.all()] == ["And here is the photo of it"]


def test_a_single_case_starts_an_appeal_and_a_second_one_joins_it(world: World) -> None:
    given = {"review_id": world.review.pk, "by": world.users["engineer"], "now": NOW}
    first = appeals.appeal_cases(claims=[claim_of(world)], **given)
    second = appeals.appeal_cases(claims=[claim_of(world, IN_TIME + 1)], **given)
    assert first == second
    assert set(first.disputes.values_list("number", flat=True)) == {"E1-09", "E1-10"}


def test_one_appeal_for_one_publication(world: World) -> None:
    appeal_of(world)
    with pytest.raises(ValidationError, match="not possible now"):
        appeal_of(world)
    decide(world, "refused")
    with pytest.raises(ValidationError, match="not possible now"):
        appeal_of(world)


def test_an_open_appeal_blocks_closing_and_a_missing_signature_does_not(world: World) -> None:
    appeal_of(world)
    with pytest.raises(ValidationError, match="the appeal of One is not decided"):
        advance(world.cycle, CycleState.CLOSED, by=world.users["HR"])
    decide(world, "refused")
    assert advance(world.cycle, CycleState.CLOSED, by=world.users["HR"]).state == CycleState.CLOSED


def test_a_closed_cycle_refuses_changes_of_appeals(world: World) -> None:
    appeal = appeal_of(world, IN_TIME)
    decide(world, upheld=upheld_all(appeal))
    advance(world.cycle, CycleState.CLOSED, by=world.users["HR"])
    for rows, change in (
        (Appeal.objects, {"reason": "x"}),
        (Dispute.objects, {"is_left_out": False}),
        (EarlierSeal.objects, {"content": "{}"}),
    ):
        with pytest.raises(IntegrityError, match="closed"), transaction.atomic():
            rows.update(**change)
    with pytest.raises(IntegrityError, match="closed"), transaction.atomic():
        AppealLine.objects.create(appeal=appeal, line_id=world.result.line_id, is_claimed=True)
    with pytest.raises(IntegrityError, match="closed"), transaction.atomic():
        AppealTerms.objects.create(cycle=world.cycle)


def reopen(world: World, transition: str) -> None:
    asked = moves.request_reopening(
        cycle_id=world.cycle.pk, transition=transition, reason=REASON, by=world.users["HR"], now=NOW
    )
    second = UserFactory(username=f"hr-{transition}", roles=[Role.HR])
    moves.decide_reopening(cycle_id=world.cycle.pk, reopening_id=asked.pk, approve=True, by=second, now=NOW)


def test_reopening_a_closed_cycle_keeps_decisions_and_reopening_the_results_ends_open_appeals(world: World) -> None:
    decide(world, upheld=upheld_all(appeal_of(world, IN_TIME)))
    advance(world.cycle, CycleState.CLOSED, by=world.users["HR"])
    reopen(world, "reopen_published")
    assert Review.objects.get(pk=world.review.pk).state == ReviewState.DECIDED
    world.cycle.refresh_from_db()
    reopen(world, "reopen_calibration")
    assert not ReviewSeal.objects.exists()
    assert not EarlierSeal.objects.exists()
    score(world.cycle, now=NOW)
    assert Review.objects.get(pk=world.review.pk).overall == Decimal("81.45"), "an upheld case stays out"
    advance(world.cycle, CycleState.PUBLISHED, by=world.users["HR"])
    appeal = appeal_of(world, IN_TIME + 1)
    reopen_again = UserFactory(username="hr-again", roles=[Role.HR])
    asked = moves.request_reopening(
        cycle_id=world.cycle.pk, transition="reopen_calibration", reason=REASON, by=world.users["HR"], now=NOW
    )
    moves.decide_reopening(cycle_id=world.cycle.pk, reopening_id=asked.pk, approve=True, by=reopen_again, now=NOW)
    appeal.refresh_from_db()
    assert (appeal.outcome, appeal.disputes.get().outcome) == ("lapsed", "lapsed")


def test_terms_are_set_by_hr_and_never_shortened_after_publication(world: World) -> None:
    given = {"cycle_id": world.cycle.pk, "by": world.users["HR"], "now": NOW}
    appeals.set_terms(**given, file_days=10)
    assert AppealTerms.objects.get().file_days == 10
    appeal_of(world, now=datetime(2026, 4, 17, 9, 0, tzinfo=UTC))
    with pytest.raises(ValidationError, match="not shortened"):
        appeals.set_terms(**given, file_days=9)
    with pytest.raises(ValidationError):
        appeals.set_terms(**given, dispute_days=61)
    with pytest.raises(Http404):
        appeals.set_terms(**given | {"by": world.users["manager"]}, file_days=12)


def test_every_step_is_in_the_trail(world: World) -> None:
    appeal = appeal_of(world, IN_TIME)
    decide(world, upheld=upheld_all(appeal))
    filed, decided = (AuditEntry.objects.get(action=f"review.{name}") for name in ("appeal", "decide"))
    assert (filed.reason, filed.after["cases"][0]["record"]) == (WHY, "tickets E1-09")
    assert (decided.before["overall"], decided.after["overall"], decided.reason) == ("76.00", "81.45", REASON)
    assert decided.actor == world.users["HR"]
    told = set(Notice.objects.filter(topic="appeal.filed").values_list("user__username", flat=True))
    assert told == {"hr", "director"}


@time_machine.travel(NOW, tick=False)
def test_an_appeal_in_the_browser_from_the_scorecard_to_the_decision(world: World) -> None:
    engineer, hr = client_of(world, "engineer"), client_of(world, "HR")
    card = engineer.get(reverse("scorecard_detail", args=[world.review.pk])).content.decode()
    door = reverse("review_appeal", args=[world.review.pk])
    assert door in card
    version = Review.objects.get(pk=world.review.pk).version
    line = f"0-{world.result.line_id}"
    assert engineer.post(door, {"version": version, "text": "short"}).status_code == 422
    assert engineer.post(door, {"version": version - 1, "text": WHY}).status_code == 422
    assert engineer.post(door, {"version": version, "text": WHY, "lines": [line]}).status_code == 302
    add = reverse("supplement_appeal", args=[world.review.pk])
    assert engineer.post(add, {"text": "And here is the photo of it"}).status_code == 302
    case = f"{reverse('dispute_new', args=[world.review.pk, world.result.line_id])}?record={claim_of(world).record_id}"
    assert engineer.post(case, {"cause": "wrong_dispatch", "text": WHY}).status_code == 302
    assert "Appeal against the result" in hr.get(reverse("dispute_queue")).content.decode()
    shown = hr.get(door).content.decode()
    assert "And here is the photo of it" in shown
    decision = reverse("decide_appeal", args=[world.review.pk])
    dispute = Dispute.objects.get()
    sent = {"outcome": "upheld", f"case_{dispute.pk}": "yes", "reason": REASON}
    assert client_of(world, "manager").post(decision, sent).status_code == 404
    assert hr.post(decision, sent | {f"points_{line}": "1"}).status_code == 422
    undecided = hr.post(decision, {"outcome": "upheld", "reason": REASON})
    assert undecided.status_code == 422, "each case is decided, one way or the other"
    assert hr.post(decision, sent).status_code == 302
    told = engineer.get(door).content.decode()
    assert "81.45" in told
    assert REASON in told
    again = hr.post(decision, sent)
    assert again.status_code == 422
    assert "This appeal is closed already: upheld." in again.content.decode()


@time_machine.travel(NOW, tick=False)
def test_the_api_does_the_same(world: World) -> None:
    engineer, hr = client_of(world, "engineer"), client_of(world, "HR")
    kind = {"content_type": "application/json"}
    door = reverse("api:appeal-list", args=[world.review.pk])
    claim = claim_of(world)
    case = {"line": claim.line_id, "record": claim.record_id, "cause": claim.cause, "text": claim.text}
    made = engineer.post(door, {"text": WHY, "cases": [case]}, **kind)
    assert (made.status_code, made.json()["decide_by"]) == (201, "2026-04-17")
    assert engineer.post(door, {"text": WHY}, **kind).status_code == 409
    added = engineer.post(reverse("api:appeal-supplement", args=[world.review.pk]), {"text": WHY}, **kind)
    assert [each["text"] for each in added.json()["supplements"]] == [WHY]
    queue = hr.get(reverse("api:queue-list")).json()
    assert [(row["kind"], row["employee_no"], row["may_decide"]) for row in queue] == [("appeal", "E1", True)]
    decision = reverse("api:appeal-decision", args=[world.review.pk])
    sent = {"outcome": "upheld", "reason": REASON, "upheld": [made.json()["cases"][0]["id"]]}
    assert client_of(world, "manager").post(decision, sent, **kind).status_code == 404
    answer = hr.post(decision, sent, **kind)
    assert (answer.status_code, answer.json()["after"]["overall"]) == (200, "81.45")
    again = hr.post(decision, sent, **kind)
    assert (again.status_code, again.json()) == (409, {"detail": "This appeal is closed already: upheld."})
    terms = reverse("api:appeal-terms-list", args=["2026-Q1"])
    assert hr.post(terms, {"file_days": 8}, **kind).json()["file_days"] == 8
    assert client_of(world, "auditor").get(terms).json()["file_days"] == 8


@pytest.mark.parametrize(
    "broken",
    [
        {"outcome": "refused"},
        {"outcome": "refused", "by": "engineer"},
        {"outcome": "refused", "by": "manager"},
        {"outcome": "lapsed", "by": "HR"},
        {"by": "HR"},
    ],
)
def test_the_database_refuses_decisions_that_break_the_rules(world: World, broken: dict[str, Any]) -> None:
    appeal = appeal_of(world)
    given = {name: value for name, value in broken.items() if name != "by"}
    if "by" in broken:
        given["decided_by"] = world.users[broken["by"]]
    with pytest.raises(IntegrityError), transaction.atomic():
        Appeal.objects.filter(pk=appeal.pk).update(**given, decided_at=NOW)


def test_the_database_keeps_one_open_appeal_one_row_a_line_and_points_that_rise(world: World) -> None:
    appeal = appeal_of(world, lines=[(0, world.result.line_id)])
    line = AppealLine.objects.get()
    for broken in (
        lambda: AppealLine.objects.filter(pk=line.pk).update(points=Decimal("74.99")),
        lambda: AppealLine.objects.create(appeal=appeal, line_id=line.line_id, is_claimed=False),
        lambda: AppealTerms.objects.create(cycle=world.cycle, file_days=0),
        lambda: Appeal.objects.bulk_create(
            [
                Appeal(
                    **{
                        name: getattr(appeal, name)
                        for name in ("review", "text", "filed_by", "filed_at", "supplement_until", "decide_by")
                    }
                )
            ]
        ),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            broken()
    decide(world, points={(0, world.result.line_id): Decimal(90)})
    earlier = EarlierSeal.objects.get()
    earlier.pk = None
    with pytest.raises(IntegrityError), transaction.atomic():
        earlier.save()
