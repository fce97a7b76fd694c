"""The calendar's pages and API: HR changes a day, and the figures follow."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
import time_machine
from django.template.loader import render_to_string
from django.test import Client
from django.urls import reverse

from appraisal.calendars.models import CalendarDay, WorkCalendar
from appraisal.calendars.queries import missing_years
from appraisal.evidence import targets
from appraisal.evidence.models import FigureUpdate
from engineers.models import AuditEntry
from tests.factories import TeamFactory, TicketFactory, auditor_user, hr_user

pytestmark = pytest.mark.django_db

WEEK = dict.fromkeys(("monday", "tuesday", "wednesday", "thursday", "friday"), "09:00-12:00, 13:00-18:00")
SAVED = {"name_zh": "中国", "name_en": "China", "time_zone": "Asia/Shanghai", **WEEK, "saturday": "", "sunday": ""}


@pytest.fixture
def hr() -> Client:
    client = Client(headers={"accept-language": "en"})
    client.force_login(hr_user())
    return client


@pytest.fixture
def auditor() -> Client:
    client = Client(headers={"accept-language": "en"})
    client.force_login(auditor_user())
    return client


def day_address(day: str) -> str:
    return reverse("calendar_day", args=["cn", day])


def page(client: Client, month: str = "") -> str:
    return client.get(reverse("calendar_detail", args=["cn"]), {"month": month}).content.decode()


def test_a_month_shows_holidays_make_up_workdays_and_the_way_to_the_next(hr: Client):
    shown = page(hr, "2026-02")

    assert shown.count('class=" is-holiday"') == 9
    assert shown.count('class=" is-workday"') == 2
    assert shown.count("春节 Spring Festival</span>") == 11
    assert 'href="?month=2026-01"' in shown
    assert 'href="?month=2026-03"' in shown
    assert "chinesecalendar" in shown


@pytest.mark.parametrize("month", ["", "soon", "2026-13", "0000-01", "99999-01", "2026-02-01"])
def test_an_odd_month_shows_this_one(hr: Client, month: str):
    with time_machine.travel(datetime(2026, 5, 9, 4, tzinfo=UTC)):
        assert 'id="month">2026-05<' in page(hr, month)


@pytest.mark.parametrize(("month", "missing"), [("1990-01", "prev"), ("2100-12", "next")])
def test_the_first_and_the_last_month_lead_nowhere_further(hr: Client, month: str, missing: str):
    assert f'rel="{missing}"' not in page(hr, month)


def test_the_days_of_a_year_nobody_entered_come_with_a_warning_and_hr_ends_it(hr: Client):
    assert "Nobody has entered 2027 yet" in page(hr, "2027-01")

    hr.post(reverse("calendar_year", args=["cn", 2027]))

    assert "Nobody has entered" not in page(hr, "2027-01")
    assert AuditEntry.objects.filter(action="calendar.year_entered").count() == 1
    hr.post(reverse("calendar_year", args=["cn", 2027]), {"reopen": "1"})
    assert "Nobody has entered 2027 yet" in page(hr, "2027-01")
    assert hr.post(reverse("calendar_year", args=["cn", 1]), {}).status_code == 404


def test_a_day_is_changed_by_a_plain_form_and_the_figures_follow(hr: Client):
    ticket = TicketFactory(
        opened_at=datetime(2026, 3, 2, 1, tzinfo=UTC), resolved_at=datetime(2026, 3, 3, 2, tzinfo=UTC)
    )

    answer = hr.post(day_address("2026-03-02"), {"type": "holiday", "name": "Day of the firm"})

    assert answer["Location"] == "/calendars/cn/?month=2026-03"
    update = FigureUpdate.objects.get()
    targets.update_figures(update_id=update.pk)
    ticket.refresh_from_db()
    assert ticket.resolution_business_us == 3_600_000_000
    assert hr.post(day_address("2026-03-02"), {"type": "week"}).status_code == 302
    assert not CalendarDay.objects.filter(date=date(2026, 3, 2)).exists()


def test_what_changes_nothing_computes_nothing(hr: Client):
    assert hr.post(day_address("2026-03-02"), {"type": "week"}).status_code == 302
    assert hr.post(day_address("2026-02-17"), {"type": "holiday", "name": "春节 Spring Festival"}).status_code == 302
    assert not FigureUpdate.objects.exists()


def test_updates_asked_for_before_one_began_are_done_with_it():
    now = datetime(2026, 3, 2, tzinfo=UTC)
    for source in ("", "one", "one", "two"):
        targets.request_update(source=source, now=now)

    targets.update_figures(update_id=FigureUpdate.objects.filter(source="one").earliest("pk").pk)

    assert set(FigureUpdate.objects.filter(finished_at=None).values_list("source", flat=True)) == {"", "two"}
    targets.update_figures(update_id=FigureUpdate.objects.get(source="").pk)
    assert not FigureUpdate.objects.filter(finished_at=None).exists()


def test_htmx_gets_only_the_form_and_a_browser_without_it_the_page(hr: Client):
    part = hr.get(day_address("2026-02-14"), headers={"hx-request": "true"}).content.decode()

    assert "<html" not in part
    assert '<option value="workday" selected>' in part
    assert "<html" in hr.get(day_address("2026-02-14")).content.decode()


@pytest.mark.parametrize(
    "sent",
    [{"type": "short", "hours": ""}, {"type": "short", "hours": "soon"}, {"type": "half"}],
)
def test_a_day_that_cannot_be_is_told_and_not_stored(hr: Client, sent: dict[str, str]):
    answer = hr.post(day_address("2026-03-02"), sent)

    assert answer.status_code == 200
    assert "invalid-feedback" in answer.content.decode()
    assert not CalendarDay.objects.filter(date=date(2026, 3, 2)).exists()


@pytest.mark.parametrize("day", ["2026-02-30", "1989-12-31", "2101-01-01", "tomorrow"])
def test_a_day_that_is_none_is_not_found(hr: Client, day: str):
    assert hr.get(f"/calendars/cn/days/{day}/").status_code == 404


def test_the_auditor_sees_the_month_and_no_door_to_change_it(auditor: Client):
    shown = page(auditor, "2026-02")

    assert "春节" in shown
    assert "/days/" not in shown
    assert '<form method="post" action="/calendars' not in shown
    assert auditor.post(day_address("2026-03-02"), {"type": "holiday"}).status_code == 404


def test_hr_changes_hours_regions_and_teams(hr: Client):
    team = TeamFactory()
    sent = SAVED | {"friday": "9:00-12:00", "regions": "North\nnorth\n\nSouth", "teams": [team.pk]}

    answer = hr.post(reverse("calendar_edit", args=["cn"]), sent)

    assert answer["Location"] == "/calendars/cn/"
    saved = WorkCalendar.objects.get(code="cn")
    assert saved.week[4] == [["09:00", "12:00"]]
    assert (saved.regions, list(saved.teams.all())) == (["North", "South"], [team])
    assert FigureUpdate.objects.count() == 1
    again = hr.get(reverse("calendar_edit", args=["cn"])).content.decode()
    assert 'value="09:00-12:00"' in again


@pytest.mark.parametrize(
    "wrong",
    [
        {"monday": "soon"},
        {"time_zone": "Asia/Atlantis"},
        {"regions": "Nord"},
        dict.fromkeys(WEEK, ""),
    ],
)
def test_hours_that_cannot_be_are_told_and_not_stored(hr: Client, wrong: dict[str, str]):
    assert hr.post(reverse("calendar_list"), NEW).status_code == 302
    hr.post(reverse("calendar_edit", args=["de"]), SAVED | {"regions": "nord"})

    answer = hr.post(reverse("calendar_edit", args=["cn"]), SAVED | wrong)

    assert answer.status_code == 200
    shown = answer.content.decode()
    assert "invalid-feedback" in shown or "alert-danger" in shown
    assert WorkCalendar.objects.get(code="cn").name_en == "China office week"


NEW = {"code": "de", "name_zh": "德国", "name_en": "Germany", "time_zone": "Europe/Berlin"}


def test_a_new_calendar_begins_with_the_hours_of_the_default_one(hr: Client):
    answer = hr.post(reverse("calendar_list"), NEW)

    assert answer["Location"] == "/calendars/de/edit/"
    made = WorkCalendar.objects.get(code="de")
    assert (made.week, made.is_default) == (WorkCalendar.objects.get(code="cn").week, False)
    assert "Germany" in hr.get(reverse("calendar_list")).content.decode()
    assert hr.post(reverse("calendar_list"), NEW).status_code == 200


def test_the_warning_for_a_cycle_leads_hr_to_the_year():
    missing = missing_years(date(2026, 12, 1), date(2027, 1, 31))

    shown = render_to_string("calendars/_missing_years.html", {"missing_years": missing, "is_hr": True})

    assert "/calendars/cn/?month=2027-01" in shown
    assert "href" not in render_to_string("calendars/_missing_years.html", {"missing_years": missing})
    assert render_to_string("calendars/_missing_years.html", {"missing_years": []}).strip() == ""


API = "/api/v1/calendars/"


def put(client: Client, day: str, sent: Any) -> Any:
    return client.put(f"{API}cn/days/{day}/", sent, content_type="application/json")


def test_the_api_lists_calendars_and_the_days_of_a_year(auditor: Client):
    [calendar] = auditor.get(API).json()["results"]
    days = auditor.get(f"{API}cn/days/", {"year": "2026"}).json()

    assert (calendar["code"], calendar["week"][6], calendar["years"][-1]) == ("cn", [], 2026)
    assert len(days) == 39
    assert days[0] == {"date": "2026-01-01", "type": "holiday", "windows": [], "name": "元旦 New Year's Day"}
    assert auditor.get(f"{API}cn/").json() == calendar
    assert auditor.get(f"{API}none/").status_code == 404


def test_the_api_sets_and_clears_a_day(hr: Client, auditor: Client):
    sent = {"type": "short", "windows": [["09:00", "11:00"]], "name": "Fair"}

    assert put(hr, "2026-03-02", sent).json() == {"date": "2026-03-02", **sent}
    assert put(hr, "2026-03-02", sent).status_code == 200
    assert FigureUpdate.objects.count() == 1
    assert put(auditor, "2026-03-03", sent).status_code == 404
    assert hr.delete(f"{API}cn/days/2026-03-02/").status_code == 204
    assert hr.delete(f"{API}cn/days/2026-03-02/").status_code == 204
    assert FigureUpdate.objects.count() == 2


@pytest.mark.parametrize(
    "sent",
    [
        {},
        {"type": "half"},
        {"type": "short"},
        {"type": "short", "windows": [["11:00", "09:00"]]},
        {"type": "short", "windows": "soon"},
        {"type": "holiday", "windows": [["09:00", "11:00"]]},
    ],
)
def test_the_api_refuses_a_day_that_cannot_be(hr: Client, sent: dict[str, Any]):
    assert put(hr, "2026-03-02", sent).status_code == 400
    assert put(hr, "2026-02-30", {"type": "holiday"}).status_code == 404
    assert put(hr, "2101-02-03", {"type": "holiday"}).status_code == 404
