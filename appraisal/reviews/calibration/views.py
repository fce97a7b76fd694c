"""The calibration session: pools and reviews of a cycle, the grade of one review, what is proposed."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from appraisal.reviews import access
from appraisal.reviews.calibration import actions as calibration
from appraisal.reviews.calibration import distribution
from appraisal.reviews.calibration.charts import grades_chart
from appraisal.reviews.calibration.exports import FORMATS, write_changes
from appraisal.reviews.calibration.forms import CalibrationForm
from appraisal.reviews.calibration.session import (
    SessionFilters,
    SessionRow,
    get_row,
    get_session,
    list_changes,
    list_history,
)
from appraisal.reviews.models import Calibration, Review
from appraisal.reviews.steps.moves import ReviewConflict
from engineers.access import is_hr, require_hr
from engineers.audit import record
from engineers.forms import show_errors
from engineers.kept import refuse
from engineers.requests import SignedInRequest, text_in

CONFLICT = 409
UNPROCESSABLE = 422


@require_GET
def session(request: SignedInRequest, code: str) -> HttpResponse:
    """Wanted and actual grades of each pool, and the reviews behind them."""
    return render(request, "reviews/calibration.html", _session_page(request, code, request.GET))


@require_POST
def take_over(request: SignedInRequest, code: str) -> HttpResponse:
    """Take over every proposal nobody has decided about, in the background."""
    require_hr(request.user)
    access.get_calibrated_cycle(viewer=request.user, code=code)
    try:
        job = distribution.request_take_over(
            code=code, reason=text_in(request.POST, "reason"), by=request.user, now=timezone.now()
        )
    except ValidationError as error:
        refuse(request, error)
        return redirect("cycle_calibration", code=code)
    return redirect("job_detail", job_id=job.pk)


@require_POST
def export(request: SignedInRequest, code: str, export_format: str) -> HttpResponse:
    """Every grade decided or proposed in a cycle, as a file."""
    require_hr(request.user)
    cycle = access.get_calibrated_cycle(viewer=request.user, code=code)
    if export_format not in FORMATS:
        raise Http404
    content, content_type = write_changes(list_changes(viewer=request.user, cycle=cycle), export_format)
    record(
        action="cycle.calibration_exported",
        target=cycle,
        by=request.user,
        now=timezone.now(),
        after={"format": export_format},
    )
    name = f"{cycle.code}-calibration.{export_format}"
    return HttpResponse(
        content, content_type=content_type, headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )


@require_http_methods(["GET", "POST"])
def review_calibration(request: SignedInRequest, review_id: int) -> HttpResponse:
    """The grades decided for a review; whoever may decides another one, from here or from the session's list."""
    review = access.get_review_in_session(viewer=request.user, review_id=review_id)
    if request.method == "GET":
        return _review_page(request, review)
    access.get_review_to_calibrate(viewer=request.user, review_id=review_id)
    takes_over = request.POST.get("decision") == "take_over"
    if takes_over:
        require_hr(request.user)
    form = CalibrationForm(request.POST, takes_over=takes_over)
    status = UNPROCESSABLE
    if form.is_valid():
        data = form.cleaned_data
        given = {"reason": data["reason"], "version": data["version"], "by": request.user, "now": timezone.now()}
        try:
            if takes_over:
                entered = distribution.take_over_proposal(review_id=review_id, **given)
            else:
                entered = calibration.calibrate(review_id=review_id, grade=data["grade"], **given)
            return _decided(request, entered)
        except ReviewConflict:
            form.add_error(None, _("Somebody else has changed this review meanwhile. Please look again."))
            status = CONFLICT
        except ValidationError as error:
            show_errors(form, error)
    review = access.get_review_in_session(viewer=request.user, review_id=review_id)
    if request.htmx:
        page = {"row": get_row(viewer=request.user, review=review), "form": form, "back": request.POST.get("back", "")}
        return render(request, "reviews/_calibration_row.html", page, status=status)
    return _review_page(request, review, form, status=status)


@require_POST
def decide(request: SignedInRequest, review_id: int, calibration_id: int) -> HttpResponse:
    """Approve or refuse a grade somebody else proposed: the button says which."""
    review = access.get_review_to_calibrate(viewer=request.user, review_id=review_id)
    access.get_calibration(review=review, calibration_id=calibration_id)
    choice = {"approve": True, "refuse": False}.get(request.POST.get("decision", ""))
    try:
        if choice is None:
            raise ValidationError(_("Approve or refuse the grade."))
        calibration.decide_calibration(
            review_id=review_id,
            calibration_id=calibration_id,
            approve=choice,
            by=request.user,
            now=timezone.now(),
            reason=text_in(request.POST, "reason"),
        )
        messages.success(request, _("The grade counts now.") if choice else _("The grade is refused."))
    except ValidationError as error:
        refuse(request, error)
    return redirect("review_calibration", review_id=review_id)


@require_POST
def withdraw(request: SignedInRequest, review_id: int, calibration_id: int) -> HttpResponse:
    """Take a decided or proposed grade back, with a reason."""
    review = access.get_review_to_calibrate(viewer=request.user, review_id=review_id)
    access.get_calibration(review=review, calibration_id=calibration_id)
    try:
        calibration.withdraw_calibration(
            review_id=review_id,
            calibration_id=calibration_id,
            reason=text_in(request.POST, "reason"),
            by=request.user,
            now=timezone.now(),
        )
        messages.success(request, _("The grade is taken back; the score decides again."))
    except ValidationError as error:
        refuse(request, error)
    return redirect("review_calibration", review_id=review_id)


def _session_page(request: SignedInRequest, code: str, query: QueryDict) -> dict[str, Any]:
    cycle = access.get_calibrated_cycle(viewer=request.user, code=code)
    found = get_session(
        viewer=request.user, cycle=cycle, filters=SessionFilters.of(query.dict()), page=query.get("page")
    )
    return {
        "session": found,
        "pools": [
            (pool, grades_chart(pool, address=reverse("cycle_calibration", args=[code])) if pool.rated else None)
            for pool in found.pools
        ],
        "cycle": cycle,
        "filters": found.filters,
        "page": found.page,
        "formats": sorted(FORMATS),
        "is_hr": is_hr(request.user),
        "back": query.urlencode(),
    }


def _decided(request: SignedInRequest, entered: Calibration) -> HttpResponse:
    """Answer with the row and the pools as they are now, or go back to where the reader came from."""
    review, code = entered.review, entered.review.cycle.code
    query = QueryDict(request.POST.get("back", "")[:2000])
    if request.htmx:
        review = access.get_review_in_session(viewer=request.user, review_id=review.pk)
        page = _session_page(request, code, query) | {"row": get_row(viewer=request.user, review=review)}
        return render(request, "reviews/_calibration_row.html", page | {"swaps": True, "saved": True})
    text = (
        _("The grade is proposed. It counts once a second person has approved it.")
        if entered.is_awaiting
        else _("The grade is decided.")
    )
    messages.success(request, text)
    if "back" in request.POST:
        query_text = f"?{query.urlencode()}" if query else ""
        return redirect(f"{reverse('cycle_calibration', args=[code])}{query_text}")
    return redirect("review_calibration", review_id=review.pk)


def _review_page(
    request: SignedInRequest, review: Review, form: CalibrationForm | None = None, *, status: int = 200
) -> HttpResponse:
    row: SessionRow = get_row(viewer=request.user, review=review)
    may_change = row.may_change or row.waiting is not None
    decides = may_change and access.may_calibrate(request.user, review)
    page = {
        "row": row,
        "review": review,
        "form": form,
        "entries": [
            (
                entered,
                decides and entered.is_awaiting and entered.proposed_by_id != request.user.pk,
                decides and (entered.is_awaiting or entered.is_in_force),
            )
            for entered in list_history(review)
        ],
    }
    return render(request, "reviews/review_calibration.html", page, status=status)
