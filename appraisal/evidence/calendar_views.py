"""Pages of calendars. They live here for a change of a calendar changes figures: see ``calendar_changes``."""

from __future__ import annotations

from datetime import date

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from appraisal.calendars import access, actions
from appraisal.calendars.forms import AS_THE_WEEK, WEEKDAYS, CalendarForm, DayForm, NewCalendarForm
from appraisal.calendars.models import FIRST_YEAR, LAST_YEAR, WorkCalendar
from appraisal.calendars.months import get_day, get_month, month_named
from appraisal.calendars.queries import list_calendars, years_to_add
from appraisal.calendars.windows import write_windows
from appraisal.evidence import calendar_changes
from engineers.access import require_hr
from engineers.clock import organisation_today
from engineers.requests import SignedInRequest


@require_http_methods(["GET", "POST"])
def calendar_list(request: SignedInRequest) -> HttpResponse:
    """Every calendar; HR adds one, which begins with the hours of the default one."""
    calendars = access.visible_calendars(request.user)
    form = NewCalendarForm(request.POST or None)
    if request.method == "POST":
        require_hr(request.user)
        if form.is_valid():
            names = {name: form.cleaned_data[name] for name in ("code", "name_zh", "name_en", "time_zone")}
            week = calendars.get(is_default=True).week
            made = calendar_changes.create_calendar(
                **names, week=week, regions=[], teams=[], by=request.user, now=timezone.now()
            )
            return redirect("calendar_edit", code=made.code)
    rows = list_calendars(calendars, today=organisation_today())
    return render(request, "calendars/calendar_list.html", {"rows": rows, "form": form})


@require_GET
def calendar_detail(request: SignedInRequest, code: str) -> HttpResponse:
    calendar = access.get_calendar(viewer=request.user, code=code)
    month = get_month(calendar, month_named(request.GET.get("month", ""), today=organisation_today()))
    return render(
        request,
        "calendars/calendar_detail.html",
        {
            "calendar": calendar,
            "month": month,
            "weekdays": list(WEEKDAYS.values()),
            "week": [
                (label, write_windows(hours)) for label, hours in zip(WEEKDAYS.values(), calendar.week, strict=True)
            ],
            "teams": calendar.teams.order_by("code"),
            "to_add": years_to_add(calendar),
        },
    )


@require_http_methods(["GET", "POST"])
def calendar_edit(request: SignedInRequest, code: str) -> HttpResponse:
    """Weekly hours, and whom the calendar serves."""
    calendar = access.get_calendar_to_change(viewer=request.user, code=code)
    form = CalendarForm(request.POST or None, calendar=calendar)
    if request.method == "POST" and form.is_valid():
        try:
            calendar_changes.save_calendar(calendar=calendar, by=request.user, now=timezone.now(), **form.values())
        except ValidationError as error:
            _show(form, error)
        else:
            messages.success(request, _("The calendar is saved. Figures are being computed anew."))
            return redirect("calendar_detail", code=code)
    return render(request, "calendars/calendar_edit.html", {"calendar": calendar, "form": form})


@require_http_methods(["GET", "POST"])
def calendar_day(request: SignedInRequest, code: str, day: date) -> HttpResponse:
    """What one day is: as the week says, a holiday, a make-up workday, or with own hours."""
    calendar = access.get_calendar_to_change(viewer=request.user, code=code)
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise Http404
    form = DayForm(request.POST or None, entry=calendar.days.filter(date=day).first())
    if request.method == "POST" and form.is_valid():
        _save_day(request, calendar, day, form)
        messages.success(request, _("The day is saved. Figures are being computed anew."))
        return redirect(f"{reverse('calendar_detail', args=[code])}?month={day:%Y-%m}")
    page = {"calendar": calendar, "day": get_day(calendar, day), "form": form}
    template = "calendars/_day_form.html" if request.htmx else "calendars/calendar_day.html"
    return render(request, template, page)


@require_POST
def calendar_year(request: SignedInRequest, code: str, year: int) -> HttpResponse:
    """Say that a year is complete, or take that back."""
    calendar = access.get_calendar_to_change(viewer=request.user, code=code)
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise Http404
    if "reopen" in request.POST:
        actions.reopen_year(calendar=calendar, year=year, by=request.user, now=timezone.now())
        messages.success(request, _("The year counts as not entered."))
    else:
        actions.mark_year_entered(calendar=calendar, year=year, by=request.user, now=timezone.now())
        messages.success(request, _("The year is complete."))
    return redirect(f"{reverse('calendar_detail', args=[code])}?month={year}-01")


@require_POST
def calendar_known_years(request: SignedInRequest, code: str) -> HttpResponse:
    """Enter the years that a newer library knows."""
    calendar = access.get_calendar_to_change(viewer=request.user, code=code)
    years = calendar_changes.add_known_years(calendar=calendar, by=request.user, now=timezone.now())
    if years:
        entered = _("Entered: %(years)s. Figures are being computed anew.")
        messages.success(request, entered % {"years": ", ".join(map(str, years))})
    else:
        messages.info(request, _("The library knows no year that is not entered."))
    return redirect("calendar_detail", code=code)


def _save_day(request: SignedInRequest, calendar: WorkCalendar, day: date, form: DayForm) -> None:
    sent = form.cleaned_data
    if sent["type"] == AS_THE_WEEK:
        calendar_changes.clear_day(calendar=calendar, day=day, by=request.user, now=timezone.now())
    else:
        calendar_changes.set_day(
            calendar=calendar,
            day=day,
            type=sent["type"],
            windows=sent["hours"],
            name=sent["name"],
            by=request.user,
            now=timezone.now(),
        )


def _show(form: CalendarForm, error: ValidationError) -> None:
    """Put each problem beside the field it is about; a week without work is about no single day."""
    for name, problems in error.error_dict.items():
        form.add_error(name if name in form.fields else None, problems)
