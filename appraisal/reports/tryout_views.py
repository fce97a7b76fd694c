"""The page on which a scheme version is tried on a cycle."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET

from appraisal.reports.tryouts.page import PeopleFilters, ask, list_people
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
