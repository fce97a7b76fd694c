"""A published cycle: One and Two are rated 4 of 5 by their managers and stand at B."""

from __future__ import annotations

from typing import Any

from django.test import Client

from appraisal.cycles.models import CycleState
from appraisal.reviews import actions
from engineers.models import Role, User
from tests.factories import UserFactory
from tests.world import NOW, World, advance, build_world


def build_published(*, state: str = CycleState.PUBLISHED) -> World:
    """Build a world with a second account of HR, "HR two", and take its cycle to ``state``."""
    world = build_world()
    for review, role in ((world.review, "manager"), (world.other_review, "other manager")):
        actions.save_rating(
            review_id=review.pk,
            version=review.version,
            scores=dict.fromkeys(world.rating_keys, 4),
            comment="",
            by=world.users[role],
            now=NOW,
        )
    world.users["HR two"] = second_hr()
    advance(world.cycle, state, by=world.users["HR"])
    for review in (world.review, world.other_review):
        review.refresh_from_db()
    return world


def second_hr() -> User:
    made: User = UserFactory(username="hr-two", roles=[Role.HR])
    return made


def client_of(world: World, role: str, **headers: Any) -> Client:
    client = Client(headers={"accept-language": "en"} | headers)
    client.force_login(world.users[role])
    return client
