"""A closed cycle refuses every write, whoever asks; HR opens it again only with a second person."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.db.utils import DatabaseError
from django.http import Http404

from appraisal.cycles import guard
from appraisal.cycles.models import Cycle, CycleState, KpiResult, Reopening
from appraisal.notices.models import Notice
from appraisal.reviews.models import CriterionRating, CycleSeal, Review, ReviewState, VetoEvent
from appraisal.reviews.steps import moves
from engineers.models import AuditEntry, Role, User
from tests.factories import EngineerFactory, UserFactory
from tests.integration.reviews.calibrating import decided
from tests.once import once_a_module
from tests.world import NOW, World, advance, build_world

pytestmark = pytest.mark.django_db

REASON = "A mistake in the records was found too late"


@once_a_module
def built() -> World:
    built = build_world()
    advance(built.cycle, CycleState.CLOSED, by=built.users["HR"])
    return built


@pytest.fixture
def second() -> User:
    made: User = UserFactory(username="hr-two", roles=[Role.HR])
    return made


def ask(world: World, transition: str = "reopen_published") -> Reopening:
    return moves.request_reopening(
        cycle_id=world.cycle.pk, transition=transition, reason=REASON, by=world.users["HR"], now=NOW
    )


def decide(world: World, asked: Reopening, by: User, *, approve: bool = True) -> Reopening:
    return moves.decide_reopening(cycle_id=world.cycle.pk, reopening_id=asked.pk, approve=approve, by=by, now=NOW)


def refused(write: Callable[[], object]) -> None:
    with pytest.raises(DatabaseError) as caught, transaction.atomic():
        write()
    assert "closed" in str(caught.value)


def test_every_write_is_refused_by_the_database(world: World) -> None:
    review = Review.objects.get(pk=world.review.pk)
    assert review.state == ReviewState.FINAL
    version_id, criterion = world.rating_keys[0]
    rating = {"kpi_version_id": version_id, "criterion": criterion, "score": 5}
    writes: list[Callable[[], object]] = [
        review.save,
        lambda: Review.objects.filter(pk=review.pk).update(overall=100),
        lambda: Review.objects.bulk_update([review], ["comment"]),
        lambda: CriterionRating.objects.create(review=review, **rating),
        lambda: review.self_ratings.create(**rating),
        lambda: KpiResult.objects.filter(pk=world.result.pk).update(points="100"),
        lambda: KpiResult.objects.filter(cycle=world.cycle).delete(),
        lambda: VetoEvent.objects.create(
            review=review,
            cause="safety_accident",
            effect="zero_bonus",
            happened_on="2026-03-01",
            evidence=REASON,
            proposed_by=world.users["HR"],
            proposed_at=NOW,
        ),
        decided(review, proposed_by=world.users["HR"]).save,
        lambda: world.cycle.deadlines.create(state="published", due_date="2026-04-30"),
        lambda: world.cycle.schemes.all().delete(),
        lambda: Cycle.objects.filter(pk=world.cycle.pk).update(name="Another name"),
        lambda: Cycle.objects.filter(pk=world.cycle.pk).update(state=CycleState.PUBLISHED),
        lambda: connection.cursor().execute(f"DELETE FROM cycles_cycle WHERE id = {world.cycle.pk}"),
        lambda: connection.cursor().execute(
            f"UPDATE reviews_review SET overall = 1 WHERE cycle_id = {world.cycle.pk}"
        ),
    ]
    for write in writes:
        refused(write)


def test_what_is_not_closed_is_not_guarded(world: World) -> None:
    other = Cycle.objects.create(
        code="next", name="Next", start_date="2026-04-01", end_date="2026-06-30", time_zone="Asia/Shanghai"
    )
    review = Review.objects.create(cycle=other, engineer=world.one)
    review.comment = "still writing"
    review.save()
    other.delete()


def test_nothing_is_smuggled_into_a_closed_cycle(world: World) -> None:
    other = Cycle.objects.create(
        code="next", name="Next", start_date="2026-04-01", end_date="2026-06-30", time_zone="Asia/Shanghai"
    )
    three = Review.objects.create(cycle=other, engineer=EngineerFactory())
    refused(lambda: Review.objects.filter(pk=three.pk).update(cycle=world.cycle))


def test_the_guard_is_put_back_after_migrations(world: World) -> None:
    guard.remove(using="default")
    Review.objects.filter(pk=world.review.pk).update(comment="while migrating")
    guard.install(using="default")
    refused(lambda: Review.objects.filter(pk=world.review.pk).update(comment="afterwards"))


def test_a_second_person_opens_it_again_and_everybody_is_told(world: World, second: User) -> None:
    asked = ask(world)
    assert Notice.objects.filter(user=second, topic="cycle.reopening_requested").exists()
    assert Cycle.objects.get(pk=world.cycle.pk).state == CycleState.CLOSED
    decide(world, asked, second)
    assert Cycle.objects.get(pk=world.cycle.pk).state == CycleState.PUBLISHED
    assert Review.objects.get(pk=world.review.pk).state == ReviewState.PUBLISHED
    entry = AuditEntry.objects.get(action="cycle.reopen_published")
    assert (entry.actor, entry.reason) == (second, REASON)
    told = set(Notice.objects.filter(topic="cycle.reopened").values_list("user__username", flat=True))
    assert {"one", "two", "manager", "other-manager", "hr"} <= told


def test_an_approval_is_used_once(world: World, second: User) -> None:
    decide(world, ask(world), second)
    moves.move_cycle(cycle_id=world.cycle.pk, transition="close", by=second, now=NOW, reason=REASON)
    refused(lambda: Cycle.objects.filter(pk=world.cycle.pk).update(state=CycleState.PUBLISHED))


def test_who_asked_does_not_decide_and_nobody_but_hr_does(world: World, second: User) -> None:
    asked = ask(world)
    with pytest.raises(ValidationError) as caught:
        decide(world, asked, world.users["HR"])
    assert caught.value.code == "own_request"
    for role in ("second level", "auditor", "administrator", "engineer"):
        with pytest.raises(Http404):
            decide(world, asked, world.users[role])
    with pytest.raises(IntegrityError), transaction.atomic():
        Reopening.objects.filter(pk=asked.pk).update(decided_by=asked.requested_by, decided_at=NOW)


def test_a_rejected_one_changes_nothing_and_makes_room_for_another(world: World, second: User) -> None:
    asked = ask(world)
    with pytest.raises(ValidationError) as caught:
        ask(world)
    assert caught.value.code == "waits"
    decide(world, asked, second, approve=False)
    assert Cycle.objects.get(pk=world.cycle.pk).state == CycleState.CLOSED
    with pytest.raises(ValidationError) as caught:
        decide(world, asked, second)
    assert caught.value.code == "decided"
    ask(world)


def test_a_reopening_takes_a_reason(world: World) -> None:
    with pytest.raises(ValidationError) as caught:
        moves.request_reopening(
            cycle_id=world.cycle.pk, transition="reopen_published", reason="because", by=world.users["HR"], now=NOW
        )
    assert set(caught.value.error_dict) == {"reason"}


def test_one_person_alone_does_not_reopen(world: World) -> None:
    with pytest.raises(ValidationError) as caught:
        moves.move_cycle(
            cycle_id=world.cycle.pk, transition="reopen_published", by=world.users["HR"], now=NOW, reason=REASON
        )
    assert caught.value.code == "needs_approval"


def test_an_acknowledged_result_is_acknowledged_again_after_a_reopened_closing(world: World, second: User) -> None:
    decide(world, ask(world), second)
    moves.move_review(review_id=world.review.pk, transition="acknowledge", by=world.users["engineer"], now=NOW)
    moves.move_cycle(cycle_id=world.cycle.pk, transition="close", by=second, now=NOW)
    decide(world, ask(world), second)
    assert Review.objects.get(pk=world.review.pk).state == ReviewState.ACKNOWLEDGED
    assert Review.objects.get(pk=world.other_review.pk).state == ReviewState.PUBLISHED


def test_back_in_calibration_what_was_never_handed_in_waits_for_its_manager(world: World, second: User) -> None:
    decide(world, ask(world), second)
    decide(world, ask(world, "reopen_calibration"), second)
    assert Review.objects.get(pk=world.review.pk).state == ReviewState.AWAITING_MANAGER


def test_going_back_breaks_the_seal_and_publishing_again_makes_a_new_one(world: World, second: User) -> None:
    first = CycleSeal.objects.get(cycle=world.cycle)
    decide(world, ask(world), second)
    assert CycleSeal.objects.get(cycle=world.cycle) == first, "open again, but nothing has changed"
    decide(world, ask(world, "reopen_calibration"), second)
    assert not CycleSeal.objects.exists()
    assert AuditEntry.objects.get(action="cycle.seal_broken").before["reviews"] == first.reviews_digest
    advance(world.cycle, CycleState.PUBLISHED, by=second)
    assert CycleSeal.objects.get(cycle=world.cycle).reviews_digest == first.reviews_digest
