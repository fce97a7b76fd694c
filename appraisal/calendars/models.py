from __future__ import annotations

from zoneinfo import ZoneInfo, available_timezones

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import get_language, gettext_noop
from django.utils.translation import gettext_lazy as _

from appraisal.calendars.windows import WEEKDAYS, WindowError, windows_of
from engineers.models import Team

FIRST_YEAR, LAST_YEAR = 1990, 2100
BY_HAND = gettext_noop("entered by hand")  # where a year is from, stored as it stands here

WINDOW_PROBLEMS = {
    "no_time": _("Hours look like 09:00-12:00, 13:00-18:00."),
    "ends_before_it_starts": _("Hours must end after they start."),
    "overlap": _("Hours must be in order and must not overlap."),
    "too_many": _("There are too many hours for one day."),
}


def window_problem(error: WindowError) -> ValidationError:
    return ValidationError(WINDOW_PROBLEMS[error.code], code=error.code)


def check_windows(stored: object) -> None:
    """Raise ValidationError unless this is the list of windows of one day."""
    if not isinstance(stored, list):
        raise ValidationError(WINDOW_PROBLEMS["no_time"], code="no_time")
    try:
        windows_of(stored)
    except WindowError as error:
        raise window_problem(error) from error


def check_week(stored: object) -> None:
    """Raise ValidationError unless this is the windows of seven days, of which one at least is worked."""
    if not isinstance(stored, list) or len(stored) != WEEKDAYS:
        raise ValidationError(_("A week has seven days, Monday first."), code="no_week")
    for day in stored:
        check_windows(day)
    if not any(stored):
        raise ValidationError(_("On one day of the week at least there must be work."), code="no_work")


def check_zone(name: str) -> None:
    if name not in available_timezones():
        raise ValidationError(_("There is no such time zone; it looks like Asia/Shanghai."), code="no_zone")


class WorkCalendar(models.Model):
    """The working hours of a place. Tickets find theirs by region, engineers by their team; else the default's."""

    code = models.SlugField(_("code"), max_length=40, unique=True)
    name_zh = models.CharField(_("name in Chinese"), max_length=100)
    name_en = models.CharField(_("name in English"), max_length=100)
    time_zone = models.CharField(_("time zone"), max_length=60, validators=[check_zone])
    week = models.JSONField(_("week"), validators=[check_week])
    is_default = models.BooleanField(_("default"), default=False)
    regions = models.JSONField(_("regions"), default=list, blank=True)
    teams = models.ManyToManyField(Team, related_name="calendars", blank=True, verbose_name=_("teams"))

    class Meta:
        verbose_name = _("calendar")
        verbose_name_plural = _("calendars")
        ordering = ["-is_default", "code"]
        constraints = [
            models.UniqueConstraint(fields=["is_default"], condition=Q(is_default=True), name="one_default_calendar")
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        """The name in the reader's language."""
        return self.name_zh if (get_language() or "").startswith("zh") else self.name_en

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)


class DayType(models.TextChoices):
    HOLIDAY = "holiday", _("holiday")
    WORKDAY = "workday", _("make-up workday")
    SHORT = "short", _("own hours")


class CalendarDay(models.Model):
    """A day that differs from the weekly pattern; it goes before it (SPEC G1)."""

    calendar = models.ForeignKey(WorkCalendar, on_delete=models.CASCADE, related_name="days")
    date = models.DateField(_("day"))
    type = models.CharField(_("type"), max_length=10, choices=DayType.choices)
    windows = models.JSONField(
        _("hours"), default=list, blank=True, validators=[check_windows], help_text=_("Only of a day with own hours.")
    )
    name = models.CharField(_("name"), max_length=100, blank=True)

    class Meta:
        verbose_name = _("day of a calendar")
        verbose_name_plural = _("days of a calendar")
        ordering = ["date"]
        constraints = [
            models.UniqueConstraint(fields=["calendar", "date"], name="one_entry_per_calendar_and_day"),
            models.CheckConstraint(
                condition=Q(type=DayType.SHORT) | Q(windows=[]), name="only_a_day_with_own_hours_has_hours"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.date} {self.get_type_display()}"

    def clean(self) -> None:
        if self.type == DayType.SHORT and not self.windows:
            raise ValidationError({"windows": _("Say which hours are worked.")}, code="required")


class CalendarYear(models.Model):
    """A year whose holidays and make-up workdays somebody has entered."""

    calendar = models.ForeignKey(WorkCalendar, on_delete=models.CASCADE, related_name="years")
    year = models.PositiveSmallIntegerField(
        _("year"), validators=[MinValueValidator(FIRST_YEAR), MaxValueValidator(LAST_YEAR)]
    )
    source = models.CharField(_("where from"), max_length=100)
    entered_at = models.DateTimeField(_("entered"))
    entered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )

    class Meta:
        verbose_name = _("year of a calendar")
        verbose_name_plural = _("years of a calendar")
        ordering = ["year"]
        constraints = [models.UniqueConstraint(fields=["calendar", "year"], name="one_entry_per_calendar_and_year")]

    def __str__(self) -> str:
        return f"{self.calendar.code} {self.year}"
