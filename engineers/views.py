from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone, translation
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from engineers import access, queries
from engineers.actions import add_leave, load_staff, remove_leave
from engineers.actions import choose_language as store_language
from engineers.actions import choose_time_zone as store_time_zone
from engineers.clock import organisation_today
from engineers.forms import LeaveForm, PeopleFilter, StaffListForm, TimeZoneForm, show_errors
from engineers.models import Engineer
from engineers.people import OFFERED, people_like, suggest
from engineers.requests import SignedInRequest
from engineers.staff import StaffRefused, read_staff
from engineers.themes import COOKIE as THEME_COOKIE
from engineers.themes import Theme

PEOPLE_A_PAGE = 50
TEAMS_A_PAGE = 100
PROBLEMS_SHOWN = 500


@require_POST
def choose_language(request: HttpRequest) -> HttpResponse:
    """Set the language of this browser and, for those logged in, of the account."""
    response = _back(request)
    language = request.POST.get("language", "")
    if language not in dict(settings.LANGUAGES):
        return response
    if request.user.is_authenticated:
        store_language(user=request.user, language=language)
    _keep(response, settings.LANGUAGE_COOKIE_NAME, language)
    translation.activate(language)
    return response


@require_POST
def choose_theme(request: HttpRequest) -> HttpResponse:
    """Set the look of this browser: light, dark or as the device has it."""
    response = _back(request)
    theme = request.POST.get("theme", "")
    if theme in Theme.values:
        _keep(response, THEME_COOKIE, theme)
    return response


@require_http_methods(["GET", "HEAD", "POST"])
def choose_time_zone(request: SignedInRequest) -> HttpResponse:
    """Set the zone in which the account reads times; its page offers all there are."""
    form = TimeZoneForm(request.POST or None, initial={"time_zone": request.user.time_zone})
    if form.is_valid():
        store_time_zone(user=request.user, time_zone=form.cleaned_data["time_zone"])
        messages.success(request, _("Times are shown in this zone from now on."))
        return _back(request)
    return render(request, "engineers/time_zone.html", {"form": form}, status=422 if form.errors else 200)


def _back(request: HttpRequest) -> HttpResponseRedirect:
    """Return to the page the form names, if it is one of ours."""
    back = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(back, {request.get_host()}, require_https=request.is_secure())
    return HttpResponseRedirect(back if safe else "/")


def _keep(response: HttpResponse, cookie: str, value: str) -> None:
    response.set_cookie(cookie, value, max_age=365 * 24 * 3600, secure=settings.SESSION_COOKIE_SECURE, samesite="Lax")


@require_GET
def engineer_list(request: SignedInRequest) -> HttpResponse:
    access.require_reader(request.user)
    today = organisation_today()
    teams = queries.list_team_tree(on=today)
    form = PeopleFilter(request.GET, teams=teams)
    form.is_valid()
    wanted = form.cleaned_data.get("team")
    found = queries.search_engineers(
        Engineer.objects.all(),
        text=form.cleaned_data.get("q", ""),
        team=next((row.team for row in teams if row.team.pk == wanted), None),
        on=today,
    )
    page = Paginator(found, PEOPLE_A_PAGE).get_page(request.GET.get("page"))
    context = {"form": form, "page": page, "rows": queries.list_people(page.object_list, on=today)}
    return render(request, "engineers/engineer_list.html", context)


@require_GET
def engineer_detail(request: SignedInRequest, engineer_id: int) -> HttpResponse:
    engineer = access.get_engineer(viewer=request.user, engineer_id=engineer_id)
    person = queries.get_person(engineer, on=organisation_today())
    return render(request, "engineers/engineer_detail.html", {"person": person})


@require_http_methods(["GET", "POST"])
def leave_list(request: SignedInRequest, engineer_id: int) -> HttpResponse:
    """The leave of one engineer: seen by the engineer, the managers above, HR and auditors; HR adds."""
    engineer = access.get_engineer_with_leave(viewer=request.user, engineer_id=engineer_id, on=organisation_today())
    form = LeaveForm(request.POST or None)
    if request.method == "POST":
        access.require_hr(request.user)
        if form.is_valid():
            try:
                add_leave(engineer=engineer, **form.cleaned_data, by=request.user, now=timezone.now())
                messages.success(request, _("The leave is noted. It counts from the next scoring on."))
                return redirect("leave_list", engineer_id=engineer_id)
            except ValidationError as error:
                show_errors(form, error)
    page = Paginator(engineer.leaves.order_by("-start_date", "-pk"), PEOPLE_A_PAGE).get_page(request.GET.get("page"))
    context = {"engineer": engineer, "page": page, "form": form}
    return render(request, "engineers/leave_list.html", context, status=422 if form.errors else 200)


@require_POST
def leave_remove(request: SignedInRequest, engineer_id: int, leave_id: int) -> HttpResponse:
    leave = access.get_leave(viewer=request.user, engineer_id=engineer_id, leave_id=leave_id)
    remove_leave(leave=leave, by=request.user, now=timezone.now())
    messages.success(request, _("The leave is taken back. It no longer counts from the next scoring on."))
    return redirect("leave_list", engineer_id=engineer_id)


@require_GET
def team_tree(request: SignedInRequest) -> HttpResponse:
    access.require_reader(request.user)
    teams = queries.list_team_tree(on=organisation_today())
    page = Paginator(teams, TEAMS_A_PAGE).get_page(request.GET.get("page"))
    return render(request, "engineers/team_tree.html", {"page": page})


@require_http_methods(["GET", "POST"])
def staff_import(request: SignedInRequest) -> HttpResponse:
    access.require_hr(request.user)
    form = StaffListForm(request.POST or None, request.FILES or None)
    context: dict[str, object] = {"form": form}
    if request.method == "POST" and form.is_valid():
        try:
            outcome = load_staff(
                staff=read_staff(form.cleaned_data["file"].read()),
                by=request.user,
                now=timezone.now(),
                dry_run=form.cleaned_data["dry_run"],
            )
            context |= {"outcome": outcome, "problems": outcome.problems[:PROBLEMS_SHOWN]}
        except StaffRefused as refusal:
            form.add_error("file", str(refusal))
    status = 422 if form.errors else 200
    return render(request, "engineers/staff_import.html", context, status=status)


@require_GET
def people_suggest(request: SignedInRequest) -> JsonResponse:
    """Whom one may mean by what is being typed: some of those one may name. ``more`` says that there are others."""
    text, on = request.GET.get("q", "").strip()[:100], organisation_today()
    people = access.nameable_engineers(request.user, on=on)
    found = list(people_like(people, text)[: OFFERED + 1]) if text else []
    offered = suggest(found[:OFFERED], on=on)
    rows = [{"value": each.employee_no, "name": each.name, "team": each.team} for each in offered]
    return JsonResponse({"people": rows, "more": len(found) > OFFERED})
