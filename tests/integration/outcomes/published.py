"""A published cycle: One and Two are rated 4 of 5 by their managers and stand at B."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.test import Client

from appraisal.cycles.models import Cycle, CycleState
from appraisal.reviews.models import Review
from appraisal.reviews.rating import actions
from engineers.models import Role, Team, TeamMembership, User
from tests.factories import CycleFactory, TicketFactory, UserFactory
from tests.world import NOW, World, advance, build_world, score


def build_published(*, state: str = CycleState.PUBLISHED, one: int = 4, two: int = 4) -> World:
    """Build a world with a second account of HR, "HR two", and take its cycle to ``state``.

    ``one`` and ``two`` are what the managers give: with 1 the grade is D (0.7 · 75 + 0.1 · 100 + 0.2 · 20 = 66.5).
    """
    world = build_world()
    for review, role, given in ((world.review, "manager", one), (world.other_review, "other manager", two)):
        actions.save_rating(
            review_id=review.pk,
            version=review.version,
            scores=dict.fromkeys(world.rating_keys, given),
            comment="",
            by=world.users[role],
            now=NOW,
        )
    world.users["HR two"] = second_hr()
    advance(world.cycle, state, by=world.users["HR"])
    for review in (world.review, world.other_review):
        review.refresh_from_db()
    return world


def build_published_after_a_move(*, first: int, second: int) -> World:
    """One is under the first manager for two months, then under the other one; each gives their part a score."""
    world = build_world()
    TeamMembership.objects.filter(engineer=world.one).update(end_date=date(2026, 2, 28))
    TeamMembership.objects.create(engineer=world.one, team=Team.objects.get(code="TWO"), start_date=date(2026, 3, 1))
    score(world.cycle, now=NOW)
    for number, (role, given) in enumerate((("manager", first), ("other manager", second)), start=1):
        actions.save_rating(
            review_id=world.review.pk,
            version=Review.objects.get(pk=world.review.pk).version,
            scores=dict.fromkeys(world.rating_keys, given),
            comment="",
            segment=number,
            by=world.users[role],
            now=NOW,
        )
    advance(world.cycle, CycleState.PUBLISHED, by=world.users["HR"])
    world.review.refresh_from_db()
    return world


def second_hr() -> User:
    made: User = UserFactory(username="hr-two", roles=[Role.HR])
    return made


def client_of(world: World, role: str, **headers: Any) -> Client:
    client = Client(headers={"accept-language": "en"} | headers)
    client.force_login(world.users[role])
    return client


NEXT_NOW = datetime(2026, 7, 2, 8, 0, tzinfo=UTC)


def add_next_cycle(world: World, *, in_time: int, late: int, state: str = CycleState.MANAGER_REVIEW) -> Cycle:
    """Add the second quarter, in which One answered some cases in time and some late; scored, moved to ``state``."""
    for number in range(in_time + late):
        opened = datetime(2026, 5, 6, 2, 0, tzinfo=UTC) + timedelta(hours=number)
        TicketFactory(
            engineer=world.one,
            external_id=f"next-{number}",
            opened_at=opened,
            first_response_at=opened + timedelta(minutes=10),
            response_us=600_000_000,
            response_business_us=600_000_000,
            response_decided_at=opened + timedelta(minutes=10),
            response_met=number < in_time,
        )
    cycle: Cycle = CycleFactory(
        code="2026-Q2",
        name="Second quarter",
        start_date=date(2026, 4, 1),
        end_date=date(2026, 6, 30),
        scheme=world.version,
    )
    advance(cycle, CycleState.MANAGER_REVIEW, by=world.users["HR"], now=NEXT_NOW)
    score(cycle, now=NEXT_NOW)
    return advance(cycle, state, by=world.users["HR"], now=NEXT_NOW)
