"""REST over calendars: everybody who reads everything reads them, HR sets and clears days."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, status, viewsets
from rest_framework.decorators import action
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from appraisal.calendars import access
from appraisal.calendars.models import FIRST_YEAR, LAST_YEAR, CalendarDay, DayType, WorkCalendar
from appraisal.evidence import calendar_changes
from engineers.requests import viewer_of


class WorkCalendarSerializer(serializers.ModelSerializer[WorkCalendar]):
    teams = serializers.SlugRelatedField[Any](slug_field="code", many=True, read_only=True)
    years = serializers.SlugRelatedField[Any](slug_field="year", many=True, read_only=True)

    class Meta:
        model = WorkCalendar
        fields = ("code", "name_zh", "name_en", "time_zone", "week", "is_default", "regions", "teams", "years")


class CalendarDaySerializer(serializers.ModelSerializer[CalendarDay]):
    class Meta:
        model = CalendarDay
        fields = ("date", "type", "windows", "name")
        read_only_fields = ("date",)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if (attrs["type"] == DayType.SHORT) != bool(attrs.get("windows")):
            raise serializers.ValidationError({"windows": "A day with own hours has windows, no other has."})
        return attrs


@extend_schema(parameters=[OpenApiParameter("code", OpenApiTypes.STR, OpenApiParameter.PATH)])
class WorkCalendarViewSet(viewsets.ReadOnlyModelViewSet[WorkCalendar]):
    """Calendars with their weekly hours: windows of Monday to Sunday."""

    queryset = WorkCalendar.objects.none()
    serializer_class = WorkCalendarSerializer
    lookup_field = "code"
    lookup_value_regex = r"[\w-]+"

    def get_queryset(self) -> QuerySet[WorkCalendar]:
        return access.visible_calendars(viewer_of(self.request)).prefetch_related("teams", "years")

    @extend_schema(
        parameters=[OpenApiParameter("year", OpenApiTypes.INT, description="Only the days of this year.")],
        responses=CalendarDaySerializer(many=True),
    )
    @action(detail=True, pagination_class=None, filter_backends=[])
    def days(self, request: Request, code: str) -> Response:
        """The days that differ from the weekly hours."""
        days = access.get_calendar(viewer=viewer_of(request), code=code).days.all()
        year = request.query_params.get("year", "")
        if year.isascii() and year.isdecimal() and len(year) == len("2026"):
            days = days.filter(date__year=int(year))
        return Response(CalendarDaySerializer(days, many=True).data)

    @extend_schema(
        parameters=[OpenApiParameter("date", OpenApiTypes.DATE, OpenApiParameter.PATH)],
        request=CalendarDaySerializer,
        responses=CalendarDaySerializer,
    )
    @action(detail=True, methods=["put"], url_path=r"days/(?P<date>\d{4}-\d{2}-\d{2})")
    def day(self, request: Request, code: str, date: str) -> Response:
        """Set what a day is. Figures are computed anew."""
        calendar, when = self._day_to_change(request, code, date)
        form = CalendarDaySerializer(data=request.data)
        form.is_valid(raise_exception=True)
        sent = form.validated_data
        calendar_changes.set_day(
            calendar=calendar,
            day=when,
            type=sent["type"],
            windows=sent.get("windows", []),
            name=sent.get("name", ""),
            by=viewer_of(request),
            now=timezone.now(),
        )
        return Response(CalendarDaySerializer(calendar.days.get(date=when)).data)

    @extend_schema(responses={204: None})
    @day.mapping.delete
    def clear_day(self, request: Request, code: str, date: str) -> Response:
        """Let a day be as the weekly hours say again. Figures are computed anew."""
        calendar, when = self._day_to_change(request, code, date)
        calendar_changes.clear_day(calendar=calendar, day=when, by=viewer_of(request), now=timezone.now())
        return Response(status=status.HTTP_204_NO_CONTENT)

    def _day_to_change(self, request: Request, code: str, text: str) -> tuple[WorkCalendar, date]:
        calendar = access.get_calendar_to_change(viewer=viewer_of(request), code=code)
        try:
            day = date.fromisoformat(text)
        except ValueError as error:
            raise NotFound from error
        if not FIRST_YEAR <= day.year <= LAST_YEAR:
            raise NotFound
        return calendar, day
