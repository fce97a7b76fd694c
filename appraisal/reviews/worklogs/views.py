"""Pages beside the review: the engineer's days, and the service reports with what auditors found."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from appraisal.evidence.worklog_days import unknown_tickets
from appraisal.reviews import access
from appraisal.reviews.worklogs import queries as worklogs
from appraisal.reviews.worklogs.queries import Shown
from engineers.requests import SignedInRequest

DAYS_PER_PAGE = 31
REPORTS_PER_PAGE = 50


@require_GET
def review_worklog(request: SignedInRequest, review_id: int) -> HttpResponse:
    """The work log of the review's engineer in the cycle, for whoever may see the review."""
    review = access.get_review(viewer=request.user, review_id=review_id)
    days = worklogs.list_log_days(review, now=timezone.now())
    asked = request.GET.get("show", "")
    shown = asked if asked in Shown.values else Shown.ALL
    page = Paginator(worklogs.narrowed(days, shown), DAYS_PER_PAGE).get_page(request.GET.get("page"))
    named = unknown_tickets(log for day in page for log in day.logs)
    return render(
        request,
        "reviews/worklog.html",
        {
            "review": review,
            "summary": worklogs.sum_up(days),
            "page": page,
            "shown": shown,
            "choices": Shown.choices,
            "unknown": sorted({number for each in named.values() for number in each}),
            "may_rate": access.may_rate(request.user, review),
        },
    )


@require_GET
def review_reports(request: SignedInRequest, review_id: int) -> HttpResponse:
    """The service reports of the review's engineer in the cycle, with their audits."""
    review = access.get_review(viewer=request.user, review_id=review_id)
    reports = worklogs.reports_of(review)
    page = Paginator(reports, REPORTS_PER_PAGE).get_page(request.GET.get("page"))
    rows = [(report, [(audit, worklogs.completeness_of(audit)) for audit in report.audits.all()]) for report in page]
    return render(
        request,
        "reviews/service_reports.html",
        {
            "review": review,
            "summary": worklogs.sum_up_reports(reports),
            "page": page,
            "rows": rows,
            "may_rate": access.may_rate(request.user, review),
        },
    )
