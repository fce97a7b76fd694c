"""Pages of single records: the same for every kind."""

from __future__ import annotations

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from appraisal.evidence import access, records
from appraisal.evidence.kinds import Kind
from appraisal.evidence.models import Record
from appraisal.evidence.queries import CappedPaginator, count_kinds, filter_records, list_history
from appraisal.evidence.record_forms import ReasonForm, RecordFilterForm, RecordForm
from engineers.access import reads_everything, require_hr
from engineers.clock import organisation_today
from engineers.kept import refuse
from engineers.requests import SignedInRequest

PER_PAGE = 50
OFFERED = 10


@require_GET
def record_overview(request: SignedInRequest) -> HttpResponse:
    """Every kind with the number of records that the reader may see."""
    today = organisation_today()
    kinds = count_kinds(lambda kind: access.visible_records(request.user, kind, on=today))
    return render(request, "evidence/record_overview.html", {"kinds": kinds})


@require_GET
def record_list(request: SignedInRequest, kind: str) -> HttpResponse:
    declared = access.get_kind(kind)
    found: QuerySet[Record] = access.visible_records(request.user, declared, on=organisation_today())
    form = RecordFilterForm(request.GET)
    found = filter_records(found, declared, **form.cleaned_data) if form.is_valid() else found.none()
    page = CappedPaginator(found, PER_PAGE).get_page(request.GET.get("page"))
    is_narrowed = any(form.cleaned_data.values()) or bool(form.errors)
    return render(
        request,
        "evidence/record_list.html",
        {"kind": declared, "form": form, "page": page, "is_narrowed": is_narrowed},
    )


@require_GET
def record_detail(request: SignedInRequest, kind: str, record_id: int) -> HttpResponse:
    declared = access.get_kind(kind)
    record = access.get_record(viewer=request.user, kind=declared, record_id=record_id, on=organisation_today())
    reads_all = reads_everything(request.user)
    return render(
        request,
        "evidence/record_detail.html",
        {
            "kind": declared,
            "record": record,
            # Whoever complains without a name is not named to the engineer either.
            "hidden": () if reads_all or not getattr(record, "is_anonymous", False) else ("customer",),
            "history": list_history(declared, record) if reads_all else (),
        },
    )


@require_http_methods(["GET", "POST"])
def record_new(request: SignedInRequest, kind: str) -> HttpResponse:
    require_hr(request.user)
    return _edit(request, access.get_kind(kind), None)


@require_http_methods(["GET", "POST"])
def record_edit(request: SignedInRequest, kind: str, record_id: int) -> HttpResponse:
    declared = access.get_kind(kind)
    record = access.get_record_to_change(
        viewer=request.user, kind=declared, record_id=record_id, on=organisation_today()
    )
    return _edit(request, declared, record)


def _edit(request: SignedInRequest, kind: Kind, record: Record | None) -> HttpResponse:
    form = RecordForm(request.POST or None, kind=kind, record=record, viewer=request.user)
    if request.method == "POST" and form.is_valid():
        try:
            written = records.write_record(
                kind=kind.code,
                source=record.source if record else form.cleaned_data["source"],
                values=form.values,
                is_new=record is None,
                by=request.user,
                now=timezone.now(),
            )
        except records.RecordRefused as refusal:
            form.add_error("external_id", str(refusal))
        else:
            messages.success(request, _("The record is stored."))
            return redirect("record_detail", kind=kind.code, record_id=written.pk)
    return render(request, "evidence/record_form.html", {"kind": kind, "record": record, "form": form})


@require_POST
def record_withdraw(request: SignedInRequest, kind: str, record_id: int) -> HttpResponse:
    return _take_back(request, kind, record_id, restore=False)


@require_POST
def record_restore(request: SignedInRequest, kind: str, record_id: int) -> HttpResponse:
    return _take_back(request, kind, record_id, restore=True)


def _take_back(request: SignedInRequest, kind: str, record_id: int, *, restore: bool) -> HttpResponse:
    declared = access.get_kind(kind)
    access.get_record_to_change(viewer=request.user, kind=declared, record_id=record_id, on=organisation_today())
    form = ReasonForm(request.POST)
    change = records.restore_record if restore else records.withdraw_record
    if not form.is_valid():
        refuse(request, str(records.RecordRefused("reason_missing")))
    else:
        try:
            change(
                kind=declared.code,
                record_id=record_id,
                reason=form.cleaned_data["reason"],
                by=request.user,
                now=timezone.now(),
            )
        except records.RecordRefused as refusal:
            refuse(request, str(refusal))
        else:
            done = _("The record counts again.") if restore else _("The record is withdrawn and counts nowhere.")
            messages.success(request, done)
    return redirect("record_detail", kind=declared.code, record_id=record_id)
