"""Pages that read: home, scorecard, cases, board, cycle, results."""

from __future__ import annotations

import tempfile
from io import BytesIO
from pathlib import Path
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from appraisal.cycles import access as cycle_access
from appraisal.cycles.actions import request_run
from appraisal.cycles.models import Cycle, CycleState
from appraisal.cycles.queries import get_latest_run, get_progress, last_moment, waits_for
from appraisal.cycles.workflow import CALIBRATABLE, REVEALED, SCORABLE, UNDER_WAY
from appraisal.outcomes import tables
from appraisal.outcomes.followed import get_followed
from appraisal.reports import cases, charts, exports, quality, results, scorecards
from appraisal.reports.board import get_board
from appraisal.reports.case_files import list_for_file
from appraisal.reports.home import get_home
from appraisal.reports.printing import CONTENT_TYPE, print_scorecard
from appraisal.reports.search import search
from appraisal.reviews import access
from appraisal.reviews.appeals.queries import get_after_publication
from appraisal.reviews.conditions import Strength
from appraisal.reviews.models import BEFORE_HANDED_IN, Review
from appraisal.reviews.rating.queries import get_awaited, list_steps
from appraisal.reviews.steps.jobs import get_job_under_way
from appraisal.reviews.workflow import possible_cycle_steps
from engineers.access import require_hr, require_reader
from engineers.audit import record
from engineers.clock import organisation_today
from engineers.requests import SignedInRequest, number_in

CONTENT_TYPES = {
    "json": "application/json",
    "csv": "text/csv",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


REOPENINGS_SHOWN = 5


@require_GET
def home(request: SignedInRequest) -> HttpResponse:
    return render(request, "reports/home.html", {"home": get_home(viewer=request.user)})


@require_GET
def scorecard_detail(request: SignedInRequest, review_id: int) -> HttpResponse:
    scorecard = scorecards.get_scorecard(viewer=request.user, review_id=review_id)
    review = access.get_review(viewer=request.user, review_id=review_id)
    may_rate = access.may_rate(request.user, review)
    page = {
        "card": scorecard,
        "may_rate": may_rate,
        "review": review,
        # Who rates finds the steps beside the form.
        "steps": [] if may_rate else list_steps(request.user, review),
        "is_own": review.engineer.user_id == request.user.pk,
        "charts": [
            chart
            for chart in (
                charts.dimension_radar(scorecard, viewer=request.user),
                charts.overall_trend(scorecard, viewer=request.user),
            )
            if chart
        ],
        "as_of": review.figures_as_of or last_moment(review.cycle),
        "waits": review.cycle.state in UNDER_WAY and waits_for(review.cycle, review.engineer_id),
        "published": get_after_publication(viewer=request.user, review=review, now=timezone.now()),
        "followed": get_followed(viewer=request.user, review=review, on=organisation_today()),
    }
    return render(request, "reports/scorecard_detail.html", page)


@require_GET
def scorecard_pdf(request: SignedInRequest, review_id: int) -> FileResponse:
    printed = print_scorecard(review_id=review_id, by=request.user, now=timezone.now())
    return FileResponse(BytesIO(printed.content), as_attachment=True, filename=printed.name, content_type=CONTENT_TYPE)


@require_GET
def line_cases(request: SignedInRequest, review_id: int, line_id: int) -> HttpResponse:
    """A line explained, with the cases behind it: those that counted, or those that did not."""
    found = cases.get_line_cases(
        viewer=request.user,
        review_id=review_id,
        line_id=line_id,
        page=_page_number(request),
        part=request.GET.get("part", ""),
        show=request.GET.get("show", cases.COUNTED),
        segment=number_in(request.GET.get("segment", "")) or 0,
    )
    page = {
        "found": found,
        "chart": charts.points_curve(found.view.source),
        "file_formats": sorted(tables.FORMATS),
    }
    return render(request, "reports/line_cases.html", page)


@require_GET
def line_cases_file(request: SignedInRequest, review_id: int, line_id: int, export_format: str) -> HttpResponse:
    """Every case of a line as a file: those that counted, those that did not, and by which rule."""
    if export_format not in tables.FORMATS:
        raise Http404
    segment = number_in(request.GET.get("segment", "")) or 0
    listed = list_for_file(viewer=request.user, review_id=review_id, line_id=line_id, segment=segment)
    return tables.as_file(listed.name, export_format, listed.titles, listed.rows)


@require_GET
def search_page(request: SignedInRequest) -> HttpResponse:
    """What the box in the header finds."""
    asked = request.GET
    found = search(
        viewer=request.user,
        text=asked.get("q", ""),
        kind=asked.get("kind", ""),
        page=asked.get("page"),
        on=organisation_today(),
    )
    return render(request, "reports/search.html", {"found": found})


@require_GET
def team_board(request: SignedInRequest) -> HttpResponse:
    """The reviews a manager answers for, in one cycle."""
    reviews = access.team_reviews(request.user)
    cycles = list(Cycle.objects.filter(pk__in=reviews.values("cycle")))
    if not cycles and not access.is_rater(request.user):
        raise Http404
    cycle = next((c for c in cycles if c.code == request.GET.get("cycle")), cycles[0] if cycles else None)
    page: dict[str, Any] = {"cycles": cycles, "cycle": cycle}
    if cycle:
        filters = results.ResultFilters.of(request.GET.dict(), sort="-overall")
        board = get_board(viewer=request.user, cycle=cycle, filters=filters, page=request.GET.get("page"))
        page |= {
            "filters": filters,
            "board": board,
            "page": board.page,
            "states": Review._meta.get_field("state").choices,
            "calibrates": cycle.state in (*CALIBRATABLE, *REVEALED)
            and access.reviews_to_calibrate(request.user).filter(cycle=cycle).exists(),
        }
    return render(request, "reports/team_board.html", page)


@require_GET
def cycle_detail(request: SignedInRequest, code: str) -> HttpResponse:
    require_reader(request.user)
    cycle = cycle_access.get_cycle(viewer=request.user, code=code)
    return render(request, "reports/cycle_detail.html", _cycle_page(cycle))


@require_GET
def cycle_progress(request: SignedInRequest, code: str) -> HttpResponse:
    require_reader(request.user)
    cycle = cycle_access.get_cycle(viewer=request.user, code=code)
    return render(request, "reports/_run.html", _cycle_page(cycle))


@require_GET
def cycle_quality(request: SignedInRequest, code: str) -> HttpResponse:
    require_reader(request.user)
    cycle = cycle_access.get_cycle(viewer=request.user, code=code)
    return render(request, "reports/cycle_quality.html", {"cycle": cycle, "quality": quality.get_quality(cycle)})


@require_POST
def score(request: SignedInRequest, code: str) -> HttpResponse:
    cycle = cycle_access.get_cycle_to_run(viewer=request.user, code=code)
    try:
        request_run(cycle_id=cycle.pk, by=request.user, now=timezone.now())
        messages.success(request, _("Scoring has been asked for. You may leave this page."))
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    return redirect("cycle_detail", code=code)


@require_GET
def cycle_results(request: SignedInRequest, code: str) -> HttpResponse:
    require_reader(request.user)
    cycle = cycle_access.get_cycle(viewer=request.user, code=code)
    filters = results.ResultFilters.of(request.GET.dict())
    grades = results.count_grades(cycle)
    page = {
        "cycle": cycle,
        "chart": charts.grade_distribution(grades, address=request.path),
        "filters": filters,
        "own_is_hidden": cycle.reviews.filter(access.unpublished_own(request.user)).exists(),
        "page": results.list_results(viewer=request.user, cycle=cycle, filters=filters, page=request.GET.get("page")),
        "teams": results.list_teams(cycle),
        "grades": [grade for grade, _number in grades],
        "states": Review._meta.get_field("state").choices,
        "formats": sorted(exports.FORMATS),
    }
    return render(request, "reports/cycle_results.html", page)


@require_POST
def cycle_export(request: SignedInRequest, code: str, export_format: str) -> FileResponse:
    """Export what the page shows: its address carries the filters.

    Written to disk first: a half-written answer would look like a whole one.
    """
    require_hr(request.user)
    cycle = cycle_access.get_cycle(viewer=request.user, code=code)
    if export_format not in exports.FORMATS:
        raise Http404
    filters = results.ResultFilters.of(request.GET.dict())
    review_ids = results.list_result_ids(viewer=request.user, cycle=cycle, filters=filters)
    folder = tempfile.TemporaryDirectory()
    path = Path(folder.name) / f"{cycle.code}.{export_format}"
    with folder:
        exports.write_export(cycle=cycle, export_format=export_format, path=path, review_ids=review_ids)
        file = path.open("rb")
    record(
        action="cycle.exported",
        target=cycle,
        by=request.user,
        now=timezone.now(),
        after={"format": export_format, "reviews": len(review_ids)},
    )
    return FileResponse(file, as_attachment=True, filename=path.name, content_type=CONTENT_TYPES[export_format])


def _cycle_page(cycle: Cycle) -> dict[str, Any]:
    run = get_latest_run(cycle)
    return {
        "cycle": cycle,
        "schemes": cycle.schemes.select_related("profile", "version__scheme"),
        "progress": get_progress(run) if run else None,
        "steps": [
            (step, items, any(item.strength == Strength.NEEDS_REASON for item in items))
            for step in possible_cycle_steps(cycle)
            for items in [step.open_items(cycle)]
        ],
        "states": _stages_of(cycle),
        "moving": get_job_under_way(cycle),
        "deadlines": {deadline.state: deadline.due_date for deadline in cycle.deadlines.all()},
        "awaited": get_awaited(cycle),
        "reopenings": cycle.reopenings.select_related("requested_by", "decided_by")[:REOPENINGS_SHOWN],
        "warnings": quality.get_warnings(cycle) if cycle.state in UNDER_WAY else None,
        "may_score": cycle.state in SCORABLE,
        "figures_follow": cycle.state in UNDER_WAY,
        "reviews": cycle.reviews.count(),
        "handed_in": cycle.reviews.exclude(state__in=BEFORE_HANDED_IN).filter(submitted_at__isnull=False).count(),
    }


def _stages_of(cycle: Cycle) -> list[tuple[str, str]]:
    """Return the states of the cycle's course; the one in which it is only on its way while it is in it."""
    return [
        (state, str(label))
        for state, label in CycleState.choices
        if state == cycle.state
        or (state != CycleState.PUBLISHING and (state != CycleState.SELF_REVIEW or cycle.asks_self_review))
    ]


def _page_number(request: SignedInRequest) -> int:
    return number_in(request.GET.get("page", "")) or 1
