from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from appraisal.jobs import access, actions
from engineers.requests import SignedInRequest

JOBS_A_PAGE = 50


@require_GET
def job_list(request: SignedInRequest) -> HttpResponse:
    page = Paginator(access.visible_jobs(request.user), JOBS_A_PAGE).get_page(request.GET.get("page"))
    return render(request, "jobs/job_list.html", {"page": page})


@require_GET
def job_detail(request: SignedInRequest, job_id: int) -> HttpResponse:
    job = access.get_job(viewer=request.user, job_id=job_id)
    return render(request, "jobs/job_detail.html", {"job": job, "may_resume": access.may_resume(request.user, job)})


@require_GET
def job_progress(request: SignedInRequest, job_id: int) -> HttpResponse:
    """The progress alone, for htmx."""
    job = access.get_job(viewer=request.user, job_id=job_id)
    return render(request, "jobs/_progress.html", {"job": job, "may_resume": access.may_resume(request.user, job)})


@require_POST
def job_resume(request: SignedInRequest, job_id: int) -> HttpResponse:
    access.get_job_to_resume(viewer=request.user, job_id=job_id)
    try:
        actions.resume_job(job_id=job_id, by=request.user, now=timezone.now())
        messages.success(request, _("The job goes on with what was left."))
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    return redirect("job_detail", job_id=job_id)
