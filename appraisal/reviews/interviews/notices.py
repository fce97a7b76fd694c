"""What people are told about interviews."""

from __future__ import annotations

from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from appraisal.notices.registry import Topic, register_topic
from appraisal.reviews.models import Interview
from appraisal.reviews.notices import tell
from engineers.models import User

register_topic(
    Topic(
        "review.interview",
        _("An interview is planned or its minutes wait"),
        _("Interview of %(engineer)s about “%(cycle)s”: please look at date and minutes."),
    )
)


def tell_of_interview(interview: Interview, *, by: User, now: datetime) -> None:
    review = interview.review
    people = {review.engineer.user_id, interview.interviewer_id}
    params = {"engineer": review.engineer.name, "cycle": review.cycle.name}
    tell(people, "review.interview", params, reverse("interview", args=[review.pk]), by=by, now=now)
