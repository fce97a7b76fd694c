"""The promises in force."""

from __future__ import annotations

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from appraisal.evidence import access, targets
from appraisal.evidence.forms import TargetForm
from engineers.access import require_hr
from engineers.requests import SignedInRequest

TARGETS_A_PAGE = 50


@require_http_methods(["GET", "POST"])
def target_list(request: SignedInRequest) -> HttpResponse:
    """The promises in force; HR adds one, which counts from its date on."""
    in_force = access.visible_targets(request.user)
    page = Paginator(in_force, TARGETS_A_PAGE).get_page(request.GET.get("page"))
    form = TargetForm(request.POST or None)
    if request.method == "POST":
        require_hr(request.user)
        if form.is_valid():
            targets.add_target(target=form.save(commit=False), by=request.user, now=timezone.now())
            messages.success(request, _("The target is in force. Figures are being computed anew."))
            return redirect("target_list")
    return render(request, "evidence/target_list.html", {"page": page, "form": form})


@require_POST
def target_remove(request: SignedInRequest, target_id: int) -> HttpResponse:
    require_hr(request.user)
    target = access.visible_targets(request.user).filter(pk=target_id).first()
    if target:
        targets.remove_target(target=target, by=request.user, now=timezone.now())
        messages.success(request, _("The target is gone. Figures are being computed anew."))
    return redirect("target_list")
