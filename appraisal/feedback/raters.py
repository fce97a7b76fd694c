"""Reads about who is asked: one's own tasks, the raters of an engineer, the requests of a round."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, QuerySet

from appraisal.cycles.models import CycleState
from appraisal.cycles.workflow import REVEALED, UNDER_WAY
from appraisal.feedback import access
from appraisal.feedback.models import MASKED, FeedbackRequest, FeedbackRound, Group, RequestState
from engineers.access import is_manager, teams_managed_by
from engineers.models import Engineer, TeamMembership, User

ROUNDS_SHOWN = 5


@dataclass(frozen=True, kw_only=True)
class TaskView:
    """Something the reader is asked, or has answered."""

    request_id: int
    name: str
    employee_no: str
    group: str
    group_label: str
    cycle: str
    opens_at: datetime
    closes_at: datetime
    state: str
    state_label: str
    is_open: bool


def list_tasks(viewer: User, *, now: datetime) -> list[TaskView]:
    """Return what an account is asked in cycles under way: what is open first, by closing time."""
    found = access.tasks_of(viewer).filter(round__cycle__state__in=UNDER_WAY).select_related("round__cycle", "ratee")
    tasks = [view_task(request, now=now) for request in found]
    return sorted(tasks, key=lambda task: (not task.is_open, task.closes_at, task.employee_no))


def view_task(request: FeedbackRequest, *, now: datetime) -> TaskView:
    feedback = request.round
    return TaskView(
        request_id=request.pk,
        name=request.ratee.name,
        employee_no=request.ratee.employee_no,
        group=request.group,
        group_label=str(Group(request.group).label),
        cycle=feedback.cycle.name,
        opens_at=feedback.opens_at,
        closes_at=feedback.closes_at,
        state=request.state,
        state_label=str(RequestState(request.state).label),
        is_open=request.state == RequestState.APPROVED and is_open(feedback, now=now),
    )


def is_open(feedback: FeedbackRound, *, now: datetime) -> bool:
    """True while answers are taken."""
    in_time = feedback.opens_at <= now < feedback.closes_at
    return in_time and not feedback.is_ended and feedback.cycle.state in UNDER_WAY


@dataclass(frozen=True, kw_only=True)
class RaterView:
    """Somebody who is asked. ``state`` is masked for all who may not know who has answered."""

    request_id: int
    ratee: str
    ratee_id: int
    rater: str
    group: str
    group_label: str
    state: str
    state_label: str
    proposed_by: str
    reason: str
    may_approve: bool
    may_refuse: bool
    invited_at: datetime | None
    reminded_at: datetime | None


def list_raters(*, viewer: User, feedback: FeedbackRound, ratee: Engineer, now: datetime) -> list[RaterView]:
    """Return who is asked about an engineer."""
    requests = feedback.requests.filter(ratee=ratee).select_related("ratee__user", "rater", "proposed_by")
    return view_raters(
        requests.order_by("group", "pk"),
        decides=access.may_decide(viewer=viewer, feedback=feedback, ratee=ratee, now=now) and not feedback.is_ended,
        sees_answered=access.sees_who_answered(viewer, ratee),
    )


def narrowed(requests: QuerySet[FeedbackRequest], *, state: str, group: str) -> QuerySet[FeedbackRequest]:
    """Narrow requests, by engineer, to a state and a group; one that there is not narrows nothing."""
    if state in RequestState.values:
        requests = requests.filter(state=state)
    if group in Group.values:
        requests = requests.filter(group=group)
    return requests.order_by("ratee__employee_no", "group", "pk")


def view_raters(requests: Iterable[FeedbackRequest], *, decides: bool, sees_answered: bool) -> list[RaterView]:
    views = []
    for request in requests:
        state = RequestState(request.state)
        shown = state if sees_answered else MASKED.get(state, state)
        is_hidden = shown != state
        views.append(
            RaterView(
                request_id=request.pk,
                ratee=str(request.ratee),
                ratee_id=request.ratee_id,
                rater=str(request.rater or request.contact_name or request.contact_address),
                group=request.group,
                group_label=str(Group(request.group).label),
                state=shown.value,
                state_label=str(shown.label),
                proposed_by=str(request.proposed_by or ""),
                reason="" if is_hidden else request.reason,
                may_approve=decides and state in (RequestState.NOMINATED, RequestState.REFUSED),
                may_refuse=decides
                and (state == RequestState.NOMINATED or (sees_answered and state == RequestState.APPROVED)),
                invited_at=request.invited_at,
                reminded_at=request.reminded_at,
            )
        )
    return views


def list_rounds_for(viewer: User, *, now: datetime) -> list[FeedbackRound]:
    """Return the rounds in which an engineer may propose own raters."""
    if not hasattr(viewer, "engineer"):
        return []
    rounds = FeedbackRound.objects.select_related("cycle").exclude(cycle__state=CycleState.DRAFT)
    return list(rounds.filter(release_requested_at__isnull=True, closes_at__gt=now).order_by("closes_at"))


def list_results_of(viewer: User) -> list[FeedbackRound]:
    """Return the rounds of which an engineer may read the own result."""
    if not hasattr(viewer, "engineer"):
        return []
    released = FeedbackRound.objects.select_related("cycle").filter(
        released_at__isnull=False, cycle__state__in=REVEALED, results__ratee=viewer.engineer
    )
    return list(released.order_by("-released_at")[:ROUNDS_SHOWN])


def list_team_rounds(viewer: User) -> list[FeedbackRound]:
    """Return the rounds in which a manager looks after the raters of a team, the newest first."""
    if not is_manager(viewer):
        return []
    rounds = FeedbackRound.objects.select_related("cycle").exclude(cycle__state=CycleState.DRAFT)
    return list(rounds.order_by("-opens_at")[:ROUNDS_SHOWN])


@dataclass(frozen=True, kw_only=True)
class TeamRow:
    """An engineer below a manager: how many raters are proposed, how many are asked. Not how many answered."""

    engineer: Engineer
    proposed: int
    asked: int
    has_result: bool


def team_of(*, viewer: User, feedback: FeedbackRound, now: datetime) -> QuerySet[Engineer]:
    """Return the engineers of the teams below, without oneself."""
    on = access.day_of(feedback, now=now)
    members = TeamMembership.objects.overlapping(on, on).filter(team__in=teams_managed_by(viewer))
    engineers = Engineer.objects.filter(pk__in=members.values("engineer")).exclude(user=viewer)
    return engineers.order_by("employee_no")


def view_team(feedback: FeedbackRound, engineers: Iterable[Engineer]) -> list[TeamRow]:
    """Return some engineers with how many raters they have."""
    shown = list(engineers)
    about = feedback.requests.filter(ratee__in=shown).order_by().values_list("ratee_id", "state")
    counts = {(ratee_id, state): n for ratee_id, state, n in about.annotate(n=Count("pk"))}
    results = feedback.results.filter(ratee__in=shown) if feedback.is_released else feedback.results.none()
    with_result = set(results.values_list("ratee_id", flat=True))
    return [
        TeamRow(
            engineer=engineer,
            proposed=counts.get((engineer.pk, RequestState.NOMINATED), 0),
            asked=sum(counts.get((engineer.pk, state), 0) for state in access.OPEN_TO_RATERS),
            has_result=engineer.pk in with_result,
        )
        for engineer in shown
    ]
