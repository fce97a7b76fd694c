"""The audit trail: read by HR and auditors, exported with an entry of its own."""

from __future__ import annotations

from collections.abc import Mapping

from django.core.paginator import Paginator
from django.db import transaction
from django.http import HttpResponse, HttpResponseBase, HttpResponseRedirect, StreamingHttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from engineers import access
from engineers.audit import record
from engineers.audit_forms import AuditFilterForm
from engineers.audit_queries import describe, get_entry, iter_csv, search_entries
from engineers.clock import organisation_today
from engineers.models import AuditEntry, User
from engineers.requests import SignedInRequest

ENTRIES_A_PAGE = 50


@require_GET
def audit_list(request: SignedInRequest) -> HttpResponse:
    access.require_reader(request.user)
    form = AuditFilterForm(request.GET, viewer=request.user)
    # Where the filter makes no sense the page says so beside the field, and shows nothing that was not asked for.
    is_valid = form.is_valid()
    found = search_entries(viewer=request.user, by=form.wanted()) if is_valid else AuditEntry.objects.none()
    page = Paginator(found, ENTRIES_A_PAGE).get_page(request.GET.get("page"))
    query = request.GET.copy()
    query.pop("page", None)
    context = {"form": form, "page": page, "rows": describe(page.object_list), "query": query.urlencode()}
    return render(request, "engineers/audit_list.html", context)


@require_GET
def audit_detail(request: SignedInRequest, entry_id: int) -> HttpResponse:
    entry = get_entry(viewer=request.user, entry_id=entry_id)
    return render(request, "engineers/audit_detail.html", {"entry": entry})


@require_POST
def audit_export(request: SignedInRequest) -> HttpResponseBase:
    """Send what the filter in the address leaves as a csv file. That it was sent is an entry itself."""
    access.require_reader(request.user)
    form = AuditFilterForm(request.GET, viewer=request.user)
    if not form.is_valid():
        return HttpResponseRedirect(f"{reverse('audit_list')}?{request.GET.urlencode()}")
    return audit_file(form, asked=request.GET.dict(), viewer=request.user)


def audit_file(form: AuditFilterForm, *, asked: Mapping[str, str], viewer: User) -> StreamingHttpResponse:
    """Send what a valid filter leaves; ``asked`` is the filter as it was sent, for the entry about it."""
    with transaction.atomic():
        entries = search_entries(viewer=viewer, by=form.wanted())
        newest = entries.values_list("pk", flat=True).first() or 0
        entries = entries.filter(pk__lte=newest)
        used = {name: value for name, value in asked.items() if name in form.fields and value}
        after = {"filter": used, "entries": entries.count()}
        record(action="audit.exported", target=viewer, by=viewer, now=timezone.now(), after=after)
    return StreamingHttpResponse(
        iter_csv(entries),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="audit-{organisation_today():%Y-%m-%d}.csv"'},
    )
