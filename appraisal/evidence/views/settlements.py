"""Bad data that counts against somebody until it is settled."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from appraisal.evidence import access, settlements
from appraisal.evidence.audit_forms import ExceptionFilterForm, SettleForm
from appraisal.evidence.kinds import KINDS
from appraisal.evidence.models import Anomaly, Decision
from appraisal.evidence.queries import EXCEPTIONS, count_open_exceptions, list_open_exceptions, list_settled
from engineers.access import require_hr, require_reader
from engineers.requests import SignedInRequest

SHOWN = 100


@require_GET
def exception_list(request: SignedInRequest) -> HttpResponse:
    """What is open, by the day a case began, and what was settled lately."""
    require_reader(request.user)
    form = ExceptionFilterForm(request.GET)
    page: dict[str, Any] = {"form": form, "decisions": Decision, "open": [], "count": 0, "settled": []}
    if form.is_valid():
        first, last = form.cleaned_data["first"], form.cleaned_data["last"]
        end = last + timedelta(days=1) if last else None
        page |= {
            "open": list_open_exceptions(first, end, limit=SHOWN)[:SHOWN],
            "count": count_open_exceptions(first, end),
            "settled": list_settled(first, end, limit=SHOWN),
        }
    return render(request, "evidence/exception_list.html", page)


@require_POST
def exception_settle(request: SignedInRequest, about: str, record_id: int, anomaly: str) -> HttpResponse:
    require_hr(request.user)
    if about not in EXCEPTIONS or anomaly not in Anomaly.values:
        raise Http404
    kind = KINDS[EXCEPTIONS[about][0]]
    access.get_record_to_change(viewer=request.user, kind=kind, record_id=record_id, on=timezone.localdate())
    form = SettleForm(request.POST)
    if form.is_valid():
        try:
            settlements.settle_exception(
                about=about,
                record_id=record_id,
                anomaly=Anomaly(anomaly),
                decision=Decision(form.cleaned_data["decision"]),
                reason=form.cleaned_data["reason"],
                by=request.user,
                now=timezone.now(),
            )
        except settlements.SettlementRefused as refusal:
            messages.error(request, str(refusal))
        else:
            messages.success(request, _("The exception is settled."))
    else:
        messages.error(request, str(settlements.SettlementRefused("reason_missing")))
    return redirect("exception_list")
