"""Bad data that counts against somebody until it is settled."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from appraisal.evidence import access, settlements
from appraisal.evidence.audit_forms import ExceptionFilterForm, SettleForm
from appraisal.evidence.exceptions import EXCEPTIONS, list_open_exceptions, list_settled, page_open_exceptions
from appraisal.evidence.kinds import KINDS
from appraisal.evidence.models import Anomaly, Decision
from engineers.access import require_hr, require_reader
from engineers.clock import organisation_today
from engineers.requests import SignedInRequest

DECIDED_SHOWN = 100


@require_GET
def exception_list(request: SignedInRequest) -> HttpResponse:
    """What is open, by the day a case began, and what was settled lately."""
    require_reader(request.user)
    return _list(request)


@require_POST
def exception_settle(request: SignedInRequest, about: str, record_id: int, anomaly: str) -> HttpResponse:
    """Decide about one exception; the address carries the filters of the list it goes back to."""
    require_hr(request.user)
    if about not in EXCEPTIONS or anomaly not in Anomaly.values:
        raise Http404
    kind = KINDS[EXCEPTIONS[about][0]]
    access.get_record_to_change(viewer=request.user, kind=kind, record_id=record_id, on=organisation_today())
    form = SettleForm(request.POST)
    try:
        if not form.is_valid():
            raise settlements.SettlementRefused("reason_missing")
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
        key, reason = f"{about}-{record_id}-{anomaly}", request.POST.get("reason", "")
        return _list(request, refused={"key": key, "reason": reason, "error": str(refusal)})
    messages.success(request, _("The exception is settled."))
    query = request.GET.urlencode()
    return redirect(reverse("exception_list") + (f"?{query}" if query else ""))


def _list(request: SignedInRequest, *, refused: dict[str, str] | None = None) -> HttpResponse:
    """Show the list; a decision that was refused stands in its row again, with the reason typed and why not."""
    form = ExceptionFilterForm(request.GET)
    context: dict[str, Any] = {
        "form": form,
        "list_address": reverse("exception_list"),
        "refused": refused,
        "open": [],
        "settled": [],
    }
    if form.is_valid():
        first, last = form.cleaned_data["first"], form.cleaned_data["last"]
        end = last + timedelta(days=1) if last else None
        page = page_open_exceptions(first, end, page=request.GET.get("page"))
        context |= {
            "page": page,
            "open": list_open_exceptions(page),
            "settled": list_settled(first, end, limit=DECIDED_SHOWN),
        }
    return render(request, "evidence/exception_list.html", context, status=422 if refused else 200)
