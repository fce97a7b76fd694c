from django.urls import URLPattern, path

from appraisal.evidence import calendar_views as views
from appraisal.evidence import converters  # noqa: F401  # makes <day:…> known

urlpatterns: list[URLPattern] = [
    path("calendars/", views.calendar_list, name="calendar_list"),
    path("calendars/<slug:code>/", views.calendar_detail, name="calendar_detail"),
    path("calendars/<slug:code>/edit/", views.calendar_edit, name="calendar_edit"),
    path("calendars/<slug:code>/days/<day:day>/", views.calendar_day, name="calendar_day"),
    path("calendars/<slug:code>/known-years/", views.calendar_known_years, name="calendar_known_years"),
    path("calendars/<slug:code>/years/<int:year>/", views.calendar_year, name="calendar_year"),
]
