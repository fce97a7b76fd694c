"""The pages on which a manager rates, and the steps of a cycle that touch its reviews."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from appraisal.cycles import access as cycle_access
from appraisal.cycles.actions import move_cycle
from appraisal.reviews import access, actions
from appraisal.reviews.forms import RatingForm
from appraisal.reviews.models import Review
from appraisal.reviews.queries import list_criteria, list_figures, neighbours
from engineers.requests import SignedInRequest

CONFLICT = 409
UNPROCESSABLE = 422


@require_GET
def rate(request: SignedInRequest, review_id: int) -> HttpResponse:
    review = access.get_review_to_rate(viewer=request.user, review_id=review_id)
    return render(request, "reviews/rate.html", _page(request, review))


@require_POST
def save(request: SignedInRequest, review_id: int) -> HttpResponse:
    """Autosave and the save button: the same door, a fragment for htmx and a page without it."""
    review = access.get_review_to_rate(viewer=request.user, review_id=review_id)
    form = RatingForm(request.POST, criteria=actions.criteria_of(review))
    if not form.is_valid():
        return _answer(request, review, status=UNPROCESSABLE, problem=_("A rating is a number from 1 to 5."))
    try:
        review = actions.save_rating(
            review_id=review_id,
            version=form.cleaned_data["version"],
            scores=form.scores(),
            comment=form.cleaned_data["comment"],
            by=request.user,
            now=timezone.now(),
        )
        if "submit" in request.POST:
            review = actions.submit_review(
                review_id=review_id, version=review.version, by=request.user, now=timezone.now()
            )
            messages.success(request, _("The review of %(name)s is handed in.") % {"name": review.engineer.name})
            return redirect("rate_review", review_id=review_id)
    except actions.ReviewConflict as conflict:
        return _answer(request, conflict.current, status=CONFLICT, conflict=True)
    except ValidationError as error:
        current = access.get_review_to_rate(viewer=request.user, review_id=review_id)
        return _answer(request, current, status=UNPROCESSABLE, problem=" ".join(error.messages))
    if request.htmx:
        return _answer(request, review)
    messages.success(request, _("Saved."))
    return redirect("rate_review", review_id=review_id)


@require_POST
def take_back(request: SignedInRequest, review_id: int) -> HttpResponse:
    review = access.get_review_to_rate(viewer=request.user, review_id=review_id)
    try:
        actions.take_back_review(review_id=review_id, version=review.version, by=request.user, now=timezone.now())
    except (ValidationError, actions.ReviewConflict):
        messages.error(request, _("This review can no longer be taken back."))
    return redirect("rate_review", review_id=review_id)


@require_POST
def move(request: SignedInRequest, code: str) -> HttpResponse:
    """One step of a cycle: open, publish or close."""
    cycle = cycle_access.get_cycle_to_run(viewer=request.user, code=code)
    steps = {
        "open": lambda: actions.open_cycle(cycle_id=cycle.pk, by=request.user, now=timezone.now()),
        "publish": lambda: actions.publish_cycle(cycle_id=cycle.pk, by=request.user, now=timezone.now()),
        "close": lambda: move_cycle(cycle_id=cycle.pk, transition="close", by=request.user, now=timezone.now()),
    }
    step = steps.get(request.POST.get("transition", ""))
    if step is None:
        raise Http404
    try:
        moved = step()
        messages.success(request, _("The cycle is now %(state)s.") % {"state": moved.get_state_display()})
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    return redirect("cycle_detail", code=code)


def _answer(
    request: SignedInRequest, review: Review, *, status: int = 200, conflict: bool = False, problem: str = ""
) -> HttpResponse:
    """Answer htmx with the saved line and the total, others with the whole page; what was entered stays."""
    page = _page(request, review) | {"conflict": conflict, "problem": problem, "saved": status == 200}
    template = "reviews/_saved.html" if request.htmx else "reviews/rate.html"
    return render(request, template, page, status=status)


def _page(request: SignedInRequest, review: Review) -> dict[str, object]:
    entered = request.POST if request.method == "POST" else None
    team = list(
        access.team_reviews(request.user)
        .filter(cycle=review.cycle)
        .order_by("engineer__employee_no")
        .values_list("pk", flat=True)
    )
    before, after = neighbours(team, review.pk)
    criteria = list_criteria(review, entered)
    return {
        "review": review,
        "criteria": criteria,
        "rated": sum(any(step.chosen for step in criterion.steps) for criterion in criteria),
        "comment": entered.get("comment", "") if entered is not None else review.comment,
        "stored_comment": review.comment,
        "stored": list_criteria(review),
        "figures": list_figures(review),
        "may_change": actions.is_ratable(review),
        "before": before,
        "after": after,
    }
