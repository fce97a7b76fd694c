"""Answering and declining. An answer is written apart from the request it answers, and nothing leads back.

* A sheet and a remark have random keys, no time and no reference to a request, a rater or each other.
* Everything written about one engineer is written anew with each answer, in the order of fresh random keys. So the
  place of a row in its table, and the number of the transaction that PostgreSQL keeps with it, are those of the
  latest answer for all of them, and tell none apart.
* The request learns that it was answered, not when; neither the audit trail nor a notice says more.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypeVar

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from appraisal.feedback import access, links
from appraisal.feedback.actions import refuse_unless_open
from appraisal.feedback.models import AnswerSheet, FeedbackRequest, FeedbackRound, Remark, RequestState
from appraisal.feedback.questions import codes_of
from appraisal.scoring.feedback import HIGHEST_ANSWER, LOWEST_ANSWER, rater_mean
from engineers.models import User

LONGEST_REMARK = 2000
SHORTEST_REASON = 5
CANNOT_JUDGE = "none"

Answers = Mapping[str, int | None]
Row = TypeVar("Row", AnswerSheet, Remark)


@transaction.atomic
def answer_request(*, request_id: int, answers: Answers, remark: str, by: User, now: datetime) -> None:
    """Take the answers of somebody with an account, once.

    ``answers`` holds every item of the form: 1 to 5, or None for "cannot judge". Raises Http404, or ValidationError
    outside the window, a second time, and for answers that are missing, off the scale or fewer than half.
    """
    request = _lock(access.get_task(viewer=by, request_id=request_id), now=now)
    _store(request, answers, remark)


@transaction.atomic
def answer_link(*, token: str, answers: Answers, remark: str, now: datetime) -> None:
    """Take a customer's answers; the link is used up. Raises LinkRefused or ValidationError."""
    request = _lock(links.get_request(token, now=now), now=now)
    _store(request, answers, remark)


@transaction.atomic
def decline_request(*, request_id: int, reason: str, by: User, now: datetime) -> None:
    """Decline with a reason, which HR reads. Raises Http404 or ValidationError."""
    _decline(_lock(access.get_task(viewer=by, request_id=request_id), now=now), reason)


@transaction.atomic
def decline_link(*, token: str, reason: str, now: datetime) -> None:
    """Let a customer decline; the link is used up. Raises LinkRefused or ValidationError."""
    _decline(_lock(links.get_request(token, now=now), now=now), reason)


def _lock(found: FeedbackRequest, *, now: datetime) -> FeedbackRequest:
    """Lock all requests about the engineer: two answers, or an answer and the release, come one after the other."""
    about = FeedbackRequest.objects.filter(round=found.round_id, ratee=found.ratee_id)
    locked = {request.pk: request for request in about.select_for_update().order_by("pk")}
    request = locked[found.pk]
    request.round = FeedbackRound.objects.select_related("cycle").get(pk=found.round_id)
    if request.state != RequestState.APPROVED:
        raise ValidationError(_("You have answered this already. Thank you."), code="already_answered")
    refuse_unless_open(request.round, now=now)
    return request


def _store(request: FeedbackRequest, answers: Answers, remark: str) -> None:
    sheet = AnswerSheet(answers=_checked(request.group, answers))
    _write_among(request, AnswerSheet, [sheet])
    text = remark.strip()
    if len(text) > LONGEST_REMARK:
        raise ValidationError(
            {"remark": ValidationError(_("At most %(n)s characters."), params={"n": LONGEST_REMARK})}
        )
    _write_among(request, Remark, [Remark(text=text)] if text else [])
    _settle(request, RequestState.ANSWERED)


def _checked(group: str, answers: Answers) -> dict[str, int | None]:
    codes = codes_of(group)
    problems: dict[str, ValidationError] = {}
    for code in codes:
        answer = answers.get(code)
        if code not in answers:
            problems[code] = ValidationError(_("Choose an answer, or that you cannot judge."), code="missing")
        elif answer is not None and not LOWEST_ANSWER <= answer <= HIGHEST_ANSWER:
            problems[code] = ValidationError(_("An answer is a number from 1 to 5."), code="off_scale")
    if set(answers) - set(codes):
        raise ValidationError(_("This form does not ask for that."), code="unknown_item")
    if problems:
        raise ValidationError(problems)
    checked = {code: answers[code] for code in codes}
    if rater_mean(list(checked.values())) is None:
        raise ValidationError(
            _("Answer at least half of the questions, or decline with a reason."), code="too_few_answers"
        )
    return checked


def _write_among(request: FeedbackRequest, model: type[AnswerSheet] | type[Remark], new: list[Row]) -> None:
    """Write all rows about the engineer anew, the new one among them, in the order of fresh random keys."""
    stored: QuerySet[Any] = model._default_manager.filter(round=request.round_id, ratee=request.ratee_id)
    rows: list[Any] = [*stored, *new]
    for row in new:
        row.round_id, row.ratee_id, row.group = request.round_id, request.ratee_id, request.group
    stored.delete()
    for row in rows:
        row.pk = uuid.uuid4()
        row._state.adding = True
    model._default_manager.bulk_create(sorted(rows, key=lambda row: row.pk))


def _decline(request: FeedbackRequest, reason: str) -> None:
    text = reason.strip()
    if len(text) < SHORTEST_REASON:
        raise ValidationError({"reason": _("Say why, in a few words.")}, code="no_reason")
    request.reason = text[:1000]
    _settle(request, RequestState.DECLINED)


def _settle(request: FeedbackRequest, state: RequestState) -> None:
    request.state, request.link_key = state, None
    request.save(update_fields=["state", "link_key", "reason"])
