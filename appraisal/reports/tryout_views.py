"""Pages on which a scheme is tried on a cycle: a version that is stored, or a draft as it is being edited."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_POST

from appraisal.kpis import access, queries
from appraisal.kpis.drafts import as_shaped
from appraisal.kpis.forms import DimensionForm, DraftForm
from appraisal.reports.tryouts.page import PeopleFilters, ask, list_people, what_if
from engineers.requests import SignedInRequest

SHOW_LABELS = [
    ("moved", _("who moves grade")),
    ("risen", _("who rises")),
    ("fallen", _("who falls")),
    ("not_rated", _("who would not be rated")),
    ("all", _("everybody")),
]
OWN_FIELDS = {"q", "show", "before", "after", "page"}


@require_GET
def scheme_try(request: SignedInRequest, code: str, number: int) -> HttpResponse:
    """Try a version on a past cycle; nothing is stored, so asking again with other numbers is free."""
    asked = ask(viewer=request.user, code=code, number=number, asked=request.GET.dict(), now=timezone.now())
    page: dict[str, Any] = {"asked": asked, "outcome": asked.outcome}
    if asked.outcome:
        filters = PeopleFilters.of(request.GET.dict())
        page |= {
            "filters": filters,
            "people": list_people(asked.outcome, filters, request.GET.get("page")),
            "shows": SHOW_LABELS,
            "kept": [(name, value) for name, value in request.GET.items() if name not in OWN_FIELDS],
        }
    refused = bool(asked.form and asked.form.errors)
    return render(request, "reports/scheme_try.html", page, status=422 if refused else 200)


@require_POST
def scheme_what_if(request: SignedInRequest, code: str) -> HttpResponse:
    """Try a draft with all that stands on its page, saved or not; a script asks for the part only."""
    draft = access.get_draft(viewer=request.user, code=code)
    form = DraftForm(request.POST, table=queries.get_table(draft), to_add=queries.list_kpis_to_add(draft))
    found = None
    if form.is_valid():
        unsaved = as_shaped(version=draft, shape=form.shape())
        found = what_if(viewer=request.user, version=unsaved.version, pair=unsaved.applied(), now=timezone.now())
    context = {"draft": draft, "form": form, "what_if": found, "is_asked": True}
    if request.htmx:
        return render(request, "reports/_what_if.html", context)
    status = 200 if form.is_valid() else 422
    return render(request, "kpis/scheme_draft.html", context | {"dimension_form": DimensionForm()}, status=status)
