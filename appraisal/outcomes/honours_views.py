"""Pages of promotions, commendations and the rules for the use of results."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from appraisal.cycles import access as cycle_access
from appraisal.cycles.workflow import REVEALED
from appraisal.outcomes import access, honours, promotion_queries
from appraisal.outcomes.honours_forms import CommendationForm, PromotionForm, RulesForm
from appraisal.outcomes.models import PromotionDecision
from appraisal.outcomes.weak import get_rules
from engineers.access import is_hr, is_manager, require_hr, require_reader
from engineers.clock import organisation_today
from engineers.forms import show_errors
from engineers.kept import refuse
from engineers.requests import SignedInRequest, text_in

ROWS_A_PAGE = 50


@require_GET
def promotion_list(request: SignedInRequest, code: str) -> HttpResponse:
    """The candidates of a cycle with their rules and what was decided."""
    require_reader(request.user)
    cycle = cycle_access.get_cycle(viewer=request.user, code=code)
    rules = get_rules()
    found = cycle.reviews.exclude(engineer__user=request.user).select_related("engineer", "team", "cycle")
    listed = promotion_queries.candidates(found, cycle, rules).order_by("engineer__employee_no")
    is_revealed = cycle.state in REVEALED
    page = Paginator(listed if is_revealed else found.none(), ROWS_A_PAGE).get_page(request.GET.get("page"))
    reviews = list(page)
    checked = promotion_queries.check_rules(reviews, cycle, rules, on=organisation_today())
    decided: dict[int, PromotionDecision] = {}
    for decision in PromotionDecision.objects.filter(review__in=reviews).order_by("pk"):
        decided[decision.review_id] = decision
    context = {
        "cycle": cycle,
        "page": page,
        "rows": [(review, checked[review.pk], decided.get(review.pk)) for review in reviews],
        "rules": rules,
        "is_revealed": is_revealed,
    }
    return render(request, "outcomes/promotions.html", context)


@require_http_methods(["GET", "POST"])
def promotion_detail(request: SignedInRequest, review_id: int) -> HttpResponse:
    """The rules for one engineer; HR decides."""
    review = access.get_review_to_promote(viewer=request.user, review_id=review_id)
    if request.method == "POST":
        require_hr(request.user)
    form = PromotionForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            honours.decide_promotion(review_id=review_id, **form.cleaned_data, by=request.user, now=timezone.now())
            messages.success(request, _("Saved."))
            return redirect("promotion", review_id=review_id)
        except ValidationError as error:
            show_errors(form, error)
    on = organisation_today()
    context = {
        "review": review,
        "views": promotion_queries.check_rules([review], review.cycle, get_rules(), on=on)[review.pk],
        "decisions": review.promotion_decisions.select_related("decided_by"),
        "form": form if is_hr(request.user) else None,
    }
    return render(request, "outcomes/promotion.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
def commendation_list(request: SignedInRequest) -> HttpResponse:
    """Commendations one may see; HR and managers propose one."""
    viewer, on = request.user, organisation_today()
    may_propose = is_hr(viewer) or is_manager(viewer)
    form = CommendationForm(request.POST or None, viewer=viewer)
    if request.method == "POST":
        if form.is_valid():
            engineer = access.get_engineer_to_commend(
                viewer=viewer, engineer_id=form.cleaned_data["engineer"].pk, on=on
            )
            try:
                honours.propose_commendation(
                    engineer_id=engineer.pk,
                    title=form.cleaned_data["title"],
                    text=form.cleaned_data["text"],
                    by=viewer,
                    now=timezone.now(),
                )
                messages.success(request, _("Proposed. It is shown once a second person has approved it."))
                return redirect("commendations")
            except ValidationError as error:
                show_errors(form, error)
        elif not may_propose:
            require_hr(viewer)
    found = access.visible_commendations(viewer, on=on)
    page = Paginator(found, ROWS_A_PAGE).get_page(request.GET.get("page"))
    context = {"page": page, "form": form if may_propose else None}
    return render(request, "outcomes/commendations.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
def commendation_detail(request: SignedInRequest, commendation_id: int) -> HttpResponse:
    """One commendation; a second person approves or rejects it."""
    on = organisation_today()
    praise = access.get_commendation(viewer=request.user, commendation_id=commendation_id, on=on)
    if request.method == "POST":
        access.get_commendation_to_decide(viewer=request.user, commendation_id=commendation_id, on=on)
        choice = {"approve": True, "reject": False}.get(request.POST.get("decision", ""))
        try:
            if choice is None:
                raise ValidationError(_("Approve or reject the commendation."))
            honours.decide_commendation(
                commendation_id=commendation_id,
                approve=choice,
                reason=text_in(request.POST, "reason", most=1000),
                by=request.user,
                now=timezone.now(),
            )
            messages.success(request, _("Saved."))
        except ValidationError as error:
            refuse(request, error)
        return redirect("commendation", commendation_id=commendation_id)
    context = {"praise": praise, "may_decide": access.may_decide_commendation(request.user, praise, on=on)}
    return render(request, "outcomes/commendation.html", context)


@require_http_methods(["GET", "POST"])
def rules(request: SignedInRequest) -> HttpResponse:
    """From what on something is proposed; HR changes it."""
    require_reader(request.user)
    if request.method == "POST":
        require_hr(request.user)
    form = RulesForm(request.POST or None, rules=get_rules())
    if request.method == "POST" and form.is_valid():
        try:
            honours.save_rules(content=form.content(), by=request.user, now=timezone.now())
            messages.success(request, _("Saved."))
            return redirect("outcome_rules")
        except ValidationError as error:
            show_errors(form, error)
    context = {"form": form, "may_change": is_hr(request.user)}
    return render(request, "outcomes/rules.html", context, status=422 if form.errors else 200)
