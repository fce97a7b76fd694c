"""Pages about interviews: the one of a review, and who of a cycle still has none."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from appraisal.cycles import access as cycle_access
from appraisal.cycles.models import CycleState
from appraisal.reviews import access
from appraisal.reviews.interviews import actions as interviews
from appraisal.reviews.interviews.actions import MINUTES, InterviewConflict
from appraisal.reviews.interviews.forms import InterviewCommentForm, InterviewForm
from appraisal.reviews.interviews.queries import without_agreed_minutes
from appraisal.reviews.models import Interview, Review
from engineers.access import require_reader
from engineers.forms import show_errors
from engineers.kept import refuse
from engineers.requests import SignedInRequest, number_in

ROWS_PER_PAGE = 50
_FIELDS = ("planned_on", "held_on", *MINUTES)


@require_http_methods(["GET", "POST"])
def interview(request: SignedInRequest, review_id: int) -> HttpResponse:
    """The interview about a result; managers above and HR plan it and write it down."""
    review = access.get_review_with_interview(viewer=request.user, review_id=review_id)
    found = Interview.objects.filter(review=review).first()
    if request.method != "POST":
        return _answer(request, review, found)
    access.get_review_to_interview(viewer=request.user, review_id=review_id)
    form = _form(review, found, request)
    if form.is_valid():
        data = form.cleaned_data
        try:
            interviews.save_interview(
                review_id=review_id,
                interviewer_id=data["interviewer"],
                **{name: data[name] for name in _FIELDS},
                version=data["version"],
                by=request.user,
                now=timezone.now(),
            )
            messages.success(request, _("The interview is saved."))
            return redirect("interview", review_id=review_id)
        except InterviewConflict:
            form.add_error(None, _changed())
        except ValidationError as error:
            show_errors(form, error)
    return _answer(request, review, found, form=form)


@require_POST
def comment(request: SignedInRequest, review_id: int) -> HttpResponse:
    """What the engineer says about it."""
    form = InterviewCommentForm(request.POST)
    text = form.cleaned_data["comment"] if form.is_valid() else ""
    try:
        interviews.comment_interview(review_id=review_id, comment=text, by=request.user, now=timezone.now())
        messages.success(request, _("The comment is saved."))
    except ValidationError as error:
        refuse(request, error)
    return redirect("interview", review_id=review_id)


@require_POST
def confirm(request: SignedInRequest, review_id: int) -> HttpResponse:
    """Confirm the minutes that were read."""
    try:
        interviews.confirm_interview(
            review_id=review_id,
            version=number_in(request.POST.get("version", "")) or 0,
            by=request.user,
            now=timezone.now(),
        )
        messages.success(request, _("The minutes are confirmed."))
    except InterviewConflict:
        messages.error(request, _changed())
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    return redirect("interview", review_id=review_id)


@require_GET
def cycle_interviews(request: SignedInRequest, code: str) -> HttpResponse:
    """Whose interview has no agreed minutes yet."""
    require_reader(request.user)
    cycle = cycle_access.get_cycle(viewer=request.user, code=code)
    page = Paginator(without_agreed_minutes(cycle), ROWS_PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "reviews/cycle_interviews.html", {"cycle": cycle, "page": page})


def _changed() -> str:
    return _("The interview was changed meanwhile. Read it again before you go on.")


def _form(review: Review, found: Interview | None, request: SignedInRequest | None = None) -> InterviewForm:
    people = [(user.pk, str(user)) for user in access.possible_interviewers(review)]
    initial: dict[str, Any] = {"interviewer": review.manager_id}
    if found is not None:
        initial = {name: getattr(found, name) for name in ("version", *_FIELDS)}
        initial["interviewer"] = found.interviewer_id
    return InterviewForm(request.POST if request else None, people=people, initial=initial)


def _answer(
    request: SignedInRequest, review: Review, found: Interview | None, *, form: InterviewForm | None = None
) -> HttpResponse:
    is_published = review.cycle.state == CycleState.PUBLISHED
    is_own = review.engineer.user_id == request.user.pk
    may_write = is_published and access.may_interview(request.user, review)
    sides = interviews.sides_of(found, request.user) if found else []
    page = {
        "review": review,
        "interview": found,
        "minutes": [(InterviewForm.base_fields[name].label, getattr(found, name)) for name in MINUTES]
        if found
        else [],
        "form": (form or _form(review, found)) if may_write else None,
        "may_comment": found is not None and is_own and is_published,
        "may_confirm": is_published
        and found is not None
        and found.held_on is not None
        and any(getattr(found, name) is None for name in sides),
    }
    return render(request, "reviews/interview.html", page, status=422 if form and form.errors else 200)
