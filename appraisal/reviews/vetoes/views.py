"""The page of a review's vetoes: what happened, what is proposed, who decides."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from appraisal.cycles import workflow
from appraisal.kpis.models import Kpi
from appraisal.reviews import access
from appraisal.reviews.criteria import get_scheme
from appraisal.reviews.models import Review, VetoCause
from appraisal.reviews.vetoes import actions as vetoes
from appraisal.reviews.vetoes.forms import VetoForm
from appraisal.reviews.vetoes.queries import list_expired_licences
from appraisal.reviews.workflow import Who
from engineers.clock import organisation_today
from engineers.forms import show_errors
from engineers.kept import refuse
from engineers.requests import SignedInRequest, text_in


@require_http_methods(["GET", "POST"])
def review_vetoes(request: SignedInRequest, review_id: int) -> HttpResponse:
    """List the vetoes of a review; HR and the managers above propose one."""
    review = access.get_review(viewer=request.user, review_id=review_id)
    if request.method == "POST":
        access.get_review_to_veto(viewer=request.user, review_id=review_id)
    may_propose = review.cycle.state in workflow.VETOABLE and access.may_veto(request.user, review)
    form = _form(request, review) if may_propose or request.method == "POST" else None
    if request.method == "POST" and form and form.is_valid() and _propose(request, review, form):
        return redirect("review_vetoes", review_id=review_id)
    may_decide = review.cycle.state in workflow.VETOABLE and access.may_decide(request.user, review)
    may_withdraw = review.cycle.state in workflow.VETOABLE and access.may_take(request.user, review, Who.HR)
    page = {
        "review": review,
        "rows": [
            (
                veto,
                may_decide and veto.is_approved is None and veto.proposed_by_id != request.user.pk,
                may_withdraw and vetoes.is_in_force(veto) and veto.decided_by_id != request.user.pk,
            )
            for veto in access.visible_vetoes(request.user, review)
        ],
        "form": form if may_propose else None,
        "expired": list_expired_licences(review, today=organisation_today()) if may_propose else [],
    }
    return render(request, "reviews/vetoes.html", page, status=422 if form and form.errors else 200)


def _form(request: SignedInRequest, review: Review) -> VetoForm:
    scheme = get_scheme(review)
    versions = (
        {line.kpi_version.kpi.code: line.kpi_version.name for line in vetoes.weighed_lines(scheme)} if scheme else {}
    )
    return VetoForm(
        request.POST or None,
        initial=_suggested(request, review),
        grades=[grade for grade, _lower in scheme.rules.bands] if scheme else [],
        kpis=list(versions.items()),
    )


def _suggested(request: SignedInRequest, review: Review) -> dict[str, Any]:
    """Fill the form in for an expired licence that the reader chose to propose."""
    for licence in list_expired_licences(review, today=organisation_today()):
        if request.GET.get("licence") == str(licence.pk):
            return {
                "cause": VetoCause.LICENCE_EXPIRED,
                "happened_on": licence.expires_on,
                "evidence": _("The licence “%(title)s” expired on %(day)s and was not renewed.")
                % {"title": licence.title, "day": licence.expires_on},
            }
    return {"happened_on": min(organisation_today(), review.cycle.end_date)}


def _propose(request: SignedInRequest, review: Review, form: VetoForm) -> bool:
    data = form.cleaned_data
    try:
        vetoes.propose_veto(
            review_id=review.pk,
            **{name: data[name] for name in ("cause", "effect", "happened_on", "evidence", "grade")},
            kpi=Kpi.objects.filter(code=data["kpi"]).first() if data["kpi"] else None,
            by=request.user,
            now=timezone.now(),
        )
    except ValidationError as error:
        show_errors(form, error)
        return False
    messages.success(request, _("The veto is proposed. It counts once a second person has approved it."))
    return True


@require_POST
def decide(request: SignedInRequest, review_id: int, veto_id: int) -> HttpResponse:
    """Approve or reject: the button says which."""
    review = access.get_review_to_decide(viewer=request.user, review_id=review_id)
    access.get_veto(viewer=request.user, review=review, veto_id=veto_id)
    choice = {"approve": True, "reject": False}.get(request.POST.get("decision", ""))
    try:
        if choice is None:
            raise ValidationError(_("Approve or reject the veto."))
        vetoes.decide_veto(
            review_id=review_id,
            veto_id=veto_id,
            approve=choice,
            by=request.user,
            now=timezone.now(),
            reason=text_in(request.POST, "reason"),
        )
        messages.success(request, _("The veto is in force.") if choice else _("The veto is rejected."))
    except ValidationError as error:
        refuse(request, error)
    return redirect("review_vetoes", review_id=review_id)


@require_POST
def withdraw(request: SignedInRequest, review_id: int, veto_id: int) -> HttpResponse:
    """Take an approved veto back, with a reason."""
    review = access.get_review_for_hr(viewer=request.user, review_id=review_id)
    access.get_veto(viewer=request.user, review=review, veto_id=veto_id)
    try:
        vetoes.withdraw_veto(
            review_id=review_id,
            veto_id=veto_id,
            reason=text_in(request.POST, "reason"),
            by=request.user,
            now=timezone.now(),
        )
        messages.success(request, _("The veto is taken back."))
    except ValidationError as error:
        refuse(request, error)
    return redirect("review_vetoes", review_id=review_id)
