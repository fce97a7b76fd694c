"""Pages that set cycles up. What a cycle shows once it is scored is a matter of ``reports``."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from appraisal.cycles import access, actions, manual, workflow
from appraisal.cycles.forms import ProfileSchemeForm, ValueForm
from appraisal.cycles.models import Cycle, CycleScheme
from appraisal.cycles.setup.forms import scheme_choices
from appraisal.cycles.setup.steps import list_setups
from appraisal.kpis.files import ensure_scheme
from appraisal.kpis.models import Kpi
from appraisal.scoring.numbers import decimal_text
from engineers.access import is_hr, require_reader
from engineers.forms import show_errors
from engineers.requests import SignedInRequest

CYCLES_A_PAGE = VALUES_A_PAGE = 50


@require_GET
def cycle_list(request: SignedInRequest) -> HttpResponse:
    require_reader(request.user)
    page = Paginator(access.visible_cycles(request.user), CYCLES_A_PAGE).get_page(request.GET.get("page"))
    drafts = list_setups() if is_hr(request.user) else ()
    return render(request, "cycles/cycle_list.html", {"page": page, "drafts": drafts})


@require_http_methods(["GET", "POST"])
def cycle_schemes(request: SignedInRequest, code: str) -> HttpResponse:
    """Choose the scheme of each job profile, while the figures may still change."""
    cycle = access.get_cycle_to_run(viewer=request.user, code=code)
    form = ProfileSchemeForm(request.POST or None, schemes=scheme_choices())
    if request.method == "POST" and form.is_valid():
        now, profile = timezone.now(), form.cleaned_data["profile"]
        try:
            actions.set_profile_scheme(
                cycle=cycle,
                profile_id=profile.pk if profile else None,
                version=ensure_scheme(code=form.cleaned_data["scheme"], by=request.user, now=now),
                by=request.user,
                now=now,
            )
            messages.success(request, _("The scheme is set. Score the cycle again to apply it."))
            return redirect("cycle_schemes", code=code)
        except ValidationError as error:
            form.add_error(None, error)
    rows = CycleScheme.objects.filter(cycle=cycle).select_related("profile", "version__scheme")
    context = {
        "cycle": cycle,
        "form": form,
        "rows": rows.order_by("profile__code"),
        "may_change": cycle.state in workflow.SCORABLE,
    }
    return render(request, "cycles/cycle_schemes.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
def cycle_values(request: SignedInRequest, code: str) -> HttpResponse:
    """Values entered by hand: all who read everything see them, HR enters."""
    cycle = access.get_cycle_with_values(viewer=request.user, code=code)
    kpis = manual.list_enterable(cycle)
    form = ValueForm(request.POST or None, kpis=kpis, viewer=request.user)
    if request.method == "POST":
        cycle = access.get_cycle_to_run(viewer=request.user, code=code)
        if form.is_valid() and _enter_value(request, cycle, form):
            return redirect("cycle_values", code=code)
    values = cycle.manual_values.select_related("engineer", "kpi", "entered_by")
    names = {version.kpi_id: version for version in kpis}
    page = Paginator(values, VALUES_A_PAGE).get_page(request.GET.get("page"))
    context = {
        "cycle": cycle,
        "form": form,
        "page": page,
        "rows": [(entered, names.get(entered.kpi_id), decimal_text(entered.value)) for entered in page],
        "may_change": cycle.state in workflow.SCORABLE,
    }
    return render(request, "cycles/cycle_values.html", context, status=422 if form.errors else 200)


def _enter_value(request: SignedInRequest, cycle: Cycle, form: ValueForm) -> bool:
    data = form.cleaned_data
    try:
        manual.enter_value(
            cycle=cycle,
            engineer=data["engineer"],
            kpi=Kpi.objects.get(code=data["kpi"]),
            value=data["value"],
            n=data["n"],
            evidence=data["evidence"],
            by=request.user,
            now=timezone.now(),
        )
    except ValidationError as error:
        show_errors(form, error)
        return False
    messages.success(request, _("The value is entered. It counts when the figures are next computed."))
    return True


@require_POST
def cycle_value_withdraw(request: SignedInRequest, code: str, value_id: int) -> HttpResponse:
    entered = access.get_value(viewer=request.user, code=code, value_id=value_id)
    try:
        manual.withdraw_value(entered=entered, by=request.user, now=timezone.now())
        messages.success(
            request, _("The value is withdrawn. The records count again when the figures are next computed.")
        )
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    return redirect("cycle_values", code=code)
