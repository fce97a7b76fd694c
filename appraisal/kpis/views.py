"""Pages of schemes."""

from __future__ import annotations

from decimal import Decimal

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from appraisal.kpis import access, actions, files, queries
from appraisal.kpis.drafts import shape_draft
from appraisal.kpis.forms import DimensionForm, DraftForm, SchemeForm
from appraisal.kpis.models import Scheme, SchemeState, SchemeVersion
from engineers.forms import show_errors
from engineers.requests import SignedInRequest

SHIPPED_SCHEME = "standard"


@require_http_methods(["GET", "POST"])
def scheme_list(request: SignedInRequest) -> HttpResponse:
    access.require_reader(request.user)
    rows = queries.list_schemes()
    sources = [(row.scheme.code, f"{row.scheme.name} v{row.active.number}") for row in rows if row.active]
    form = SchemeForm(request.POST or None, schemes=sources)
    if request.method == "POST":
        access.require_editor(request.user)
        if form.is_valid() and _create_scheme(request, form, {row.scheme.code: row.active for row in rows}):
            return redirect("scheme_draft", code=form.cleaned_data["code"])
    context = {
        "rows": rows,
        "form": form,
        "shipped": SHIPPED_SCHEME if SHIPPED_SCHEME not in {code for code, _name in sources} else "",
    }
    return render(request, "kpis/scheme_list.html", context, status=422 if form.errors else 200)


def _create_scheme(request: SignedInRequest, form: SchemeForm, active: dict[str, SchemeVersion | None]) -> bool:
    data = form.cleaned_data
    try:
        actions.create_scheme(
            code=data["code"],
            name_zh=data["name_zh"],
            name_en=data["name_en"],
            source=active.get(data["source"]),
            by=request.user,
            now=timezone.now(),
        )
    except ValidationError as error:
        show_errors(form, error)
        return False
    return True


@require_POST
def scheme_load_shipped(request: SignedInRequest) -> HttpResponse:
    access.require_editor(request.user)
    version = files.ensure_scheme(code=SHIPPED_SCHEME, by=request.user, now=timezone.now())
    return redirect("scheme_version", code=version.scheme.code, number=version.number)


@require_GET
def scheme_detail(request: SignedInRequest, code: str) -> HttpResponse:
    scheme = access.get_scheme(viewer=request.user, code=code)
    versions = list(scheme.versions.select_related("activated_by"))
    states = {version.state: version for version in versions}
    context = {
        "scheme": scheme,
        "versions": versions,
        "active": states.get(SchemeState.ACTIVE),
        "draft": states.get(SchemeState.DRAFT),
    }
    return render(request, "kpis/scheme_detail.html", context)


@require_GET
def scheme_version(request: SignedInRequest, code: str, number: int) -> HttpResponse:
    version = access.get_version(viewer=request.user, code=code, number=number)
    return render(request, "kpis/scheme_version.html", {"table": queries.get_table(version)})


@require_GET
def scheme_dump(request: SignedInRequest, code: str, number: int) -> HttpResponse:
    version = access.get_version(viewer=request.user, code=code, number=number)
    response = HttpResponse(files.dump_scheme(version), content_type="application/yaml; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{code}-v{number}.yaml"'
    return response


@require_POST
def scheme_draft_start(request: SignedInRequest, code: str) -> HttpResponse:
    scheme: Scheme = access.get_scheme_to_edit(viewer=request.user, code=code)
    actions.draft_scheme(scheme=scheme, by=request.user, now=timezone.now())
    return redirect("scheme_draft", code=code)


@require_POST
def scheme_draft_discard(request: SignedInRequest, code: str) -> HttpResponse:
    draft = access.get_draft(viewer=request.user, code=code)
    actions.discard_draft(version=draft, by=request.user, now=timezone.now())
    messages.success(request, _("The draft is thrown away."))
    return redirect("scheme_list")


@require_http_methods(["GET", "POST"])
def scheme_draft(request: SignedInRequest, code: str) -> HttpResponse:
    """Edit a draft. Whatever button is pressed, all that stands on the page is saved with it."""
    draft = access.get_draft(viewer=request.user, code=code)
    form = DraftForm(request.POST or None, table=queries.get_table(draft), to_add=queries.list_kpis_to_add(draft))
    if request.method == "POST" and form.is_valid():
        try:
            return _change_draft(request, draft, form)
        except ValidationError as error:
            show_errors(form, error)
    return _draft_page(request, draft, form, DimensionForm())


def _change_draft(request: SignedInRequest, draft: SchemeVersion, form: DraftForm) -> HttpResponse:
    now, by, data = timezone.now(), request.user, form.cleaned_data
    shape_draft(version=draft, shape=form.shape(), by=by, now=now)
    if line_id := request.POST.get("remove", ""):
        line = access.get_draft_line(draft=draft, line_id=int(line_id) if line_id.isdecimal() else 0)
        actions.remove_line(line=line, by=by, now=now)
        messages.success(request, _("Removed: %(name)s") % {"name": line.kpi_version.name})
    elif dimension_id := request.POST.get("remove_dimension", ""):
        wanted = int(dimension_id) if dimension_id.isdecimal() else 0
        dimension = access.get_draft_dimension(draft=draft, dimension_id=wanted)
        actions.remove_dimension(dimension=dimension, by=by, now=now)
        messages.success(request, _("Removed: %(name)s") % {"name": dimension.name})
    elif "add" in request.POST:
        if not data["add_kpi"] or not data["add_to"]:
            raise ValidationError({"add_kpi": _("Choose a KPI and a dimension.")})
        kpi = access.get_kpi(viewer=by, code=data["add_kpi"])
        to = access.get_draft_dimension(draft=draft, dimension_id=data["add_to"])
        actions.add_line(dimension=to, kpi=kpi, weight=data["add_weight"] or Decimal(0), by=by, now=now)
        messages.success(request, _("Added: %(code)s") % {"code": kpi.code})
    elif "activate" in request.POST:
        actions.activate_scheme(version=draft, by=by, now=now)
        messages.success(request, _("%(version)s is in force for new cycles.") % {"version": draft})
        return redirect("scheme_version", code=draft.scheme.code, number=draft.number)
    elif "try" in request.POST:
        return redirect("scheme_try", code=draft.scheme.code, number=draft.number)
    else:
        messages.success(request, _("The draft is saved."))
    return redirect("scheme_draft", code=draft.scheme.code)


@require_POST
def scheme_dimension_add(request: SignedInRequest, code: str) -> HttpResponse:
    draft = access.get_draft(viewer=request.user, code=code)
    form = DimensionForm(request.POST)
    if form.is_valid():
        try:
            actions.add_dimension(version=draft, **form.cleaned_data, by=request.user, now=timezone.now())
            return redirect("scheme_draft", code=code)
        except ValidationError as error:
            show_errors(form, error)
    draft_form = DraftForm(table=queries.get_table(draft), to_add=queries.list_kpis_to_add(draft))
    return _draft_page(request, draft, draft_form, form)


def _draft_page(
    request: SignedInRequest, draft: SchemeVersion, form: DraftForm, dimension_form: DimensionForm
) -> HttpResponse:
    context = {"draft": draft, "form": form, "dimension_form": dimension_form}
    status = 422 if form.errors or dimension_form.errors else 200
    return render(request, "kpis/scheme_draft.html", context, status=status)
