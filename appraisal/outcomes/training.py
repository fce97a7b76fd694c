"""Training needs: weak KPIs of published reviews, accepted with a course or declined with a reason (SPEC 4)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from appraisal.cycles.models import Cycle
from appraisal.jobs.actions import request_job
from appraisal.jobs.models import Job
from appraisal.kpis.models import Kpi
from appraisal.outcomes import access
from appraisal.outcomes.checks import reason_in, refuse_unless_revealed
from appraisal.outcomes.models import Course, NeedState, TrainingNeed
from appraisal.outcomes.weak import get_rules, weak_lines
from appraisal.reviews.models import Review
from appraisal.scoring.numbers import round_half_up
from engineers.access import require_hr
from engineers.audit import record
from engineers.models import User

FIND = "outcomes.needs"


@dataclass(frozen=True, kw_only=True)
class CourseContent:
    """What HR writes about a course."""

    code: str
    name_zh: str
    name_en: str
    hours: Decimal | None
    is_given: bool
    kpis: Sequence[Kpi]


@transaction.atomic
def save_course(*, content: CourseContent, by: User, now: datetime, course_id: int | None = None) -> Course:
    """Write a new course, or one there is. Raises Http404 unless ``by`` has the HR role, ValidationError by field."""
    require_hr(by)
    course = access.get_course(viewer=by, course_id=course_id) if course_id else Course()
    before = _told(course) if course_id else {}
    for name in ("code", "name_zh", "name_en", "hours", "is_given"):
        setattr(course, name, getattr(content, name))
    course.full_clean()
    course.save()
    course.kpis.set(content.kpis)
    record(action="training.course_saved", target=course, by=by, now=now, before=before, after=_told(course))
    return course


@transaction.atomic
def request_needs(*, cycle_id: int, by: User, now: datetime) -> Job:
    """Ask for the training needs of a published cycle, in the background.

    Raises Http404 unless ``by`` has the HR role, and ValidationError before publication.
    """
    require_hr(by)
    cycle = Cycle.objects.get(pk=cycle_id)
    refuse_unless_revealed(cycle)
    record(action="training.needs_requested", target=cycle, by=by, now=now)
    return request_job(
        kind=FIND,
        item_ids=list(cycle.reviews.order_by("engineer_id").values_list("pk", flat=True)),
        by=by,
        now=now,
        subject=cycle.code,
        path=f"{reverse('training_needs')}?cycle={cycle.code}",
    )


def write_needs(job: Job, review_ids: Sequence[int], now: datetime) -> None:
    """Write the needs of some reviews; open ones that are weak no more go. Doing it twice changes nothing."""
    reviews = list(Review.objects.filter(pk__in=review_ids).select_related("cycle").order_by("pk"))
    for review in reviews[:1]:
        refuse_unless_revealed(review.cycle)
    weak = weak_lines(reviews, get_rules())
    found = [
        TrainingNeed(review_id=review_id, kpi=line.kpi.kpi, points=round_half_up(line.points))
        for review_id, lines in weak.items()
        for line in lines
    ]
    stored = {(need.review_id, need.kpi_id): need for need in TrainingNeed.objects.filter(review__in=review_ids)}
    wanted = {(need.review_id, need.kpi_id) for need in found}
    gone = [need.pk for key, need in stored.items() if key not in wanted and need.state == NeedState.OPEN]
    TrainingNeed.objects.filter(pk__in=gone).delete()
    TrainingNeed.objects.bulk_create(found, ignore_conflicts=True)


@transaction.atomic
def decide_need(
    *, need_id: int, accept: bool, by: User, now: datetime, course: Course | None = None, reason: str = ""
) -> TrainingNeed:
    """Accept a need, with a course where one fits, or decline it with a reason; until it is done, again.

    Raises Http404 unless ``by`` is HR or a manager above and not the engineer, and ValidationError for a need that is
    done, a course that is not given, and a missing reason.
    """
    need = access.get_need_to_decide(viewer=by, need_id=need_id, lock=True)
    if need.state == NeedState.DONE:
        raise ValidationError(_("This need is done."), code="done")
    if accept and course is not None and not course.is_given:
        raise ValidationError({"course": _("This course is no longer given.")}, code="not_given")
    before = {"state": need.state, "course": need.course.code if need.course else ""}
    need.reason = reason.strip() if accept else reason_in(reason)
    need.state = NeedState.ACCEPTED if accept else NeedState.DECLINED
    need.course = course if accept else None
    need.decided_by, need.decided_at = by, now
    need.save()
    after = {"kpi": need.kpi.code, "state": need.state, "course": need.course.code if need.course else ""}
    record(action="training.need_decided", target=need, by=by, now=now, before=before, after=after, reason=need.reason)
    return need


@transaction.atomic
def finish_need(*, need_id: int, by: User, now: datetime) -> TrainingNeed:
    """Mark an accepted need as done. Raises as ``decide_need``, and ValidationError unless it is accepted."""
    need = access.get_need_to_decide(viewer=by, need_id=need_id, lock=True)
    if need.state != NeedState.ACCEPTED:
        raise ValidationError(_("Only an accepted need is done some day."), code="not_accepted")
    need.state, need.decided_by, need.decided_at = NeedState.DONE, by, now
    need.save(update_fields=["state", "decided_by", "decided_at"])
    before = {"state": NeedState.ACCEPTED}
    record(action="training.need_done", target=need, by=by, now=now, before=before, after={"state": need.state})
    return need


def courses_for(kpi_ids: Sequence[int]) -> dict[int, list[Course]]:
    """Return the courses that help with some KPIs, by KPI; one query."""
    found: dict[int, list[Course]] = {}
    links = Course.kpis.through.objects.filter(Q(kpi__in=kpi_ids), course__is_given=True)
    for link in links.select_related("course").order_by("course__code"):
        found.setdefault(link.kpi_id, []).append(link.course)
    return found


def _told(course: Course) -> dict[str, object]:
    return {
        "code": course.code,
        "name": course.name_en,
        "hours": course.hours,
        "is_given": course.is_given,
        "kpis": list(course.kpis.order_by("code").values_list("code", flat=True)),
    }
