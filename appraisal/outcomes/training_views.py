"""Pages of training needs and of the courses that help."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from appraisal.cycles import access as cycle_access
from appraisal.cycles.models import Cycle
from appraisal.cycles.workflow import REVEALED
from appraisal.jobs.models import Job
from appraisal.kpis.models import Kpi
from appraisal.outcomes import access, tables, training, training_queries
from appraisal.outcomes.models import Course, NeedState, TrainingNeed
from appraisal.outcomes.training_forms import CourseForm, NeedForm
from appraisal.outcomes.training_queries import NeedFilters
from engineers.access import is_hr, is_manager, reads_everything, require_hr, require_reader
from engineers.audit import record
from engineers.forms import show_errors
from engineers.models import Team
from engineers.requests import SignedInRequest

ROWS_A_PAGE = 50


@require_GET
def need_list(request: SignedInRequest) -> HttpResponse:
    """One's own needs, those of the teams below, or all."""
    viewer = request.user
    seen = access.visible_needs(viewer)
    filters = NeedFilters.of(request.GET.dict())
    page = Paginator(filters.narrow(seen), ROWS_A_PAGE).get_page(request.GET.get("page"))
    cycles = list(cycle_access.visible_cycles(viewer).filter(state__in=REVEALED))
    cycle = next((each for each in cycles if each.code == filters.cycle), cycles[0] if cycles else None)
    names = training_queries.kpi_names(seen.order_by().values_list("kpi", flat=True))
    codes = Kpi.objects.filter(pk__in=names).values_list("pk", "code")
    context = {
        "page": page,
        "rows": training_queries.view_needs(page),
        "filters": filters,
        "cycles": cycles,
        "cycle": cycle,
        "states": NeedState.choices,
        "kpis": [(code, names[pk]) for pk, code in codes],
        "teams": Team.objects.filter(pk__in=seen.order_by().values("review__team")).order_by("name"),
        "may_export": reads_everything(viewer) or is_manager(viewer),
        "formats": sorted(tables.FORMATS),
        "query": request.GET.urlencode(),
        "job": _job(cycle) if is_hr(viewer) else None,
    }
    return render(request, "outcomes/needs.html", context)


def _job(cycle: Cycle | None) -> Job | None:
    jobs = Job.objects.filter(kind=training.FIND, subject=cycle.code if cycle else "")
    return jobs.select_related("requested_by").order_by("-pk").first()


@require_POST
def need_find(request: SignedInRequest, code: str) -> HttpResponse:
    """Look for the weak KPIs of a published cycle."""
    cycle = cycle_access.get_cycle_to_run(viewer=request.user, code=code)
    try:
        training.request_needs(cycle_id=cycle.pk, by=request.user, now=timezone.now())
        messages.success(request, _("Training needs are being looked for."))
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    answer = redirect("training_needs")
    answer["Location"] += f"?cycle={code}"
    return answer


@require_http_methods(["GET", "POST"])
def need_detail(request: SignedInRequest, need_id: int) -> HttpResponse:
    """One need: HR and the managers above accept or decline it."""
    need = access.get_need(viewer=request.user, need_id=need_id)
    if request.method == "POST":
        access.get_need_to_decide(viewer=request.user, need_id=need_id)
    view = training_queries.view_needs([need])[0]
    form = NeedForm(request.POST or None, suggested=view.courses)
    if request.method == "POST" and form.is_valid() and _decide(request, need, form):
        return redirect("training_need", need_id=need_id)
    may_decide = access.may_decide_need(request.user, need)
    page = {"view": view, "need": need, "form": form if may_decide and need.state != NeedState.DONE else None}
    page["may_finish"] = may_decide and need.state == NeedState.ACCEPTED
    return render(request, "outcomes/need.html", page, status=422 if form.errors else 200)


def _decide(request: SignedInRequest, need: TrainingNeed, form: NeedForm) -> bool:
    choice = {"accept": True, "decline": False}.get(request.POST.get("decision", ""))
    try:
        if choice is None:
            raise ValidationError(_("Accept or decline the need."))
        training.decide_need(need_id=need.pk, accept=choice, **form.cleaned_data, by=request.user, now=timezone.now())
    except ValidationError as error:
        show_errors(form, error)
        return False
    messages.success(request, _("Saved."))
    return True


@require_POST
def need_done(request: SignedInRequest, need_id: int) -> HttpResponse:
    access.get_need_to_decide(viewer=request.user, need_id=need_id)
    try:
        training.finish_need(need_id=need_id, by=request.user, now=timezone.now())
        messages.success(request, _("Saved."))
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    return redirect("training_need", need_id=need_id)


@require_POST
def need_export(request: SignedInRequest, export_format: str) -> HttpResponse:
    """The needs that are listed, as a file; for HR, auditors and managers."""
    if export_format not in tables.FORMATS or not (reads_everything(request.user) or is_manager(request.user)):
        raise Http404
    needs = NeedFilters.of(request.GET.dict()).narrow(access.visible_needs(request.user))
    after = {"format": export_format, "filters": request.GET.dict()}
    record(action="training.exported", target=request.user, by=request.user, now=timezone.now(), after=after)
    rows = training_queries.rows(needs)
    return tables.as_file("training-needs", export_format, training_queries.titles(), rows)


@require_http_methods(["GET", "POST"])
def course_list(request: SignedInRequest) -> HttpResponse:
    """The catalogue of courses; HR adds one."""
    require_reader(request.user)
    return _course_page(request, None)


@require_http_methods(["GET", "POST"])
def course_detail(request: SignedInRequest, course_id: int) -> HttpResponse:
    return _course_page(request, access.get_course(viewer=request.user, course_id=course_id))


def _course_page(request: SignedInRequest, course: Course | None) -> HttpResponse:
    if request.method == "POST":
        require_hr(request.user)
    form = CourseForm(request.POST or None, course=course)
    if request.method == "POST" and form.is_valid():
        try:
            course_id = course.pk if course else None
            training.save_course(content=form.content(), course_id=course_id, by=request.user, now=timezone.now())
            messages.success(request, _("Saved."))
            return redirect("courses")
        except ValidationError as error:
            show_errors(form, error)
    found = Course.objects.prefetch_related("kpis")
    page = Paginator(found, ROWS_A_PAGE).get_page(request.GET.get("page"))
    context = {"page": page, "course": course, "form": form if is_hr(request.user) else None}
    return render(request, "outcomes/courses.html", context, status=422 if form.errors else 200)
