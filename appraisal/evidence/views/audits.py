"""Pages of report audits: HR draws samples and sees how far they are, auditors judge without seeing whose it is."""

from __future__ import annotations

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, Q
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from appraisal.evidence import access, audits
from appraisal.evidence.audit_forms import JudgementForm, SampleForm
from engineers.access import require_hr
from engineers.requests import SignedInRequest

PER_PAGE = 50
_DONE = Count("audits", filter=Q(audits__audited_at__isnull=False))


@require_http_methods(["GET", "POST"])
def sample_list(request: SignedInRequest) -> HttpResponse:
    """The samples with how far they are; HR draws another."""
    samples = access.visible_samples(request.user).annotate(total=Count("audits"), done=_DONE).order_by("-pk")
    form = SampleForm(request.POST or None)
    if request.method == "POST":
        require_hr(request.user)
        if form.is_valid():
            try:
                sample = audits.draw_sample(**form.cleaned_data, by=request.user, now=timezone.now())
            except audits.AuditRefused as refusal:
                form.add_error(None, str(refusal))
            else:
                messages.success(request, _("The sample is drawn and given to the auditors."))
                return redirect("sample_detail", sample_id=sample.pk)
    page = Paginator(samples, PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "evidence/sample_list.html", {"page": page, "form": form})


@require_GET
def sample_detail(request: SignedInRequest, sample_id: int) -> HttpResponse:
    sample = access.get_sample(viewer=request.user, sample_id=sample_id)
    drawn = sample.audits.select_related("engineer", "report", "auditor").order_by("pk")
    auditors = (
        sample.audits.order_by("auditor__username")
        .values("auditor__username")
        .annotate(total=Count("pk"), done=Count("pk", filter=Q(audited_at__isnull=False)))
    )
    page = Paginator(drawn, PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "evidence/sample_detail.html", {"sample": sample, "auditors": auditors, "page": page})


@require_GET
def audit_queue(request: SignedInRequest) -> HttpResponse:
    """The reports that are waiting for the reader's judgement, and those judged already."""
    own = access.own_audits(request.user).select_related("sample").order_by("audited_at", "pk")
    waiting = own.filter(audited_at__isnull=True)
    page = Paginator(own.filter(audited_at__isnull=False).order_by("-audited_at", "-pk"), PER_PAGE).get_page(
        request.GET.get("page")
    )
    return render(
        request, "evidence/audit_queue.html", {"waiting": waiting[:PER_PAGE], "count": waiting.count(), "page": page}
    )


@require_http_methods(["GET", "POST"])
def audit_judge(request: SignedInRequest, audit_id: int) -> HttpResponse:
    judged = access.get_own_audit(viewer=request.user, audit_id=audit_id)
    form = JudgementForm(request.POST or None, audit=judged)
    if request.method == "POST" and form.is_valid():
        audits.judge_report(
            audit_id=judged.pk,
            marks=form.marks,
            diagnosis_correct=form.cleaned_data["diagnosis_correct"],
            note=form.cleaned_data["note"],
            by=request.user,
            now=timezone.now(),
        )
        messages.success(request, _("Your judgement is stored."))
        following = access.own_audits(request.user).filter(audited_at__isnull=True).order_by("pk").first()
        return redirect("audit_judge", audit_id=following.pk) if following else redirect("audit_queue")
    return render(
        request,
        "evidence/audit_judge.html",
        {"form": form, "said": audits.blind_text(judged), "judged": judged},
    )
