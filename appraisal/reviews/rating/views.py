"""The manager's workspace: the team on the left, the form, the figures; each step also without JavaScript."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from appraisal.reviews import access, workflow
from appraisal.reviews.models import Review, ReviewSegment
from appraisal.reviews.rating import actions, overrides
from appraisal.reviews.rating.forms import OverrideForm, RatingForm
from appraisal.reviews.rating.queries import list_colleagues, list_criteria, list_figures, list_steps, neighbours, rank
from appraisal.reviews.steps import moves
from engineers.kept import refuse
from engineers.requests import SignedInRequest, number_in, text_in

CONFLICT = 409
UNPROCESSABLE = 422


@require_GET
def rate(request: SignedInRequest, review_id: int) -> HttpResponse:
    review = access.get_review_to_rate(viewer=request.user, review_id=review_id)
    part = _part(request, review, number_in(request.GET.get("segment", "")))
    return render(request, "reviews/rate.html", _page(request, review, part))


@require_POST
def save(request: SignedInRequest, review_id: int) -> HttpResponse:
    """Autosave and the save button: the same door, a fragment for htmx and a page without it."""
    review = access.get_review_to_rate(viewer=request.user, review_id=review_id)
    part = _part(request, review, number_in(request.POST.get("segment", "")))
    number = part.number if part else 0
    form = RatingForm(request.POST, criteria=actions.criteria_of(review, part))
    if not form.is_valid():
        return _answer(request, review, part, status=UNPROCESSABLE, problem=form.problem)
    try:
        review = actions.save_rating(
            review_id=review_id,
            version=form.cleaned_data["version"],
            scores=form.scores(),
            comment=form.cleaned_data["comment"],
            note=form.noted(),
            segment=number,
            by=request.user,
            now=timezone.now(),
        )
        if "submit" in request.POST:
            review = actions.submit_review(
                review_id=review_id, version=review.version, segment=number, by=request.user, now=timezone.now()
            )
            messages.success(request, _("The review of %(name)s is handed in.") % {"name": review.engineer.name})
            return _back(review_id, number)
    except actions.ReviewConflict as conflict:
        return _answer(request, conflict.current, part, status=CONFLICT, conflict=True)
    except ValidationError as error:
        current = access.get_review_to_rate(viewer=request.user, review_id=review_id)
        return _answer(request, current, part, status=UNPROCESSABLE, problem=" ".join(error.messages))
    if request.htmx:
        return _answer(request, review, part)
    messages.success(request, _("Saved."))
    return _back(review_id, number)


@require_POST
def move_review(request: SignedInRequest, review_id: int) -> HttpResponse:
    """One step of a review: the button says which."""
    name = request.POST.get("transition", "")
    review = access.get_review(viewer=request.user, review_id=review_id)
    if name not in {step.name for step in workflow.REVIEW_TRANSITIONS}:
        raise Http404
    try:
        moved = moves.move_review(
            review_id=review_id,
            transition=name,
            reason=text_in(request.POST, "reason"),
            version=number_in(request.POST.get("version", "")),
            by=request.user,
            now=timezone.now(),
        )
        messages.success(request, _("The review is now: %(state)s.") % {"state": moved.get_state_display()})
    except moves.ReviewConflict:
        refuse(request, _("Somebody else changed this review meanwhile; look at it again."), part=name)
    except ValidationError as error:
        refuse(request, error, part=name)
    if access.may_rate(request.user, review):
        return redirect("rate_review", review_id=review_id)
    return redirect("scorecard_detail", review_id=review_id)


@require_POST
def override(request: SignedInRequest, review_id: int) -> HttpResponse:
    """Give a computed line other points."""
    access.get_review_to_rate(viewer=request.user, review_id=review_id)
    form = OverrideForm(request.POST)
    if not form.is_valid():
        refuse(request, _("Points are a number, for instance 82.5."), part=request.POST.get("line", ""))
        return redirect("rate_review", review_id=review_id)
    segment = form.cleaned_data["segment"] or 0
    try:
        overrides.override_line(
            review_id=review_id,
            line_id=form.cleaned_data["line"],
            points=form.cleaned_data["points"],
            reason=form.cleaned_data["reason"],
            segment=segment,
            by=request.user,
            now=timezone.now(),
        )
        messages.success(request, _("The points are changed; the computed ones stay beside them."))
    except ValidationError as error:
        refuse(request, error, part=str(form.cleaned_data["line"]))
    return _back(review_id, segment)


@require_POST
def override_withdraw(request: SignedInRequest, review_id: int, override_id: int) -> HttpResponse:
    access.get_review_to_rate(viewer=request.user, review_id=review_id)
    try:
        overrides.withdraw_override(review_id=review_id, override_id=override_id, by=request.user, now=timezone.now())
        messages.success(request, _("The computed points count again."))
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    return redirect("rate_review", review_id=review_id)


def _back(review_id: int, segment: int) -> HttpResponse:
    query = f"?segment={segment}" if segment else ""
    return redirect(reverse("rate_review", args=[review_id]) + query)


def _part(request: SignedInRequest, review: Review, number: int | None) -> ReviewSegment | None:
    """Return the part of the cycle to be rated: the one asked for, else the last of those the viewer rates."""
    parts = list(access.segments_to_rate(request.user, review))
    return next((part for part in parts if part.number == number), parts[-1] if parts else None)


def _answer(
    request: SignedInRequest,
    review: Review,
    part: ReviewSegment | None,
    *,
    status: int = 200,
    conflict: bool = False,
    problem: str = "",
) -> HttpResponse:
    """Answer htmx with the saved line and the total, others with the whole page; what was entered stays."""
    page = _page(request, review, part) | {"conflict": conflict, "problem": problem, "saved": status == 200}
    template = "reviews/_saved.html" if request.htmx else "reviews/rate.html"
    return render(request, template, page, status=status)


def _page(request: SignedInRequest, review: Review, part: ReviewSegment | None) -> dict[str, Any]:
    viewer = request.user
    entered = request.POST if request.method == "POST" else None
    listed = list_colleagues(viewer, review)
    before, after = neighbours([each.pk for each in listed], review.pk)
    criteria = list_criteria(review, entered, part=part, viewer=viewer)
    commented = part or review
    sees_self, sees_note = access.sees_self_review(viewer, review), access.sees_note(viewer, review)
    return {
        "review": review,
        "part": part,
        "parts": list(access.segments_to_rate(viewer, review)),
        "criteria": criteria,
        "rated": sum(any(step.chosen for step in criterion.steps) for criterion in criteria),
        "comment": entered.get("comment", "") if entered is not None else commented.comment,
        "stored_comment": commented.comment,
        "stored": list_criteria(review, part=part),
        "self_comment": review.self_comment if sees_self else "",
        "self_waits": not sees_self and review.cycle.asks_self_review,
        "has_note": sees_note,
        "note": (entered.get("note", "") if entered is not None else review.private_note) if sees_note else "",
        "figures": list_figures(review, part),
        "may_change": actions.is_ratable(review, part),
        "steps": list_steps(viewer, review),
        "colleagues": rank(listed, review.pk),
        "before": before,
        "after": after,
    }
