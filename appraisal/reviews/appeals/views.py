"""The page of a review's appeal: filing, adding, deciding; and the terms of a cycle."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from appraisal.cycles import access as cycle_access
from appraisal.reviews import access
from appraisal.reviews.appeals import actions as appeals
from appraisal.reviews.appeals.forms import (
    AppealDecisionForm,
    AppealForm,
    SupplementForm,
    TermsForm,
    WithdrawalForm,
)
from appraisal.reviews.appeals.queries import AppealPage, get_appeal_page
from appraisal.reviews.appeals.withdrawals import withdraw_appeal
from appraisal.reviews.models import Review
from appraisal.reviews.steps.moves import ReviewConflict
from appraisal.reviews.terms import terms_of
from engineers.forms import show_errors
from engineers.requests import SignedInRequest


@dataclass
class _Forms:
    """What the page shows again when something was wrong with it."""

    file: AppealForm | None = None
    add: SupplementForm | None = None
    decide: AppealDecisionForm | None = None
    withdraw: WithdrawalForm | None = None

    @property
    def _sent(self) -> list[Form]:
        return [form for form in (self.file, self.add, self.decide, self.withdraw) if form is not None]

    @property
    def status(self) -> int:
        return 422 if any(form.errors for form in self._sent) else 200

    @property
    def refusals(self) -> list[str]:
        """Say why nothing was done, above the page: the form itself may not be shown any more."""
        return [str(text) for form in self._sent for text in form.non_field_errors()]


@require_http_methods(["GET", "POST"])
def review_appeal(request: SignedInRequest, review_id: int) -> HttpResponse:
    """Show the appeal, or the form to file one; the engineer files it."""
    review = access.get_review(viewer=request.user, review_id=review_id)
    forms = _Forms()
    if request.method == "POST":
        access.get_own_review(viewer=request.user, review_id=review_id)
        forms.file = AppealForm(request.POST, lines=_page(request, review).line_choices)
        if forms.file.is_valid() and _file(request, review, forms.file):
            return redirect("review_appeal", review_id=review_id)
    return _answer(request, review, forms)


@require_POST
def supplement(request: SignedInRequest, review_id: int) -> HttpResponse:
    """Add to one's open appeal."""
    access.get_own_review(viewer=request.user, review_id=review_id)
    review = access.get_review(viewer=request.user, review_id=review_id)
    form = SupplementForm(request.POST)
    if form.is_valid():
        try:
            appeals.add_supplement(
                review_id=review_id, text=form.cleaned_data["text"], by=request.user, now=timezone.now()
            )
            messages.success(request, _("The addition is part of the appeal."))
            return redirect("review_appeal", review_id=review_id)
        except ValidationError as error:
            show_errors(form, error)
    return _answer(request, review, _Forms(add=form))


@require_POST
def decide(request: SignedInRequest, review_id: int) -> HttpResponse:
    """Decide the open appeal."""
    access.get_review_to_judge(viewer=request.user, review_id=review_id)
    review = access.get_review(viewer=request.user, review_id=review_id)
    page = _page(request, review)
    form = AppealDecisionForm(request.POST, cases=page.case_choices, lines=page.line_choices)
    if form.is_valid():
        try:
            appeals.decide_appeal(
                review_id=review_id,
                outcome=form.cleaned_data["outcome"],
                reason=form.cleaned_data["reason"],
                upheld=form.upheld_ids(),
                points=form.points(),
                by=request.user,
                now=timezone.now(),
            )
            messages.success(request, _("The appeal is decided."))
            return redirect("review_appeal", review_id=review_id)
        except ValidationError as error:
            show_errors(form, error)
    return _answer(request, review, _Forms(decide=form))


@require_POST
def withdraw(request: SignedInRequest, review_id: int) -> HttpResponse:
    """Take one's open appeal back."""
    review = access.get_own_review(viewer=request.user, review_id=review_id)
    form = WithdrawalForm(request.POST)
    if form.is_valid():
        try:
            withdraw_appeal(
                review_id=review_id, reason=form.cleaned_data["reason"], by=request.user, now=timezone.now()
            )
            messages.success(request, _("The appeal is withdrawn."))
            return redirect("review_appeal", review_id=review_id)
        except ValidationError as error:
            show_errors(form, error)
    return _answer(request, review, _Forms(withdraw=form))


@require_http_methods(["GET", "POST"])
def terms(request: SignedInRequest, code: str) -> HttpResponse:
    """The terms of a cycle in workdays."""
    cycle = cycle_access.get_cycle_to_run(viewer=request.user, code=code)
    form = TermsForm(request.POST or None, instance=terms_of(cycle))
    if request.method == "POST" and form.is_valid():
        try:
            appeals.set_terms(cycle_id=cycle.pk, **form.cleaned_data, by=request.user, now=timezone.now())
            messages.success(request, _("The terms are set."))
            return redirect("cycle_detail", code=code)
        except ValidationError as error:
            show_errors(form, error)  # type: ignore[arg-type]  # a model form shows errors as any other
    page = {"cycle": cycle, "form": form}
    return render(request, "reviews/appeal_terms.html", page, status=422 if form.errors else 200)


def _file(request: SignedInRequest, review: Review, form: AppealForm) -> bool:
    data = form.cleaned_data
    try:
        appeals.file_appeal(
            review_id=review.pk,
            text=data["text"],
            lines=form.places(),
            version=data["version"],
            by=request.user,
            now=timezone.now(),
        )
    except ReviewConflict:
        form.add_error(None, _("The review was changed meanwhile. Read it again before you go on."))
        return False
    except ValidationError as error:
        show_errors(form, error)
        return False
    messages.success(request, _("The appeal is filed. Somebody who did not rate you decides."))
    return True


def _page(request: SignedInRequest, review: Review) -> AppealPage:
    return get_appeal_page(viewer=request.user, review=review, now=timezone.now())


def _answer(request: SignedInRequest, review: Review, forms: _Forms) -> HttpResponse:
    page = _page(request, review)
    shown: dict[str, Any] = {"review": review, "page": page, "refusals": forms.refusals}
    if page.may_file:
        shown["file_form"] = forms.file or AppealForm(lines=page.line_choices, initial={"version": review.version})
    if page.may_add:
        shown["add_form"] = forms.add or SupplementForm()
    if page.may_decide:
        shown["decide_form"] = forms.decide or AppealDecisionForm(cases=page.case_choices, lines=page.line_choices)
    if page.appeal and "calibrated" in page.appeal.after:
        shown["may_calibrate"] = access.may_calibrate(request.user, review)
    if page.may_withdraw:
        shown["withdraw_form"] = forms.withdraw or WithdrawalForm(auto_id="withdraw_%s")
    return render(request, "reviews/appeal.html", shown, status=forms.status)
