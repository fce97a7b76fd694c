"""Pages on which HR says how a file is read, and keeps it for the next one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from appraisal.evidence import access, mappings
from appraisal.evidence.import_queries import describe_import, used_presets
from appraisal.evidence.intake.errors import FileRefused, IntakeMisuse, PresetInvalid
from appraisal.evidence.intake.guessing import guess_declaration
from appraisal.evidence.intake.look import Look, look_at
from appraisal.evidence.intake.presets import read_content, shipped_content, shipped_presets, write_content
from appraisal.evidence.intake.requests import stored_path
from appraisal.evidence.mapping_forms import DeclarationForm, KeepForm, MappingForm, PresetForm
from appraisal.evidence.models import EvidenceImport
from appraisal.evidence.previews import preview_waiting
from engineers.forms import show_errors
from engineers.requests import SignedInRequest

PRESETS_PER_PAGE = 25


@require_http_methods(["GET", "POST"])
def import_mapping(request: SignedInRequest, import_id: int) -> HttpResponse:
    """Which column is what; what is stored of it shows the preview below. Saving the form shows it anew."""
    job = access.get_waiting_import(viewer=request.user, import_id=import_id)
    look = _look(job)
    if isinstance(look, FileRefused):
        return _refused(request, job, look)
    declaration = job.declaration or (shipped_content(job.preset) if job.preset in shipped_presets() else {})
    if not declaration:
        declaration = guess_declaration(look, kind=job.kind).declaration
    if request.method == "POST":
        return _change(request, job, look, declaration)
    return _mapping_page(request, job, _form(job, look, declaration))


@require_POST
def import_keep(request: SignedInRequest, import_id: int) -> HttpResponse:
    """Keep the mapping of an import as a preset."""
    job = access.get_waiting_import(viewer=request.user, import_id=import_id)
    form = KeepForm(request.POST)
    if form.is_valid():
        try:
            mappings.keep_mapping(
                import_id=job.pk, name=form.cleaned_data["name"], by=request.user, now=timezone.now()
            )
        except ValidationError as error:
            show_errors(form, error)
        else:
            messages.success(request, _("Saved. The next file with these columns is read the same way by itself."))
            return redirect("import_detail", import_id=job.pk)
    look = _look(job)
    if isinstance(look, FileRefused):
        return _refused(request, job, look)
    return _mapping_page(request, job, _form(job, look, job.declaration), keep=form)


@require_GET
def preset_list(request: SignedInRequest) -> HttpResponse:
    """The presets that were saved in the portal, and the shipped ones."""
    saved = access.visible_presets(request.user)
    page = Paginator(saved, PRESETS_PER_PAGE).get_page(request.GET.get("page"))
    shown = {"page": page, "shipped": shipped_presets().values(), "used": used_presets([each.code for each in page])}
    return render(request, "evidence/preset_list.html", shown)


@require_http_methods(["GET", "POST"])
def preset_detail(request: SignedInRequest, code: str) -> HttpResponse:
    """A saved preset: its declaration, to be read and, by HR, changed."""
    preset = access.get_preset(viewer=request.user, code=code)
    given = {"name": preset.name, "declaration": write_content(_shown(preset.content))}
    form = PresetForm(request.POST or None, initial=given)
    if request.method == "POST":
        access.get_preset_to_change(viewer=request.user, code=code)
        if form.is_valid():
            try:
                content = read_content(form.cleaned_data["declaration"], name=code)
                name = form.cleaned_data["name"]
                mappings.save_preset(code=code, name=name, content=content, by=request.user, now=timezone.now())
            except PresetInvalid as error:
                form.add_error("declaration", str(error))
            except ValidationError as error:
                show_errors(form, error)
            else:
                messages.success(request, _("Saved. Files that were sent before are read as they were."))
                return redirect("preset_detail", code=code)
    page = {"preset": preset, "form": form}
    return render(request, "evidence/preset_detail.html", page, status=422 if form.errors else 200)


@require_POST
def preset_delete(request: SignedInRequest, code: str) -> HttpResponse:
    mappings.delete_preset(code=code, by=request.user, now=timezone.now())
    messages.success(request, _("Deleted. Imports that were read by it still tell how."))
    return redirect("preset_list")


def _look(job: EvidenceImport) -> Look | FileRefused:
    try:
        return look_at(stored_path(job))
    except FileRefused as refusal:
        return refusal


def _refused(request: SignedInRequest, job: EvidenceImport, refusal: FileRefused) -> HttpResponse:
    return render(request, "evidence/import_preview.html", {"job": describe_import(job), "refusal": str(refusal)})


def _change(request: SignedInRequest, job: EvidenceImport, look: Look, declaration: dict[str, Any]) -> HttpResponse:
    if "declaration" in request.POST:
        return _change_all(request, job, look, declaration)
    sheet = request.POST.get("sheet")
    if sheet and sheet != look.sheet(declaration.get("sheet")).name:
        # The columns of another sheet are others: guess again.
        chosen = Look(sheets=tuple(each for each in look.sheets if each.name == sheet) or look.sheets[:1])
        guess = {**guess_declaration(chosen, kind=job.kind).declaration, "sheet": chosen.sheets[0].name}
        _store(request, job, guess, source=job.source, time_zone=job.time_zone)
        return redirect("import_mapping", import_id=job.pk)
    form = _form(job, look, declaration, request.POST)
    if form.is_valid():
        told = form.cleaned_data
        _store(request, job, form.declared, source=told["source"], time_zone=told["time_zone"])
        return redirect("import_mapping", import_id=job.pk)
    return _mapping_page(request, job, form)


def _change_all(
    request: SignedInRequest, job: EvidenceImport, look: Look, declaration: dict[str, Any]
) -> HttpResponse:
    details = DeclarationForm(request.POST)
    if details.is_valid():
        try:
            content = mappings.checked(read_content(details.cleaned_data["declaration"], name="mapping"))
        except PresetInvalid as error:
            details.add_error("declaration", str(error))
        else:
            _store(request, job, content, source=job.source, time_zone=job.time_zone)
            return redirect("import_mapping", import_id=job.pk)
    return _mapping_page(request, job, _form(job, look, declaration), details=details)


def _store(
    request: SignedInRequest, job: EvidenceImport, declaration: dict[str, Any], *, source: str, time_zone: str
) -> None:
    mappings.map_import(import_id=job.pk, declaration=declaration, source=source, time_zone=time_zone, by=request.user)


def _form(job: EvidenceImport, look: Look, declaration: dict[str, Any], data: Any = None) -> MappingForm:
    given = {"source": job.source, "time_zone": job.time_zone}
    return MappingForm(data, kind=job.kind, look=look, declaration=declaration, initial=given)


def _mapping_page(
    request: SignedInRequest,
    job: EvidenceImport,
    form: MappingForm,
    *,
    details: DeclarationForm | None = None,
    keep: KeepForm | None = None,
) -> HttpResponse:
    page: dict[str, Any] = {"job": describe_import(job), "form": form, "keep": keep or KeepForm()}
    page["details"] = details or DeclarationForm(initial={"declaration": write_content(_shown(form.before))})
    failed = any(each.is_bound for each in (form, page["details"], page["keep"]))
    try:
        page["preview"] = preview_waiting(job)
    except (FileRefused, IntakeMisuse) as refusal:
        lacking = form.lacking()
        page["refusal"] = (
            _("No column yet for: %(fields)s.") % {"fields": ", ".join(lacking)} if lacking else str(refusal)
        )
    return render(request, "evidence/import_mapping.html", page, status=422 if failed else 200)


def _shown(content: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in content.items() if key not in ("code", "title")}
