"""Pages about disputed cases: the claim, the case with its decision, and the queue."""

from __future__ import annotations

from collections.abc import Sequence

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from appraisal.cycles.models import CycleState
from appraisal.cycles.workflow import UNDER_WAY
from appraisal.evidence.access import get_own_ticket
from appraisal.reviews import access
from appraisal.reviews.appeals import disputes
from appraisal.reviews.appeals.claiming import claim_cases
from appraisal.reviews.appeals.claims import Case, Claim, as_of_figures, find_case
from appraisal.reviews.appeals.forms import ClaimForm, DecisionForm, TicketClaimForm, WithdrawalForm
from appraisal.reviews.appeals.places import get_places
from appraisal.reviews.appeals.queries import clock_of, evidence_label, list_queue
from appraisal.reviews.appeals.withdrawals import withdraw_dispute
from appraisal.reviews.models import Appeal, Dispute, Review
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


@require_http_methods(["GET", "POST"])
def dispute_ticket(request: SignedInRequest, ticket_id: int) -> HttpResponse:
    """Dispute a ticket from its own page: the lines it shall not count in are chosen here."""
    now = timezone.now()
    ticket = get_own_ticket(viewer=request.user, ticket_id=ticket_id)
    places = get_places(viewer=request.user, ticket=ticket, now=now)
    open_places = [place for place in places if place.dispute is None]
    form = TicketClaimForm(request.POST or None, places=open_places)
    if request.method == "POST" and form.is_valid():
        try:
            made = claim_cases(claims=form.claims(), by=request.user, now=now)
            messages.success(request, _("The case is disputed. Somebody who did not rate you decides."))
            return redirect(_page_of(made))
        except ValidationError as error:
            show_errors(form, error)
    page = {"ticket": ticket, "disputed": [place for place in places if place.dispute], "form": form}
    page["has_places"] = bool(open_places)
    return render(request, "reviews/dispute_ticket.html", page, status=422 if form.errors else 200)


def _claim(request: SignedInRequest, review: Review, claim: Claim, form: ClaimForm) -> HttpResponse | None:
    try:
        made = claim_cases(claims={review.pk: [claim]}, by=request.user, now=timezone.now())
    except ValidationError as error:
        show_errors(form, error)
        return None
    if isinstance(made[0], Appeal):
        messages.success(request, _("The case is part of your appeal."))
    else:
        messages.success(request, _("The case is disputed. Somebody who did not rate you decides."))
    return redirect(_page_of(made))


def _page_of(made: Sequence[Dispute | Appeal]) -> str:
    """Return the page of the one dispute or appeal that was made, the list of all where there are several."""
    match made:
        case [Appeal() as appeal]:
            return reverse("review_appeal", args=[appeal.review_id])
        case [Dispute() as dispute]:
            return reverse("dispute_detail", args=[dispute.review_id, dispute.pk])
        case _:
            return reverse("dispute_queue")


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


@require_POST
def withdraw(request: SignedInRequest, review_id: int, dispute_id: int) -> HttpResponse:
    """Take one's open dispute back."""
    review = access.get_own_review(viewer=request.user, review_id=review_id)
    access.get_dispute(viewer=request.user, review=review, dispute_id=dispute_id)
    form = WithdrawalForm(request.POST)
    if form.is_valid():
        try:
            withdraw_dispute(
                review_id=review_id,
                dispute_id=dispute_id,
                reason=form.cleaned_data["reason"],
                by=request.user,
                now=timezone.now(),
            )
            messages.success(request, _("The dispute is withdrawn."))
            return redirect("dispute_detail", review_id=review_id, dispute_id=dispute_id)
        except ValidationError as error:
            show_errors(form, error)
    return _dispute_page(request, review_id, dispute_id, form)


def _dispute_page(
    request: SignedInRequest, review_id: int, dispute_id: int, form: DecisionForm | WithdrawalForm | None
) -> HttpResponse:
    review = access.get_review(viewer=request.user, review_id=review_id)
    dispute = access.get_dispute(viewer=request.user, review=review, dispute_id=dispute_id)
    is_open = not dispute.outcome
    decidable = is_open and dispute.appeal_id is None
    may_decide = decidable and access.reviews_to_judge(request.user).filter(pk=review_id).exists()
    may_withdraw = decidable and review.engineer.user_id == request.user.pk and review.cycle.state in UNDER_WAY
    due = dispute.decide_by
    page = {
        "review": review,
        "dispute": dispute,
        "evidence_label": evidence_label(dispute),
        "clock": clock_of(engineer_id=review.engineer_id, due=due, now=timezone.now()) if is_open else None,
        "may_calibrate": "calibrated" in dispute.after and access.may_calibrate(request.user, review),
        "refusals": list(form.non_field_errors()) if form else [],
        "form": (form or DecisionForm()) if may_decide else None,
        "withdraw_form": (form or WithdrawalForm()) if may_withdraw else None,
    }
    return render(request, "reviews/dispute.html", page, status=422 if form and form.errors else 200)
