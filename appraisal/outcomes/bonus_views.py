"""Pages of bonus plans: for HR the plan and its arithmetic, for engineers their own bonus."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db.models import Q
from django.forms import Form
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from appraisal.cycles import access as cycle_access
from appraisal.cycles.workflow import REVEALED
from appraisal.jobs.models import Job
from appraisal.outcomes import access, bonus, bonus_queries, payroll, tables
from appraisal.outcomes.bonus_bases import EngineerBasesForm
from appraisal.outcomes.bonus_forms import (
    BonusSettingsForm,
    PresetForm,
    ProfileBasesForm,
    TeamFactorForm,
)
from appraisal.outcomes.models import BonusPlan, PayrollPreset
from engineers.access import is_hr, require_hr, require_reader
from engineers.forms import show_errors
from engineers.requests import SignedInRequest, number_in

ROWS_A_PAGE = 50
DIFFERENCES_SHOWN = 20


@require_GET
def plan_list(request: SignedInRequest, code: str) -> HttpResponse:
    """The versions of a cycle's bonus plan."""
    require_reader(request.user)
    cycle = cycle_access.get_cycle(viewer=request.user, code=code)
    plans = cycle.bonus_plans.select_related("changed_by", "approved_by", "locked_by")
    page = {"cycle": cycle, "plans": plans, "is_revealed": cycle.state in REVEALED}
    return render(request, "outcomes/bonus_plans.html", page)


@require_POST
def plan_create(request: SignedInRequest, code: str) -> HttpResponse:
    cycle = cycle_access.get_cycle_to_run(viewer=request.user, code=code)
    try:
        plan = bonus.create_plan(cycle_id=cycle.pk, by=request.user, now=timezone.now())
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return redirect("bonus_plans", code=code)
    return redirect("bonus_plan", plan_id=plan.pk)


@require_GET
def plan_detail(request: SignedInRequest, plan_id: int) -> HttpResponse:
    plan = access.get_bonus_plan(viewer=request.user, plan_id=plan_id)
    return render(request, "outcomes/bonus_plan.html", _plan_page(request, plan))


def _plan_page(request: SignedInRequest, plan: BonusPlan, **forms: Form) -> dict[str, Any]:
    rows = plan.rows.select_related("review__engineer", "team")
    text = request.GET.get("q", "")[:100]
    if text:
        rows = rows.filter(
            Q(review__engineer__employee_no__icontains=text) | Q(review__engineer__name__icontains=text)
        )
    bases = list(plan.bases.filter(engineer__isnull=True).select_related("profile"))
    page = {
        "plan": plan,
        "page": Paginator(rows.order_by("review__engineer__employee_no"), ROWS_A_PAGE).get_page(
            request.GET.get("page")
        ),
        "q": text,
        "sum": bonus_queries.sum_of(plan),
        "bases": bases,
        "own_bases": plan.bases.filter(engineer__isnull=False).count(),
        "factors": plan.team_factors.select_related("team"),
        "job": Job.objects.filter(kind=bonus.COMPUTE, params__plan=plan.pk).select_related("requested_by").first(),
        "differences": bonus_queries.count_differences(plan),
        "changed": bonus_queries.changed_rows(plan)[:DIFFERENCES_SHOWN] if plan.computed_at else [],
        "is_newest": bonus_queries.newest_decided(plan),
        "presets": PayrollPreset.objects.all(),
        "formats": sorted(tables.FORMATS),
    }
    if plan.is_draft and is_hr(request.user):
        page["has_made"] = bonus_queries.has_made(plan, request.user)
        page |= {
            "settings_form": BonusSettingsForm(plan=plan, grades=bonus_queries.list_grades(plan)),
            "profiles_form": ProfileBasesForm(bases=bases),
            "engineers_form": EngineerBasesForm(),
            "team_form": TeamFactorForm(plan=plan),
        }
    return page | forms


@require_POST
def plan_settings(request: SignedInRequest, plan_id: int) -> HttpResponse:
    plan = access.get_bonus_plan_to_run(viewer=request.user, plan_id=plan_id)
    form = BonusSettingsForm(request.POST, plan=plan, grades=bonus_queries.list_grades(plan))
    return _store(
        request, plan, "settings_form", form,
        lambda: bonus.change_plan(
            plan_id=plan_id,
            chosen=form.chosen(),
            is_confirmed=form.cleaned_data["is_confirmed"],
            by=request.user,
            now=timezone.now(),
        ),
    )  # fmt: skip


@require_POST
def plan_profiles(request: SignedInRequest, plan_id: int) -> HttpResponse:
    plan = access.get_bonus_plan_to_run(viewer=request.user, plan_id=plan_id)
    form = ProfileBasesForm(request.POST, bases=[])
    return _store(
        request, plan, "profiles_form", form,
        lambda: bonus.set_profile_bases(plan_id=plan_id, amounts=form.amounts(), by=request.user, now=timezone.now()),
    )  # fmt: skip


@require_POST
def plan_engineers(request: SignedInRequest, plan_id: int) -> HttpResponse:
    plan = access.get_bonus_plan_to_run(viewer=request.user, plan_id=plan_id)
    form = EngineerBasesForm(request.POST, request.FILES)
    return _store(
        request, plan, "engineers_form", form,
        lambda: bonus.set_engineer_bases(
            plan_id=plan_id, amounts=form.cleaned_data["amounts"], by=request.user, now=timezone.now()
        ),
    )  # fmt: skip


@require_POST
def plan_team(request: SignedInRequest, plan_id: int) -> HttpResponse:
    plan = access.get_bonus_plan_to_run(viewer=request.user, plan_id=plan_id)
    form = TeamFactorForm(request.POST, plan=plan)
    return _store(
        request, plan, "team_form", form,
        lambda: bonus.set_team_factor(plan_id=plan_id, **form.cleaned_data, by=request.user, now=timezone.now()),
    )  # fmt: skip


def _store(
    request: SignedInRequest, plan: BonusPlan, name: str, form: Form, act: Callable[[], object]
) -> HttpResponse:
    """Do what a form of the plan asks for, or show the page again with what is wrong beside the field."""
    if form.is_valid():
        try:
            act()
        except ValidationError as error:
            show_errors(form, error)
        else:
            said = form.told() if isinstance(form, EngineerBasesForm) else ""
            messages.success(request, " ".join([_("Saved. Compute the amounts anew."), said]).strip())
            return redirect("bonus_plan", plan_id=plan.pk)
    if not plan.is_draft:
        messages.error(request, " ".join(str(error) for error in form.non_field_errors()))
        return redirect("bonus_plan", plan_id=plan.pk)
    shown = access.get_bonus_plan(viewer=request.user, plan_id=plan.pk)
    return render(request, "outcomes/bonus_plan.html", _plan_page(request, shown, **{name: form}), status=422)


STEPS: dict[str, tuple[Callable[..., object], str | Promise]] = {
    "compute": (bonus.request_computation, gettext_lazy("The amounts are being computed.")),
    "approve": (bonus.approve_plan, gettext_lazy("The bonus plan is approved.")),
    "lock": (bonus.lock_plan, gettext_lazy("The bonus plan is locked.")),
}


@require_POST
def plan_step(request: SignedInRequest, plan_id: int, step: str) -> HttpResponse:
    """Compute, approve or lock."""
    access.get_bonus_plan_to_run(viewer=request.user, plan_id=plan_id)
    if step not in STEPS:
        raise Http404
    act, said = STEPS[step]
    try:
        act(plan_id=plan_id, by=request.user, now=timezone.now())
        messages.success(request, str(said))
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    return redirect("bonus_plan", plan_id=plan_id)


@require_POST
def plan_export(request: SignedInRequest, plan_id: int, export_format: str) -> HttpResponse:
    """The bonus list with the columns of a preset, or the usual ones."""
    plan = access.get_bonus_plan_to_run(viewer=request.user, plan_id=plan_id)
    if export_format not in tables.FORMATS:
        raise Http404
    preset_id = number_in(request.POST.get("preset", ""))
    preset = access.get_preset(viewer=request.user, preset_id=preset_id) if preset_id else None
    try:
        payroll.note_export(plan=plan, file_format=export_format, preset=preset, by=request.user, now=timezone.now())
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return redirect("bonus_plan", plan_id=plan_id)
    titles, rows = payroll.bonus_list(plan, payroll.columns_of(preset))
    return tables.as_file(f"{plan.cycle.code}-bonus-v{plan.number}", export_format, titles, rows)


@require_GET
def bonus_detail(request: SignedInRequest, row_id: int) -> HttpResponse:
    """One bonus, explained."""
    row = access.get_bonus(viewer=request.user, row_id=row_id)
    page = {"row": row, "steps": bonus_queries.explain(row)}
    return render(request, "outcomes/bonus.html", page)


@require_GET
def my_bonuses(request: SignedInRequest) -> HttpResponse:
    """One's own bonuses, newest first."""
    rows = access.visible_bonuses(request.user).filter(review__engineer__user=request.user)
    page = Paginator(rows.order_by("-plan__cycle__start_date", "-pk"), ROWS_A_PAGE).get_page(request.GET.get("page"))
    return render(request, "outcomes/my_bonuses.html", {"page": page})


@require_http_methods(["GET", "POST"])
def preset_list(request: SignedInRequest) -> HttpResponse:
    """Columns for the payroll: those that are kept, and a new one."""
    require_hr(request.user)
    return _preset_page(request, None)


@require_http_methods(["GET", "POST"])
def preset_detail(request: SignedInRequest, preset_id: int) -> HttpResponse:
    return _preset_page(request, access.get_preset(viewer=request.user, preset_id=preset_id))


def _preset_page(request: SignedInRequest, preset: PayrollPreset | None) -> HttpResponse:
    form = PresetForm(request.POST or None, preset=preset)
    if request.method == "POST" and form.is_valid():
        try:
            payroll.save_preset(
                name=form.cleaned_data["name"],
                columns=form.columns(),
                preset_id=preset.pk if preset else None,
                by=request.user,
                now=timezone.now(),
            )
            messages.success(request, _("Saved."))
            return redirect("payroll_presets")
        except ValidationError as error:
            show_errors(form, error)
    page = {"presets": PayrollPreset.objects.all(), "preset": preset, "form": form}
    return render(request, "outcomes/payroll_presets.html", page, status=422 if form.errors else 200)


@require_POST
def preset_delete(request: SignedInRequest, preset_id: int) -> HttpResponse:
    payroll.delete_preset(preset_id=preset_id, by=request.user, now=timezone.now())
    messages.success(request, _("Deleted."))
    return redirect("payroll_presets")
