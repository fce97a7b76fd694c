"""Who may see and do what in a round of 360° feedback. Raw answers are reached by nobody."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.db.models import QuerySet
from django.http import Http404

from appraisal.cycles.access import get_cycle
from appraisal.cycles.workflow import REVEALED
from appraisal.feedback.models import FeedbackRequest, FeedbackResult, FeedbackRound, RequestState
from engineers import access
from engineers.models import Engineer, TeamMembership, User

OPEN_TO_RATERS = (RequestState.APPROVED, RequestState.ANSWERED, RequestState.DECLINED)


def get_round(*, viewer: User, code: str) -> FeedbackRound:
    """Return the round of a cycle the viewer may see. Raises Http404."""
    cycle = get_cycle(viewer=viewer, code=code)
    found = FeedbackRound.objects.select_related("cycle").filter(cycle=cycle).first()
    if found is None:
        raise Http404
    return found


def get_round_to_read(*, viewer: User, code: str) -> FeedbackRound:
    """Return a round for HR and auditors. Raises Http404."""
    access.require_reader(viewer)
    return get_round(viewer=viewer, code=code)


def get_round_to_run(*, viewer: User, code: str) -> FeedbackRound:
    """Return a round HR may change, remind and release. Raises Http404."""
    access.require_hr(viewer)
    return get_round(viewer=viewer, code=code)


def tasks_of(viewer: User) -> QuerySet[FeedbackRequest]:
    """Return what an account is or was asked; what nobody has approved yet is not among it."""
    return FeedbackRequest.objects.filter(rater=viewer, state__in=OPEN_TO_RATERS)


def get_task(*, viewer: User, request_id: int) -> FeedbackRequest:
    """Return a request addressed to the viewer. Raises Http404."""
    found = tasks_of(viewer).select_related("round__cycle", "ratee").filter(pk=request_id).first()
    if found is None:
        raise Http404
    return found


def has_tasks(viewer: User) -> bool:
    return tasks_of(viewer).exists()


def day_of(feedback: FeedbackRound, *, now: datetime) -> date:
    """Return the day whose teams count: the last of the cycle, or today while it runs."""
    return min(feedback.cycle.end_date, now.astimezone(ZoneInfo(feedback.cycle.time_zone)).date())


def get_ratee(*, viewer: User, feedback: FeedbackRound, engineer_id: int, now: datetime) -> Engineer:
    """Return an engineer whose raters the viewer may see and propose: oneself, the teams below, all for readers.

    Raises Http404.
    """
    on = day_of(feedback, now=now)
    visible = access.visible_engineers(viewer, on=on).select_related("user")
    found = visible.filter(pk=engineer_id).first()
    if found is None:
        raise Http404
    return found


def may_propose(*, viewer: User, feedback: FeedbackRound, ratee: Engineer, now: datetime) -> bool:
    """True for the engineer and for those who decide about the engineer's raters."""
    return ratee.user_id == viewer.pk or may_decide(viewer=viewer, feedback=feedback, ratee=ratee, now=now)


def may_decide(*, viewer: User, feedback: FeedbackRound, ratee: Engineer, now: datetime) -> bool:
    """True for HR and the managers above the engineer; never about oneself."""
    if ratee.user_id == viewer.pk:
        return False
    if access.is_hr(viewer):
        return True
    on = day_of(feedback, now=now)
    members = TeamMembership.objects.overlapping(on, on).filter(team__in=access.teams_managed_by(viewer))
    return members.filter(engineer=ratee).exists()


def get_ratee_to_change(*, viewer: User, feedback: FeedbackRound, engineer_id: int, now: datetime) -> Engineer:
    """Return an engineer for whom the viewer may propose raters. Raises Http404."""
    ratee = get_ratee(viewer=viewer, feedback=feedback, engineer_id=engineer_id, now=now)
    if not may_propose(viewer=viewer, feedback=feedback, ratee=ratee, now=now):
        raise Http404
    return ratee


def get_request_to_decide(*, viewer: User, feedback: FeedbackRound, request_id: int, now: datetime) -> FeedbackRequest:
    """Return a request HR or a manager above the engineer decides about. Raises Http404."""
    found = feedback.requests.select_related("ratee__user", "rater").filter(pk=request_id).first()
    if found is None or not may_decide(viewer=viewer, feedback=feedback, ratee=found.ratee, now=now):
        raise Http404
    return found


def sees_who_answered(viewer: User, ratee: Engineer) -> bool:
    """Only HR, who reminds, learns who has answered and who declined; nobody learns it about oneself."""
    return access.is_hr(viewer) and ratee.user_id != viewer.pk


def listed_requests(viewer: User, feedback: FeedbackRound) -> QuerySet[FeedbackRequest]:
    """Return who was asked in a round, with who has answered: for HR, without what is about oneself."""
    access.require_hr(viewer)
    return feedback.requests.exclude(ratee__user=viewer).select_related("ratee", "rater", "proposed_by")


def get_result(*, viewer: User, feedback: FeedbackRound, engineer_id: int, now: datetime) -> FeedbackResult:
    """Return a released result: HR, auditors and managers above; one's own once the cycle is published.

    Raises Http404.
    """
    ratee = get_ratee(viewer=viewer, feedback=feedback, engineer_id=engineer_id, now=now)
    if not feedback.is_released or (ratee.user_id == viewer.pk and feedback.cycle.state not in REVEALED):
        raise Http404
    result = feedback.results.select_related("ratee", "round").filter(ratee=ratee).first()
    if result is None:
        raise Http404
    return result


def visible_results(viewer: User, feedback: FeedbackRound) -> QuerySet[FeedbackResult]:
    """Return the released results for HR and auditors; one's own only once the cycle is published."""
    access.require_reader(viewer)
    if not feedback.is_released:
        return FeedbackResult.objects.none()
    results = FeedbackResult.objects.filter(round=feedback).select_related("ratee", "round")
    return results if feedback.cycle.state in REVEALED else results.exclude(ratee__user=viewer)
