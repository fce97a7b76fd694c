"""The scorecards of a whole cycle as PDF: asking for them, seeing how far they are, fetching them."""

from __future__ import annotations

from django.http import FileResponse, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.views.decorators.http import require_GET, require_http_methods

from appraisal.cycles import access
from appraisal.reports.forms import PrintScorecardsForm
from appraisal.reports.printing import list_prints, open_print, request_print
from engineers.requests import SignedInRequest


@require_http_methods(["GET", "POST"])
def cycle_prints(request: SignedInRequest, code: str) -> HttpResponse:
    cycle, now = access.get_cycle_to_run(viewer=request.user, code=code), timezone.now()
    form = PrintScorecardsForm(request.POST or None, initial={"language": get_language()})
    if request.method == "POST" and form.is_valid():
        job = request_print(cycle=cycle, **form.cleaned_data, by=request.user, now=now)
        return redirect("job_detail", job_id=job.pk)
    page = {
        "cycle": cycle,
        "form": form,
        "prints": list_prints(viewer=request.user, cycle=cycle, now=now),
        "reviews": cycle.reviews.count(),
    }
    return render(request, "reports/cycle_prints.html", page, status=422 if form.errors else 200)


@require_GET
def cycle_print_file(request: SignedInRequest, code: str, job_id: int) -> FileResponse:
    cycle = access.get_cycle_to_run(viewer=request.user, code=code)
    path, content_type = open_print(viewer=request.user, cycle=cycle, job_id=job_id, now=timezone.now())
    return FileResponse(path.open("rb"), as_attachment=True, filename=path.name, content_type=content_type)
