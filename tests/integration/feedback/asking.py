"""Rounds of feedback for tests: asking, answering and releasing through the room's own doors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from django.urls import resolve

from appraisal.cycles.models import Cycle, CycleState
from appraisal.feedback import actions, answering, links, nominations
from appraisal.feedback.models import FeedbackRequest, FeedbackResult, FeedbackRound, Group
from appraisal.feedback.questions import codes_of
from appraisal.jobs.actions import run_now
from appraisal.jobs.models import Job
from engineers.models import Engineer, User
from tests.factories import CycleFactory, UserFactory, hr_user
from tests.world import World

OPENS, CLOSES = datetime(2026, 4, 1, tzinfo=UTC), datetime(2026, 4, 10, tzinfo=UTC)
DURING, AFTER = datetime(2026, 4, 2, 8, tzinfo=UTC), datetime(2026, 4, 11, 8, tzinfo=UTC)

Sheet = Mapping[str, int | None]


def make_round(cycle: Cycle | None = None, *, closes_at: datetime = CLOSES) -> FeedbackRound:
    cycle = cycle or CycleFactory(state=CycleState.OPEN)
    return actions.create_round(cycle_id=cycle.pk, opens_at=OPENS, closes_at=closes_at, by=None, now=OPENS)


def ask(
    feedback: FeedbackRound, ratee: Engineer, group: str, *, by: User, rater: User | None = None
) -> FeedbackRequest:
    """Ask one more person as one of a group, approved at once."""
    if group == Group.CUSTOMER:
        number = feedback.requests.count()
        address = f"customer{number}@example.org"
        contact = nominations.Contact(
            employee_no=ratee.employee_no, name=f"Customer {number}", address=address, language="en"
        )
        nominations.add_contacts(round_id=feedback.pk, contacts=[contact], by=by, now=DURING)
        return FeedbackRequest.objects.get(round=feedback, ratee=ratee, contact_address=address)
    return nominations.propose_rater(
        round_id=feedback.pk, engineer_id=ratee.pk, group=group, rater=rater or UserFactory(), by=by, now=DURING
    )


def same(group: str, value: int | None) -> dict[str, int | None]:
    """Return a sheet with the same answer to every question."""
    return dict.fromkeys(codes_of(group), value)


def answer(request: FeedbackRequest, sheet: Sheet, *, remark: str = "", now: datetime = DURING) -> None:
    if request.rater:
        answering.answer_request(request_id=request.pk, answers=sheet, remark=remark, by=request.rater, now=now)
    else:
        answering.answer_link(token=token_of(request), answers=sheet, remark=remark, now=now)


def token_of(request: FeedbackRequest) -> str:
    """Give a customer a new link and return its token."""
    return str(resolve(links.new_link(request, feedback=request.round, now=DURING)).kwargs["token"])


def ask_and_answer(
    feedback: FeedbackRound, ratee: Engineer, sheets: Mapping[str, Sequence[int | Sheet]], *, by: User
) -> None:
    for group, given in sheets.items():
        for each in given:
            sheet = same(group, each) if isinstance(each, int) else each
            answer(ask(feedback, ratee, group, by=by), sheet)


def release(feedback: FeedbackRound, *, by: User | None = None) -> Job:
    job = actions.release_round(round_id=feedback.pk, by=by or hr_user(), now=AFTER)
    done = run_now(job, AFTER)
    assert done.state == "done", done.error
    feedback.refresh_from_db()
    return done


def result_of(feedback: FeedbackRound, ratee: Engineer) -> FeedbackResult:
    return FeedbackResult.objects.select_related("ratee", "round").get(round=feedback, ratee=ratee)


FAR = datetime(2099, 1, 1, tzinfo=UTC)


def add_feedback(world: World, number: int = 0) -> FeedbackRound:
    """Plan a round that is open, and ask about One: a colleague, one who is only proposed, and a customer."""
    by = world.users
    found = FeedbackRound.objects.filter(cycle=world.cycle).first()
    feedback = found or actions.create_round(
        cycle_id=world.cycle.pk, opens_at=OPENS, closes_at=FAR, by=None, now=OPENS
    )
    colleague, proposed = (by["other engineer"], by["other manager"]) if number == 0 else (None, None)
    ask(feedback, world.one, Group.PEER, by=by["HR"], rater=colleague)
    ask(feedback, world.one, Group.PEER, by=by["engineer"], rater=proposed)
    ask(feedback, world.one, Group.CUSTOMER, by=by["HR"])
    return feedback
