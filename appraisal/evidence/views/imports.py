"""Pages of imports: files on their way in."""

from __future__ import annotations

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from appraisal.evidence import access, actions
from appraisal.evidence.forms import UploadForm
from appraisal.evidence.import_queries import describe_import, describe_reading
from appraisal.evidence.intake.errors import FileRefused, IntakeMisuse
from appraisal.evidence.intake.presets import shipped_presets
from appraisal.evidence.intake.rejects import rejects_csv
from appraisal.evidence.intake.samples import sample_csv
from appraisal.evidence.mappings import recognise_import
from appraisal.evidence.models import EvidenceImport, ImportState
from appraisal.evidence.previews import preview_waiting
from appraisal.evidence.queries import count_kinds
from engineers.access import is_hr, require_hr
from engineers.clock import organisation_today
from engineers.requests import SignedInRequest

IMPORTS_PER_PAGE = 25


@require_GET
def import_list(request: SignedInRequest) -> HttpResponse:
    imports = access.visible_imports(request.user).exclude(state=ImportState.PREVIEW)
    page = Paginator(imports, IMPORTS_PER_PAGE).get_page(request.GET.get("page"))
    today = organisation_today()
    kinds = count_kinds(lambda kind: access.visible_records(request.user, kind, on=today))
    return render(request, "evidence/import_list.html", {"page": page, "kinds": kinds})


@require_http_methods(["GET", "POST"])
def import_new(request: SignedInRequest) -> HttpResponse:
    """Upload a file; nothing is stored of it before HR has seen how it will be read."""
    require_hr(request.user)
    form = UploadForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        job = actions.start_import(
            file=form.cleaned_data["file"],
            file_name=form.cleaned_data["file"].name,
            kind=form.cleaned_data["kind"],
            preset=form.cleaned_data["preset"],
            source=form.cleaned_data["source"],
            time_zone=form.cleaned_data["time_zone"],
            create_engineers=form.cleaned_data["create_engineers"],
            confirmed=False,
            by=request.user,
            now=timezone.now(),
        )
        if not job.preset:
            recognise_import(import_id=job.pk)
        return redirect("import_detail", import_id=job.pk)
    return render(request, "evidence/import_new.html", {"form": form, "presets": shipped_presets().values()})


@require_GET
def import_sample(request: SignedInRequest, preset: str) -> HttpResponse:
    """The header of a preset's file with one example row."""
    require_hr(request.user)
    if preset not in shipped_presets():
        raise Http404
    return HttpResponse(
        sample_csv(shipped_presets()[preset]),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{preset}.csv"'},
    )


@require_GET
def import_detail(request: SignedInRequest, import_id: int) -> HttpResponse:
    job = access.get_import(viewer=request.user, import_id=import_id)
    if job.state == ImportState.PREVIEW and is_hr(request.user):
        if not job.preset:
            return redirect("import_mapping", import_id=job.pk)
        return _preview(request, job)
    return render(request, "evidence/import_detail.html", {"job": describe_import(job), "read": describe_reading(job)})


@require_GET
def import_progress(request: SignedInRequest, import_id: int) -> HttpResponse:
    job = access.get_import(viewer=request.user, import_id=import_id)
    return render(request, "evidence/_import.html", {"job": describe_import(job)})


@require_POST
def import_confirm(request: SignedInRequest, import_id: int) -> HttpResponse:
    access.get_import_to_run(viewer=request.user, import_id=import_id)
    try:
        actions.confirm_import(import_id=import_id, by=request.user, now=timezone.now())
    except IntakeMisuse as misuse:
        messages.error(request, _("The mapping is not complete: %(detail)s") % {"detail": misuse})
    return redirect("import_detail", import_id=import_id)


@require_GET
def import_rejects(request: SignedInRequest, import_id: int) -> StreamingHttpResponse:
    """All rows that stayed out, as a file."""
    job = access.get_import(viewer=request.user, import_id=import_id)
    rows = job.rejects.values_list("row_number", "column", "value", "reason").iterator(chunk_size=2000)
    return StreamingHttpResponse(
        rejects_csv(rows),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="rejects-{job.pk}.csv"'},
    )


def _preview(request: SignedInRequest, job: EvidenceImport) -> HttpResponse:
    page: dict[str, object] = {"job": describe_import(job)}
    try:
        page["preview"] = preview_waiting(job)
    except (FileRefused, IntakeMisuse) as refusal:
        page["refusal"] = str(refusal)
    return render(request, "evidence/import_preview.html", page)
