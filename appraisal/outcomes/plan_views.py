"""Pages of improvement plans: those proposed and those there are, and one with its figures."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from appraisal.outcomes import access, plan_queries, plans
from appraisal.outcomes.models import ImprovementPlan, PlanState
from appraisal.outcomes.plan_forms import EndForm, PlanForm
from appraisal.outcomes.weak import get_rules
from engineers.access import is_hr, is_manager, reads_everything
from engineers.clock import organisation_today
from engineers.forms import show_errors
from engineers.kept import refuse
from engineers.models import User
from engineers.requests import SignedInRequest, text_in

ROWS_A_PAGE = 50
PROPOSED = "proposed"


@require_GET
def plan_list(request: SignedInRequest) -> HttpResponse:
    """The plans one may see; for HR and managers also for whom one is proposed."""
    viewer = request.user
    proposes = is_hr(viewer) or is_manager(viewer)
    page: dict[str, Any] = {"proposes": proposes, "states": PlanState.choices, "show": ""}
    if proposes and request.GET.get("show") == PROPOSED:
        cycle, cycles = access.chosen_cycle(viewer=viewer, code=request.GET.get("cycle", ""))
        found = access.reviews_to_use(viewer).select_related("engineer", "team", "cycle")
        rows = plan_queries.proposed(found, cycle, get_rules()) if cycle else found.none()
        page |= {"show": PROPOSED, "cycle": cycle, "cycles": cycles}
        listed: Any = rows.order_by("engineer__employee_no")
    else:
        state = request.GET.get("state", "")
        listed = access.visible_plans(viewer, on=_today())
        if state in PlanState.values:
            listed = listed.filter(state=state)
            page["state"] = state
    page["page"] = Paginator(listed, ROWS_A_PAGE).get_page(request.GET.get("page"))
    return render(request, "outcomes/plans.html", page)


@require_POST
def plan_draft(request: SignedInRequest, review_id: int) -> HttpResponse:
    """Draft a plan from a published review."""
    access.get_review_to_use(viewer=request.user, review_id=review_id)
    try:
        plan = plans.draft_plan(review_id=review_id, by=request.user, now=timezone.now())
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return redirect("scorecard_detail", review_id=review_id)
    return redirect("improvement_plan", plan_id=plan.pk)


@require_GET
def plan_detail(request: SignedInRequest, plan_id: int) -> HttpResponse:
    plan = access.get_plan(viewer=request.user, plan_id=plan_id, on=_today())
    return render(request, "outcomes/plan.html", _page(request.user, plan))


def _page(viewer: User, plan: ImprovementPlan, **more: Any) -> dict[str, Any]:
    goals = plan_queries.measure(plan)
    manages = access.may_manage(viewer, plan, on=_today())
    is_own = plan.review.engineer.user_id == viewer.pk
    steers = is_hr(viewer) and manages
    names = {goal.kpi: goal.name for goal in goals}
    page = {
        "plan": plan,
        "goals": goals,
        "checks": [
            (check, [(names.get(code, code), value) for code, value in check.measured.items()])
            for check in plan.checks.select_related("held_by")
        ],
        "is_own": is_own,
        "may_check": plan.state == PlanState.ACTIVE and (manages or (plan.coach_id == viewer.pk and not is_own)),
        "may_submit": manages and plan.state == PlanState.DRAFT,
        "may_decide": steers and plan.state == PlanState.SUBMITTED,
        "may_approve": steers and plan.state == PlanState.SUBMITTED and plan.drafted_by_id != viewer.pk,
        "may_drop": manages
        and plan.state in (PlanState.DRAFT, PlanState.SUBMITTED, *([PlanState.ACTIVE] if steers else [])),
        "today": _today(),
        "reads_all": reads_everything(viewer),
    }
    if manages and plan.state == PlanState.DRAFT:
        page["form"] = PlanForm(plan=plan, goals=goals)
    if manages and plan.state == PlanState.ACTIVE:
        page["end_form"] = EndForm()
    return page | more


@require_POST
def plan_write(request: SignedInRequest, plan_id: int) -> HttpResponse:
    """Write a draft; the button says whether it is handed in at once."""
    plan = access.get_plan_to_manage(viewer=request.user, plan_id=plan_id, on=_today())
    form = PlanForm(request.POST, plan=plan, goals=plan_queries.measure(plan))
    if form.is_valid():
        try:
            plans.write_plan(plan_id=plan_id, content=form.content(), by=request.user, now=timezone.now())
            messages.success(request, _("Saved."))
            if "submit" in request.POST:
                plans.submit_plan(plan_id=plan_id, by=request.user, now=timezone.now())
                messages.success(request, _("The plan waits for HR now."))
            return redirect("improvement_plan", plan_id=plan_id)
        except ValidationError as error:
            show_errors(form, error)
    shown = access.get_plan(viewer=request.user, plan_id=plan_id, on=_today())
    if shown.state != PlanState.DRAFT:
        messages.error(request, " ".join(str(error) for error in form.non_field_errors()))
        return redirect("improvement_plan", plan_id=plan_id)
    return render(request, "outcomes/plan.html", _page(request.user, shown, form=form), status=422)


@require_POST
def plan_move(request: SignedInRequest, plan_id: int) -> HttpResponse:
    """Approve, return or drop: the button says which."""
    access.get_plan_to_manage(viewer=request.user, plan_id=plan_id, on=_today())
    step = plans.STEPS.get(request.POST.get("step", ""))
    try:
        if step is None:
            raise ValidationError(_("Choose what shall be done."))
        step(plan_id=plan_id, by=request.user, now=timezone.now(), reason=text_in(request.POST, "reason"))
        messages.success(request, _("Done."))
    except ValidationError as error:
        refuse(request, error)
    return redirect("improvement_plan", plan_id=plan_id)


@require_POST
def plan_comment(request: SignedInRequest, plan_id: int) -> HttpResponse:
    access.get_own_plan(viewer=request.user, plan_id=plan_id)
    try:
        text = text_in(request.POST, "comment")
        plans.comment_plan(plan_id=plan_id, text=text, by=request.user, now=timezone.now())
        messages.success(request, _("Saved."))
    except ValidationError as error:
        refuse(request, error)
    return redirect("improvement_plan", plan_id=plan_id)


@require_POST
def plan_check(request: SignedInRequest, plan_id: int, check_id: int) -> HttpResponse:
    """Note what a check came to."""
    plan = access.get_plan_to_check(viewer=request.user, plan_id=plan_id, on=_today())
    access.get_check(plan=plan, check_id=check_id)
    try:
        note = text_in(request.POST, "note")
        plans.hold_check(plan_id=plan_id, check_id=check_id, note=note, by=request.user, now=timezone.now())
        messages.success(request, _("Saved."))
    except ValidationError as error:
        refuse(request, error)
    return redirect("improvement_plan", plan_id=plan_id)


@require_POST
def plan_end(request: SignedInRequest, plan_id: int) -> HttpResponse:
    access.get_plan_to_manage(viewer=request.user, plan_id=plan_id, on=_today())
    form = EndForm(request.POST)
    if form.is_valid():
        try:
            plans.end_plan(plan_id=plan_id, **form.cleaned_data, by=request.user, now=timezone.now())
            messages.success(request, _("The plan has ended."))
            return redirect("improvement_plan", plan_id=plan_id)
        except ValidationError as error:
            show_errors(form, error)
    shown = access.get_plan(viewer=request.user, plan_id=plan_id, on=_today())
    if shown.state != PlanState.ACTIVE:
        raise Http404
    return render(request, "outcomes/plan.html", _page(request.user, shown, end_form=form), status=422)


def _today() -> date:
    return organisation_today()
