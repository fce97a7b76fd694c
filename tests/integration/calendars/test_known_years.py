"""Years that a newer library knows are added by a button and by a command; what people entered stays."""

from __future__ import annotations

from datetime import date

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from appraisal.calendars import shipped
from appraisal.calendars.models import CalendarDay, DayType, WorkCalendar
from appraisal.calendars.queries import years_to_add
from appraisal.calendars.shipped import KnownDay
from appraisal.evidence.models import FigureUpdate
from engineers.models import AuditEntry, Role
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db

NEW_YEAR, SECOND, MADE_UP = date(2027, 1, 1), date(2027, 1, 2), date(2027, 1, 9)
PAGE = "/calendars/cn/"


@pytest.fixture
def newer(monkeypatch: pytest.MonkeyPatch) -> None:
    """A library that knows a year more than the one in this installation."""
    days, years = shipped.known_days(), shipped.known_years()
    more = [KnownDay(NEW_YEAR, False, "元旦"), KnownDay(SECOND, False, "元旦"), KnownDay(MADE_UP, True, "元旦")]
    monkeypatch.setattr(shipped, "known_days", lambda: days + more)
    monkeypatch.setattr(shipped, "known_years", lambda: [*years, 2027])


@pytest.fixture
def china() -> WorkCalendar:
    return WorkCalendar.objects.get(code="cn")


@pytest.fixture
def hr(client: Client) -> Client:
    client = Client(headers={"accept-language": "en"})
    client.force_login(UserFactory(roles=[Role.HR]))
    return client


def entries(calendar: WorkCalendar) -> dict[date, str]:
    return dict(calendar.days.filter(date__year=2027).values_list("date", "type"))


def test_without_a_newer_library_there_is_nothing_to_add(hr: Client, china: WorkCalendar) -> None:
    assert years_to_add(china) == []
    assert "Enter what the library knows" not in hr.get(PAGE).content.decode()
    answer = hr.post(reverse("calendar_known_years", args=["cn"]), follow=True)
    assert "The library knows no year that is not entered." in answer.content.decode()
    assert not AuditEntry.objects.filter(action="calendar.year_added").exists()
    assert not FigureUpdate.objects.exists()


@pytest.mark.usefixtures("newer")
def test_the_button_enters_the_year_once(hr: Client, china: WorkCalendar) -> None:
    assert "now knows 2027" in hr.get(PAGE).content.decode()
    answer = hr.post(reverse("calendar_known_years", args=["cn"]), follow=True)
    assert "Entered: 2027. Figures are being computed anew." in answer.content.decode()
    assert entries(china) == {NEW_YEAR: "holiday", SECOND: "holiday", MADE_UP: "workday"}
    assert china.years.get(year=2027).source == shipped.source()
    assert AuditEntry.objects.get(action="calendar.year_added").after == {
        "year": 2027,
        "source": shipped.source(),
        "days": 3,
    }
    assert FigureUpdate.objects.count() == 1
    hr.post(reverse("calendar_known_years", args=["cn"]))
    assert (len(entries(china)), FigureUpdate.objects.count()) == (3, 1)


@pytest.mark.usefixtures("newer")
def test_days_that_people_set_stay(china: WorkCalendar, capsys: pytest.CaptureFixture[str]) -> None:
    CalendarDay.objects.create(calendar=china, date=SECOND, type=DayType.SHORT, windows=[["09:00", "12:00"]])
    call_command("add_known_years")
    assert capsys.readouterr().out == "cn: 2027\n"
    assert entries(china) == {NEW_YEAR: "holiday", SECOND: "short", MADE_UP: "workday"}
    assert AuditEntry.objects.get(action="calendar.year_added").after["days"] == 2
    call_command("add_known_years")
    assert capsys.readouterr().out == ""


@pytest.mark.usefixtures("newer")
def test_a_year_that_people_entered_stays_theirs(hr: Client, china: WorkCalendar) -> None:
    hr.post(reverse("calendar_year", args=["cn", 2027]))
    assert years_to_add(china) == []
    call_command("add_known_years")
    assert entries(china) == {}


@pytest.mark.usefixtures("newer")
def test_a_calendar_never_filled_from_the_library_gets_nothing(china: WorkCalendar) -> None:
    other = WorkCalendar.objects.create(
        code="shift", name_zh="班次", name_en="Shift", time_zone=china.time_zone, week=china.week
    )
    assert years_to_add(other) == []
    call_command("add_known_years")
    assert not other.days.exists()


@pytest.mark.usefixtures("newer")
def test_only_hr_is_offered_it(china: WorkCalendar) -> None:
    client = Client(headers={"accept-language": "en"})
    client.force_login(UserFactory())
    assert "Enter what the library knows" not in client.get(PAGE).content.decode()
    assert client.post(reverse("calendar_known_years", args=["cn"])).status_code in (403, 404)
    assert entries(china) == {}
