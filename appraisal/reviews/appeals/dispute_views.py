"""Pages about disputed cases: the claim, the case with its decision, and the queue."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from appraisal.cycles.models import CycleState
from appraisal.reviews import access
from appraisal.reviews.appeals import actions as appeals
from appraisal.reviews.appeals import disputes
from appraisal.reviews.appeals.claims import Case, Claim, as_of_figures, find_case
from appraisal.reviews.appeals.forms import ClaimForm, DecisionForm
from appraisal.reviews.appeals.queries import clock_of, evidence_label, list_queue
from appraisal.reviews.models import Review
from engineers.forms import show_errors
from engineers.requests import SignedInRequest, number_in


@require_GET
def queue(request: SignedInRequest) -> HttpResponse:
    """Disputes and appeals that wait for a decision, with their deadlines; ``decided`` shows those decided."""
    decided = request.GET.get("show") == "decided"
    page = list_queue(viewer=request.user, now=timezone.now(), decided=decided, page=request.GET.get("page"))
    return render(request, "reviews/dispute_queue.html", {"page": page, "decided": decided})


@require_http_methods(["GET", "POST"])
def dispute_new(request: SignedInRequest, review_id: int, line_id: int) -> HttpResponse:
    """Dispute a case of one's own: while the cycle runs by itself, after publication as part of an appeal."""
    review = access.get_own_review(viewer=request.user, review_id=review_id)
    place = {name: number_in(request.GET.get(name, "")) or 0 for name in ("segment", "record")}
    part = request.GET.get("part", "")[:60]
    try:
        case = find_case(
            review,
            line_id=line_id,
            segment=place["segment"],
            part=part,
            record_id=place["record"],
            as_of=as_of_figures(review, now=timezone.now()),
        )
    except ValidationError as error:
        raise Http404 from error
    form = ClaimForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        claim = Claim(
            line_id=line_id, segment=place["segment"], part=part, record_id=place["record"], **form.cleaned_data
        )
        answer = _claim(request, review, claim, form)
        if answer is not None:
            return answer
    return _claim_page(request, review, case, form)


def _claim(request: SignedInRequest, review: Review, claim: Claim, form: ClaimForm) -> HttpResponse | None:
    try:
        if review.cycle.state == CycleState.PUBLISHED:
            appeals.appeal_case(review_id=review.pk, claim=claim, by=request.user, now=timezone.now())
            messages.success(request, _("The case is part of your appeal."))
            return redirect("review_appeal", review_id=review.pk)
        dispute = disputes.raise_dispute(review_id=review.pk, claim=claim, by=request.user, now=timezone.now())
        messages.success(request, _("The case is disputed. Somebody who did not rate you decides."))
        return redirect("dispute_detail", review_id=review.pk, dispute_id=dispute.pk)
    except ValidationError as error:
        show_errors(form, error)
        return None


def _claim_page(request: SignedInRequest, review: Review, case: Case, form: ClaimForm) -> HttpResponse:
    page = {
        "review": review,
        "case": case,
        "form": form,
        "is_published": review.cycle.state == CycleState.PUBLISHED,
    }
    return render(request, "reviews/dispute_new.html", page, status=422 if form.errors else 200)


@require_GET
def dispute_detail(request: SignedInRequest, review_id: int, dispute_id: int) -> HttpResponse:
    return _dispute_page(request, review_id, dispute_id, None)


@require_POST
def decide_dispute(request: SignedInRequest, review_id: int, dispute_id: int) -> HttpResponse:
    """Uphold or refuse, with a reason."""
    review = access.get_review_to_judge(viewer=request.user, review_id=review_id)
    access.get_dispute(viewer=request.user, review=review, dispute_id=dispute_id)
    form = DecisionForm(request.POST)
    if form.is_valid():
        try:
            disputes.decide_dispute(
                review_id=review_id,
                dispute_id=dispute_id,
                uphold=form.cleaned_data["uphold"] == "yes",
                reason=form.cleaned_data["reason"],
                by=request.user,
                now=timezone.now(),
            )
            messages.success(request, _("The dispute is decided."))
            return redirect("dispute_detail", review_id=review_id, dispute_id=dispute_id)
        except ValidationError as error:
            show_errors(form, error)
    return _dispute_page(request, review_id, dispute_id, form)


def _dispute_page(
    request: SignedInRequest, review_id: int, dispute_id: int, form: DecisionForm | None
) -> HttpResponse:
    review = access.get_review(viewer=request.user, review_id=review_id)
    dispute = access.get_dispute(viewer=request.user, review=review, dispute_id=dispute_id)
    is_open = not dispute.outcome
    decidable = is_open and dispute.appeal_id is None
    may_decide = decidable and access.reviews_to_judge(request.user).filter(pk=review_id).exists()
    due = dispute.decide_by
    page = {
        "review": review,
        "dispute": dispute,
        "evidence_label": evidence_label(dispute),
        "clock": clock_of(engineer_id=review.engineer_id, due=due, now=timezone.now()) if is_open else None,
        "form": (form or DecisionForm()) if may_decide else None,
    }
    return render(request, "reviews/dispute.html", page, status=422 if form and form.errors else 200)
