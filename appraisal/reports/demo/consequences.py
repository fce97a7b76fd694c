"""What people of the demonstration make of results: calibration, talk, appeal, bonus, plans, training, praise."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal

from appraisal.cycles.models import Cycle
from appraisal.cycles.queries import get_schemes
from appraisal.jobs.actions import run_now
from appraisal.kpis.cases import counted_cases
from appraisal.kpis.models import Kpi
from appraisal.kpis.questions import KpiQuestion
from appraisal.kpis.suggestions import write_suggestion
from appraisal.outcomes import bonus, honours, plans, posts, training
from appraisal.outcomes.models import NeedState, TrainingNeed
from appraisal.outcomes.plan_queries import proposed
from appraisal.outcomes.weak import get_rules, weak_lines
from appraisal.reviews.appeals import actions as appeals
from appraisal.reviews.appeals import disputes
from appraisal.reviews.appeals.claims import Claim, as_of_figures
from appraisal.reviews.calibration import actions as calibration
from appraisal.reviews.figures.participants import window_of
from appraisal.reviews.interviews import actions as interviews
from appraisal.reviews.models import DisputeCause, Outcome, Review
from appraisal.reviews.terms import today_of
from appraisal.scoring.rollup import NOT_RATED
from engineers.models import User

DISPUTED_KPI = "response_sla_rate"
BASE_AMOUNT = Decimal(3000)
COURSES = (
    ("response", "响应与预约沟通", "Responding and appointments", 4, ("response_sla_rate", "arrival_sla_rate")),
    ("first-fix", "一次修复诊断法", "Diagnosing for a first fix", 8, ("first_time_fix_rate", "repeat_repair_rate")),
    ("customer", "客户沟通与满意度", "Talking with customers", 6, ("csat_top2", "complaint_index")),
)
NEEDS_ACCEPTED = 3


def calibrate_one(cycle: Cycle, *, now: datetime) -> None:
    """Lift the best grade below the two highest by one; the cycle is in calibration."""
    hr = _account("hr")
    reviews = cycle.reviews.select_related("cycle").order_by("-overall", "engineer__employee_no")
    for review in reviews.exclude(band_grade__in=("", NOT_RATED)):
        grades = calibration.grades_of(review, get_schemes(cycle))
        place = grades.index(review.band_grade)
        if place > 1:
            reason = "本季度承担了区域内最难的改造项目，分数没有完全体现；校准会上一致同意上调一级。"
            calibration.calibrate(review_id=review.pk, grade=grades[place - 1], reason=reason, by=hr, now=now)
            return


def use_results(cycle: Cycle, *, now: datetime) -> None:
    """Live through what follows a publication, each step by who takes it in the portal."""
    people = _with_accounts(cycle)
    _appeal(people, now=now)
    _talk(people, now=now)
    _praise(people, now=now)
    _change_post(people, now=now)
    _train(cycle, now=now)
    _plan(cycle, now=now)
    _pay(cycle, now=now)


def speak_up(cycle: Cycle, *, now: datetime) -> None:
    """Dispute a case in the running cycle, which waits for its decision, and suggest something about a KPI."""
    people = _with_accounts(cycle)
    for review in people:
        claim = _claim(review, now=now)
        if claim is not None and review.engineer.user is not None:
            disputes.raise_dispute(review_id=review.pk, claim=claim, by=review.engineer.user, now=now)
            break
    for review in people:
        if review.engineer.user is not None:
            text = "山区站点单程常超过两小时，建议到场及时率按距离分级设目标。"
            write_suggestion(kpi="arrival_sla_rate", text=text, by=review.engineer.user, now=now)
            break


def _with_accounts(cycle: Cycle) -> Iterator[Review]:
    """Return the reviews whose engineers can log in and have a manager, each once, after the first of all."""
    reviews = cycle.reviews.filter(engineer__user__isnull=False, manager__isnull=False)
    reviews = reviews.select_related("engineer__user", "manager", "cycle", "profile")
    return iter(reviews.order_by("engineer__employee_no")[1:])


def _account(username: str) -> User:
    return User.objects.get(username=username)


def _claim(review: Review, *, now: datetime) -> Claim | None:
    """Return what an engineer says about the first case that missed its target; None where all met it."""
    scheme = get_schemes(review.cycle).of(profile_id=review.profile_id, is_lead=review.is_lead)
    lines = scheme.lines if scheme else ()
    line = next((each for each in lines if each.kpi_version.kpi.code == DISPUTED_KPI), None)
    if line is None:
        return None
    question = KpiQuestion.of(line.kpi_version)
    part = next(iter(question.measure.cases))
    window = window_of(review, review.cycle.start_date, review.cycle.end_date, as_of=as_of_figures(review, now=now))
    cases = counted_cases(question, part=part, window=window, engineer_id=review.engineer_id)
    missed = cases.filter(counts=False).order_by("external_id").first()
    if missed is None:
        return None
    return Claim(
        line_id=line.pk,
        record_id=missed.pk,
        part=part,
        cause=DisputeCause.CUSTOMER_ABSENT,
        text="约好的时间客户不在现场，电话记录和门口照片都可以证明。",
    )


def _appeal(people: Iterator[Review], *, now: datetime) -> None:
    """One engineer appeals against a case; the second person of HR, who had no part in the grade, upholds it."""
    for review in people:
        claim, engineer = _claim(review, now=now), review.engineer.user
        if claim is None or engineer is None:
            continue
        appeal = appeals.file_appeal(review_id=review.pk, text=claim.text, claims=[claim], by=engineer, now=now)
        appeals.decide_appeal(
            review_id=review.pk,
            outcome=Outcome.UPHELD,
            reason="调度电话录音证实客户当时不在，该工单不再计入响应及时率。",
            upheld=list(appeal.disputes.values_list("pk", flat=True)),
            by=_account("hr2"),
            now=now,
        )
        return


def _talk(people: Iterator[Review], *, now: datetime) -> None:
    """One manager and engineer talk about the result and both confirm the minutes."""
    for review in people:
        manager, engineer = review.manager, review.engineer.user
        if manager is None or engineer is None:
            continue
        today = today_of(engineer_id=review.engineer_id, now=now)
        interview = interviews.save_interview(
            review_id=review.pk,
            interviewer_id=manager.pk,
            planned_on=today,
            held_on=today,
            strengths="疑难故障判断准确，客户评价稳定。",
            improvements="出发前先电话确认现场条件，减少二次上门。",
            goals="下季度一次修复率提高三个百分点。",
            support="安排参加诊断课程，由班组长带两次出现场。",
            by=manager,
            now=now,
        )
        interviews.comment_interview(review_id=review.pk, comment="同意，希望备件能提前到位。", by=engineer, now=now)
        for side in (manager, engineer):
            interviews.confirm_interview(review_id=review.pk, version=interview.version, by=side, now=now)
        return


def _praise(people: Iterator[Review], *, now: datetime) -> None:
    for review in people:
        if review.manager is not None:
            praise = honours.propose_commendation(
                engineer_id=review.engineer_id,
                title="台风夜抢修",
                text="台风当晚连续抢修九小时，客户产线次日按时复产。",
                by=review.manager,
                now=now,
            )
            honours.decide_commendation(commendation_id=praise.pk, approve=True, by=_account("hr"), now=now)
            return


def _change_post(people: Iterator[Review], *, now: datetime) -> None:
    """One manager proposes another post, the engineer has a say, HR approves."""
    for review in people:
        manager, engineer = review.manager, review.engineer.user
        if manager is None or engineer is None:
            continue
        today = today_of(engineer_id=review.engineer_id, now=now)
        change = posts.propose_post_change(
            engineer_id=review.engineer_id,
            to=posts.Destination(post="备件与技术支持岗"),
            effective_on=today + timedelta(days=30),
            reason="本人希望减少长途出差；技术支持岗缺少有现场经验的人。",
            by=manager,
            now=now,
        )
        posts.comment_post_change(change_id=change.pk, text="同意，希望先交接完手上的工单。", by=engineer, now=now)
        posts.decide_post_change(change_id=change.pk, approve=True, by=_account("hr"), now=now)
        return


def _train(cycle: Cycle, *, now: datetime) -> None:
    """Enter three courses, find who needs one, and accept the first needs that a course fits."""
    hr = _account("hr")
    for code, name_zh, name_en, hours, kpis in COURSES:
        content = training.CourseContent(
            code=code,
            name_zh=name_zh,
            name_en=name_en,
            hours=Decimal(hours),
            is_given=True,
            kpis=list(Kpi.objects.filter(code__in=kpis).order_by("code")),
        )
        training.save_course(content=content, by=hr, now=now)
    run_now(training.request_needs(cycle_id=cycle.pk, by=hr, now=now), now)
    needs = TrainingNeed.objects.filter(review__cycle=cycle, state=NeedState.OPEN)
    needs = needs.filter(kpi__code__in=[code for *_course, kpis in COURSES for code in kpis])
    for need in needs.order_by("review__engineer__employee_no", "kpi__code")[:NEEDS_ACCEPTED]:
        course = training.courses_for([need.kpi_id])[need.kpi_id][0]
        training.decide_need(need_id=need.pk, accept=True, course=course, by=hr, now=now)


def _plan(cycle: Cycle, *, now: datetime) -> None:
    """Begin an improvement plan: for the weakest the rules propose one for, else as agreed with the weakest."""
    rules = get_rules()
    reviews = cycle.reviews.filter(manager__isnull=False).select_related("manager", "engineer", "cycle")
    reviews = reviews.order_by("overall", "engineer__employee_no")
    review = proposed(reviews, cycle, rules).first() or reviews.first()
    if review is None or review.manager is None or not weak_lines([review], rules):
        return
    plan = plans.draft_plan(review_id=review.pk, by=review.manager, now=now)
    content = plans.PlanContent(
        start_date=plan.start_date,
        coach=review.manager,
        support="每周一次带教，先练派工后的第一通电话，再一起复盘超时工单。",
        targets={goal.pk: goal.target for goal in plan.goals.all()},
        checks=list(plan.checks.values_list("due_date", flat=True)),
    )
    plans.write_plan(plan_id=plan.pk, content=content, by=review.manager, now=now)
    plans.submit_plan(plan_id=plan.pk, by=review.manager, now=now)
    plans.approve_plan(plan_id=plan.pk, by=_account("hr"), now=now)


def _pay(cycle: Cycle, *, now: datetime) -> None:
    """One person of HR makes the bonus plan, a second one approves it."""
    hr = _account("hr")
    plan = bonus.create_plan(cycle_id=cycle.pk, by=hr, now=now)
    bonus.set_profile_bases(plan_id=plan.pk, amounts={None: BASE_AMOUNT}, by=hr, now=now)
    run_now(bonus.request_computation(plan_id=plan.pk, by=hr, now=now), now)
    bonus.approve_plan(plan_id=plan.pk, by=_account("hr2"), now=now)
