from datetime import date

from django.urls import URLPattern, path, register_converter

from appraisal.evidence import calendar_views as views


class Day:
    """A date in an address: 2026-02-14."""

    regex = r"\d{4}-\d{2}-\d{2}"

    def to_python(self, value: str) -> date:
        return date.fromisoformat(value)

    def to_url(self, value: date | str) -> str:
        return str(value)


register_converter(Day, "day")

urlpatterns: list[URLPattern] = [
    path("calendars/", views.calendar_list, name="calendar_list"),
    path("calendars/<slug:code>/", views.calendar_detail, name="calendar_detail"),
    path("calendars/<slug:code>/edit/", views.calendar_edit, name="calendar_edit"),
    path("calendars/<slug:code>/days/<day:day>/", views.calendar_day, name="calendar_day"),
    path("calendars/<slug:code>/years/<int:year>/", views.calendar_year, name="calendar_year"),
]
