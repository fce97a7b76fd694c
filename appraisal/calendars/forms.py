"""What HR's browser sends about calendars."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from appraisal.calendars.models import CalendarDay, DayType, WorkCalendar, check_zone, window_problem
from appraisal.calendars.windows import WindowError, read_windows, write_windows
from engineers.models import Team

AS_THE_WEEK = "week"
WEEKDAYS = {
    "monday": _("Monday"),
    "tuesday": _("Tuesday"),
    "wednesday": _("Wednesday"),
    "thursday": _("Thursday"),
    "friday": _("Friday"),
    "saturday": _("Saturday"),
    "sunday": _("Sunday"),
}


class HoursField(forms.CharField):
    """Hours as people write them, 09:00-12:00, 13:00-18:00, to hours as they are stored; empty: none."""

    def __init__(self, **given: Any) -> None:
        super().__init__(**({"required": False, "max_length": 200} | given))

    def clean(self, value: Any) -> Any:
        text: str = super().clean(value)
        try:
            return read_windows(text)
        except WindowError as error:
            raise window_problem(error) from error

    def prepare_value(self, value: Any) -> Any:
        return write_windows(value) if isinstance(value, list) else value


class NewCalendarForm(forms.ModelForm):
    """A calendar begins with the weekly hours of the default one."""

    class Meta:
        model = WorkCalendar
        fields = ("code", "name_zh", "name_en", "time_zone")


class CalendarForm(forms.Form):
    name_zh = forms.CharField(label=_("Name in Chinese"), max_length=100)
    name_en = forms.CharField(label=_("Name in English"), max_length=100)
    time_zone = forms.CharField(label=_("Time zone"), max_length=60, validators=[check_zone])
    regions = forms.CharField(
        label=_("Regions"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("One a line, as tickets name them. Tickets of other regions have the default calendar."),
    )
    teams = forms.ModelMultipleChoiceField(
        label=_("Teams"),
        queryset=Team.objects.order_by("code"),
        required=False,
        help_text=_("Engineers of these teams and of the teams below them work by this calendar."),
    )

    def __init__(self, *args: Any, calendar: WorkCalendar, **kwargs: Any) -> None:
        names = ("name_zh", "name_en", "time_zone")
        initial = {name: getattr(calendar, name) for name in names} | dict(zip(WEEKDAYS, calendar.week, strict=True))
        initial |= {"regions": "\n".join(calendar.regions), "teams": calendar.teams.all()}
        super().__init__(*args, **kwargs)
        self.initial = initial
        for name, label in WEEKDAYS.items():
            self.fields[name] = HoursField(label=label)
        self.fields["monday"].help_text = _("Hours like 09:00-12:00, 13:00-18:00; empty: a day off.")
        self.order_fields(["name_zh", "name_en", "time_zone", *WEEKDAYS, "regions", "teams"])

    def values(self) -> dict[str, Any]:
        """Return what was sent as ``save_calendar`` takes it."""
        sent = self.cleaned_data
        return {
            "name_zh": sent["name_zh"],
            "name_en": sent["name_en"],
            "time_zone": sent["time_zone"],
            "week": [sent[name] for name in WEEKDAYS],
            "regions": sent["regions"].splitlines(),
            "teams": list(sent["teams"]),
        }


class DayForm(forms.Form):
    type = forms.ChoiceField(label=_("This day is"), choices=[(AS_THE_WEEK, _("as the week says")), *DayType.choices])
    hours = HoursField(label=_("Own hours"), help_text=_("Only for a day with own hours: 09:00-12:00, 13:00-18:00."))
    name = forms.CharField(label=_("Name"), max_length=100, required=False)

    def __init__(self, *args: Any, entry: CalendarDay | None, **kwargs: Any) -> None:
        initial = {"type": entry.type, "hours": entry.windows, "name": entry.name} if entry else {}
        super().__init__(*args, **kwargs)
        self.initial = initial

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if cleaned.get("type") == DayType.SHORT and "hours" in cleaned and not cleaned["hours"]:
            self.add_error("hours", _("Say which hours are worked."))
        return cleaned
