"""What the tests of appeals share: a published result, and how it is appealed against."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime
from typing import Any

from django.core.management import CommandError, call_command
from django.test import Client

from appraisal.cycles.models import CycleState
from appraisal.evidence.models import Ticket
from appraisal.kpis.models import KpiVersion, SchemeLine
from appraisal.kpis.queries import content_as_activated
from appraisal.reviews.appeals import actions as appeals
from appraisal.reviews.appeals.claims import Claim
from appraisal.reviews.models import (
    Appeal,
    ReviewSeal,
)
from appraisal.reviews.rating import actions
from tests.world import IN_TIME, NOW, World, advance, build_world, score

WHY = "The customer was not there, see the photo of the door"
REASON = "Confirmed by the dispatcher on the telephone"
# 2026-04-02, a Thursday, is the day of publication; 2026-04-06 is a holiday.
LAST_DAY = datetime(2026, 4, 14, 9, 0, tzinfo=UTC)


def rated_world(*, shrink: bool = False) -> World:
    """One and Two: 9 of 12 cases in time, 4 of 5 from their managers: 75 × 0.8 + 80 × 0.2 = 76.00 B."""
    built = build_world()
    if shrink:
        KpiVersion.objects.filter(kpi__code="in_time").update(shrink_k=10)
        content_as_activated.cache_clear()  # a version never changes otherwise
        score(built.cycle, now=NOW)
    for review, role in ((built.review, "manager"), (built.other_review, "other manager")):
        review.refresh_from_db()
        actions.save_rating(
            review_id=review.pk,
            version=review.version,
            scores=dict.fromkeys(built.rating_keys, 4),
            comment="",
            by=built.users[role],
            now=NOW,
        )
    return built


def publish(world: World) -> World:
    advance(world.cycle, CycleState.PUBLISHED, by=world.users["HR"])
    world.review.refresh_from_db()
    return world


def claim_of(world: World, number: int = IN_TIME, **changes: Any) -> Claim:
    ticket = Ticket.objects.get(external_id=f"E1-{number:02}")
    given = {"line_id": world.result.line_id, "record_id": ticket.pk, "cause": "customer_absent", "text": WHY}
    return Claim(**given | changes)


def appeal_of(world: World, *numbers: int, now: datetime = NOW, **changes: Any) -> Appeal:
    claims = [claim_of(world, number) for number in numbers]
    given = {"review_id": world.review.pk, "text": WHY, "by": world.users["engineer"], "claims": claims}
    return appeals.file_appeal(**given | changes, now=now)


def decide(world: World, outcome: str = "upheld", *, role: str = "HR", **given: Any) -> Appeal:
    sent = {"review_id": world.review.pk, "reason": REASON, "by": world.users[role], "now": NOW}
    return appeals.decide_appeal(outcome=outcome, **sent | given)


def upheld_all(appeal: Appeal) -> list[int]:
    return list(appeal.disputes.values_list("pk", flat=True))


def rated_line(world: World) -> int:
    """The line that the manager rates."""
    return SchemeLine.objects.get(dimension__version=world.version, kpi_version__kpi__code="cooperation").pk


def seals() -> dict[int, tuple[str, str]]:
    return {
        review: (content, digest)
        for review, content, digest in ReviewSeal.objects.values_list("review", "content", "digest")
    }


def verify() -> tuple[int, dict[str, Any]]:
    out = io.StringIO()
    try:
        call_command("verify_cycle", "2026-Q1", "--json", stdout=out)
    except CommandError as error:
        return error.returncode, json.loads(out.getvalue())
    return 0, json.loads(out.getvalue())


def client_of(world: World, role: str) -> Client:
    client = Client(headers={"accept-language": "en"})
    client.force_login(world.users[role])
    return client
