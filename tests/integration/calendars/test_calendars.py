"""Calendars as they are stored and read: what is shipped, whom they serve, what is refused (SPEC G1, G2)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from appraisal.calendars import actions
from appraisal.calendars.models import CalendarDay, CalendarYear, WorkCalendar
from appraisal.calendars.queries import get_calendars, missing_years
from appraisal.calendars.shipped import WEEK
from appraisal.scoring.clock import OFFICE_DAY, OFFICE_WEEK
from engineers.models import AuditEntry
from tests.factories import EngineerFactory, TeamFactory, hr_user

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 4, 2, 8, 0, tzinfo=UTC)
ALL_WEEK = [[["08:00", "20:00"]]] * 7


@pytest.fixture
def china() -> WorkCalendar:
    return WorkCalendar.objects.get(code="cn")


def make(code: str = "berlin", **values: Any) -> WorkCalendar:
    given = {"name_zh": code, "name_en": code.title(), "time_zone": "Europe/Berlin", "week": ALL_WEEK} | values
    return actions.create_calendar(code=code, by=hr_user(), now=NOW, **given)


def save(calendar: WorkCalendar, **values: Any) -> bool:
    given = {name: getattr(calendar, name) for name in ("name_zh", "name_en", "time_zone", "week", "regions")}
    given |= {"teams": list(calendar.teams.all())}
    return actions.save_calendar(calendar=calendar, by=hr_user(), now=NOW, **(given | values))


def test_every_installation_starts_with_the_office_week_of_china_as_default(china: WorkCalendar):
    rules = get_calendars().default

    assert (rules.code, rules.zone.key, rules.week.days) == ("cn", "Asia/Shanghai", OFFICE_WEEK.days)
    assert rules.years == frozenset(range(2004, 2027))
    assert china.years.get(year=2026).source.startswith("chinesecalendar")


def test_e1_and_e18_hold_with_what_is_shipped():
    rules = get_calendars().default
    clock = rules.clock(date(2026, 1, 1), date(2026, 12, 31))

    start = datetime(2026, 2, 13, 17, 30, tzinfo=rules.zone)
    assert clock.elapsed(start, datetime(2026, 2, 24, 10, tzinfo=rules.zone)) == 570 * 60_000_000
    assert rules.workdays.add_workdays(date(2026, 4, 30), 7) == date(2026, 5, 13)


def test_a_day_goes_before_the_week(china: WorkCalendar):
    day = {"calendar": china, "by": None, "now": NOW}
    actions.set_day(day=date(2026, 3, 2), type="holiday", name="Day of the firm", **day)
    actions.set_day(day=date(2026, 3, 7), type="workday", **day)
    actions.set_day(day=date(2026, 3, 3), type="short", windows=[["09:00", "12:00"]], **day)

    week = get_calendars().default.week

    assert week.windows_on(date(2026, 3, 2)) == ()
    assert week.windows_on(date(2026, 3, 7)) == OFFICE_DAY
    assert week.windows_on(date(2026, 3, 3)) == OFFICE_DAY[:1]


def test_a_day_set_twice_the_same_changes_nothing_and_one_cleared_is_as_the_week_says(china: WorkCalendar):
    def set_it() -> bool:
        return actions.set_day(calendar=china, day=date(2026, 3, 2), type="holiday", by=None, now=NOW)

    def clear_it() -> bool:
        return actions.clear_day(calendar=china, day=date(2026, 3, 2), by=None, now=NOW)

    assert [set_it(), set_it(), clear_it(), clear_it()] == [True, False, True, False]
    assert list(AuditEntry.objects.order_by("id").values_list("action", flat=True)) == [
        "calendar.day_set",
        "calendar.day_cleared",
    ]
    assert get_calendars().default.week.windows_on(date(2026, 3, 2)) == OFFICE_DAY


def test_a_ticket_s_region_finds_its_calendar_however_it_is_written():
    make(regions=["Nord", " Süd ", "nord"])

    calendars = get_calendars()

    assert WorkCalendar.objects.get(code="berlin").regions == ["Nord", "Süd"]
    assert [calendars.for_region(name).code for name in ("NORD ", "süd", "west", "", None)] == [
        "berlin",
        "berlin",
        "cn",
        "cn",
        "cn",
    ]
    assert calendars.for_code("berlin").zone.key == "Europe/Berlin"


def test_an_engineer_s_calendar_is_that_of_the_team_or_of_the_nearest_one_above():
    root, other = TeamFactory(code="R"), TeamFactory(code="O")
    below = TeamFactory(code="B", parent=root)
    lowest = TeamFactory(code="L", parent=below)
    make("root", teams=[root])
    make("lowest", teams=[lowest])
    members = {team.code: EngineerFactory(team=team) for team in (root, below, lowest, other)}
    loner = EngineerFactory()

    found = get_calendars().calendars_of([*(each.pk for each in members.values()), loner.pk], on=date(2026, 3, 2))

    codes = {code: found[engineer.pk].code for code, engineer in members.items()}
    assert codes == {"R": "root", "B": "root", "L": "lowest", "O": "cn"}
    assert found[loner.pk].code == "cn"


def test_an_engineer_who_changes_team_changes_calendar_that_day():
    one, two = TeamFactory(), TeamFactory()
    make("one", teams=[one])
    make("two", teams=[two])
    engineer = EngineerFactory(team=one, team__end_date=date(2026, 3, 1))
    engineer.memberships.create(team=two, start_date=date(2026, 3, 2))
    days = [date(2026, 3, 1), date(2026, 3, 2)]

    calendars = get_calendars()

    found = calendars.calendars_on((engineer.pk, day) for day in days)
    assert [found[engineer.pk, day].code for day in days] == ["one", "two"]
    assert [calendars.for_engineer(engineer.pk, day).code for day in days] == ["one", "two"]


def test_reading_calendars_asks_as_often_whatever_they_hold():
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            get_calendars().calendars_of(engineers, on=date(2026, 3, 2))
        return len(captured)

    team = TeamFactory()
    make("first", teams=[team])
    engineers = [EngineerFactory(team=team).pk]
    before = queries()
    for number in range(3):
        below = TeamFactory(parent=team)
        make(f"more{number}", teams=[below], regions=[f"region {number}"])
        engineers.append(EngineerFactory(team=below).pk)
    assert queries() == before


def test_a_period_that_reaches_into_a_year_nobody_entered_is_told(china: WorkCalendar):
    assert missing_years(date(2026, 1, 1), date(2026, 12, 31)) == []
    [missing] = missing_years(date(2026, 10, 1), date(2027, 3, 31))
    assert (missing.calendar.code, missing.year) == ("cn", 2027)

    def enter() -> bool:
        return actions.mark_year_entered(calendar=china, year=2027, by=hr_user(), now=NOW)

    assert [enter(), enter()] == [True, False]
    assert missing_years(date(2026, 10, 1), date(2027, 3, 31)) == []
    assert CalendarYear.objects.get(year=2027).source == "entered by hand"
    assert actions.reopen_year(calendar=china, year=2027, by=hr_user(), now=NOW)
    assert len(missing_years(date(2027, 1, 1), date(2027, 3, 31))) == 1


@pytest.mark.parametrize(
    "values",
    [
        {"week": [[]] * 7},
        {"week": ALL_WEEK[:6]},
        {"week": [[["18:00", "09:00"]]] * 7},
        {"week": "always"},
        {"time_zone": "Asia/Atlantis"},
        {"name_en": ""},
    ],
)
def test_a_calendar_that_cannot_be_is_refused(china: WorkCalendar, values: dict[str, Any]):
    with pytest.raises(ValidationError):
        save(china, **values)
    with pytest.raises(ValidationError):
        make(**values)
    assert not AuditEntry.objects.exists()


def test_no_region_and_no_team_has_two_calendars(china: WorkCalendar):
    team = TeamFactory()
    make(regions=["Nord"], teams=[team])

    with pytest.raises(ValidationError, match=r"(?i)nord.*berlin"):
        save(china, regions=["NORD"])
    with pytest.raises(ValidationError, match=r"(?i)berlin"):
        save(china, teams=[team])


def test_a_saved_calendar_is_audited_with_before_and_after(china: WorkCalendar):
    team = TeamFactory(code="T")

    assert save(china, week=ALL_WEEK, teams=[team]) is True

    entry = AuditEntry.objects.get(action="calendar.changed")
    assert (entry.before["week"], entry.after["week"]) == (WEEK, ALL_WEEK)
    assert (entry.before["teams"], entry.after["teams"]) == ([], ["T"])
    assert save(WorkCalendar.objects.get(code="cn")) is False


@pytest.mark.parametrize(
    "values",
    [{"type": "short", "windows": []}, {"type": "short", "windows": [["12:00", "09:00"]]}, {"type": "half"}],
)
def test_a_day_that_cannot_be_is_refused(china: WorkCalendar, values: dict[str, Any]):
    with pytest.raises(ValidationError):
        actions.set_day(calendar=china, day=date(2026, 3, 2), by=None, now=NOW, **values)


def test_the_database_keeps_one_default_and_one_entry_a_day_and_a_year(china: WorkCalendar):
    berlin = make()
    day = china.days.first()
    year = china.years.first()
    assert day
    assert year
    broken: list[Any] = [
        lambda: WorkCalendar.objects.filter(pk=berlin.pk).update(is_default=True),
        lambda: CalendarDay.objects.create(calendar=china, date=day.date, type="holiday"),
        lambda: CalendarYear.objects.create(calendar=china, year=year.year, source="again", entered_at=NOW),
        lambda: CalendarDay.objects.create(
            calendar=china, date=day.date + timedelta(days=9000), type="holiday", windows=[["09:00", "12:00"]]
        ),
    ]
    for change in broken:
        with pytest.raises(IntegrityError), transaction.atomic():
            change()
