"""The work log of an engineer: one day at a time, the month as a strip; and what lets it work without a network."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta
from hashlib import sha256
from uuid import uuid4

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import patch_cache_control
from django.utils.dates import WEEKDAYS_ABBR
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from appraisal.evidence import access
from appraisal.evidence.models import WorkLog
from appraisal.evidence.worklog_days import CONTENT, SIGNS, Day, home_days, list_days, unknown_tickets, version_of
from appraisal.evidence.worklog_forms import WorkLogForm, initial_of
from appraisal.evidence.worklogs import EARLIEST, DayConflict, DayRefused, Writing, write_day
from engineers.forms import show_errors
from engineers.models import Engineer
from engineers.requests import SignedInRequest

# What the page without a network needs; the names carry a mark of the content, so the list names a version.
OFFLINE_FILES = (
    "vendor/tabler/css/tabler.min.css",
    "css/portal.css",
    "css/worklog.css",
    "js/theme.js",
    "js/device.js",
    "js/worklog.js",
    "icons/portal.svg",
)
ICON_SIZES = (192, 512)
LATEST = timedelta(days=366)
OFFLINE = {"form": WorkLogForm()}  # its key and its content are filled in by the script


@require_http_methods(["GET", "POST"])
def worklog(request: SignedInRequest, day: date | None = None) -> HttpResponse:
    """One day: read, and where it is still open, written. Without a day, today."""
    engineer = access.get_own_engineer(request.user)
    now = timezone.now()
    today = home_days(engineer, [now.date()], now=now).zone_today
    shown = today if day is None else day
    if not EARLIEST <= shown <= today + LATEST:
        raise Http404
    if request.method == "POST":
        return _write(request, engineer, shown, today=today, now=now)
    return _page(request, engineer, shown, today=today, now=now)


def _write(request: SignedInRequest, engineer: Engineer, day: date, *, today: date, now: datetime) -> HttpResponse:
    form = WorkLogForm(request.POST)
    conflict: WorkLog | None = None
    status = 422
    if form.is_valid():
        try:
            write_day(writing=Writing(day=day, **form.cleaned_data), by=request.user, now=now)
        except DayConflict as found:
            conflict, status = found.current, 409
            form = _form_after(form, conflict)
        except DayRefused as refusal:
            form.add_error(None, str(refusal))
        except ValidationError as error:
            show_errors(form, error)
        else:
            messages.success(request, _("The day is logged."))
            return redirect("worklog_day", day=day)
    return _page(request, engineer, day, today=today, now=now, form=form, conflict=conflict, status=status)


def _form_after(form: WorkLogForm, stored: WorkLog | None) -> WorkLogForm:
    """Return a form with the same words whose sending replaces what is stored now: its reader has seen it."""
    kept = {name: form.cleaned_data[name] for name in CONTENT}
    return WorkLogForm(kept | {"key": str(uuid4()), "base": version_of(stored)})


def _page(
    request: SignedInRequest,
    engineer: Engineer,
    day: date,
    *,
    today: date,
    now: datetime,
    form: WorkLogForm | None = None,
    conflict: WorkLog | None = None,
    status: int = 200,
) -> HttpResponse:
    first = day.replace(day=1)
    following = (first + timedelta(days=31)).replace(day=1)
    days = list_days(engineer=engineer, first_date=first, last_date=following - timedelta(days=1), now=now)
    shown = days[day.day - 1]
    return render(
        request,
        "evidence/worklog.html",
        {
            "engineer": engineer,
            "shown": shown,
            "form": form or WorkLogForm(initial=initial_of(shown)),
            "conflict": conflict,
            "weeks": weeks_of(days),
            "week_names": [WEEKDAYS_ABBR[number] for number in range(7)],
            "unknown": sorted({number for each in unknown_tickets(shown.logs).values() for number in each}),
            "legend": [(sign, state.label) for state, sign in SIGNS.items()],
            "today": today,
            "before": day - timedelta(days=1),
            "after": day + timedelta(days=1) if day < today else None,
            "month_before": first - timedelta(days=1),
            "month_after": following if following <= today else None,
            "missing": [each.day for each in days if each.state == "missing"],
        },
        status=status,
    )


def weeks_of(days: list[Day]) -> list[list[Day | None]]:
    """Return the days of a month in rows of seven, Monday first."""
    cells: list[Day | None] = [None] * days[0].day.weekday() + list(days)
    cells += [None] * (-len(cells) % 7)
    return [cells[at : at + 7] for at in range(0, len(cells), 7)]


@require_GET
def worklog_offline(request: HttpRequest) -> HttpResponse:
    """The page that the browser keeps for when there is no network: it holds nobody's data, anybody may read it."""
    return render(request, "evidence/worklog_offline.html", OFFLINE)


@require_GET
def service_worker(request: HttpRequest) -> HttpResponse:
    """The script that answers from the kept page when there is no network.

    What it keeps is named by its content: new files, words or another language make another version of it.
    """
    shell = reverse("worklog_offline")
    files = [shell, *map(static, OFFLINE_FILES)]
    page = render_to_string("evidence/worklog_offline.html", OFFLINE)
    version = sha256("\0".join([*files, page]).encode()).hexdigest()[:16]
    kept = json.dumps({"cache": f"worklog-{version}", "shell": shell, "files": files})
    script = json.dumps(static("js/service-worker.js"))
    answer = HttpResponse(f"self.KEPT = {kept};\nimportScripts({script});\n", content_type="text/javascript")
    patch_cache_control(answer, no_cache=True)
    return answer


@require_GET
def web_manifest(request: HttpRequest) -> JsonResponse:
    """What a phone needs to keep the portal among its apps."""
    icons = [
        {"src": static(f"icons/portal-{size}.png"), "sizes": f"{size}x{size}", "type": "image/png", "purpose": purpose}
        for size in ICON_SIZES
        for purpose in ("any", "maskable")
    ]
    manifest = {
        "id": "/",
        "name": _("Engineer appraisal"),
        "short_name": _("Appraisal"),
        "lang": get_language(),
        "start_url": reverse("home"),
        "scope": "/",
        "display": "standalone",
        "background_color": "#ffffff",
        "theme_color": "#1f5f8b",
        "icons": [*icons, {"src": static("icons/portal.svg"), "sizes": "any", "type": "image/svg+xml"}],
        "shortcuts": [{"name": _("Work log"), "url": reverse("worklog")}],
    }
    return JsonResponse(manifest, content_type="application/manifest+json", json_dumps_params={"ensure_ascii": False})
