"""The editor of a KPI: its wording, and while it is written the curve of its points beside it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from appraisal.kpis import access, actions, library, queries
from appraisal.kpis.forms import CriterionFormSet, KpiForm, MeasureForm, criteria_of, criterion_initial
from appraisal.kpis.measures import MEASURES, Measure
from appraisal.kpis.models import Kpi, KpiVersion
from appraisal.kpis.words import describe
from appraisal.reports.kpi_curves import view_rule
from appraisal.reports.tryouts.page import last_cycle, what_if_kpi
from engineers.access import is_hr
from engineers.forms import show_errors
from engineers.requests import SignedInRequest


@require_http_methods(["GET", "POST"])
def kpi_new(request: SignedInRequest) -> HttpResponse:
    access.require_editor(request.user)
    measure = _asked_measure(request)
    if measure is None:
        return render(request, "kpis/kpi_measure.html", {"form": MeasureForm()})
    return _kpi_form(request, measure=measure, kpi=None, newest=None)


@require_http_methods(["GET", "POST"])
def kpi_edit(request: SignedInRequest, code: str) -> HttpResponse:
    """Show a KPI with its history; HR may write its next version."""
    kpi = access.get_kpi(viewer=request.user, code=code)
    newest = kpi.versions.order_by("-number").first()
    if newest is None:
        raise Http404
    if not is_hr(request.user):
        if request.method == "POST":
            raise Http404
        return render(request, "kpis/kpi_detail.html", _kpi_context(request, newest.measure, kpi, newest))
    return _kpi_form(request, measure=_asked_measure(request) or newest.measure, kpi=kpi, newest=newest)


def _kpi_form(
    request: SignedInRequest, *, measure: Measure, kpi: Kpi | None, newest: KpiVersion | None
) -> HttpResponse:
    kept = newest if newest and newest.measure_id == measure.id else None
    form = KpiForm(request.POST or None, measure=measure, version=kept)
    if kpi:
        del form.fields["code"]
    if newest and not kept:
        # The names stay when the measure changes; the rest belongs to the old measure.
        form.initial.update(name_zh=newest.name_zh, name_en=newest.name_en)
    asks = "what_if" in request.POST
    is_preview = asks or "preview" in request.POST
    if is_preview and request.htmx:
        context = {"measure": measure, "form": form}
        if asks:
            return render(request, "reports/_what_if.html", context | _what_if(request, kpi, form))
        return render(request, "kpis/_points.html", context | _rule_written(request, form))
    formset = None
    if measure.is_rated:
        formset = CriterionFormSet(request.POST or None, initial=criterion_initial(newest), prefix="criteria")
    to_be_saved = request.method == "POST" and not is_preview
    if to_be_saved and _save_kpi(request, form, formset, kpi):
        return redirect("kpi_edit", code=kpi.code if kpi else form.cleaned_data["code"])
    context = _kpi_context(request, measure, kpi, kept if request.method == "GET" else None) | {
        "newest": newest,
        "form": form,
        "formset": formset,
        "is_refused": to_be_saved,
        "measure_form": MeasureForm(initial={"measure": measure.id}),
    }
    if request.method == "POST":
        context |= _rule_written(request, form)
    if asks:
        context |= _what_if(request, kpi, form)
    return render(request, "kpis/kpi_form.html", context, status=422 if to_be_saved else 200)


def _rule_written(request: SignedInRequest, form: KpiForm) -> dict[str, object]:
    """Return the rule as it stands in the form, or what keeps it from being one beside its fields."""
    form.is_valid()
    draft = form.draft()
    for name, fault in actions.rule_faults(draft).items():
        if not form.has_error(name):
            form.add_error(name, fault)
    if form.scoring_faults:
        return {"rule": None, "samples": ()}
    return _rule(request, draft)


def _what_if(request: SignedInRequest, kpi: Kpi | None, form: KpiForm) -> dict[str, object]:
    """Return what the wording as it stands in the form would change where its KPI counts now; nothing is stored."""
    found = None
    if kpi and form.is_valid() and not actions.rule_faults(form.draft()):
        found = what_if_kpi(viewer=request.user, kpi=kpi, wording=form.draft(), now=timezone.now())
    return {"what_if": found, "is_asked": True}


def _rule(request: SignedInRequest, version: KpiVersion) -> dict[str, object]:
    rule = view_rule(version, cycle=last_cycle(request.user))
    return {"rule": rule, "samples": rule.samples}


def _save_kpi(request: SignedInRequest, form: KpiForm, formset: Any, kpi: Kpi | None) -> bool:
    criteria_hold = formset is None or formset.is_valid()
    if not (form.is_valid() and criteria_hold):
        return False
    code = kpi.code if kpi else form.cleaned_data["code"]
    if kpi is None and Kpi.objects.filter(code=code).exists():
        form.add_error("code", _("There is a KPI with this code already."))
        return False
    try:
        version = actions.save_kpi(
            code=code,
            wording=form.wording(criteria_of(formset) if formset else []),
            by=request.user,
            now=timezone.now(),
        )
    except ValidationError as error:
        show_errors(form, error)
        return False
    messages.success(request, _("Version %(number)s of the KPI is in force.") % {"number": version.number})
    return True


def _kpi_context(
    request: SignedInRequest, measure: Measure, kpi: Kpi | None, version: KpiVersion | None
) -> dict[str, object]:
    """Return what a page tells of a KPI; ``version`` is the wording whose rule is drawn."""
    return {
        "kpi": kpi,
        "newest": version,
        "measure": measure,
        "words": describe(measure),
        "history": queries.list_wordings(kpi) if kpi else [],
        "uses": library.uses_of(kpi) if kpi else (),
    } | (_rule(request, version) if version else {})


def _asked_measure(request: HttpRequest) -> Measure | None:
    return MEASURES.get(request.POST.get("measure") or request.GET.get("measure", ""))
