"""The page on which engineers write about themselves."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from appraisal.reviews import access
from appraisal.reviews.criteria import criteria_of, get_scheme
from appraisal.reviews.models import Review
from appraisal.reviews.rating import self_review as own
from appraisal.reviews.rating.forms import RatingForm
from appraisal.reviews.rating.queries import list_own_criteria
from appraisal.reviews.steps import moves
from engineers.requests import SignedInRequest


@require_GET
def self_review(request: SignedInRequest, review_id: int) -> HttpResponse:
    review = access.get_own_review(viewer=request.user, review_id=review_id)
    return render(request, "reviews/self.html", _page(request, review))


@require_POST
def save(request: SignedInRequest, review_id: int) -> HttpResponse:
    """Autosave, save and hand in: the same door, a fragment for htmx and a page without it."""
    review = access.get_own_review(viewer=request.user, review_id=review_id)
    form = RatingForm(request.POST, criteria=list(criteria_of(get_scheme(review))))
    if not form.is_valid():
        return _answer(request, review, status=422, problem=form.problem)
    try:
        review = own.save_self_rating(
            review_id=review_id,
            version=form.cleaned_data["version"],
            scores=form.scores(),
            comment=form.cleaned_data["comment"],
            by=request.user,
            now=timezone.now(),
        )
        if "submit" in request.POST:
            moves.move_review(
                review_id=review_id,
                transition="hand_in_self",
                version=review.version,
                by=request.user,
                now=timezone.now(),
            )
            messages.success(request, _("Your self-review is handed in. Your manager reads it now."))
            return redirect("self_review", review_id=review_id)
    except moves.ReviewConflict as conflict:
        problem = _("This was saved elsewhere meanwhile. Load the page again to see what is stored.")
        return _answer(request, conflict.current, status=409, problem=problem)
    except ValidationError as error:
        current = access.get_own_review(viewer=request.user, review_id=review_id)
        return _answer(request, current, status=422, problem=" ".join(error.messages))
    if request.htmx:
        return _answer(request, review)
    messages.success(request, _("Saved."))
    return redirect("self_review", review_id=review_id)


def _answer(request: SignedInRequest, review: Review, *, status: int = 200, problem: str = "") -> HttpResponse:
    page = _page(request, review) | {"problem": problem, "saved": status == 200}
    template = "reviews/_self_saved.html" if request.htmx else "reviews/self.html"
    return render(request, template, page, status=status)


def _page(request: SignedInRequest, review: Review) -> dict[str, object]:
    entered = request.POST if request.method == "POST" else None
    criteria = list_own_criteria(review, entered)
    return {
        "review": review,
        "criteria": criteria,
        "rated": sum(any(step.chosen for step in criterion.steps) for criterion in criteria),
        "comment": entered.get("comment", "") if entered is not None else review.self_comment,
        "may_change": own.takes_self_rating(review),
    }
