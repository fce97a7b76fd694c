"""The 360° feedback of the demonstration: asked, answered and released through the doors people use."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

from django.urls import resolve

from appraisal.cycles.models import Cycle
from appraisal.feedback import actions, answering, links, nominations
from appraisal.feedback.models import FeedbackRequest, FeedbackRound, Group, RequestState
from appraisal.feedback.questions import codes_of
from appraisal.jobs.actions import run_now
from engineers.models import Role, User

CUSTOMERS_EACH = 3
REMARKS = {
    Group.MANAGER: ("本季度疑难故障处理得好。", "报告写得再及时一些就更好。"),
    Group.PEER: ("愿意帮忙，一起出现场很放心。", "交接时信息可以再完整一些。"),
    Group.SUBORDINATE: ("布置任务清楚。",),
    Group.CUSTOMER: ("师傅态度很好，讲解耐心。", "到得比约定早。"),
}


def ask_around(cycle: Cycle, draw: random.Random, *, now: datetime) -> FeedbackRound:
    """Ask raters by rule and three customers about everybody in a cycle, let most of them answer, and release."""
    hr = User.objects.filter(user_roles__role=Role.HR).order_by("pk")[0]
    closes_at, during = now - timedelta(days=1), now - timedelta(days=5)
    feedback = actions.create_round(
        cycle_id=cycle.pk, opens_at=now - timedelta(days=10), closes_at=closes_at, by=hr, now=during
    )
    run_now(actions.nominate_all(round_id=feedback.pk, by=hr, now=during), during)
    contacts = [
        nominations.Contact(
            employee_no=review.engineer.employee_no,
            name=f"客户 {review.engineer.employee_no}-{number}",
            address=f"customer-{review.engineer.employee_no.lower()}-{number}@example.org",
            language="zh-hans",
        )
        for review in cycle.reviews.select_related("engineer").order_by("engineer__employee_no")
        for number in range(1, CUSTOMERS_EACH + 1)
    ]
    nominations.add_contacts(round_id=feedback.pk, contacts=contacts, by=hr, now=during)
    asked = feedback.requests.filter(state=RequestState.APPROVED).select_related("rater").order_by("pk")
    for request in asked:
        # One colleague in ten never finds the time.
        if request.group != Group.PEER or draw.random() < 0.9:
            _answer(request, feedback, draw, during)
    run_now(actions.release_round(round_id=feedback.pk, by=hr, now=now), now)
    return feedback


def _answer(request: FeedbackRequest, feedback: FeedbackRound, draw: random.Random, now: datetime) -> None:
    group = Group(request.group)
    level = draw.choice((3, 4, 4, 5))
    answers = {code: min(5, max(2, level + draw.choice((-1, 0, 0, 1)))) for code in codes_of(group)}
    remark = draw.choice(REMARKS[group]) if draw.random() < 0.3 else ""
    if request.rater:
        answering.answer_request(request_id=request.pk, answers=answers, remark=remark, by=request.rater, now=now)
        return
    address = links.new_link(request, feedback=feedback, now=now)
    answering.answer_link(token=str(resolve(address).kwargs["token"]), answers=answers, remark=remark, now=now)
