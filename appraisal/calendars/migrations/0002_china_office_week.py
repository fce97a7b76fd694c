"""The calendar every installation starts with: the office week of China, with all years known so far."""

from django.db import migrations
from django.utils import timezone

from appraisal.calendars import shipped


def enter(apps, editor):
    WorkCalendar = apps.get_model("calendars", "WorkCalendar")
    CalendarDay = apps.get_model("calendars", "CalendarDay")
    CalendarYear = apps.get_model("calendars", "CalendarYear")
    calendar = WorkCalendar.objects.create(
        code=shipped.CODE,
        name_zh=shipped.NAME_ZH,
        name_en=shipped.NAME_EN,
        time_zone=shipped.TIME_ZONE,
        week=shipped.WEEK,
        is_default=True,
    )
    CalendarDay.objects.bulk_create(
        CalendarDay(calendar=calendar, date=day.date, type="workday" if day.is_workday else "holiday", name=day.name)
        for day in shipped.known_days()
    )
    now = timezone.now()
    CalendarYear.objects.bulk_create(
        CalendarYear(calendar=calendar, year=year, source=shipped.source(), entered_at=now)
        for year in shipped.known_years()
    )


class Migration(migrations.Migration):
    dependencies = [("calendars", "0001_initial")]
    operations = [migrations.RunPython(enter, migrations.RunPython.noop)]
